"""What was saved is told with an interval that holds about 19 times in 20, and not where nothing can be known."""

from __future__ import annotations

import numpy as np
import pytest

from unisono.evaluate.savings import MIN_ANSWERS, Saved, saved


def _of(cost: np.ndarray, base: np.ndarray, *, turns: int = 1) -> Saved:
    """Return what was saved in conversations, each of so many answers with these costs."""
    cost, base = turns * cost, turns * base
    return saved(
        n=turns * len(cost),
        n_talks=len(cost),
        cost=float(cost.sum()),
        base=float(base.sum()),
        cost_cost=float((cost * cost).sum()),
        base_base=float((base * base).sum()),
        cost_base=float((cost * base).sum()),
    )


@pytest.mark.parametrize(("n", "turns"), [(MIN_ANSWERS, 1), (500, 1), (MIN_ANSWERS, 12)])
def test_the_interval_covers_the_true_share_nearly_always(n: int, turns: int) -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        base = rng.gamma(2.0, 1.0, n)
        cost = base * rng.choice([0.1, 1.0], n, p=[0.6, 0.4])  # the truth: 1 - (.6 * .1 + .4) = .54
        found = _of(cost, base, turns=turns)
        assert found.low is not None and found.high is not None
        hits += found.low <= 0.54 <= found.high
    assert hits / 400 >= 0.92


def test_a_bill_that_always_falls_by_the_same_share_leaves_no_doubt() -> None:
    base = np.linspace(1.0, 2.0, 150)
    found = _of(0.25 * base, base)
    assert found.share == pytest.approx(0.75)
    assert found.high - found.low < 1e-6  # type: ignore[operator]


def test_dearer_than_the_baseline_is_a_loss_and_says_so() -> None:
    base = np.full(140, 1.0)
    assert _of(2 * base, base).share == pytest.approx(-1.0)


def test_nothing_free_and_few_have_no_interval() -> None:
    none = np.zeros(0)
    assert _of(none, none).why_not == "none"
    assert _of(np.zeros(50), np.zeros(50)).why_not == "free"
    few = _of(np.full(MIN_ANSWERS - 1, 1.0), np.full(MIN_ANSWERS - 1, 2.0))
    assert (few.why_not, few.share, few.low) == ("few", 0.5, None)
    assert _of(np.full(9, 1.0), np.full(9, 2.0), turns=100).why_not == "few"
