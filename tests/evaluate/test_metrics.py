"""Metrics against closed forms, and against the data folder's reference where it is at hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.evaluate import metrics

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "metrics_reference.py"
POINTS = st.lists(st.tuples(st.floats(0.01, 10), st.floats(0, 1)), min_size=2, max_size=12)


def reference() -> ModuleType:
    if not REFERENCE.is_file():
        pytest.skip("the data folder is not here")
    spec = importlib.util.spec_from_file_location("metrics_reference", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_aiq_of_a_straight_line_is_its_middle() -> None:
    assert metrics.aiq(np.array([1.0, 3.0]), np.array([0.2, 0.8]), low_usd=1, high_usd=3) == pytest.approx(0.5)


def test_a_dominated_point_changes_nothing() -> None:
    costs, scores = np.array([1.0, 2.0, 3.0]), np.array([0.2, 0.4, 0.8])
    assert metrics.aiq(costs, scores, low_usd=1, high_usd=3) == pytest.approx(0.5)
    assert metrics.hull(costs, scores)[0].tolist() == [1.0, 3.0]


def test_hull_stays_flat_where_dearer_is_worse() -> None:
    costs, scores = np.array([1.0, 2.0, 3.0]), np.array([0.2, 0.8, 0.5])
    assert metrics.aiq(costs, scores, low_usd=1, high_usd=3) == pytest.approx((0.5 + 0.8) / 2)


def test_nothing_can_be_bought_left_of_the_cheapest_point() -> None:
    assert metrics.aiq(np.array([2.0]), np.array([0.6]), low_usd=1, high_usd=3) == pytest.approx(0.3)


@settings(deadline=None)
@given(POINTS)
def test_hull_lies_on_or_above_every_point(points: list[tuple[float, float]]) -> None:
    costs, scores = (np.array(column) for column in zip(*points, strict=True))
    for cost, score in points:
        assert metrics.quality_at(costs, scores, cost) >= score - 1e-9


@settings(max_examples=30, deadline=None)
@given(POINTS)
def test_aiq_agrees_with_the_reference(points: list[tuple[float, float]]) -> None:
    # The reference samples 2,001 costs; two dearer-but-equal points at one cost are its own affair.
    costs, scores = (np.array(column) for column in zip(*points, strict=True))
    if costs.max() - costs.min() < 0.5 or len(set(costs)) < len(costs):
        return
    low, high = float(costs.min()), float(costs.max())
    theirs = reference().ndch_area(costs, scores, low, high)
    assert metrics.aiq(costs, scores, low_usd=low, high_usd=high) == pytest.approx(theirs, abs=2e-3)


def test_cost_at_inverts_quality_at() -> None:
    costs, scores = np.array([1.0, 3.0]), np.array([0.2, 0.8])
    assert metrics.cost_at(costs, scores, 0.5) == pytest.approx(2.0)
    assert metrics.cost_at(costs, scores, 0.9) == float("inf")


def test_a_random_order_recovers_half_of_the_gap() -> None:
    shares = np.linspace(0, 1, 11)
    scores = 0.4 + 0.5 * shares
    assert metrics.apgr(shares, scores, strong=0.9, weak=0.4) == pytest.approx(0.5)
    assert metrics.cpt(shares, scores, strong=0.9, weak=0.4, recovered=0.8) == pytest.approx(0.8)


def test_apgr_and_cpt_agree_with_the_reference() -> None:
    theirs = reference()
    rng = np.random.default_rng(3)
    strong, weak = (rng.random(500) < 0.8).astype(float), (rng.random(500) < 0.6).astype(float)
    order = strong - weak + rng.normal(0, 1, 500)
    shares, scores = metrics.call_curve(order, strong, weak)
    curve = theirs.routellm_curve(order, strong, weak)
    ends = {"strong": float(strong.mean()), "weak": float(weak.mean())}
    assert metrics.apgr(shares, scores, **ends) == pytest.approx(theirs.apgr(curve, **ends), abs=1e-9)
    assert 100 * metrics.cpt(shares, scores, **ends, recovered=0.5) == pytest.approx(theirs.cpt(curve, **ends, q=0.5))


def test_arena_score_of_the_cheapest_price_is_the_harmonic_form() -> None:
    assert metrics.arena_score(0.7, usd_per_1k=0.0044) == pytest.approx(1.1 * 0.7 / 1.07)
    assert metrics.arena_score(0.7, usd_per_1k=200.0) == pytest.approx(0.0)


def test_arena_score_agrees_with_the_reference() -> None:
    assert metrics.arena_score(0.66, usd_per_1k=0.5) == pytest.approx(reference().arena_score(0.5, 0.66))


def test_relative_scores() -> None:
    assert metrics.average_accuracy(np.array([0.4, 0.8])) == pytest.approx(0.6)
    assert metrics.gain_at_best(0.66, best_single=0.6) == pytest.approx(0.1)
    assert metrics.gap_at_oracle(0.6, oracle=0.8) == pytest.approx(0.25)
    assert metrics.perf_gain(0.63, strongest=0.6) == pytest.approx(0.05)
    assert metrics.cost_save(1.0, strongest_usd=4.0) == pytest.approx(0.75)


def test_bootstrap_interval_has_the_width_of_the_normal_form() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.2, 900)
    found = metrics.paired_bootstrap(lambda w: float(values @ w), 900, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.2 / 30, rel=0.15)
    assert found.excludes_zero


def test_a_paired_difference_of_equals_is_zero() -> None:
    values = np.random.default_rng(0).random(50)
    found = metrics.paired_bootstrap(lambda w: float((values - values) @ w), 50, rng=np.random.default_rng(1))
    assert (found.low, found.value, found.high) == (0.0, 0.0, 0.0)
    assert not found.excludes_zero


def test_calibration_error_of_a_constant_shift_is_the_shift() -> None:
    expected = np.linspace(0.1, 0.8, 200)
    assert metrics.calibration_error(expected, expected + 0.1) == pytest.approx(0.1)
