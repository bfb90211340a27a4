"""A lookout wakes the event loop only when there is something to do, and has one thread for all that it looks at."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

from unisono.config.lookout import Lookout


def no_thread_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name == "unisono-lookout":
            thread.join(30)
            assert not thread.is_alive()


def test_it_yields_when_a_look_finds_something_and_ends_with_its_reader() -> None:
    looks: list[str] = []
    found = iter([False, False, True])

    def look() -> bool:
        looks.append(threading.current_thread().name)
        return next(found, False)

    async def follow() -> int:
        async with aclosing(Lookout(tick_s=0.001).when(look, every_s=0.001)) as news:
            async for _ in news:
                return len(looks)
        raise AssertionError

    assert asyncio.run(asyncio.wait_for(follow(), 30)) >= 3
    assert set(looks) == {"unisono-lookout"}
    no_thread_is_left()


def test_a_cancelled_reader_ends_the_thread() -> None:
    began = threading.Event()

    def look() -> bool:
        began.set()
        return False

    async def follow() -> None:
        async for _ in Lookout(tick_s=0.001).when(look, every_s=0.001):
            raise AssertionError

    async def outer() -> None:
        task = asyncio.create_task(follow())
        await asyncio.to_thread(began.wait, 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(outer())
    no_thread_is_left()


def test_one_thread_looks_at_all_and_each_in_its_own_time() -> None:
    looks: dict[str, list[int | None]] = {"often": [], "seldom": []}

    def looking(name: str) -> bool:
        looks[name].append(threading.current_thread().ident)
        return name == "often" and len(looks["seldom"]) == 3

    async def follow() -> None:
        lookout = Lookout(tick_s=0.001)

        async def idle() -> None:
            async for _ in lookout.when(lambda: looking("seldom"), every_s=0.005):
                raise AssertionError

        task = asyncio.create_task(idle())
        async with aclosing(lookout.when(lambda: looking("often"), every_s=0.001)) as news:
            await anext(news)
            assert {thread.name for thread in threading.enumerate()} >= {"unisono-lookout"}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(follow(), 30))
    assert len({*looks["often"], *looks["seldom"]}) == 1
    assert len(looks["often"]) >= 10
    no_thread_is_left()


def test_who_comes_after_the_last_has_left_gets_a_new_thread() -> None:
    async def follow() -> int:
        lookout, n = Lookout(tick_s=0.001), 0
        for _ in range(3):
            async with aclosing(lookout.when(lambda: True, every_s=0.001)) as news:
                await anext(news)
                n += 1
        return n

    assert asyncio.run(asyncio.wait_for(follow(), 30)) == 3


def test_who_is_cancelled_at_once_leaves_nothing_behind() -> None:
    lookout = Lookout(tick_s=0.001)

    async def follow() -> None:
        task = asyncio.create_task(anext(lookout.when(lambda: True, every_s=0.001)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(follow())
    assert not lookout._looks
