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

from unisono.choose.explore import LEAST_CHANCE, Exploration, chances_to_be_best, explored, may_explore, moved
from unisono.types import Choice, Cost, Estimate, Goal, Latency, Quality, Ranked, Wishes

VALUES = Values()
NAMES = "abcdef"


def as_expected(estimate: Estimate) -> float:
    return estimate.quality.mean


def ranked(model: str, utility: float, *, spread: float = 0.2, first: bool = False) -> Ranked:
    estimate = Estimate(
        model=model,
        quality=Quality(mean=utility, spread=spread, evidence=""),
        cost=Cost(usd=0.0, low_usd=0.0, high_usd=0.0, output_tokens=1.0),
        latency=Latency(first_token_s=0.0, total_s=0.0),
    )
    return Ranked(model=model, estimate=estimate, utility=utility, propensity=1.0 * first, reason="r")


def choice(*utilities: float, spread: float = 0.2) -> Choice:
    places = tuple(ranked(n, u, spread=spread, first=n == "a") for n, u in zip(NAMES, utilities, strict=False))
    return Choice(ranking=places, excluded=(), reason="a leads")


def explore(made: Choice, *, share: float = 1.0, loss: float = 0.1, seed: int = 0, healthy: str = NAMES) -> Choice:
    rules = Exploration(share=share, loss=loss)
    found, _ = explored(made, worth=as_expected, rules=rules, healthy=set(healthy), seed=seed, language="en")
    return found


def test_off_changes_nothing() -> None:
    made = choice(0.8, 0.79)
    assert explored(made, worth=as_expected, rules=Exploration(), healthy=set(NAMES), seed=1, language="en") == (
        made,
        (),
    )


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
        assert place.propensity == 0.0 or place.propensity >= LEAST_CHANCE or place.model == leader.model
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


@given(right=some.integers(1, 40), wrong=some.integers(1, 40))
def test_what_an_answer_moves_is_what_it_makes_of_a_beta_belief(right: int, wrong: int) -> None:
    n = right + wrong
    mean = right / n
    belief = Quality(mean=mean, spread=(mean * (1 - mean) / (n + 1)) ** 0.5, evidence="")
    after = [(right + 1) / (n + 1), right / (n + 1)]
    exact = (mean * (after[0] - mean) ** 2 + (1 - mean) * (after[1] - mean) ** 2) ** 0.5
    assert moved(belief) == pytest.approx(exact)


def test_doubt_that_models_share_moves_nothing() -> None:
    told = Quality(mean=0.5, spread=0.4, evidence="", apart=0.1)
    assert moved(told) == moved(replace(told, spread=0.1)) == moved(Quality(mean=0.5, spread=0.1, evidence=""))


def test_where_an_answer_would_change_nothing_nobody_is_tried() -> None:
    measured = explore(choice(0.8, 0.77, 0.76, spread=0.02))
    assert [r.propensity for r in measured.ranking] == [1.0, 0.0, 0.0]
    never = explore(choice(0.5, 0.5, 0.5, spread=0.25))
    assert all(r.propensity == pytest.approx(1 / 3, abs=0.01) for r in never.ranking)


def bandit(*, share: float, n: int = 600) -> tuple[float, float]:
    """Return what a request of five models nobody knows loses, and how often the last hundred explore."""
    truths, lost, late = (0.3, 0.4, 0.5, 0.6, 0.7), [], []
    for run in range(20):
        rng, votes = Random(run), [[1.0, 1.0] for _ in truths]
        for request in range(n):
            means = [right / (right + wrong) for right, wrong in votes]
            doubts = [(m * (1 - m) / (sum(v) + 1)) ** 0.5 for m, v in zip(means, votes, strict=True)]
            order = sorted(range(len(truths)), key=lambda place: -means[place])
            places = tuple(ranked(NAMES[p], means[p], spread=doubts[p], first=p == order[0]) for p in order)
            made = Choice(ranking=places, excluded=(), reason="")
            found = explore(made, share=share, loss=0.05, seed=rng.getrandbits(32))
            chosen = NAMES.index(found.ranking[0].model)
            votes[chosen][rng.random() >= truths[chosen]] += 1.0
            lost.append(max(truths) - truths[chosen])
            if request >= n - 100:
                late.append(found.ranking[0].model != NAMES[order[0]])
    return sum(lost) / len(lost), sum(late) / len(late)


def test_strangers_are_told_apart_and_exploring_ends_by_itself() -> None:
    lost, late = bandit(share=1.0)
    greedy, _ = bandit(share=0.0)
    assert lost < 0.4 * 0.2  # a blind choice loses .2 a request
    assert lost < 0.8 * greedy
    assert late < 0.1


def test_nobody_whose_upstream_fails_is_tried() -> None:
    found = explore(choice(0.8, 0.8, 0.8), healthy="ab")
    assert [r.propensity > 0 for r in sorted(found.ranking, key=lambda r: r.model)] == [True, True, False]


def test_who_is_behind_by_doubt_alone_is_tried_and_the_reason_says_that_he_is_expected_to_be_as_good() -> None:
    made = choice(0.7, 0.7)
    made = replace(made, ranking=(made.ranking[0], replace(made.ranking[1], utility=0.25)))
    seed = next(s for s in range(100) if explore(made, seed=s).ranking[0].model == "b")
    found = explore(made, seed=seed)
    assert found.ranking[0].propensity == pytest.approx(0.5)
    assert found.reason == (
        "b answers so that the router learns (a chance of 50.0%): it is expected to do no worse than a, and less is "
        "known of it."
    )


def test_an_explored_answer_says_so_in_its_reason_and_by_a_notice() -> None:
    made = choice(0.8, 0.79)
    seed = next(s for s in range(100) if explore(made, seed=s).ranking[0].model == "b")
    found, notices = explored(
        made, worth=as_expected, rules=Exploration(share=1.0, loss=0.1), healthy=set(NAMES), seed=seed, language="en"
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
