"""One attempt of a walk while it runs: its chunks, what the record needs of them, and how it ended.

Which model is tried next, `walk` says.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from unisono import notices as say
from unisono.catalog import accepts_report
from unisono.errors import UpstreamCut, UpstreamError, UpstreamRefused
from unisono.execute.cost import spent_usd
from unisono.execute.hedge import Overtaken
from unisono.execute.limit import TimeLimit
from unisono.execute.relay import Relay
from unisono.execute.walk import Walk, short
from unisono.execute.written import LATELY, written_tokens
from unisono.types import Attempt, Chunk, Direct, Lane, Model, Notice, Sink, Status, Usage, is_direct


class _NoChunks:
    """Chunks that there are none of."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        raise StopAsyncIteration


_NO_CHUNKS = _NoChunks()


class Running:
    """One attempt while it runs, an async context manager. Leaving it closes the upstream call at once and notes how it
    ended.

    A failure before the first content is swallowed, so that the walk goes on; one after it becomes `UpstreamCut`.
    """

    __slots__ = (
        "_began_s",
        "_clock_s",
        "_last_s",
        "_lately",
        "_n_bytes",
        "_n_events",
        "_started",
        "_usage",
        "_walk",
        "chunks",
        "committed",
        "complete",
        "first_content_s",
        "left_out",
        "model",
        "reported_model",
    )

    def __init__(self, walk: Walk, model: Model, *, chunks: AsyncIterator[Chunk], started: datetime) -> None:
        self.model = model
        self.chunks = chunks
        self.committed = False
        self.complete = False
        self.first_content_s: float | None = None
        self.reported_model: str | None = None
        self.left_out: tuple[str, ...] = ()
        self._walk = walk
        self._started = started
        self._clock_s = walk.clock_s
        self._began_s = walk.clock_s()
        self._last_s: float | None = None
        self._usage: Usage | None = None
        self._lately: deque[Chunk] | None = None
        self._n_bytes = self._n_events = 0

    async def until_content(self) -> list[Chunk]:
        """Return the chunks up to the first with content; all of them when the answer has none."""
        held: list[Chunk] = []
        try:
            with TimeLimit(self._walk.deadline_s - self._clock_s()):
                async for chunk in self.chunks:
                    self.see(chunk)
                    held.append(chunk)
                    if chunk.has_content:
                        return held
        except TimeoutError as exc:
            raise self._walk.too_late(self.model.name) from exc
        self.complete = True
        return held

    async def behind(self, relay: Relay | None) -> AsyncIterator[Chunk]:
        """Return the chunks behind the first content that must go as events; the others have gone the short way."""
        sink = None if relay is None else relay.sink
        if self.complete:
            return _NO_CHUNKS
        if sink is not None and is_direct(self.chunks):
            await self.pour(self.chunks, self.seeing(sink))
            return _NO_CHUNKS
        return self.chunks

    async def pour(self, chunks: Direct, sink: Sink) -> None:
        """Have all its further chunks go to a sink that `seeing` made; return at the end."""
        try:
            with TimeLimit(self._walk.deadline_s - self._clock_s()):
                await chunks.pour(sink)
        except TimeoutError as exc:
            raise self._walk.too_late(self.model.name) from exc
        self.heard()

    def seeing(self, sink: Sink) -> Sink:
        """Return a sink before which the record's part of each chunk is taken in."""
        return _Seen(self, sink)

    def heard(self) -> None:
        """Note that the answer has come to its end."""
        self._last_s = self._clock_s() - self._began_s

    def see(self, chunk: Chunk) -> None:
        """Take in what the record needs of one chunk; see `see_all`."""
        self.see_all((chunk,))

    def see_all(self, chunks: Sequence[Chunk]) -> None:
        """Take in what the record needs of chunks that have come together.

        Raises:
            UpstreamTimeout: the whole request has taken too long.
        """
        if self.take_in(chunks) > self._walk.deadline_s:
            raise self._walk.too_late(self.model.name)

    def take_in(self, chunks: Sequence[Chunk]) -> float:
        """Take in what the record needs of chunks that have come together; return the time."""
        now_s = self._clock_s()
        self._last_s = now_s - self._began_s
        for chunk in chunks:
            if chunk.has_content:
                if self._lately is None:
                    self.first_content_s = self._last_s
                    self._lately = deque((chunk,), LATELY)
                else:
                    self._lately.append(chunk)
                self._n_bytes += len(chunk.data)
                self._n_events += 1
            if chunk.usage is not None:
                self._usage = chunk.usage
            if chunk.left_out:
                self.left_out = chunk.left_out
            name, told = chunk.model, self.reported_model
            if name is not None and name != told and (told is None or accepts_report(self.model, told)):
                self.reported_model = name  # the first that it may not name stays
        return now_s

    @property
    def waited_s(self) -> float:
        """How long the call waited here for its turn."""
        return float(getattr(self.chunks, "waited_s", 0.0))

    def mismatch(self) -> Notice | None:
        """Return a notice when the upstream says that another model answered (invariant 2)."""
        reported = self.reported_model
        if reported is None or accepts_report(self.model, reported):
            return None
        asked, language = self.model.upstream_model, self._walk.language
        return say.mismatch(self.model.name, asked=asked, reported=reported, language=language)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool:
        try:
            if (close := getattr(self.chunks, "aclose", None)) is not None:
                await close()
        finally:
            self.note(exc)
        if isinstance(exc, Overtaken):
            return True
        if not isinstance(exc, UpstreamError):
            return False
        if self.committed:
            raise cut(self.model.name, exc) from exc
        return True

    def note(self, exc: BaseException | None) -> None:
        """Note how it ended, whose call is closed."""
        error = exc if isinstance(exc, UpstreamError) else None
        self._walk.note(self, self.ended(self._status(exc), exc), error)

    def _status(self, exc: BaseException | None) -> Status:
        if exc is None:
            return "ok"
        if isinstance(exc, (GeneratorExit, asyncio.CancelledError)):
            return "cancelled"
        return "cut" if self.committed else "failed"

    def ended(self, status: Status, exc: BaseException | None = None) -> Attempt:
        """Return what is recorded of the attempt."""
        failed = None if status in ("ok", "cancelled") else exc
        whole_s = self._last_s if status == "ok" else None  # of a plain answer just the time to its first content
        known = failed if isinstance(failed, UpstreamError) else None
        return Attempt(
            model=self.model.name,
            upstream_model=self.model.upstream_model,
            started=self._started,
            status=status,
            first_content_s=self.first_content_s,
            total_s=self._clock_s() - self._began_s if whole_s is None else whole_s,
            reported_model=self.reported_model,
            usage=self._usage,
            cost_usd=spent_usd(self._usage, self.model.prices),
            http_status=known.http_status if isinstance(known, UpstreamRefused) else None,
            error_code=None if failed is None else known.code if known else "internal_error",
            error_text=None if failed is None else str(known) if known else type(failed).__name__,
            written_tokens=self._written_tokens() if self._usage is None and status != "failed" else None,
        )

    def _written_tokens(self) -> int | None:
        """Return about how much of the answer has come; None where the model was not asked yet."""
        if not getattr(self.chunks, "asked", True):
            return None
        return written_tokens(
            n_bytes=self._n_bytes,
            n_events=self._n_events,
            some=self._lately or (),
            more_bytes=getattr(self.chunks, "n_poured_bytes", 0),
        )


class _Seen:
    """A sink before which an attempt takes in what the record needs."""

    __slots__ = ("_attempt", "_sink")

    def __init__(self, attempt: Running, sink: Sink) -> None:
        self._attempt = attempt
        self._sink = sink

    def take(self, chunks: Sequence[Chunk]) -> Awaitable[None] | None:
        """See `types.Sink`."""
        self._attempt.see_all(chunks)
        return self._sink.take(chunks)

    def lane(self, begins: bytes, ends: bytes, *, model: str | None) -> Lane | None:
        """See `types.Sink`: of events with nothing to tell but their text, there is nothing to take in."""
        attempt = self._attempt
        tells = attempt.first_content_s is None or model != attempt.reported_model
        return None if tells else self._sink.lane(begins, ends, model=model)


def cut(name: str, error: UpstreamError) -> UpstreamCut:
    """Build the error for an answer that broke off behind its first content."""
    return UpstreamCut(f"{name} broke off in mid-answer ({short(error)}); what came before is not the whole answer.")
