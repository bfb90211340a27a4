"""A lookout wakes the event loop only when there is something to do."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

from unisono.config.lookout import when


def test_it_yields_when_a_look_finds_something_and_ends_with_its_reader() -> None:
    looks: list[str] = []
    found = iter([False, False, True])

    def look() -> bool:
        looks.append(threading.current_thread().name)
        return next(found, False)

    async def follow() -> int:
        async with aclosing(when(look, every_s=0.001)) as news:
            async for _ in news:
                return len(looks)
        raise AssertionError

    assert asyncio.run(asyncio.wait_for(follow(), 30)) >= 3
    assert set(looks) == {"unisono-lookout"}
    assert "unisono-lookout" not in {thread.name for thread in threading.enumerate()}


def test_a_cancelled_reader_ends_the_thread() -> None:
    began = threading.Event()

    def look() -> bool:
        began.set()
        return False

    async def follow() -> None:
        async for _ in when(look, every_s=0.001):
            raise AssertionError

    async def outer() -> None:
        task = asyncio.create_task(follow())
        await asyncio.to_thread(began.wait, 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(outer())
    assert "unisono-lookout" not in {thread.name for thread in threading.enumerate()}
