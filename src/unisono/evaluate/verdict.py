"""Does routing pay on this table? One answer, reached without looking at the outcomes it is judged by.

For each fold a rule reads the other folds: it takes the cheapest setting of the router that holds the best single
model's quality there, and the cheapest single model that holds it within half of the tolerance. Both are then judged on
the fold itself. Routing pays when it is cheaper than the single model by an interval, better than a coin that mixes
single models for the same money by an interval, and not worse than the single model: within the tolerance, and its
interval within three. It does not say how good a router could be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from unisono.evaluate.crossfit import CrossFit
from unisono.evaluate.metrics import Interval, interval, quality_at, resampled
from unisono.evaluate.replay import Policy, Replay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TOLERANCE = 0.01
"""Quality that counts as equal: one answer in a hundred."""
WIDEST = 3.0
"""An interval that reaches further down than this many tolerances belongs to a table that is too small to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, with what it rests on.

    Attributes:
        kind: `pays`; `nothing` (shown to bring nothing, or to lose); `unclear` (the table is too small to tell).
        model: the single model to use instead, and to compare with.
        gained: the routed mean score less the single model's.
        saved: share of the single model's bill that routing saves.
        lead: the routed mean score less that of the best mix of single models at the same cost.
        routed: share of prompts that went to another model than that one.
        sentence: all of it for people.
    """

    kind: Literal["pays", "nothing", "unclear"]
    model: str
    gained: Interval
    saved: Interval
    lead: Interval
    routed: float
    sentence: str


def verdict(
    replay: Replay,
    fits: Sequence[CrossFit],
    swept: Sequence[Policy],
    *,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    n_resamples: int = 1000,
) -> Verdict:
    """Judge a router on a complete table.

    Args:
        replay: the outcomes.
        fits: one for each seed.
        swept: the router's choices over its dial, one for each fit.
        tolerance: loss of mean score that counts as none.
        seed: of the resamples.
        n_resamples: how many.
    """
    table, rows = replay.table, np.arange(len(replay.table.prompts))
    costs, scores, single_costs, single_scores, routed = [], [], [], [], []
    for fit, policy in zip(fits, swept, strict=True):
        chosen, single = held_choices(replay, policy, fit.folds, tolerance=tolerance)
        costs.append(table.costs_usd[rows, chosen])
        scores.append(table.scores[rows, chosen])
        single_costs.append(table.costs_usd[rows, single])
        single_scores.append(table.scores[rows, single])
        routed.append(float((chosen != single).mean()))
    weights = resampled(len(rows), rng=np.random.default_rng(seed), n_resamples=n_resamples)
    cost, score, single_cost, single_score = (
        weights @ np.mean(part, axis=0) for part in (costs, scores, single_costs, single_scores)
    )
    gained = interval(score - single_score)
    saved = interval(1.0 - cost / np.where(single_cost > 0, single_cost, np.inf))
    every_cost, every_score = weights @ table.costs_usd, weights @ table.scores
    mixed = [quality_at(every_cost[place], every_score[place], cost[place]) for place in range(len(weights))]
    lead = interval(score - np.array(mixed))
    model = table.models[cheapest_equal(table.scores, table.costs_usd, tolerance=tolerance)]
    kind = _kind(gained, saved, lead, tolerance=tolerance)
    share = float(np.mean(routed))
    return Verdict(
        kind=kind,
        model=model,
        gained=gained,
        saved=saved,
        lead=lead,
        routed=share,
        sentence=_sentence(kind, model, gained, saved, lead, routed=share, n=len(rows)),
    )


def held_choices(
    replay: Replay, policy: Policy, folds: NDArray[np.intp], *, tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the model of each prompt by the router's rule and by the rule of single models, each shape (n,)."""
    table = replay.table
    costs, scores = replay.outcomes(policy)
    chosen = np.zeros(len(folds), dtype=np.intp)
    single = np.zeros(len(folds), dtype=np.intp)
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        single[here] = cheapest_equal(table.scores[others], table.costs_usd[others], tolerance=tolerance)
        floor = float(table.scores[others].mean(axis=0).max())
        good = np.flatnonzero(scores[:, others].mean(axis=1) >= floor)
        if good.size:
            setting = good[costs[:, others].mean(axis=1)[good].argmin()]
            chosen[here] = policy.chosen[setting, here]
        else:
            chosen[here] = single[here]
    return chosen, single


def cheapest_equal(scores: Array, costs_usd: Array, *, tolerance: float) -> int:
    """Return the cheapest single model whose mean score is the best one's within half of the tolerance."""
    score, cost = scores.mean(axis=0), costs_usd.mean(axis=0)
    good = np.flatnonzero(score >= score.max() - tolerance / 2)
    return int(good[cost[good].argmin()])


def _kind(
    gained: Interval, saved: Interval, lead: Interval, *, tolerance: float
) -> Literal["pays", "nothing", "unclear"]:
    not_worse, cheaper = gained.value >= -tolerance and gained.low > -WIDEST * tolerance, saved.low > 0.0
    better, not_dearer = gained.low > 0.0, saved.low > -tolerance
    if lead.low > 0.0 and ((not_worse and cheaper) or (better and not_dearer)):
        return "pays"
    if lead.value <= 0.0 or saved.high <= tolerance or gained.high < -tolerance:
        return "nothing"
    return "unclear"


def _sentence(
    kind: Literal["pays", "nothing", "unclear"],
    model: str,
    gained: Interval,
    saved: Interval,
    lead: Interval,
    *,
    routed: float,
    n: int,
) -> str:
    cheaper = f"{saved.value:.0%} [{saved.low:.0%}, {saved.high:.0%}]"
    points, mixed = _points(gained), _points(lead)
    if kind == "pays" and saved.low > 0.0:
        return (
            f"Routing pays: {cheaper} cheaper than always using {model} at equal quality ({points}); "
            f"{routed:.0%} of the prompts go to other models."
        )
    if kind == "pays":
        return f"Routing pays: {points} against always using {model}, for no more money ({cheaper} cheaper)."
    if kind == "nothing":
        return (
            f"Route nothing: use {model} always. Routing would change quality by {points} and the bill by "
            f"{-saved.value:+.0%}; against mixing single models at random for the same money: {mixed}."
        )
    return (
        f"Not shown: use {model} always for now. Routing looks {cheaper} cheaper at {points}, and {mixed} against "
        f"mixing single models for the same money, but {n:,} prompts cannot exclude that it is worse."
    )


def _points(difference: Interval) -> str:
    value, low, high = (100 * part for part in (difference.value, difference.low, difference.high))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points"
