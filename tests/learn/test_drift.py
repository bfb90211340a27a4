"""A chart tells of a change and of nothing else, in bounded memory, and can be put away and taken out again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.learn.drift import HORIZON, PER_LEVEL, Chart, Shift, packed, unpacked


def fed(chart: Chart, values: np.ndarray) -> tuple[int, Shift] | None:
    """Return after how many values a change was told, and which."""
    for place, value in enumerate(values):
        if (found := chart.add(float(value))) is not None:
            return place + 1, found
    return None


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_a_steady_stream_raises_no_alarm(share: float) -> None:
    rng = np.random.default_rng(7)
    for _ in range(4):
        assert fed(Chart(), (rng.random(4000) < share) - share) is None


@pytest.mark.parametrize(("before", "after", "most"), [(0.8, 0.5, 120), (0.8, 0.65, 450), (0.5, 0.8, 120)])
def test_a_change_is_told_soon_and_its_size_is_about_right(before: float, after: float, most: int) -> None:
    rng = np.random.default_rng(3)
    chart = Chart()
    assert fed(chart, (rng.random(1000) < before) - 0.7) is None
    found = fed(chart, (rng.random(2000) < after) - 0.7)
    assert found is not None
    n, shift = found
    assert n <= most
    assert shift.after - shift.before == pytest.approx(after - before, abs=0.2)


def test_after_an_alarm_the_new_mean_is_the_usual_one() -> None:
    rng = np.random.default_rng(1)
    chart = Chart()
    fed(chart, (rng.random(800) < 0.9) - 0.5)
    assert fed(chart, (rng.random(800) < 0.3) - 0.5) is not None
    assert fed(chart, (rng.random(3000) < 0.3) - 0.5) is None


def test_a_run_of_rare_events_is_no_change() -> None:
    rng = np.random.default_rng(1)
    chart = Chart()
    assert fed(chart, (rng.random(2000) < 0.99) - 0.99) is None
    assert fed(chart, np.array([-0.99] * 3 + [0.01] * 13)) is None


def test_a_change_that_is_too_small_to_matter_is_not_told() -> None:
    values = np.concatenate([np.zeros(2000), np.full(2000, 0.1)])
    values += np.random.default_rng(0).normal(0, 0.05, len(values))
    assert fed(Chart(least=0.15), values) is None
    assert fed(Chart(least=0.05), values) is not None


def test_a_seeded_chart_knows_what_is_usual_from_the_start() -> None:
    usual = Chart.seeded(mean=0.03, variance=0.03, n=60)
    assert fed(usual, np.array([0.0] * 20)) is None
    found = fed(usual, np.array([1.0, 0.0] * 40))
    assert found is not None and found[0] <= 60


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 600))
def test_memory_is_bounded_nothing_is_lost_inside_the_horizon_and_a_chart_comes_back(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).normal(0, 0.3, n)
    chart = Chart(reach=10.0, least_reach=10.0)
    n_alarms = 0
    for value in values:
        n_alarms += chart.add(float(value)) is not None
    assert len(chart.rows) <= PER_LEVEL * 13
    if not n_alarms:
        assert sum(row[0] for row in chart.rows) == n
        assert sum(row[1] for row in chart.rows) == pytest.approx(values.sum())
    again = unpacked(packed(chart))
    assert again == chart
    assert again.add(0.1) == chart.add(0.1)


def test_the_past_beyond_the_horizon_is_forgotten() -> None:
    chart = Chart()
    for _ in range(3 * HORIZON):
        chart.add(0.0)
    assert sum(row[0] for row in chart.rows) < 2 * HORIZON
    assert len(packed(chart)) < 3000
