"""A limit in seconds on the body of a `with`: `asyncio.timeout` without its two coroutines, for every request pays."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class TimeLimit:
    """Cancels the task that runs the body when time is up, and turns that into `TimeoutError`; used once."""

    __slots__ = ("_is_up", "_n_cancelled", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        """Begin to count when the body begins."""
        self._seconds = seconds
        self._is_up = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - no body awaits outside of one
        self._task = task
        self._n_cancelled = task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, self._seconds), self._up)
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._timer.cancel()
        if self._is_up and self._task.uncancel() <= self._n_cancelled and kind is asyncio.CancelledError:
            raise TimeoutError from exc

    def _up(self) -> None:
        self._is_up = True
        self._task.cancel()
