"""That something has happened, for one who waits for it: what `asyncio.Event` is to many, at a quarter of its price."""

from __future__ import annotations

import asyncio


class Happened:
    """Set, cleared and awaited by one event loop; one waits at a time."""

    __slots__ = ("_is_set", "_waiter")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Say that it has happened."""
        self._is_set = True
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """Wait anew from here on."""
        self._is_set = False

    async def wait(self) -> None:
        """Return when it has happened."""
        while not self._is_set:
            waiter = self._waiter = asyncio.get_running_loop().create_future()
            await waiter
