"""A call among several is closed and noted once, however early it is ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from unisono.errors import UpstreamError
from unisono.execute.member import Member
from unisono.types import Attempt, Chunk, Model


class Silent:
    """An answer that never begins."""

    closed = 0

    def __aiter__(self) -> Silent:
        return self

    async def __anext__(self) -> Chunk:
        await asyncio.Event().wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed += 1


def test_a_call_that_is_ended_before_its_task_takes_a_step_is_closed_and_noted() -> None:
    noted: list[tuple[Attempt, UpstreamError | None]] = []

    async def play(steps: int) -> Silent:
        chunks = Silent()
        member = Member(
            Model(name="m", upstream="x", upstream_model="m"),
            "member",
            chunks=chunks,
            started=datetime(2030, 1, 1, tzinfo=UTC),
            clock_s=lambda: 0.0,
            note=lambda member, attempt, error: noted.append((attempt, error)),
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        await member.cancel()
        assert member.done
        return chunks

    for steps in (0, 1, 3):
        assert asyncio.run(play(steps)).closed == 1
    assert [(attempt.status, error) for attempt, error in noted] == [("cancelled", None)] * 3
