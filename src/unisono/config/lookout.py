"""One thread that looks at several things again and again, and wakes the event loop only when there is something to do.

A look of some microseconds costs a hundred times as much where the event loop hands each one to a thread and waits for
it, and half as much again where each has a thread of its own: an idle server did little else. What is to be done, who
iterates knows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable

TICK_S = 0.2
"""How long the thread sleeps between two rounds."""


class Lookout:
    """Several looks, in one thread that lives while there is one."""

    def __init__(self, *, tick_s: float = TICK_S) -> None:
        """Start nothing: the thread begins with the first look."""
        self._tick_s = tick_s
        self._looks: list[_Look] = []
        self._lock = threading.Lock()  # over the list, for a moment
        self._round = threading.Lock()  # held as long as a round takes
        self._over = threading.Event()

    async def when(self, look: Callable[[], bool], *, every_s: float) -> AsyncGenerator[None, None]:
        """Yield whenever `look` has said that there is something to do; close it to end the looks.

        Args:
            look: called in the thread. It may block the others, and must not raise.
            every_s: how long between two looks, in whole ticks.
        """
        found = asyncio.Event()
        one = _Look(look, asyncio.get_running_loop(), found, n_ticks=max(1, round(every_s / self._tick_s)))
        self._add(one)
        try:
            while True:
                await found.wait()
                found.clear()
                yield
        finally:
            self._remove(one)
            await asyncio.to_thread(self._rest)

    def _add(self, one: _Look) -> None:
        with self._lock:
            self._looks.append(one)
            if len(self._looks) == 1:
                self._over = threading.Event()
                threading.Thread(target=self._watch, args=(self._over,), name="unisono-lookout", daemon=True).start()

    def _remove(self, one: _Look) -> None:
        one.is_wanted = False
        with self._lock:
            self._looks.remove(one)
            if not self._looks:
                self._over.set()

    def _rest(self) -> None:
        """Wait until no look that was taken away is at work."""
        with self._round:
            return

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(self._tick_s):
            with self._round:
                with self._lock:
                    looks = tuple(self._looks)
                for one in looks:
                    if one.is_wanted:
                        one.take()


class _Look:
    """One thing to look at, and whom to tell."""

    def __init__(
        self, look: Callable[[], bool], loop: asyncio.AbstractEventLoop, found: asyncio.Event, *, n_ticks: int
    ) -> None:
        self.is_wanted = True
        self._look = look
        self._loop = loop
        self._found = found
        self._n_ticks = n_ticks
        self._n = 0

    def take(self) -> None:
        """Look, if it is time."""
        self._n += 1
        if self._n % self._n_ticks == 0 and self._look() and self.is_wanted:
            self._loop.call_soon_threadsafe(self._found.set)
