"""Cancels the work for a caller who hangs up, at once.

It knows how a server tells of that, and the current task, and nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from starlette.types import Receive, Scope

WATCHES = "unisono.watches"
"""The ASGI extension by which our own protocol (`listen.py`) tells: the watches of a connection. It lets each know when
the connection is lost; any other server is asked by `receive`, which costs a task for each request."""


class Watches(set[Any]):
    """What is to be told when a caller hangs up; `lost`: he has."""

    lost = False

    def tell(self) -> None:
        """Tell all, and those who come later as they come."""
        self.lost = True
        for watch in tuple(self):
            watch.gone()


class Watch:
    """While the body of the `with` runs, the caller's leaving cancels the task that runs it.

    The body is run by the current task itself, so that an ordinary request costs no further one.
    """

    __slots__ = ("_over", "_task", "_waiting", "_watches", "caller_left")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        """Watch for the disconnect; the body of the request must have been read."""
        self.caller_left = False
        self._over = False
        self._task = asyncio.current_task()
        self._waiting: asyncio.Task[None] | None = None
        self._watches: Watches | None = scope.get("extensions", _NONE).get(WATCHES)
        if self._watches is not None:
            self._watches.add(self)
            if self._watches.lost:
                self.gone()
        else:
            self._waiting = asyncio.create_task(_until_gone(receive))
            self._waiting.add_done_callback(self._told)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._over = True
        if self._watches is not None:
            self._watches.discard(self)
        if self._waiting is not None:
            self._waiting.cancel()

    def gone(self) -> None:
        """Take in that the caller has left."""
        if not self._over and self._task is not None:
            self.caller_left = True
            self._task.cancel()

    def _told(self, waiting: asyncio.Task[None]) -> None:
        if not waiting.cancelled():
            self.gone()


_NONE: dict[str, Watches] = {}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
