"""Exploration is bounded, exact in its chances, the same for the same seed, and off unless asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.record.conftest import Values

from unisono.choose.explore import Exploration, chances_to_be_best, explored, may_explore
from unisono.types import Choice, Cost, Estimate, Goal, Latency, Quality, Ranked, Wishes

VALUES = Values()
NAMES = "abcdef"


def ranked(model: str, utility: float, *, spread: float = 0.1, first: bool = False) -> Ranked:
    estimate = Estimate(
        model=model,
        quality=Quality(mean=utility, spread=spread, evidence=""),
        cost=Cost(usd=0.0, low_usd=0.0, high_usd=0.0, output_tokens=1.0),
        latency=Latency(first_token_s=0.0, total_s=0.0),
    )
    return Ranked(model=model, estimate=estimate, utility=utility, propensity=1.0 * first, reason="r")


def choice(*utilities: float, spread: float = 0.1) -> Choice:
    places = tuple(ranked(n, u, spread=spread, first=n == "a") for n, u in zip(NAMES, utilities, strict=False))
    return Choice(ranking=places, excluded=(), reason="a leads")


def explore(made: Choice, *, share: float = 1.0, loss: float = 0.1, seed: int = 0, healthy: str = NAMES) -> Choice:
    found, _ = explored(made, rules=Exploration(share=share, loss=loss), healthy=set(healthy), seed=seed, language="en")
    return found


def test_off_changes_nothing() -> None:
    made = choice(0.8, 0.79)
    assert explored(made, rules=Exploration(), healthy=set(NAMES), seed=1, language="en") == (made, ())


@given(
    utilities=some.lists(some.floats(0, 1), min_size=2, max_size=6),
    share=some.floats(0.01, 1),
    loss=some.floats(0, 0.3),
    seed=some.integers(0, 2**32 - 1),
)
def test_chances_sum_to_one_and_nobody_beyond_the_bound_has_one(
    utilities: list[float], share: float, loss: float, seed: int
) -> None:
    made = choice(*sorted(utilities, reverse=True))
    found = explore(made, share=share, loss=loss, seed=seed)
    assert sum(r.propensity for r in found.ranking) == pytest.approx(1.0)
    assert {r.model for r in found.ranking} == {r.model for r in made.ranking}
    leader = made.ranking[0]
    for place in found.ranking:
        assert place.propensity >= 0
        if leader.utility - place.utility > loss:
            assert place.propensity == 0.0
    assert found.ranking[0].propensity > 0
    assert 1 - next(r.propensity for r in found.ranking if r.model == leader.model) <= share + 1e-9


def test_the_chances_that_are_told_are_those_of_the_draw() -> None:
    made = choice(0.8, 0.79, 0.77, 0.4)
    told = {r.model: r.propensity for r in explore(made, share=0.6).ranking}
    n = 20_000
    drawn = Counter(explore(made, share=0.6, seed=seed).ranking[0].model for seed in range(n))
    for model, chance in told.items():
        assert drawn[model] / n == pytest.approx(chance, abs=4 * (0.25 / n) ** 0.5)
    assert drawn["d"] == 0


def test_the_same_seed_draws_the_same() -> None:
    made = choice(0.8, 0.79, 0.78)
    assert [explore(made, seed=s) for s in range(50)] == [explore(made, seed=s) for s in range(50)]


def test_who_is_less_known_is_tried_more_often() -> None:
    chances = [chances_to_be_best([0.8, 0.7], [0.05, spread])[1] for spread in (0.02, 0.1, 0.3)]
    assert all(low < high for low, high in pairwise(chances))


def test_chances_are_those_of_many_draws() -> None:
    means, spreads = [0.8, 0.75, 0.6], [0.05, 0.1, 0.2]
    rng = np.random.default_rng(5)
    draws = rng.normal(means, spreads, size=(200_000, 3)).argmax(axis=1)
    exact = np.bincount(draws, minlength=3) / len(draws)
    assert np.abs(np.array(chances_to_be_best(means, spreads)) - exact).max() < 0.02


def test_nobody_whose_upstream_fails_is_tried() -> None:
    found = explore(choice(0.8, 0.8, 0.8), healthy="ab")
    assert [r.propensity > 0 for r in sorted(found.ranking, key=lambda r: r.model)] == [True, True, False]


def test_an_explored_answer_says_so_in_its_reason_and_by_a_notice() -> None:
    made = choice(0.8, 0.79)
    seed = next(s for s in range(100) if explore(made, seed=s).ranking[0].model == "b")
    found, notices = explored(
        made, rules=Exploration(share=1.0, loss=0.1), healthy=set(NAMES), seed=seed, language="en"
    )
    assert [n.code for n in notices] == ["explored"]
    assert found.reason == found.ranking[0].reason == notices[0].text
    assert "b answers so that the router learns" in found.reason


@pytest.mark.parametrize(
    ("request_more", "features_more", "goal"),
    [
        ({"mode": None, "pin": "a"}, {}, Goal()),
        ({}, {"in_tool_loop": True}, Goal()),
        ({}, {"bound": True}, Goal()),
        ({}, {"dissatisfied": True}, Goal()),
        ({}, {}, Goal(min_quality=0.1)),
        ({"wishes": Wishes(retry_of="d")}, {}, Goal()),
    ],
    ids=["a pin", "a tool loop", "state of one provider", "a rejected answer", "min_quality", "a retry"],
)
def test_never_on(request_more: dict[str, object], features_more: dict[str, object], goal: Goal) -> None:
    request, features = VALUES.request(1), replace(VALUES.features(), in_tool_loop=False)
    assert may_explore(request, features, Goal())
    assert not may_explore(replace(request, **request_more), replace(features, **features_more), goal)  # type: ignore[arg-type]


def test_learning_what_a_bandit_must_learn_costs_less_than_the_bound_allows() -> None:
    rng, lost = Random(1), []
    for _ in range(500):
        utilities = sorted((rng.random() for _ in range(4)), reverse=True)
        found = explore(choice(*utilities), share=0.2, loss=0.05)
        lost.append(sum(r.propensity * (utilities[0] - r.utility) for r in found.ranking))
    assert max(lost) <= 0.2 * 0.05
