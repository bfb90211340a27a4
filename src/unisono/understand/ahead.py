"""Reads prompts before they are decided, off the event loop: for encoders that take longer than a decision may.

One thread, since a second one only takes the first one's processor; what waits while it works goes to the encoder in
one call. Who has waited for `budget_s` is decided without an embedding, and the vector serves the next prompt like it.
It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from unisono.types import Vector
from unisono.understand.features import Understanding

MAX_WAITING = 64
"""Prompts that may wait for the encoder; one more is decided without at once."""
MAX_BATCH = 16


class Ahead:
    """Belongs to one event loop."""

    def __init__(self, understanding: Understanding, *, budget_s: float) -> None:
        """Fill the memory of `understanding`.

        Args:
            understanding: reads only what it has in memory itself.
            budget_s: how long one request may wait.
        """
        self._understanding = understanding
        self._budget_s = budget_s
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._work: asyncio.Task[None] | None = None

    async def read(self, task: str) -> bool:
        """Have a task encoded; say whether it was in time.

        Raises:
            ArtifactError: the encoder failed; a plug-in may raise anything.
        """
        if not task or self._understanding.knows(task):
            return True
        done = self._waiting.get(task)
        if done is None:
            if len(self._waiting) >= MAX_WAITING:
                return False
            done = self._waiting[task] = asyncio.get_running_loop().create_future()
            if self._work is None or self._work.done():
                self._work = asyncio.create_task(self._encode_all())
        try:
            await asyncio.wait_for(asyncio.shield(done), self._budget_s)
        except TimeoutError:
            return False
        return True

    @property
    def n_waiting(self) -> int:
        """How many prompts wait for the encoder or are being encoded."""
        return len(self._waiting)

    async def close(self) -> None:
        """End the thread; what it is doing is awaited, what waits is dropped."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        for done in self._waiting.values():
            done.cancel()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    async def _encode_all(self) -> None:
        loop = asyncio.get_running_loop()
        while tasks := list(self._waiting)[:MAX_BATCH]:
            work = loop.run_in_executor(self._thread, self._understanding.vectors, tasks)
            (found,) = await asyncio.gather(work, return_exceptions=True)
            self._settle(tasks, found)

    def _settle(self, tasks: Sequence[str], found: Vector | BaseException) -> None:
        for place, task in enumerate(tasks):
            done = self._waiting.pop(task)
            if not isinstance(found, BaseException):
                self._understanding.keep(task, found[place])
            if done.done():
                continue
            if isinstance(found, BaseException):
                done.set_exception(found)
                done.exception()  # who waited may have gone
            else:
                done.set_result(None)
