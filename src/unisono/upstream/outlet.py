"""A provider in use: its calls take turns, are counted, and tell what rate limits are used up.

It builds no provider and chooses none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from time import perf_counter

from unisono.protocols import Provider
from unisono.types import Call, Chunk, Model, Sink, Told, is_direct
from unisono.upstream.gate import Gate

log = logging.getLogger("unisono")


class Sending:
    """The chunks of one call. It hands on each step of the provider's own iterator, and adds no frame to it.

    Attributes:
        waited_s: how long the call waited here for its turn.
    """

    __slots__ = ("_call", "_chunks", "_direct", "_outlet", "_state", "waited_s")

    def __init__(self, outlet: Outlet, call: Call) -> None:
        """Take a turn at once when there is one; else the first step waits for it."""
        self._outlet = outlet
        self._call = call
        self._chunks = outlet.provider.send(call)
        self._state = "inside" if outlet.gate.try_enter() else "outside"
        self.waited_s = 0.0

    @property
    def asked(self) -> bool:
        """Has the call had its turn?"""
        return self._state in ("inside", "ended")

    @property
    def n_poured_bytes(self) -> int:
        """How many bytes of text have come of which no chunk was made."""
        n_bytes: int = getattr(self._chunks, "n_poured_bytes", 0)
        return n_bytes

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    def __anext__(self) -> Awaitable[Chunk]:
        return self._chunks.__anext__() if self._state == "inside" else self._first()

    async def _first(self) -> Chunk:
        began_s = perf_counter()
        try:
            await self._outlet.gate.enter(self._call.caller)
            self._state = "inside"
        finally:
            self.waited_s = perf_counter() - began_s
        return await self._chunks.__anext__()

    async def pour(self, sink: Sink) -> None:
        """Hand all further chunks to `sink` as they come; the first must have been taken. Return at the end."""
        if is_direct(self._chunks):
            await self._chunks.pour(sink)
            return
        async for chunk in self._chunks:
            if (slow := sink.take((chunk,))) is not None:
                await slow

    def begin(self, news: Callable[[], None]) -> bool:
        """See `types.Direct`: it is sent where its turn, a connection and the provider allow it."""
        if self._state != "inside" or not is_direct(self._chunks):
            return False
        self._direct = self._chunks
        return self._direct.begin(news)

    def whole(self) -> Chunk | None:
        """See `types.Direct`."""
        return self._direct.whole()

    def first(self) -> Sequence[Chunk] | None:
        """See `types.Direct`."""
        return self._direct.first()

    def flow(self, sink: Sink, told: Told) -> None:
        """See `types.Direct`."""
        self._direct.flow(sink, told)

    def close(self) -> None:
        """See `types.Direct`; the turn is given on."""
        self._state = "ended"
        try:
            self._direct.close()
        finally:
            self._outlet.ended(entered=True)

    async def aclose(self) -> None:
        """End the upstream call, if it still runs, and give the turn on."""
        state = self._state
        self._state = "left" if state == "outside" else "ended"
        try:
            if (close := getattr(self._chunks, "aclose", None)) is not None:
                await close()
        finally:
            if state in ("inside", "outside"):
                self._outlet.ended(entered=state == "inside")


class Outlet:
    """A provider in use, so that a replaced one is closed after its last call."""

    def __init__(
        self,
        model: Model,
        provider: Provider,
        *,
        most: int,
        wait_s: float,
        rests: Callable[[str, float], None] = lambda model, seconds: None,
    ) -> None:
        """Wrap the provider of `model`.

        Args:
            model: what the provider serves.
            provider: started by who owns this.
            most: calls in flight at a time.
            wait_s: how long a call may wait for its turn.
            rests: told when the upstream's headers say that it would refuse for some seconds.
        """
        self.model = model
        self.provider = provider
        self.gate = Gate(model.name, most=most, wait_s=wait_s)
        self._rests = rests
        self._n_calls = 0
        self._idle: asyncio.Event | None = None  # of who waits for the last call

    @property
    def n_calls(self) -> int:
        """How many calls are in flight or wait for their turn."""
        return self._n_calls

    def send(self, call: Call) -> Sending:
        """Return the provider's chunks; see `protocols.Provider.send`. They must be closed."""
        self._n_calls += 1
        return Sending(self, call)

    def ended(self, *, entered: bool) -> None:
        """Take in the end of a call."""
        if entered:
            self.gate.leave()
            rest_s: float | None = getattr(self.provider, "used_up_for_s", None)
            if rest_s is not None:
                self._rests(self.model.name, rest_s)
        self._n_calls -= 1
        if self._n_calls == 0 and self._idle is not None:
            self._idle.set()

    async def close(self, *, wait_s: float) -> None:
        """Close the provider when its calls have ended, or after `wait_s`."""
        try:
            if self._n_calls:
                idle = self._idle = self._idle or asyncio.Event()
                await asyncio.wait_for(idle.wait(), wait_s)
        except TimeoutError:
            log.warning("closing model=%s with calls in flight after %.0f s", self.model.name, wait_s)
        await self.provider.close()
