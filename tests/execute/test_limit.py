"""A limit in seconds ends what takes longer, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from unisono.execute.limit import TimeLimit


def test_what_takes_longer_ends_with_a_timeout_and_the_task_goes_on() -> None:
    async def late() -> str:
        with pytest.raises(TimeoutError), TimeLimit(0.0):
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        return "went on"

    assert asyncio.run(asyncio.wait_for(late(), 10)) == "went on"


def test_what_is_done_in_time_hears_nothing_of_it() -> None:
    async def quick() -> bool:
        with TimeLimit(60.0):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        return task is not None and task.cancelling() == 0

    assert asyncio.run(quick())


async def test_a_cancellation_from_outside_stays_one_and_an_error_stays_itself() -> None:
    async def waits() -> None:
        with TimeLimit(60.0):
            await asyncio.Event().wait()

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(KeyError), TimeLimit(60.0):
        raise KeyError
