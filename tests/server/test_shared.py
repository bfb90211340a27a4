"""Answers that many ask for at once are made once."""

from __future__ import annotations

import asyncio

import pytest

from unisono.server.shared import FRESH_S, KEPT, Shared
from unisono.testing import ManualClock
from unisono.types import Json


async def test_many_who_ask_at_once_get_one_answer_and_it_ages() -> None:
    clock = ManualClock()
    made: list[int] = []

    def make() -> Json:
        made.append(1)
        return {"n": len(made)}

    shared = Shared(clock_s=clock.seconds)
    answers = await asyncio.gather(*(shared.get("a", make) for _ in range(20)))
    assert set(answers) == {b'{"n":1}'}
    clock.advance(FRESH_S / 2)
    assert await shared.get("a", make) == b'{"n":1}'
    clock.advance(FRESH_S)
    assert await shared.get("a", make) == b'{"n":2}'
    assert await shared.get("b", make) == b'{"n":3}'


async def test_what_fails_is_told_and_not_kept() -> None:
    shared = Shared(clock_s=ManualClock().seconds)

    def fails() -> Json:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await shared.get("a", fails)
    assert await shared.get("a", lambda: {"ok": True}) == b'{"ok":true}'


async def test_memory_is_bounded() -> None:
    shared = Shared(clock_s=ManualClock().seconds)
    for n in range(3 * KEPT):
        await shared.get(str(n), dict)
    assert len(shared._kept) == KEPT
