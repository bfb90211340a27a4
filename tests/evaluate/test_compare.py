"""Standings on a table small enough to do by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unisono.evaluate.compare import Contender, Field, band, field_of, standings
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import arena_score
from unisono.evaluate.own import baselines, by_category
from unisono.evaluate.replay import Expected, Policy, Replay, singles, sweep

SCORES = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
COSTS = np.array([[0.001, 0.01]] * 4)
FIELD = Field(best=1, strongest=1, cheapest=0)


def table() -> Outcomes:
    unknown = np.full((4, 2), np.nan)
    return Outcomes(
        name="t",
        prompts=("a", "b", "c", "d"),
        categories=("x", "y", "x", "y"),
        models=("cheap", "dear"),
        scores=SCORES,
        costs_usd=COSTS,
        input_tokens=unknown,
        output_tokens=unknown,
        n_options=np.full(4, np.nan),
        hashes={},
    )


def mixing() -> Contender:
    return Contender(name="mixing", policies=(singles("mixing", 2, 4),))


def oracle() -> Contender:
    knows = sweep("oracle", Expected(quality=SCORES, cost_usd=COSTS))
    return Contender(name="oracle", policies=(knows,))


def test_best_strongest_and_cheapest_are_read_from_what_is_known() -> None:
    assert field_of(np.array([[1.0, np.nan], [0.0, 1.0]]), np.array([[1.0, 2.0], [1.0, 2.0]])) == FIELD


def test_the_field_of_metrics_by_hand() -> None:
    first, second = standings(Replay(table()), [oracle(), mixing()], FIELD, n_resamples=50)
    assert first.behind is None
    assert first.aiq is not None
    assert second.aiq is not None
    assert second.aiq.value == pytest.approx((0.5 + 0.75) / 2)
    # The oracle pays for one dear answer in four: (3 x 1 + 10) / 4 = 3.25 of 1 to 10 USD a thousand.
    rising = (3.25 - 1) / 9
    assert first.aiq.value == pytest.approx(rising * (0.5 + 0.75) / 2 + (1 - rising) * 0.75)
    assert second.behind is not None
    assert second.behind.value == pytest.approx(first.aiq.value - second.aiq.value)
    assert (first.top, first.gain_at_best, first.gap_at_oracle, first.perf_gain) == pytest.approx((0.75, 0, 0, 0))
    assert first.equal_usd_per_1k == pytest.approx(3.25)
    assert first.cost_save == pytest.approx(0.675)
    assert first.saved_at_equal == pytest.approx(0.675)
    assert second.cost_save == pytest.approx(0.0)


def test_what_is_told_relative_to_nothing_is_not_told() -> None:
    wrong = replace(table(), scores=np.zeros((4, 2)))
    (found,) = standings(Replay(wrong), [mixing()], FIELD, n_resamples=50)
    assert (found.top, found.gain_at_best, found.gap_at_oracle, found.perf_gain) == (0.0, None, None, None)
    dear_fails = replace(table(), scores=SCORES * [1.0, 0.0])
    (found,) = standings(Replay(dear_fails), [mixing()], Field(best=0, strongest=1, cheapest=0), n_resamples=50)
    assert (found.gain_at_best, found.gap_at_oracle, found.perf_gain) == (pytest.approx(0), pytest.approx(0), None)


def test_of_models_that_are_as_good_the_cheaper_is_the_best() -> None:
    even = np.array([[1.0, 0.0, 0.5]] * 2 + [[0.0, 1.0, 0.5]] * 2)
    assert field_of(even, np.array([[3.0, 2.0, 4.0]] * 4)).best == 1


def test_a_default_setting_is_compared_with_the_best_single_model() -> None:
    chosen = Policy(name="p", chosen=np.array([[0, 1, 0, 0]]))
    (found,) = standings(Replay(table()), [Contender(name="p", policies=(chosen,), at=0)], FIELD, n_resamples=50)
    assert found.aiq is None
    assert found.point is not None
    assert found.point.quality == pytest.approx(0.75)
    assert found.point.usd_per_1k == pytest.approx(3.25)
    assert found.point.gained.value == pytest.approx(0.0)
    assert found.point.saved.value == pytest.approx(0.675)
    assert found.point.n_models == 2
    assert found.point.arena == pytest.approx(arena_score(0.75, usd_per_1k=3.25))


def test_equals_lie_nothing_apart_and_seeds_are_averaged() -> None:
    twice = Contender(name="twice", policies=(singles("a", 2, 4), singles("b", 2, 4)))
    first, second = standings(Replay(table()), [mixing(), twice], FIELD, n_resamples=50)
    assert second.n_seeds == 2
    assert second.behind is not None
    assert (second.behind.low, second.behind.value, second.behind.high) == pytest.approx((0, 0, 0))
    assert first.aiq == second.aiq


def test_the_set_oracle_knows_each_categorys_means_and_no_more() -> None:
    known = by_category(table())
    assert known.quality.tolist() == [[1.0, 1.0], [0.0, 0.5], [1.0, 1.0], [0.0, 0.5]]
    names = [contender.name for contender in baselines(table(), FIELD, seeds=(1, 2))]
    assert names[:3] == ["best single: dear", "strongest by price: dear", "cheapest: cheap"]
    assert {"random", "set oracle", "oracle"} <= set(names)


def test_a_curve_to_draw_begins_at_the_cheapest_and_ends_at_the_dearest() -> None:
    costs, height, low, high = band(Replay(table()), mixing().policies, n_resamples=50, n_costs=5)
    assert (costs[0], costs[-1]) == pytest.approx((0.001, 0.01))
    assert (height[0], height[-1]) == pytest.approx((0.5, 0.75))
    assert (low <= height).all()
    assert (height <= high).all()
