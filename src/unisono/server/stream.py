"""A streamed answer on its way out: what each chunk becomes, and what the last one carries.

Chunks that have come together leave in one write. It asks for nothing and knows no upstream.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import orjson
from starlette.types import Send

from unisono.edge.answer import stamp
from unisono.types import Chunk, Json, Lane

More: TypeAlias = Callable[[bytes], Awaitable[None] | None]
"""Gives a part of a body: our own protocol (`cycle.py`) takes it without waiting, another server is waited for."""


def broken_off(error: bytes) -> bytes:
    """Return an error as the last event."""
    return b"data: %s\n\n" % error


class Stream:
    """The events of one answer.

    The chunk that may be the last waits for what comes behind it, to carry the cost. Each bears the model's name that
    its upstream gave it there: an upstream may change it on the way.
    """

    def __init__(self, send: Send, *, facts: Json, named: Callable[[str | None], str], show_usage: bool) -> None:
        """Begin behind the head.

        Args:
            send: as ASGI has it.
            facts: what the first event carries under `unisono`.
            named: gives the name of the model to show, from the one that a chunk reports.
            show_usage: the caller asked for the chunk that holds nothing but the usage.
        """
        self._send = send
        self._more: More = getattr(send, "more", None) or self._waited_for
        self._laid: Callable[[bytes, bytes], Lane] = getattr(send, "lane", None) or self._by_more
        self._first: Json | None = facts
        self._named = named
        self._show_usage = show_usage
        self._waiting: Chunk | None = None
        self._alike: tuple[bytes, bytes, str] | None = None
        self._lane: Lane | None = None
        self._renamed: dict[str, tuple[bytes, bytes]] = {}

    def take(self, chunks: Sequence[Chunk]) -> Awaitable[None] | None:
        """Send chunks that have come together; return what must be awaited before the next, if anything."""
        if len(chunks) == 1 and self._waiting is None:
            (chunk,) = chunks
            if chunk.finish is None and not chunk.usage_only:
                return self._more(self._event(chunk))
        out: list[bytes] = []
        for chunk in chunks:
            if chunk.usage_only and not self._show_usage:
                continue
            if self._waiting is not None:
                out.append(self._event(self._waiting))
                self._waiting = None
            if chunk.finish is not None or chunk.usage_only:
                self._waiting = chunk
            else:
                out.append(self._event(chunk))
        if not out:
            return None
        return self._more(b"".join(out))

    def lane(self, begins: bytes, ends: bytes, *, model: str | None) -> Lane | None:
        """Return how events leave that differ by their text alone; see `types.Sink`."""
        if self._waiting is not None or self._first is not None or model is None:
            return None
        old, new = self._renamed.get(model) or self._rename(model)
        if (begins, ends, model) != self._alike:
            if old != new and begins.count(old) + ends.count(old) != 1:
                return None
            self._alike = begins, ends, model
            self._lane = self._laid(begins.replace(old, new), ends.replace(old, new))
        return self._lane

    async def end(self, last: Json) -> None:
        """Send what `ending` returns."""
        await self._send({"type": "http.response.body", "body": self.ending(last), "more_body": False})

    def ending(self, last: Json) -> bytes:
        """Return what waits, with `last` under `unisono` beside what no event has carried yet, and the stream's end."""
        out = b""
        if self._waiting is not None:
            self._first = {**(self._first or {}), **last}
            out = self._event(self._waiting)
        return out + b"data: [DONE]\n\n"

    async def break_off(self, error: bytes) -> None:
        """Send an error as the last event; what waits has lost its meaning."""
        await self._send({"type": "http.response.body", "body": broken_off(error), "more_body": False})

    def _by_more(self, begins: bytes, ends: bytes) -> Lane:
        return lambda text: self._more(b"%b%b%b" % (begins, text, ends))

    def _waited_for(self, body: bytes) -> Awaitable[None]:
        return self._send({"type": "http.response.body", "body": body, "more_body": True})

    def _event(self, chunk: Chunk) -> bytes:
        extra, self._first = self._first, None
        if extra is None and chunk.model is not None:
            old, new = self._renamed.get(chunk.model) or self._rename(chunk.model)
            if old == new or chunk.data.count(old) == 1:  # as most are: with one member of this name and value
                return b"data: %b\n\n" % chunk.data.replace(old, new)
        name = self._named(chunk.model)
        return b"data: %b\n\n" % stamp(chunk.data, model=name, reported=chunk.model, extra=extra)

    def _rename(self, reported: str) -> tuple[bytes, bytes]:
        old, new = (b'"model":' + orjson.dumps(name) for name in (reported, self._named(reported)))
        self._renamed[reported] = old, new
        return old, new
