"""A streamed answer of one model without a task that waits for it, as long as all goes well: the short way.

Until the first content it is what `plain.py` is: whatever is not a stream that begins well is left to the walk of
`single.py`. Behind it chunks go on in the callbacks that bring them; a task waits only for a caller who reads slowly.
It decides nothing, and knows neither fallbacks nor retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from unisono.errors import UpstreamCut, UpstreamError
from unisono.execute.committed import Committed
from unisono.execute.plain import Plain
from unisono.execute.running import cut
from unisono.types import Chunk, Sink, Told


class Streamed(Plain):
    """One request for a stream on its way. One of `end`, `going_on`, `cancel` and `events` ends it."""

    __slots__ = ("_sink",)

    def first(self) -> tuple[Committed, Sequence[Chunk]] | tuple[()] | None:
        """Return that the model answers, and the chunks until now; nothing before; None where `events` must go on."""
        attempt, walk = self._attempt, self._walk
        chunks = None if walk.is_late else self._direct.first()
        if not chunks:
            return None if chunks is None else ()
        walk.begun(attempt.model.name)
        n_first = next(n for n, chunk in enumerate(chunks, start=1) if chunk.has_content)
        attempt.take_in(chunks[:n_first])
        committed = walk.commit(attempt)
        attempt.take_in(chunks[n_first:])
        return committed, chunks

    def flow(
        self,
        sink: Sink,
        chunks: Sequence[Chunk],
        told: Told,
    ) -> None:
        """Hand on the chunks that `first` gave, then those that come.

        `told` is called once. With something to be awaited for a slow caller: `going_on` is to do the rest. Else with
        what was raised, None at a good end: `end` is to be called.
        """
        self._sink = self._attempt.seeing(sink)
        slow = sink.take(chunks)  # which `first` has seen
        if slow is not None:
            told(slow, None)
        else:
            self._direct.flow(self._sink, told)

    def end(self, exc: BaseException | None) -> UpstreamCut | None:
        """Record how it ended, and return what the caller is told of an answer that broke off."""
        attempt = self._attempt
        if exc is None:
            attempt.heard()
        try:
            try:
                self._direct.close()
            finally:
                attempt.note(exc)
        finally:
            self._record(self._walk.outcome())
        return cut(attempt.model.name, exc) if isinstance(exc, UpstreamError) else None

    async def going_on(self, slow: Awaitable[None]) -> None:
        """Wait for a slow caller, then hand on all that still comes, and record how it ended.

        Raises:
            UpstreamCut: the answer broke off.
        """
        try:
            async with self._attempt as attempt:
                await slow
                await attempt.pour(self._direct, self._sink)
        except asyncio.CancelledError:
            self._walk.cancelled()
            raise
        finally:
            self._record(self._walk.outcome())
