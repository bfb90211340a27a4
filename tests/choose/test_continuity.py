from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unisono.choose.continuity import MAX_RAISED, Continuity, cached, keep_or_switch, moved_on, switched_by_hand
from unisono.types import (
    Attempt,
    Cached,
    Choice,
    Cost,
    Estimate,
    Excluded,
    Features,
    Goal,
    Latency,
    Mode,
    Model,
    Notice,
    Outcome,
    Past,
    Prices,
    Quality,
    Ranked,
    Request,
    Usage,
    Wishes,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = Continuity(margin=0.03, drift=0.02)
REQUEST = Request(id="r", received=NOW, body={}, model="auto", mode=Mode.BALANCED, pin=None, messages=())
FEATURES = Features(task="x", n_input_tokens=1000, n_turns=2, needs=frozenset(), surface=np.zeros(0, dtype=np.float32))


def ranked(name: str, utility: float) -> Ranked:
    estimate = Estimate(
        model=name,
        quality=Quality(mean=0.5, spread=0.1, evidence=""),
        cost=Cost(usd=0.01, low_usd=0.005, high_usd=0.02, output_tokens=100),
        latency=Latency(first_token_s=0.1, total_s=1.0),
    )
    return Ranked(model=name, estimate=estimate, utility=utility, propensity=0.0, reason=f"{name} it is.")


def choice(**utilities: float) -> Choice:
    rows = sorted((ranked(name, u) for name, u in utilities.items()), key=lambda r: -r.utility)
    rows[0] = replace(rows[0], propensity=1.0)
    return Choice(ranking=tuple(rows), excluded=(), reason=rows[0].reason)


def decide(
    chosen: Choice, *, features: Features = FEATURES, request: Request = REQUEST, model: str | None = "a", **more
):  # type: ignore[no-untyped-def]
    past = Past(model=model) if model else None
    return keep_or_switch(
        chosen, request=request, features=features, goal=more.pop("goal", Goal()), past=past,
        excluded=more.pop("excluded", ()), rules=RULES,
    )  # fmt: skip


def test_a_conversation_keeps_its_model_against_a_small_gain() -> None:
    kept, notices = decide(choice(a=0.50, b=0.54))
    assert [r.model for r in kept.ranking] == ["a", "b"]
    assert [r.propensity for r in kept.ranking] == [1.0, 0.0]
    assert notices == ()
    assert "goes on" in kept.reason


def test_a_gain_above_margin_and_drift_switches_and_says_so() -> None:
    kept, notices = decide(choice(a=0.50, b=0.56))
    assert kept.ranking[0].model == "b"
    assert [n.code for n in notices] == ["switch"]
    assert "a answered before" in notices[0].text


def test_the_notice_speaks_the_language_of_the_request() -> None:
    _, notices = decide(choice(a=0.1, b=0.9), goal=Goal(language="zh"))
    assert "此前由 a 回答" in notices[0].text


def test_nothing_changes_between_a_tool_call_and_its_result() -> None:
    kept, notices = decide(choice(a=0.0, b=1.0), features=replace(FEATURES, in_tool_loop=True))
    assert kept.ranking[0].model == "a"
    assert notices == ()


def test_nothing_changes_while_a_providers_state_is_open() -> None:
    kept, _ = decide(choice(a=0.0, b=1.0), features=replace(FEATURES, bound=True))
    assert kept.ranking[0].model == "a"


def test_a_rejected_answer_has_no_claim_to_stay() -> None:
    kept, notices = decide(choice(a=0.50, b=0.51), features=replace(FEATURES, dissatisfied=True))
    assert kept.ranking[0].model == "b"
    assert notices


def test_a_model_that_may_serve_no_more_is_left_with_the_reason() -> None:
    gone = Excluded(model="a", rule="health", reason="its upstream is failing")
    kept, notices = decide(choice(b=0.4), excluded=(gone,))
    assert kept.ranking[0].model == "b"
    assert "its upstream is failing" in notices[0].text


def test_a_pin_is_the_users_own_switch() -> None:
    kept, notices = decide(choice(b=0.6, a=0.5), request=replace(REQUEST, mode=None, pin="b"))
    assert kept.ranking[0].model == "b"
    assert notices == ()


def test_a_first_turn_is_free() -> None:
    kept, notices = decide(choice(a=0.5, b=0.51), model=None)
    assert kept.ranking[0].model == "b"
    assert notices == ()


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=5), st.integers(0, 5), st.booleans(), st.booleans(), st.booleans()
)
def test_no_model_is_lost_and_a_switch_is_never_silent(
    utilities: list[float], place: int, loop: bool, is_bound: bool, cross: bool
) -> None:
    names = [f"m{n}" for n in range(len(utilities))]
    chosen = choice(**dict(zip(names, utilities, strict=True)))
    current = f"m{place}"
    features = replace(FEATURES, in_tool_loop=loop, bound=is_bound, dissatisfied=cross)
    kept, notices = decide(chosen, features=features, model=current)
    assert sorted(r.model for r in kept.ranking) == names
    assert sum(r.propensity for r in kept.ranking) == 1.0
    assert (kept.ranking[0].model != current) == bool(notices)
    if current in names and (loop or is_bound):
        assert kept.ranking[0].model == current


MODEL = Model(
    name="a", upstream="scripted", upstream_model="a", cache_ttl_s=300,
    prices=Prices(usd_per_mtok_in=10.0, usd_per_mtok_out=20.0, usd_per_mtok_cached_in=1.0),
)  # fmt: skip
COST = Cost(usd=0.02, low_usd=0.015, high_usd=0.03, output_tokens=10)


def test_a_warm_prefix_costs_the_cached_price() -> None:
    past = Past(model="a", caches=(Cached(model="a", tokens=800, at=NOW - timedelta(seconds=299)),))
    warm = cached(COST, MODEL, past, n_input_tokens=1000, now=NOW)
    assert abs(COST.usd - warm.usd - 800 * 9.0 / 1e6) < 1e-12


def test_a_cold_or_foreign_prefix_costs_the_full_price() -> None:
    cold = Past(model="a", caches=(Cached(model="a", tokens=800, at=NOW - timedelta(seconds=301)),))
    foreign = Past(model="b", caches=(Cached(model="b", tokens=800, at=NOW),))
    assert cached(COST, MODEL, cold, n_input_tokens=1000, now=NOW) == COST
    assert cached(COST, MODEL, foreign, n_input_tokens=1000, now=NOW) == COST


def outcome(model: str | None) -> Outcome:
    attempt = Attempt(
        model=model or "a", upstream_model="x", started=NOW, status="ok" if model else "failed", first_content_s=0.1,
        total_s=1.0, usage=Usage(input_tokens=900, output_tokens=100),
    )  # fmt: skip
    return Outcome(
        decision="d", request="r", status="ok" if model else "failed", model=model, attempts=(attempt,), notices=(),
        cost_usd=None, total_s=1.0,
    )  # fmt: skip


def test_an_answer_moves_the_conversation_on() -> None:
    first = moved_on(None, outcome=outcome("a"), features=FEATURES, now=NOW)
    assert (first.model, first.n_turns, first.n_switches) == ("a", 1, 0)
    assert first.caches == (Cached(model="a", tokens=1000, at=NOW),)
    second = moved_on(first, outcome=outcome("b"), features=FEATURES, now=NOW)
    assert (second.model, second.n_turns, second.n_switches) == ("b", 2, 1)
    assert [c.model for c in second.caches] == ["b", "a"]


def test_a_failed_request_changes_no_speaker() -> None:
    first = moved_on(None, outcome=outcome("a"), features=FEATURES, now=NOW)
    assert replace(moved_on(first, outcome=outcome(None), features=FEATURES, now=NOW), raised=0) == first


def test_a_model_that_stood_in_at_a_limit_does_not_take_over() -> None:
    first = moved_on(None, outcome=outcome("a"), features=FEATURES, now=NOW)
    notice = Notice(code="limit_downgrade", text="…")
    second = moved_on(first, outcome=replace(outcome("mini"), notices=(notice,)), features=FEATURES, now=NOW)
    assert (second.model, second.n_switches) == ("a", 0)


def test_dissatisfaction_is_remembered_for_a_while() -> None:
    cross = replace(FEATURES, dissatisfied=True)
    past: Past | None = None
    for _ in range(5):
        past = moved_on(past, outcome=outcome("a"), features=cross, now=NOW)
    assert past is not None
    assert past.raised == MAX_RAISED
    for _ in range(5):
        past = moved_on(past, outcome=outcome("a"), features=FEATURES, now=NOW)
    assert past.raised == 0


def test_a_model_taken_by_hand_raises_the_effort_of_the_next_turn() -> None:
    past = moved_on(None, outcome=outcome("a"), features=FEATURES, now=NOW)
    pinned = replace(REQUEST, mode=None, pin="b", model="b")
    again = replace(REQUEST, wishes=Wishes(retry_of="d", how="deeper"))
    assert switched_by_hand(pinned, past)
    assert switched_by_hand(again, past)
    assert not switched_by_hand(REQUEST, past)
    assert not switched_by_hand(replace(pinned, pin="a"), past)
    assert not switched_by_hand(replace(REQUEST, wishes=Wishes(retry_of="d", how="faster")), past)
    assert moved_on(past, outcome=outcome("b"), features=FEATURES, now=NOW, by_hand=True).raised == 1


def test_a_measured_handoff_takes_the_place_of_the_general_drift() -> None:
    rules = Continuity(margin=0.03, handoff={"a": {"b": 0.1}})
    assert rules.drift_of("a", "b") == 0.1
    assert rules.drift_of("b", "a") == rules.drift
