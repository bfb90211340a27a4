"""The pattern: a cascade only where it pays, several only where they are asked for and fit the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from unisono.choose.breakeven import TIED, Check, accepts_from, after, agreement, worth
from unisono.choose.pattern import Arranged, Patterns, arranged
from unisono.choose.utility import UtilityChooser
from unisono.types import (
    Capability,
    Choice,
    Cost,
    Estimate,
    Features,
    Goal,
    Latency,
    Mode,
    Model,
    Past,
    Prices,
    Quality,
    Request,
)

RULES = Patterns(cascade=frozenset({Mode.BALANCED}))
GOAL = Goal(dial=0.5)


def estimate(name: str, quality: float, usd: float, total_s: float = 1.0) -> Estimate:
    return Estimate(
        model=name,
        quality=Quality(mean=quality, spread=0.05, evidence="test", at_large=quality),
        cost=Cost(usd=usd, low_usd=usd / 2, high_usd=2 * usd, output_tokens=200),
        latency=Latency(first_token_s=total_s / 5, total_s=total_s),
    )


def decide(
    estimates: Sequence[Estimate],
    *,
    checkable: str = "final",
    goal: Goal = GOAL,
    mode: Mode = Mode.BALANCED,
    rules: Patterns = RULES,
    past: Past | None = None,
    n_parts: int = 1,
    joint: bool = True,
    needs: frozenset[Capability] = frozenset(),
) -> tuple[Choice, Arranged]:
    goal = replace(goal, mode=mode)
    choice = UtilityChooser().choose(estimates, goal, default=estimates[-1].model)
    features = Features(
        task="", n_input_tokens=100, n_turns=1, needs=needs, surface=np.zeros(0, dtype=np.float32),
        checkable=checkable, n_parts=n_parts, joint=joint,  # type: ignore[arg-type]
    )  # fmt: skip
    request = Request(
        id="r", received=datetime(2030, 1, 1, tzinfo=UTC), body={}, model="auto", mode=mode, pin=None, messages=()
    )
    prices = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=2.0)
    models = {e.model: Model(name=e.model, upstream="x", upstream_model=e.model, prices=prices) for e in estimates}
    made = arranged(
        choice,
        request=request,
        features=features,
        goal=goal,
        past=past,
        models=models,
        rules=rules,
        default=estimates[-1].model,
    )
    return choice, made


CHEAP = [estimate("gpt-mini", 0.93, 0.0001), estimate("flash", 0.92, 0.0002), estimate("sonnet", 0.97, 0.02)]


def test_a_cascade_is_chosen_where_two_cheap_models_agree_often_and_the_strong_one_is_dear() -> None:
    _, made = decide(CHEAP)
    assert made.pattern == "cascade"
    assert made.plan is not None
    assert (made.plan.members[0], made.plan.closer) == ("gpt-mini", "sonnet")
    assert made.plan.utility > made.plan.single_utility + RULES.margin
    assert "sonnet takes over" in str(made.reason)


@pytest.mark.parametrize(
    "change",
    [{"checkable": ""}, {"rules": Patterns()}, {"goal": Goal(dial=0.5, max_first_token_s=0.5)},
     {"goal": Goal(dial=0.5, max_cost_usd=0.03)}, {"mode": Mode.FAST}],
)  # fmt: skip
def test_a_cascade_needs_something_to_check_leave_to_do_so_and_room_in_the_bounds(change: dict[str, object]) -> None:
    assert decide(CHEAP, **change)[1].pattern == "single"  # type: ignore[arg-type]


def test_in_mid_conversation_the_lead_is_the_model_that_goes_on_with_it() -> None:
    assert decide(CHEAP, past=Past(model="sonnet"))[1].pattern == "single"
    plan = decide(CHEAP, past=Past(model="flash"))[1].plan
    assert plan is not None
    assert plan.members[0] == "flash"


def test_where_cascading_cannot_pay_it_is_hardly_ever_chosen() -> None:
    """Random tables of true qualities and prices in which no cascade beats the best model alone; noisy estimates."""
    rng = Random(5)
    names = ("alpha", "beta", "gamma", "delta")
    n_chosen = n_tables = 0
    unbounded = replace(RULES, margin=0.0)
    while n_tables < 2400:
        prices = sorted(10 ** rng.uniform(-5, -1.5) for _ in names)
        truth = [estimate(name, rng.uniform(0.05, 0.97), usd) for name, usd in zip(names, prices, strict=True)]
        if decide(truth, rules=unbounded)[1].pattern == "cascade":
            continue  # here one pays
        n_tables += 1
        noisy = [
            replace(e, quality=replace(e.quality, mean=min(max(e.quality.mean + rng.gauss(0, 0.03), 0.01), 0.99)))
            for e in truth
        ]
        n_chosen += decide(noisy)[1].pattern == "cascade"
    assert n_chosen / n_tables <= 0.05


def test_with_equal_prices_or_useless_cheap_models_none_is_chosen() -> None:
    assert decide([estimate(n, 0.9, 0.001) for n in ("alpha", "beta", "gamma")])[1].pattern == "single"
    weak = [estimate("alpha", 0.05, 1e-5), estimate("beta", 0.04, 1e-5), estimate("gamma", 0.9, 0.001)]
    assert decide(weak)[1].pattern == "single"


@settings(max_examples=200, deadline=None)
@given(
    right=st.floats(0.01, 0.99),
    passes_right=st.floats(0.01, 0.99),
    passes_wrong=st.floats(0.01, 0.99),
)
def test_beliefs_after_a_check_average_to_the_belief_before_it(
    right: float, passes_right: float, passes_wrong: float
) -> None:
    check = Check(passes_right=passes_right, passes_wrong=passes_wrong)
    seen = right * passes_right + (1 - right) * passes_wrong
    mean = seen * after(right, check, passed=True) + (1 - seen) * after(right, check, passed=False)
    assert mean == pytest.approx(right)


@settings(max_examples=200, deadline=None)
@given(lead=st.floats(0.05, 0.95), backer=st.floats(0.05, 0.95), strong=st.floats(0.05, 0.98), dial=st.floats(0, 1))
def test_a_free_check_never_makes_a_cascade_worth_less(lead: float, backer: float, strong: float, dial: float) -> None:
    assume(strong + TIED * (1 - lead) <= 0.99 and strong - TIED * lead >= 0)  # beyond, the closer's quality is cut off
    goal = Goal(dial=dial, mode=Mode.DEEP)
    asked, closer = estimate("a", lead, 0.001), estimate("c", strong, 0.01)
    check = replace(agreement(estimate("b", backer, 0.0), kin=False), usd=0.0, total_s=0.0)
    blind = worth(asked, (), closer, goal, default_usd=0.001)
    checked = worth(asked, (check,), closer, goal, default_usd=0.001)
    assert checked.utility >= blind.utility - 1e-9
    assert 0 <= accepts_from(asked, closer, goal, default_usd=0.001) <= 1


# ------------------------------------------------------------------------------------------ fusion

POOL = [estimate("gpt-4", 0.9, 0.01), estimate("gpt-4-mini", 0.88, 0.001), estimate("claude", 0.87, 0.01),
        estimate("gemini", 0.85, 0.004)]  # fmt: skip


def test_pro_asks_the_best_of_each_maker_and_the_best_writes() -> None:
    _, made = decide(POOL, mode=Mode.PRO, checkable="")
    assert made.pattern == "fusion"
    assert made.plan is not None
    assert made.plan.members == ("gpt-4", "claude", "gemini")
    assert (made.plan.closer, made.plan.enough, made.plan.evidence) == ("gpt-4", 2, ("contradictions",))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rules": Patterns(members=1)}, "routing.members"),
        ({"joint": False}, "form of request"),
        ({"needs": frozenset({Capability.TOOLS})}, "form of request"),
        ({"goal": Goal(max_cost_usd=0.0205)}, "bound"),
        ({"goal": Goal(max_first_token_s=0.5)}, "bound"),
    ],
)
def test_pro_says_why_one_model_answers(change: dict[str, object], why: str) -> None:
    _, made = decide(POOL, **{"mode": Mode.PRO, "checkable": "", **change})  # type: ignore[arg-type]
    if made.pattern == "fusion":  # a bound that leaves something out, but not all
        assert made.plan is not None
        assert made.plan.closer is None
        return
    assert made.plan is None
    assert why in str(made.reason)


def test_a_weak_model_is_no_member() -> None:
    _, made = decide([*POOL[:2], estimate("tiny", 0.2, 1e-5)], mode=Mode.PRO)
    assert made.plan is not None
    assert set(made.plan.members) == {"gpt-4", "gpt-4-mini"}


@settings(max_examples=100, deadline=None)
@given(bound=st.floats(0.001, 0.3))
def test_the_calls_of_a_plan_cannot_cost_more_than_the_bound(bound: float) -> None:
    _, made = decide(POOL, mode=Mode.PRO, checkable="", goal=Goal(max_cost_usd=bound))
    if made.plan is None:
        return
    n_read, total = 100.0, 0.0
    for call in made.plan.calls:
        assert call.max_tokens is not None
        total += (n_read * 1.0 + call.max_tokens * 2.0) / 1e6
        n_read += call.max_tokens
    assert total <= bound
