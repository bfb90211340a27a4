"""Cancels the work for a caller who hangs up, at once.

It knows ASGI's disconnect message and the current task, and nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import Receive


class Watch:
    """While the body of the `with` runs, the caller's leaving cancels the task that runs it.

    The body is run by the current task itself, so that an ordinary request costs one small task more, not two.
    """

    __slots__ = ("_over", "_task", "_waiting", "caller_left")

    def __init__(self, receive: Receive) -> None:
        """Watch for the disconnect on `receive`; the body of the request must have been read."""
        loop = asyncio.get_running_loop()
        self.caller_left = False
        self._over = False
        self._task = asyncio.current_task(loop)
        self._waiting = loop.create_task(_until_gone(receive))
        self._waiting.add_done_callback(self._gone)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._over = True
        self._waiting.cancel()

    def _gone(self, waiting: asyncio.Task[None]) -> None:
        if self._over or waiting.cancelled() or self._task is None:
            return
        self.caller_left = True
        self._task.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
