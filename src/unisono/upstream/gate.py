"""So many calls in flight at one upstream; the others wait in turn, for a bounded time and in bounded number.

Turns go round the callers, so that one with a thousand requests does not make another with a single one wait for all of
them. It makes no calls.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from unisono.errors import UpstreamBusy

WAITING_PER_CALL = 4
"""For each call that may be in flight, so many may wait."""


class Gate:
    """The turns at one upstream. It belongs to one event loop."""

    def __init__(self, model: str, *, most: int, wait_s: float) -> None:
        """Let `most` calls in at a time, and make nobody wait longer than `wait_s`."""
        self._model = model
        self._most = most
        self._wait_s = wait_s
        self._n_inside = 0
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.n_waiting = 0

    @property
    def n_inside(self) -> int:
        """Calls in flight."""
        return self._n_inside

    def try_enter(self) -> bool:
        """Enter at once, if there is room and nobody waits."""
        if self._n_inside >= self._most or self.n_waiting:
            return False
        self._n_inside += 1
        return True

    async def enter(self, caller: str) -> None:
        """Wait for the caller's turn.

        Raises:
            UpstreamBusy: too many wait already, or the turn did not come in time.
        """
        if self.try_enter():
            return
        if self.n_waiting >= self._most * WAITING_PER_CALL:
            raise self._busy("as many wait as may")
        turn = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(turn)
        self.n_waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except TimeoutError:
            if not self._had(turn, caller):
                raise self._busy(f"no turn came within {self._wait_s:g} s") from None
        except asyncio.CancelledError:
            if self._had(turn, caller):
                self.leave()
            raise

    def leave(self) -> None:
        """Give the turn to the next caller in the round."""
        self._n_inside -= 1
        while self._queues and self._n_inside < self._most:
            caller, queue = self._queues.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._queues[caller] = queue  # behind the others
            self.n_waiting -= 1
            if not turn.done():
                self._n_inside += 1
                turn.set_result(None)

    def _had(self, turn: asyncio.Future[None], caller: str) -> bool:
        """Say whether a turn had come all the same; else take it out of its queue."""
        if turn.done() and not turn.cancelled():
            return True
        queue = self._queues.get(caller)
        if queue is not None and turn in queue:
            queue.remove(turn)
            self.n_waiting -= 1
            if not queue:
                del self._queues[caller]
        return False

    def _busy(self, why: str) -> UpstreamBusy:
        return UpstreamBusy(
            f"{self._model}: {self._n_inside} calls are in flight and {self.n_waiting} wait; {why}. Come again.",
            retry_after_s=max(1.0, self._wait_s / 2),
        )
