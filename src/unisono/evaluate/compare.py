"""How policies stand on one replayed table: the field's metrics for each, with intervals paired over the prompts.

It draws no conclusion: `verdict` does. It knows no router; a contender is a name with choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unisono.evaluate.crossfit import best_single
from unisono.evaluate.metrics import (
    Interval,
    arena_score,
    cost_at,
    cost_save,
    gain_at_best,
    gap_at_oracle,
    interval,
    perf_gain,
    quality_at,
    resampled,
    saved_share,
)
from unisono.evaluate.replay import Policy, Replay, areas, curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

N_RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A policy by name, once per seed. `at` is the setting it runs at by default (a place among its settings)."""

    name: str
    policies: tuple[Policy, ...]
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What every contender is compared with, as places of models: known before the test, but for the oracle.

    Attributes:
        best: the best single model.
        strongest: the dearest one.
        cheapest: the cheapest one.
    """

    best: int
    strongest: int
    cheapest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One setting of a policy: what it scores and costs, and that against the best single model.

    Attributes:
        quality: mean score.
        usd_per_1k: cost of a thousand prompts.
        arena: RouterArena's score; None where nothing is charged.
        gained: mean score less the best single model's.
        saved: share of the best single model's bill that is saved.
        n_models: how many different models it uses.
    """

    quality: float
    usd_per_1k: float
    arena: float | None
    gained: Interval
    saved: Interval
    n_models: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One contender's figures.

    Attributes:
        aiq: area under its hull (RouterBench); None for a policy of one setting.
        behind: AIQ of the first contender less this one's; None for the first and where there is no AIQ.
        top: its highest mean score at any setting; this and what follows from it know the test outcomes.
        gain_at_best, gap_at_oracle, perf_gain: relative figures of `top` (LLMRouterBench); None where what they are
            relative to is nothing.
        at_cost_of_best: its hull's score at the best single model's cost.
        equal_usd_per_1k: least cost at the best single model's score; None when never reached.
        cost_save: share of the strongest model's bill saved there.
        saved_at_equal: share of the best single model's bill saved there.
        point: its default setting; None where it has none.
    """

    name: str
    n_seeds: int
    aiq: Interval | None
    behind: Interval | None
    top: float
    gain_at_best: float | None
    gap_at_oracle: float | None
    perf_gain: float | None
    at_cost_of_best: float
    equal_usd_per_1k: float | None
    cost_save: float | None
    saved_at_equal: float | None
    point: Point | None


def field_of(scores: Array, costs_usd: Array) -> Field:
    """Return best, strongest and cheapest by outcomes that a router may know, shape (n, m) with NaN.

    Of models that are as good as each other the cheaper is the best, so that nobody saves against a dear one by luck.
    """
    cost = np.nanmean(costs_usd, axis=0)
    return Field(best=best_single(scores, costs_usd), strongest=int(cost.argmax()), cheapest=int(cost.argmin()))


def standings(
    replay: Replay, contenders: Sequence[Contender], field: Field, *, seed: int = 0, n_resamples: int = N_RESAMPLES
) -> list[Standing]:
    """Return every contender's figures; all see the same resamples, and all are compared with the first.

    Args:
        replay: a complete table.
        contenders: ours first.
        field: the models to compare with.
        seed: of the resamples.
        n_resamples: how many.
    """
    rng = np.random.default_rng(seed)
    weights = resampled(len(replay.table.prompts), rng=rng, n_resamples=n_resamples)
    first: Array | None = None
    found = []
    for contender in contenders:
        drawn = None
        if len(contender.policies[0].chosen) > 1:
            drawn = np.mean([areas(replay, policy, weights) for policy in contender.policies], axis=0)
        behind = None if drawn is None or first is None else interval(first - drawn)
        if first is None:
            first = drawn
        area = None if drawn is None else interval(drawn)
        found.append(_standing(replay, contender, field, weights, area=area, behind=behind))
    return found


def _standing(
    replay: Replay,
    contender: Contender,
    field: Field,
    weights: Array,
    *,
    area: Interval | None,
    behind: Interval | None,
) -> Standing:
    table, even = replay.table, replay.even
    best_usd, best = float(table.costs_usd[:, field.best] @ even), float(table.scores[:, field.best] @ even)
    strongest_usd = float(table.costs_usd[:, field.strongest] @ even)
    strongest = float(table.scores[:, field.strongest] @ even)
    oracle = float(table.scores.max(axis=1) @ even)
    top, at_cost, equal = [], [], []
    for policy in contender.policies:
        costs, scores = replay.points(policy, even)
        top.append(float(scores.max()))
        at_cost.append(quality_at(costs, scores, best_usd))
        equal.append(cost_at(costs, scores, best))
    mean_top, mean_equal = float(np.mean(top)), float(np.mean(equal))
    reached = np.isfinite(mean_equal)
    return Standing(
        name=contender.name,
        n_seeds=len(contender.policies),
        aiq=area,
        behind=behind,
        top=mean_top,
        gain_at_best=gain_at_best(mean_top, best_single=best) if best > 0 else None,
        gap_at_oracle=gap_at_oracle(mean_top, oracle=oracle) if oracle > 0 else None,
        perf_gain=perf_gain(mean_top, strongest=strongest) if strongest > 0 else None,
        at_cost_of_best=float(np.mean(at_cost)),
        equal_usd_per_1k=1000 * mean_equal if reached else None,
        cost_save=cost_save(mean_equal, strongest_usd=strongest_usd) if reached and strongest_usd > 0 else None,
        saved_at_equal=cost_save(mean_equal, strongest_usd=best_usd) if reached and best_usd > 0 else None,
        point=None if contender.at is None else point(replay, contender, field, weights),
    )


def point(replay: Replay, contender: Contender, field: Field, weights: Array) -> Point:
    """Return the figures of a contender's default setting, under the rows of `resampled` weights."""
    table = replay.table
    place = contender.at or 0
    settings = [Policy(name="", chosen=policy.chosen[place : place + 1]) for policy in contender.policies]
    outcomes = [replay.outcomes(setting) for setting in settings]
    cost, score = (np.mean([part[kind][0] for part in outcomes], axis=0) for kind in (0, 1))
    best_cost, best_score = weights @ table.costs_usd[:, field.best], weights @ table.scores[:, field.best]
    drawn_cost, drawn_score = weights @ cost, weights @ score
    saved = saved_share(drawn_cost, best_cost)
    usd_per_1k = 1000 * float(drawn_cost[0])
    return Point(
        quality=float(drawn_score[0]),
        usd_per_1k=usd_per_1k,
        arena=arena_score(float(drawn_score[0]), usd_per_1k=usd_per_1k) if 0 < usd_per_1k < 200 else None,
        gained=interval(drawn_score - best_score),
        saved=interval(saved),
        n_models=len(set(np.concatenate([setting.chosen[0] for setting in settings]).tolist())),
    )


def band(
    replay: Replay, policies: Sequence[Policy], *, seed: int = 0, n_resamples: int = N_RESAMPLES, n_costs: int = 80
) -> Array:
    """Return a curve to draw: rows cost, height, low, high, shape (4, n_costs); the mean hull over the seeds.

    Costs run evenly in the logarithm between the cheapest and the dearest single model.
    """
    table = replay.table
    weights = resampled(len(table.prompts), rng=np.random.default_rng(seed), n_resamples=n_resamples)
    mean_cost = table.costs_usd.T @ replay.even
    costs = np.geomspace(max(float(mean_cost.min()), 1e-9), float(mean_cost.max()), n_costs)
    heights = np.mean(
        [[np.interp(costs, xs, ys) for xs, ys in curves(replay, policy, weights)] for policy in policies], axis=0
    )
    low, high = np.quantile(heights[1:], (0.025, 0.975), axis=0)
    return np.stack((costs, heights[0], low, high))
