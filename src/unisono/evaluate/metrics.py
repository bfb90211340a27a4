"""The field's metrics, written from their definitions: areas over cost, recovered gaps, scores, intervals.

It knows no router and no data set; it takes arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ARENA_BETA = 0.1
ARENA_DEAREST_USD = 200.0
ARENA_CHEAPEST_USD = 0.0044
ROUNDING = 1e-9
"""What sums of the same numbers in another order may differ by; any difference that tells is far above."""


# ------------------------------------------------------------------------------- cost and quality


def hull(costs: Array, scores: Array) -> tuple[Array, Array]:
    """Return the corners of the non-decreasing concave hull of points (cost, score), by rising cost.

    A mix of two corners is a policy too (flip a coin), so every point below the hull is dominated.
    """
    corners: list[tuple[float, float]] = []
    for place in np.lexsort((-scores, costs)):
        point = (float(costs[place]), float(scores[place]))
        if corners and point[1] <= corners[-1][1]:
            continue
        while len(corners) >= 2 and _not_above(corners[-2], corners[-1], point):
            corners.pop()
        if corners and corners[-1][0] == point[0]:
            corners.pop()
        corners.append(point)
    return np.array([c for c, _ in corners]), np.array([s for _, s in corners])


def _not_above(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])


def aiq(costs: Array, scores: Array, *, low_usd: float, high_usd: float) -> float:
    """Return the mean height of the hull between two costs: RouterBench's AIQ.

    Left of the cheapest point nothing can be bought and the height is 0; right of the dearest corner it stays.

    Source: RouterBench (2403.12031), section 3; the area is exact, not sampled.
    """
    if high_usd <= low_usd:
        raise ValueError("the range of costs is empty")
    xs, ys = hull(costs, scores)
    knots = np.unique(np.concatenate((xs[(xs > low_usd) & (xs < high_usd)], [low_usd, high_usd])))
    start = max(low_usd, float(xs[0]))
    inside = np.unique(np.concatenate((knots[knots >= start], [min(start, high_usd)])))
    heights = np.interp(inside, xs, ys)
    return float(np.trapezoid(heights, inside)) / (high_usd - low_usd)


def quality_at(costs: Array, scores: Array, cost_usd: float) -> float:
    """Return the hull's score at a cost; 0 when even the cheapest point costs more, for then it is not to be had."""
    xs, ys = hull(costs, scores)
    return float(np.interp(cost_usd, xs, ys, left=0.0))


def cost_at(costs: Array, scores: Array, quality: float) -> float:
    """Return the least cost at which the hull reaches a score; infinite when it never does."""
    xs, ys = hull(costs, scores)
    if quality > ys[-1] + ROUNDING:
        return float("inf")
    return float(np.interp(quality, ys, xs))


def saved_share(costs: Array, instead_of: Array) -> Array:
    """Return the share of a bill that another saves: nothing of one that is nothing, and -1 where that one costs.

    Args:
        costs: what was spent, shape (n,).
        instead_of: the bills to compare with, shape (n,).
    """
    free = instead_of <= 0
    shares: Array = np.where(free, -np.sign(costs), 1.0 - costs / np.where(free, 1.0, instead_of))
    return shares + 0.0


# ---------------------------------------------------------------------------------------- two models


def call_curve(
    strong_first: Array, strong: Array, weak: Array, *, n_steps: int = 10, weights: Array | None = None
) -> tuple[Array, Array]:
    """Return shares of strong calls and mean scores as the threshold falls over the deciles of `strong_first`.

    Args:
        strong_first: shape (n,), higher means: rather the strong model.
        strong: shape (n,), its scores.
        weak: shape (n,), the weak model's scores.
        n_steps: number of equal steps of the threshold.
        weights: shape (n,), summing to one; the thresholds stay those of the unweighted prompts.

    Source: RouteLLM (2406.18665), its evaluation's decile thresholds.
    """
    edges = np.unique(np.quantile(strong_first, np.linspace(0.0, 1.0, n_steps + 1)))
    shares = np.full(len(strong), 1.0 / len(strong)) if weights is None else weights
    points = []
    for place, edge in enumerate(edges):
        chosen = strong_first > edge if place == len(edges) - 1 else strong_first >= edge
        points.append((float(shares @ chosen), float(shares @ np.where(chosen, strong, weak))))
    points.sort()
    return np.array([share for share, _ in points]), np.array([score for _, score in points])


def apgr(shares: Array, scores: Array, *, strong: float, weak: float) -> float:
    """Return the average recovered share of the gap between the weak and the strong model's mean scores."""
    if strong == weak:
        raise ValueError("there is no gap to recover")
    return float(np.trapezoid(scores - weak, shares) / (np.trapezoid(np.ones_like(shares), shares) * (strong - weak)))


def cpt(shares: Array, scores: Array, *, strong: float, weak: float, recovered: float) -> float:
    """Return the share of strong calls, in [0, 1], at which `recovered` of the gap is regained."""
    return float(np.interp(weak + recovered * (strong - weak), scores, shares))


# ------------------------------------------------------------------------------------------- scores


def arena_score(accuracy: float, *, usd_per_1k: float) -> float:
    """Return RouterArena's score of an accuracy in [0, 1] at a price in USD per thousand queries."""
    spread = log2(ARENA_DEAREST_USD) - log2(ARENA_CHEAPEST_USD)
    cheapness = (log2(ARENA_DEAREST_USD) - log2(usd_per_1k)) / spread
    return (1 + ARENA_BETA) * accuracy * cheapness / (ARENA_BETA * accuracy + cheapness)


def average_accuracy(by_set: Array) -> float:
    """Return LLMRouterBench's AvgAcc: the plain mean over sets, large and small alike."""
    return float(by_set.mean())


def gain_at_best(router: float, *, best_single: float) -> float:
    """Return Gain@B: how far the router lies above the best single model, relative to it."""
    return router / best_single - 1.0


def gap_at_oracle(router: float, *, oracle: float) -> float:
    """Return Gap@O: how far the router lies below the per-prompt oracle, relative to it (0 is best)."""
    return 1.0 - router / oracle


def perf_gain(quality: float, *, strongest: float) -> float:
    """Return PerfGain: relative quality above the strongest model."""
    return quality / strongest - 1.0


def cost_save(cost_usd: float, *, strongest_usd: float) -> float:
    """Return CostSave: the share of the strongest model's bill that is saved."""
    return 1.0 - cost_usd / strongest_usd


# ---------------------------------------------------------------------------------------- intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with the bounds that hold 95 of 100 resamples."""

    value: float
    low: float
    high: float

    @property
    def is_above_zero(self) -> bool:
        """Say whether both bounds lie above zero, by more than a remainder of rounding."""
        return self.low > ROUNDING

    @property
    def excludes_zero(self) -> bool:
        """Say whether both bounds lie on one side of zero."""
        return self.low > 0.0 or self.high < 0.0


def resampled(n: int, *, rng: np.random.Generator, n_resamples: int = 1000) -> Array:
    """Return weights of n prompts, shape (1 + n_resamples, n): even ones first, then those of bootstrap resamples.

    A statistic of both sides of a difference under the same row is paired.
    """
    drawn = rng.multinomial(n, np.full(n, 1.0 / n), size=n_resamples) / n
    return np.vstack((np.full((1, n), 1.0 / n), drawn))


def interval(draws: Array) -> Interval:
    """Return a statistic's interval from its values under the rows of `resampled`."""
    low, high = np.quantile(draws[1:], (0.025, 0.975))
    return Interval(value=float(draws[0]), low=float(low), high=float(high))


def paired_bootstrap(
    statistic: Callable[[Array], float], n: int, *, rng: np.random.Generator, n_resamples: int = 1000
) -> Interval:
    """Return a statistic with its interval over resampled prompts.

    Both sides of a difference must be computed inside `statistic` from the same weights: that makes it paired.

    Args:
        statistic: takes weights, shape (n,), that sum to one (equal ones give the value itself).
        n: number of prompts.
        rng: source of the resamples.
        n_resamples: how many.
    """
    weights = resampled(n, rng=rng, n_resamples=n_resamples)
    return interval(np.array([statistic(row) for row in weights]))


def calibration_error(expected: Array, scores: Array, *, n_bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal count: the mean gap of expectation and outcome."""
    order = np.argsort(expected, kind="stable")
    gaps = [
        abs(float(expected[part].mean() - scores[part].mean())) * len(part)
        for part in np.array_split(order, n_bins)
        if len(part)
    ]
    return sum(gaps) / len(expected)
