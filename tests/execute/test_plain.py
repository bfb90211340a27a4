"""A plain answer without a task: what is noted of it is what the walk of every answer notes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.execute.decisions import REQUEST, decision, model

from unisono.errors import NoAnswer, UpstreamError, UpstreamUnreachable
from unisono.execute.committed import Committed
from unisono.execute.means import Means
from unisono.execute.patience import Patience
from unisono.execute.plain import Plain
from unisono.execute.single import run
from unisono.testing import ManualClock
from unisono.types import Attempt, Chunk, Outcome, Usage

WHOLE = Chunk(data=b"{}", has_content=True, model="a", usage=Usage(input_tokens=7, output_tokens=3))


class Calls:
    """An upstream that answers, or fails, as often as it is asked."""

    def __init__(self, answer: Chunk | UpstreamError, *, at_once: bool = True) -> None:
        self.answer = answer
        self.at_once = at_once
        self.n_sent = self.n_closed = 0
        self.is_here = True

    def send(self, call: object) -> Calls:
        self.n_sent += 1
        self._todo: Iterator[Chunk | UpstreamError] = iter((self.answer,))
        return self

    def begin(self, news: Callable[[], None]) -> bool:
        return self.at_once

    def whole(self) -> Chunk | None:
        return self.answer if isinstance(self.answer, Chunk) and self.is_here else None

    def close(self) -> None:
        self.n_closed += 1

    def __aiter__(self) -> Calls:
        return self

    async def __anext__(self) -> Chunk:
        found = next(self._todo, None)
        if found is None:
            raise StopAsyncIteration
        if isinstance(found, UpstreamError):
            raise found
        return found

    async def aclose(self) -> None:
        self.close()


class Noted:
    """What a request told: attempts and outcomes."""

    def __init__(self) -> None:
        self.attempts: list[tuple[Attempt, UpstreamError | None]] = []
        self.outcomes: list[Outcome] = []
        self.clock = ManualClock()

    def means(self, calls: Calls) -> dict[str, Any]:
        return {
            "send": calls.send,
            "record": self.outcomes.append,
            "observe": lambda attempt, error: self.attempts.append((attempt, error)),
            "total_s": 60.0,
            "patience": Patience(retries=1, sleep=lambda _: asyncio.sleep(0)),
            "clock_s": self.clock.seconds,
            "now": lambda: datetime(2030, 1, 1, tzinfo=UTC),
        }


def begun(calls: Calls, noted: Noted) -> Plain:
    found = decision(["a"], allow_fallback=False, pin="a")
    return Plain(REQUEST, found, models={"a": model("a")}, news=lambda: None, **noted.means(calls))


def test_a_good_answer_is_noted_as_the_walk_of_every_answer_notes_it() -> None:
    calls, short, long = Calls(WHOLE), Noted(), Noted()
    committed, chunk = begun(calls, short).finished() or pytest.fail("it is here")

    async def walk() -> list[Committed | Chunk]:
        found = decision(["a"], allow_fallback=False, pin="a")
        means = Means(models={"a": model("a")}, **long.means(calls))
        return [event async for event in run(REQUEST, found, means=means)]

    assert [committed, chunk] == asyncio.run(walk())
    assert short.outcomes == long.outcomes
    assert short.attempts == long.attempts
    assert calls.n_closed == calls.n_sent == 2


def test_who_leaves_ends_the_call_as_cancelled() -> None:
    calls, noted = Calls(WHOLE), Noted()
    begun(calls, noted).cancel()
    assert [outcome.status for outcome in noted.outcomes] == ["cancelled"]
    assert [(attempt.status, error) for attempt, error in noted.attempts] == [("cancelled", None)]
    assert calls.n_closed == 1


def test_what_is_no_good_answer_goes_on_by_the_walk_with_the_same_attempt() -> None:
    calls, noted = Calls(UpstreamUnreachable("gone")), Noted()
    plain = begun(calls, noted)
    assert plain.begun
    assert plain.finished() is None
    assert (noted.outcomes, noted.attempts) == ([], [])

    async def go_on() -> None:
        async for _ in plain.events(None):
            pytest.fail("nothing came")

    with pytest.raises(NoAnswer):
        asyncio.run(go_on())
    assert [outcome.status for outcome in noted.outcomes] == ["failed"]
    assert [attempt.status for attempt, _ in noted.attempts] == ["failed", "failed"]
    assert calls.n_sent == 2  # the first attempt, and one retry


def test_a_call_that_cannot_begin_at_once_is_made_by_the_walk() -> None:
    calls, noted = Calls(WHOLE, at_once=False), Noted()
    plain = begun(calls, noted)
    assert not plain.begun

    async def go_on() -> list[Committed | Chunk]:
        return [event async for event in plain.events(None)]

    assert asyncio.run(go_on())[1:] == [WHOLE]
    assert calls.n_sent == 1
    assert [outcome.status for outcome in noted.outcomes] == ["ok"]


def test_an_answer_behind_the_deadline_is_left_to_the_walk() -> None:
    calls, noted = Calls(replace(WHOLE)), Noted()
    found, means = decision(["a"], allow_fallback=False, pin="a"), noted.means(calls)
    plain = Plain(REQUEST, found, models={"a": model("a")}, news=lambda: None, **means)
    noted.clock.advance(61.0)
    assert plain.finished() is None
