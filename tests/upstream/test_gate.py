"""Turns at a busy upstream: bounded, fair between callers, given on when their holder leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from unisono.errors import UpstreamBusy
from unisono.testing import ManualClock
from unisono.types import Call, Chunk, Health, Model
from unisono.upstream.firsts import N_NEEDED, FirstContents
from unisono.upstream.gate import WAITING_PER_CALL, Gate
from unisono.upstream.health import HealthBook
from unisono.upstream.outlet import Outlet

LONG_S = 60.0
NOW = datetime(2030, 1, 1, tzinfo=UTC)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_turns_go_round_the_callers() -> None:
    async def play() -> list[str]:
        gate = Gate("m", most=1, wait_s=LONG_S)
        order: list[str] = []

        async def ask(caller: str) -> None:
            await gate.enter(caller)
            order.append(caller)
            gate.leave()

        assert gate.try_enter()
        tasks = [asyncio.ensure_future(ask(caller)) for caller in ("busy", "busy", "rare", "third")]
        await _settle()
        assert gate.n_waiting == 4
        gate.leave()
        await asyncio.gather(*tasks)
        assert (gate.n_inside, gate.n_waiting) == (0, 0)
        return order

    assert asyncio.run(play()) == ["busy", "rare", "third", "busy"]


def test_who_waits_too_long_or_finds_too_many_waiting_is_told_when_to_come_again() -> None:
    async def play() -> list[str]:
        gate = Gate("m", most=1, wait_s=0.01)
        assert gate.try_enter()
        told = []
        with pytest.raises(UpstreamBusy) as late:
            await gate.enter("a")
        told.append(str(late.value))
        patient = Gate("m", most=1, wait_s=LONG_S)
        assert patient.try_enter()
        waiting = [asyncio.ensure_future(patient.enter("a")) for _ in range(WAITING_PER_CALL)]
        await _settle()
        with pytest.raises(UpstreamBusy) as full:
            await patient.enter("b")
        told.append(str(full.value))
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert (patient.n_inside, patient.n_waiting) == (1, 0)
        assert late.value.status == full.value.status == 503
        assert full.value.retry_after_s is not None
        return told

    late, full = asyncio.run(play())
    assert "no turn came within 0.01 s" in late
    assert "as many wait as may" in full


async def test_a_turn_that_comes_as_its_holder_leaves_is_given_on() -> None:
    gate = Gate("m", most=1, wait_s=LONG_S)
    assert gate.try_enter()
    first, second = (asyncio.ensure_future(gate.enter(caller)) for caller in "ab")
    await _settle()
    gate.leave()  # the first has its turn, and is cancelled before it knows
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    await second
    assert (gate.n_inside, gate.n_waiting) == (1, 0)


class Provider:
    """Answers with one chunk, and tells of a used-up rate limit."""

    used_up_for_s: float | None = None

    async def start(self) -> None: ...

    async def send(self, call: Call) -> AsyncIterator[Chunk]:
        yield Chunk(data=b"{}", has_content=True)

    async def close(self) -> None: ...


async def test_a_call_gives_its_turn_back_however_it_ends() -> None:
    model = Model(name="m", upstream="x", upstream_model="m")
    outlet = Outlet(model, Provider(), most=1, wait_s=LONG_S)
    call = Call(model=model, body={}, stream=True, decision="d", caller="k")
    one, two, three = (outlet.send(call) for _ in range(3))
    assert [chunk.data async for chunk in one] == [b"{}"]
    waiting = asyncio.ensure_future(anext(aiter(two)))
    leaving = asyncio.ensure_future(anext(aiter(three)))
    await _settle()
    assert outlet.gate.n_waiting == 2
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving
    await three.aclose()
    await one.aclose()
    await one.aclose()
    await waiting
    assert two.waited_s > 0.0
    await two.aclose()
    assert (outlet.gate.n_inside, outlet.gate.n_waiting) == (0, 0)
    await outlet.close(wait_s=0.0)


def test_a_model_at_its_rate_limit_rests_and_is_not_broken() -> None:
    clock, book, told = ManualClock(), HealthBook(), []

    async def play() -> None:
        provider = Provider()
        provider.used_up_for_s = 7.0
        model = Model(name="m", upstream="x", upstream_model="m")
        outlet = Outlet(
            model, provider, most=1, wait_s=LONG_S, rests=lambda name, seconds: told.append((name, seconds))
        )
        sending = outlet.send(Call(model=model, body={}, stream=True, decision="d"))
        async for _ in sending:
            pass
        await sending.aclose()

    asyncio.run(play())
    ((name, seconds),) = told
    now_s = clock.seconds()
    book.rest(name, seconds, now_s=now_s, now=NOW)
    assert book.state("m", now_s)[0] is Health.DOWN
    assert book.state("m", now_s + 7.0) == (Health.UP, None)


def test_the_quantile_needs_some_attempts_and_forgets_old_ones() -> None:
    firsts = FirstContents()
    for n in range(N_NEEDED - 1):
        firsts.note("m", 0.1 * n)
    assert firsts.slow_after_s("m") is None
    for _ in range(200):
        firsts.note("m", 0.5)
    assert firsts.slow_after_s("m") == 0.5
    for n in range(64):
        firsts.note("m", float(n))
    assert firsts.slow_after_s("m") == 60.0
