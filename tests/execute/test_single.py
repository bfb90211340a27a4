"""The walk: one model answers, another only before the first content, and the outcome is recorded once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.execute.decisions import REQUEST, decision, model

from unisono.errors import (
    NoAnswer,
    UpstreamBusy,
    UpstreamCut,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.execute.committed import Committed
from unisono.execute.means import Means
from unisono.execute.patience import NO_PATIENCE, Patience, RetryBudget
from unisono.execute.single import run
from unisono.testing import ManualClock
from unisono.types import (
    Attempt,
    Call,
    Chunk,
    Decision,
    Goal,
    Model,
    Outcome,
    Prices,
    Usage,
)

Step = Chunk | Exception | float
"""What a fake upstream does next: send, fail, or let seconds pass."""

ROLE = Chunk(data=b'{"role":1}', has_content=False, model="a")
END = Chunk(data=b'{"end":1}', has_content=False, finish="stop", usage=Usage(input_tokens=1000, output_tokens=500))


def word(text: str, model: str | None = None) -> Chunk:
    return Chunk(data=text.encode(), has_content=True, model=model)


@dataclass(slots=True)
class World:
    """Fake upstreams by model name, and all that the walk tells the outside."""

    steps: dict[str, list[Step]]
    models: dict[str, Model] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    calls: list[Call] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    observed: list[tuple[Attempt, UpstreamError | None]] = field(default_factory=list)

    async def _send(self, call: Call) -> AsyncIterator[Chunk]:
        self.calls.append(call)
        try:
            for step in self.steps[call.model.name]:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    self.clock.advance(step)
                else:
                    yield step
        finally:
            self.closed.append(call.model.name)

    def walk(
        self,
        decided: Decision,
        *,
        total_s: float = 100.0,
        patience: Patience = NO_PATIENCE,
        send: Callable[[Call], AsyncIterator[Chunk]] | None = None,
    ) -> AsyncIterator[Committed | Chunk]:
        return run(
            REQUEST,
            decided,
            means=Means(
                models={name: self.models.get(name, model(name)) for name in self.steps},
                send=send or self._send,
                patience=patience,
                record=self.outcomes.append,
                observe=lambda attempt, error: self.observed.append((attempt, error)),
                total_s=total_s,
                clock_s=self.clock.seconds,
                now=self.clock.now,
            ),
        )

    def play(self, decided: Decision, **options: Any) -> tuple[list[Committed | Chunk], Exception | None]:
        async def read() -> tuple[list[Committed | Chunk], Exception | None]:
            seen: list[Committed | Chunk] = []
            try:
                async for item in self.walk(decided, **options):
                    seen.append(item)  # noqa: PERF401 - what came before an error counts
            except UpstreamError as exc:
                return seen, exc
            return seen, None

        return asyncio.run(read())


def test_first_one_commitment_then_every_chunk_in_order() -> None:
    world = World({"a": [ROLE, 2.0, word("x"), word("y"), END]})
    seen, error = world.play(decision(["a"]))
    assert error is None
    committed, *chunks = seen
    assert isinstance(committed, Committed)
    assert (committed.model, committed.reported_model, committed.n_failed) == ("a", "a", 0)
    assert committed.first_content_s == committed.waited_s == 2.0
    assert chunks == [ROLE, word("x"), word("y"), END]


def test_the_outcome_holds_usage_and_cost() -> None:
    world = World({"a": [word("x", "a"), 3.0, END]})
    world.play(decision(["a"]))
    (outcome,) = world.outcomes
    (attempt,) = outcome.attempts
    assert (outcome.status, outcome.model, outcome.total_s) == ("ok", "a", 3.0)
    assert attempt.usage == END.usage
    assert attempt.cost_usd == outcome.cost_usd == pytest.approx(0.002)
    assert (attempt.status, attempt.reported_model, attempt.total_s) == ("ok", "a", 3.0)


def test_the_time_of_an_answer_ends_with_its_last_chunk() -> None:
    world = World({"a": [1.0, word("x"), END, 3.0]})
    world.play(decision(["a"]))
    (attempt,) = world.outcomes[0].attempts
    assert attempt.first_content_s == attempt.total_s == 1.0


def test_falls_back_only_before_first_content() -> None:
    refused = UpstreamRefused("a: no", http_status=429, retry_after_s=3.0)
    world = World({"a": [ROLE, refused], "b": [word("x"), END]})
    seen, error = world.play(decision(["a", "b"]))
    assert error is None
    assert isinstance(seen[0], Committed)
    assert seen[0].model == "b"
    assert [(n.code, n.text) for n in seen[0].notices] == [
        ("fallback", "a failed (429 rate_limit_exceeded); b answered instead.")
    ]
    assert ROLE not in seen
    assert [a.status for a in world.outcomes[0].attempts] == ["failed", "ok"]
    assert world.outcomes[0].notices == seen[0].notices


def test_after_content_a_failure_is_a_cut_and_no_other_model_speaks() -> None:
    world = World({"a": [word("x"), UpstreamTimeout("a: silent")], "b": [word("y"), END]})
    seen, error = world.play(decision(["a", "b"]))
    assert isinstance(error, UpstreamCut)
    assert isinstance(error.__cause__, UpstreamTimeout)
    assert [c.model.name for c in world.calls] == ["a"]
    assert len(seen) == 2
    assert (world.outcomes[0].status, world.outcomes[0].model) == ("cut", "a")
    assert world.outcomes[0].attempts[0].error_code == "upstream_timeout"


def test_the_callers_mistake_ends_the_walk() -> None:
    refused = UpstreamRefused("a: bad", http_status=400, body={"error": {"message": "m"}})
    world = World({"a": [refused], "b": [word("y"), END]})
    _, error = world.play(decision(["a", "b"]))
    assert isinstance(error, NoAnswer)
    assert (error.status, error.last, error.retryable) == (400, refused, False)
    assert [c.model.name for c in world.calls] == ["a"]


def test_when_all_fail_the_error_lists_each_attempt() -> None:
    world = World({"a": [UpstreamUnreachable("a: refused.")], "b": [UpstreamRefused("b: 503.", http_status=503)]})
    _, error = world.play(decision(["a", "b"]))
    assert isinstance(error, NoAnswer)
    assert str(error) == "No model answered. a: refused. b: 503."
    assert [a.model for a in error.attempts] == ["a", "b"]
    assert [a.http_status for a in error.attempts] == [None, 503]
    assert world.outcomes[0].status == "failed"
    assert world.outcomes[0].model is None


def test_a_single_attempt_keeps_its_status_and_retry_after() -> None:
    world = World({"a": [UpstreamRefused("a: no", http_status=429, retry_after_s=3.0)]})
    _, error = world.play(decision(["a"], allow_fallback=False, pin="a"))
    assert isinstance(error, NoAnswer)
    assert (error.status, error.retry_after_s) == (429, 3.0)


def test_an_answer_without_content_is_an_answer() -> None:
    world = World({"a": [ROLE, END], "b": [word("y")]})
    seen, error = world.play(decision(["a", "b"]))
    assert error is None
    assert isinstance(seen[0], Committed)
    assert seen[0].first_content_s is None
    assert seen[1:] == [ROLE, END]
    assert world.outcomes[0].status == "ok"


@pytest.mark.parametrize(
    ("reported", "is_incident"),
    [
        ("gpt-x", False),
        ("a", False),
        ("gpt-x-0701", False),
        ("gpt-x-2024-08-06", False),
        ("gpt-x-20240806", False),
        ("gpt-x-mini", True),
        ("gpt-x-mini-2024-08-06", True),
        ("other", True),
        (None, False),
    ],
)
def test_a_model_other_than_the_asked_one_is_an_incident(reported: str | None, is_incident: bool) -> None:
    world = World({"a": [word("x", reported), END]}, {"a": model("a", upstream_model="gpt-x", reports=("gpt-x-0701",))})
    seen, _ = world.play(decision(["a"]))
    assert isinstance(seen[0], Committed)
    assert [n.code for n in seen[0].notices] == (["model_mismatch"] if is_incident else [])


def test_a_name_reported_late_is_an_incident_in_the_outcome() -> None:
    late = Chunk(data=b"{}", has_content=False, model="other")
    world = World({"a": [word("x"), late, END]})
    world.play(decision(["a"]))
    assert [n.code for n in world.outcomes[0].notices] == ["model_mismatch"]


def test_the_requests_time_ends_the_walk() -> None:
    world = World({"a": [30.0, UpstreamTimeout("a: late.")], "b": [word("x")]})
    _, error = world.play(decision(["a", "b"]), total_s=20.0)
    assert isinstance(error, NoAnswer)
    assert [c.model.name for c in world.calls] == ["a"]


def test_the_requests_time_ends_an_endless_answer() -> None:
    world = World({"a": [word("x"), 15.0, word("y"), 15.0, word("z"), END]})
    seen, error = world.play(decision(["a"]), total_s=20.0)
    assert isinstance(error, UpstreamCut)
    assert seen[1:] == [word("x"), word("y")]


def test_a_fault_of_our_own_is_recorded_as_failed_and_not_hidden() -> None:
    world = World({"a": [KeyError("bug")], "b": [word("x")]})
    with pytest.raises(KeyError):
        world.play(decision(["a", "b"]))
    assert world.outcomes[0].status == "failed"
    assert world.outcomes[0].attempts[0].error_code == "internal_error"


def test_cancelling_the_reader_closes_the_upstream_and_records_it() -> None:
    world = World({"a": []})
    waiting = asyncio.Event()

    async def forever(call: Call) -> AsyncIterator[Chunk]:
        try:
            yield word("x")
            waiting.set()
            await asyncio.Event().wait()
        finally:
            world.closed.append("a")

    async def play() -> None:
        async def read() -> None:
            async for _ in world.walk(decision(["a"]), send=forever):
                pass

        task = asyncio.create_task(read())
        await waiting.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(play())
    assert world.closed == ["a"]
    assert [o.status for o in world.outcomes] == ["cancelled"]
    assert [(a.status, e) for a, e in world.observed] == [("cancelled", None)]


STEPS = st.lists(
    st.one_of(
        st.just(ROLE),
        st.just(word("x", "a")),
        st.just(END),
        st.sampled_from([1.0, 7.0]),
        st.sampled_from([UpstreamTimeout("t"), UpstreamUnreachable("u"), UpstreamRefused("r", http_status=400),
                         UpstreamRefused("r", http_status=429), UpstreamCut("c")]),
    ),
    max_size=6,
)  # fmt: skip


@settings(deadline=None)
@given(
    scripts=st.lists(STEPS, min_size=1, max_size=3),
    allow_fallback=st.booleans(),
    leave_after=st.none() | st.integers(0, 8),
)
def test_every_ending_is_recorded_exactly_once(
    scripts: list[list[Step]], allow_fallback: bool, leave_after: int | None
) -> None:
    names = ["a", "b", "c"][: len(scripts)]
    world = World(dict(zip(names, scripts, strict=True)))
    decided = decision(names, allow_fallback=allow_fallback, pin=None if allow_fallback else "a")
    seen, error = asyncio.run(_read(world.walk(decided, total_s=12.0), leave_after))

    (outcome,) = world.outcomes
    assert [a for a, _ in world.observed] == list(outcome.attempts)
    assert world.closed == [c.model.name for c in world.calls] == [a.model for a in outcome.attempts]
    # A pin is never substituted, and fallbacks keep the decision's order.
    assert [c.model.name for c in world.calls] == names[: len(world.calls)]
    assert allow_fallback or len(world.calls) == 1
    # One answer, one model, and nothing before its commitment.
    assert [isinstance(item, Committed) for item in seen] == [i == 0 for i in range(len(seen))]
    assert all(a.status == "failed" for a in outcome.attempts[:-1])
    assert outcome.status == outcome.attempts[-1].status
    assert (outcome.model is None) == (not seen)
    expected = {"ok": type(None), "cancelled": type(None), "cut": UpstreamCut, "failed": NoAnswer}
    assert type(error) is expected[outcome.status]


async def _read(
    walk: AsyncIterator[Committed | Chunk], leave_after: int | None
) -> tuple[list[Committed | Chunk], Exception | None]:
    seen: list[Committed | Chunk] = []
    try:
        async for item in walk:
            seen.append(item)
            if leave_after is not None and len(seen) > leave_after:
                await walk.aclose()  # type: ignore[attr-defined]
                break
    except UpstreamError as exc:
        return seen, exc
    return seen, None


def test_a_caller_who_leaves_while_a_failed_attempt_is_closed_has_cancelled() -> None:
    world = World({"a": []})
    closing = asyncio.Event()

    async def slow_to_close(call: Call) -> AsyncIterator[Chunk]:
        try:
            yield ROLE
            raise UpstreamTimeout("a: late.")
        finally:
            closing.set()
            await asyncio.Event().wait()

    async def play() -> None:
        async def read() -> None:
            async for _ in world.walk(decision(["a"]), send=slow_to_close):
                pass

        task = asyncio.create_task(read())
        await closing.wait()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(play())
    assert [o.status for o in world.outcomes] == ["cancelled"]


def patient(**fields: object) -> Patience:
    return Patience(**{"retries": 2, "rng": Random(1), **fields})  # type: ignore[arg-type]


def test_after_every_model_has_failed_the_first_that_may_recover_is_asked_again() -> None:
    world = World(
        {"a": [UpstreamRefused("a: 503.", http_status=503)], "b": [UpstreamRefused("b: 401.", http_status=401)]}
    )
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        world.steps["a"] = [word("x"), END]

    seen, error = world.play(decision(["a", "b"]), patience=patient(sleep=sleep))
    assert error is None
    assert [c.model.name for c in world.calls] == ["a", "b", "a"]
    assert len(pauses) == 1
    assert 0.125 <= pauses[0] <= 0.375
    assert isinstance(seen[0], Committed)
    assert [n.text for n in seen[0].notices] == ["b failed (401 upstream_refused); a answered instead."]
    assert [a.status for a in world.outcomes[0].attempts] == ["failed", "failed", "ok"]


def test_a_stream_that_begins_later_than_its_bound_says_so() -> None:
    bounded = replace(decision(["a"]), goal=Goal(max_first_token_s=1.0))
    for waited_s, told in (
        (1.5, [("over_bound", "The first token came after 1.5 s, above your bound of 1 s.")]),
        (0.5, []),
    ):
        seen, _ = World({"a": [waited_s, word("x"), END]}).play(bounded)
        assert isinstance(seen[0], Committed)
        assert [(n.code, n.text) for n in seen[0].notices] == told


def test_an_answer_that_costs_more_than_its_bound_says_so_at_its_end() -> None:
    dear = replace(model("a"), prices=Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=4000.0))
    for bound_usd, told in ((1.0, ["This answer cost $2.00, above your bound of $1.00."]), (2.0, [])):
        world = World({"a": [word("x"), END]}, models={"a": dear})  # 500 tokens
        seen, _ = world.play(replace(decision(["a"]), goal=Goal(max_cost_usd=bound_usd)))
        assert isinstance(seen[0], Committed)
        assert seen[0].notices == ()
        assert [n.text for n in world.outcomes[0].notices] == told


class Queued:
    """The chunks of a call that has waited for its turn."""

    def __init__(self, chunks: AsyncIterator[Chunk], *, waited_s: float) -> None:
        self.waited_s = waited_s
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self._chunks


def test_who_waits_in_vain_and_then_again_is_told_of_all_the_waiting() -> None:
    world = World({"a": [UpstreamBusy("a: busy.", retry_after_s=0.1)]})

    async def sleep(seconds: float) -> None:
        world.steps["a"] = [word("x"), END]

    def send(call: Call) -> AsyncIterator[Chunk]:
        return Queued(world._send(call), waited_s=0.75)  # type: ignore[return-value]

    seen, _ = world.play(decision(["a"]), patience=patient(sleep=sleep), send=send)
    assert isinstance(seen[0], Committed)
    assert [(n.code, n.text) for n in seen[0].notices] == [
        ("queued", "a was busy; this request waited 1.5 s for its turn.")
    ]


@pytest.mark.parametrize(
    ("error", "n_calls"),
    [
        (UpstreamRefused("a: 500.", http_status=500), 3),
        (UpstreamUnreachable("a: reset."), 3),
        (UpstreamRefused("a: 429.", http_status=429, retry_after_s=1.0), 3),
        (UpstreamRefused("a: 429.", http_status=429, retry_after_s=60.0), 1),
        (UpstreamRefused("a: 404.", http_status=404), 1),
        (UpstreamRefused("a: 400.", http_status=400), 1),
        (UpstreamTimeout("a: silent."), 1),
    ],
)
def test_only_what_passes_is_asked_again_and_only_so_often(error: UpstreamError, n_calls: int) -> None:
    world = World({"a": [error]})

    async def sleep(seconds: float) -> None:
        world.clock.advance(seconds)

    _, failure = world.play(decision(["a"], pin="a"), patience=patient(sleep=sleep))
    assert isinstance(failure, NoAnswer)
    assert len(world.calls) == n_calls
    assert len(world.outcomes[0].attempts) == n_calls


def test_retry_after_is_waited_for_within_the_deadline_and_no_longer() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        world.clock.advance(seconds)

    world = World({"a": [UpstreamRefused("a: 429.", http_status=429, retry_after_s=2.0)]})
    world.play(decision(["a"], pin="a"), total_s=5.0, patience=patient(sleep=sleep, retries=9))
    assert len(waited) == 2
    assert all(2.0 <= seconds <= 2.2 for seconds in waited)


def test_the_budget_ends_retries_where_everything_fails() -> None:
    budget = RetryBudget()

    async def sleep(seconds: float) -> None:
        pass

    n_calls = 0
    for _ in range(40):
        world = World({"a": [UpstreamUnreachable("a: refused.")]})
        world.play(decision(["a"], pin="a"), patience=patient(sleep=sleep, budget=budget))
        n_calls += len(world.calls)
    assert 40 + RetryBudget.BURST <= n_calls <= 40 + RetryBudget.BURST + 40 * RetryBudget.EARNED


async def _never() -> None:
    await asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class Slow(World):
    """A world in which some models never begin."""

    slow: frozenset[str] = frozenset()

    async def _send(self, call: Call) -> AsyncIterator[Chunk]:
        if call.model.name in self.slow:
            self.calls.append(call)
            try:
                await _never()
            finally:
                self.closed.append(call.model.name)
        async for chunk in World._send(self, call):
            yield chunk


def test_the_second_model_answers_when_the_first_is_slower_than_usual_and_the_loser_is_cancelled() -> None:
    world = Slow({"a": [], "b": [word("y"), END]}, slow=frozenset({"a"}))
    seen, error = world.play(decision(["a", "b"]), patience=patient(hedge_after_s=lambda model: 0.0))
    assert error is None
    assert isinstance(seen[0], Committed)
    assert seen[0].model == "b"
    assert [n.code for n in seen[0].notices] == ["hedge"]
    (outcome,) = world.outcomes
    assert [(a.model, a.status) for a in outcome.attempts] == [("a", "cancelled"), ("b", "ok")]
    assert (outcome.status, outcome.model, outcome.cost_usd) == ("ok", "b", pytest.approx(0.002))
    assert world.closed == ["a", "b"]


@pytest.mark.parametrize(("second", "ends"), [([UpstreamUnreachable("b: refused.")], "failed"), ([], "cancelled")])
def test_the_first_keeps_its_turn_when_the_second_is_slower_or_fails(second: list[Step], ends: str) -> None:
    world = Slow({"a": [word("x"), END], "b": second}, slow=frozenset() if second else frozenset({"b"}))

    async def late(call: Call) -> AsyncIterator[Chunk]:
        for _ in range(20 if call.model.name == "a" else 0):
            await asyncio.sleep(0)
        async for chunk in Slow._send(world, call):
            yield chunk

    seen, error = world.play(decision(["a", "b"]), patience=patient(hedge_after_s=lambda model: 0.0), send=late)
    assert error is None
    assert isinstance(seen[0], Committed)
    assert seen[0].model == "a"
    assert [(a.model, a.status) for a in world.outcomes[0].attempts] == [("b", ends), ("a", "ok")]


def test_when_the_first_fails_while_both_run_the_second_goes_on() -> None:
    world = Slow({"a": [UpstreamUnreachable("a: reset.")], "b": [word("y"), END]})

    async def both(call: Call) -> AsyncIterator[Chunk]:
        for _ in range(6 if call.model.name == "a" else 12):
            await asyncio.sleep(0)
        async for chunk in Slow._send(world, call):
            yield chunk

    seen, error = world.play(decision(["a", "b"]), patience=patient(hedge_after_s=lambda model: 0.0), send=both)
    assert error is None
    assert isinstance(seen[0], Committed)
    assert [n.code for n in seen[0].notices] == ["fallback"]
    assert [(a.model, a.status) for a in world.outcomes[0].attempts] == [("a", "failed"), ("b", "ok")]


def test_a_caller_who_leaves_cancels_both() -> None:
    world = Slow({"a": [], "b": []}, slow=frozenset({"a", "b"}))

    async def leave() -> None:
        walk = world.walk(decision(["a", "b"]), patience=patient(hedge_after_s=lambda model: 0.0))
        task = asyncio.ensure_future(anext(walk))
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(world.calls) == 2
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert sorted(world.closed) == ["a", "b"]
    assert world.outcomes[0].status == "cancelled"
    assert {a.status for a in world.outcomes[0].attempts} == {"cancelled"}
