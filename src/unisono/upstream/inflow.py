"""Bytes of one stream to chunks, read by a dialect, and on to whoever takes them as they come.

A broken event before the first content fails the attempt, so that another model may answer. After it, up to
`MAX_BROKEN_EVENTS` are dropped and counted in one log line at the end: the rest of the answer is worth more to its
reader than an abort. More than that is no stream, and ends it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable, Sequence

from unisono.errors import UpstreamCut, UpstreamError, UpstreamMalformed
from unisono.types import Chunk, Lane, Sink
from unisono.upstream.alike import Alike, is_text, plain
from unisono.upstream.arriving import Answer
from unisono.upstream.reading import BrokenEvent, Reading
from unisono.upstream.sse import EventParser

MAX_BROKEN_EVENTS = 8
_log = logging.getLogger(__name__)


async def pour(inflow: Inflow, sink: Sink, chunks: Sequence[Chunk]) -> None:
    """Hand on chunks, then those of all bytes that come, in the callbacks that bring them."""
    onward = Onward(inflow, sink)
    slow = sink.take(chunks) if chunks else None
    if slow is not None:
        await slow
    while not inflow.over and (slow := await inflow.answer.pour(onward.into)) is not None:
        await slow
    if not inflow.over and (rest := inflow.take(b"")) and (slow := sink.take(rest)) is not None:
        await slow


class Onward:
    """From the bytes of a stream to a sink.

    An event that differs from one before by its text alone, as most do, goes on by a lane: nothing is made of it.
    """

    __slots__ = ("_begins", "_ends", "_inflow", "_lane", "_n_around", "_sink")

    def __init__(self, inflow: Inflow, sink: Sink) -> None:
        self._inflow = inflow
        self._sink = sink
        self._begins = self._ends = b""
        self._n_around = 0
        self._lane: Lane | None = None

    def into(self, data: bytes) -> Awaitable[None] | bool:
        """Take bytes; say whether it is enough, or what must be awaited before more comes."""
        lane, inflow = self._lane, self._inflow
        if lane is not None:
            text = data.removeprefix(self._begins).removesuffix(self._ends)
            alike_it = len(data) - len(text) == self._n_around
            if alike_it and plain(text) is not None and (text.isascii() or is_text(text)):
                inflow.n_poured_bytes += len(text)
                return lane(text) or False
        found, sink = inflow.take(data), self._sink
        slow = sink.take(found) if found else None
        alike: Alike | None = getattr(inflow.reading, "alike", None)
        self._lane = None
        if alike is not None and alike.begins and inflow.parser.between:
            self._begins, self._ends = alike.begins, alike.ends
            self._n_around = len(alike.begins) + len(alike.ends)
            self._lane = sink.lane(alike.begins, alike.ends, model=alike.model)
        return inflow.over if slow is None else slow


class Inflow:
    """Bytes of one stream to chunks. A failure waits until the chunks read before it are given out."""

    __slots__ = ("_failure", "_model", "_n_broken", "answer", "n_poured_bytes", "parser", "reading")

    def __init__(self, answer: Answer, reading: Reading, model: str) -> None:
        self.answer = answer
        self.reading = reading
        self._model = model
        self.parser = EventParser()
        self._n_broken = 0
        self._failure: UpstreamError | None = None
        self.n_poured_bytes = 0

    @property
    def over(self) -> bool:
        """Is there nothing more to read?"""
        return self.reading.ended or self._failure is not None

    def take(self, data: bytes) -> list[Chunk]:
        """Return the chunks that these bytes complete; no bytes mean the end of the stream."""
        chunks: list[Chunk] = []
        try:
            for name, text in self.parser.feed(data) if data else self.parser.end():
                chunks += self._read(name, text)
                if self.reading.ended:
                    break
        except UpstreamError as exc:
            self._failure = exc
        return chunks

    def check_end(self) -> None:
        """Raise what went wrong, if anything did; a stream must say that it is at its end."""
        if self._n_broken:
            _log.warning("model=%s n_broken_events=%d in its stream", self._model, self._n_broken)
        if self._failure is not None:
            raise self._failure
        if self.reading.ended or self.reading.finished:
            return
        if self.answer.content_seen:
            raise UpstreamCut(f"{self._model}: its stream stopped without an end; the answer is not whole.")
        raise UpstreamMalformed(f"{self._model}: its stream ended before any content.")

    def _read(self, name: bytes, text: bytes) -> Iterable[Chunk]:
        try:
            chunks = self.reading.event(name, text)
        except BrokenEvent as exc:
            self._n_broken += 1
            if not self.answer.content_seen or self._n_broken > MAX_BROKEN_EVENTS:
                raise UpstreamMalformed(f"{self._model}: an event of its stream is broken ({exc}).") from exc
            return ()
        if not self.answer.content_seen and any(chunk.has_content for chunk in chunks):
            self.answer.mark_content()
        return chunks
