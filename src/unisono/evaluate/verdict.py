"""Does routing pay on this table? One answer, reached without looking at the outcomes it is judged by.

For each fold a rule reads the other folds: it takes the cheapest setting of the router that holds the best single
model's quality there, and the cheapest single model that holds it within half of the tolerance. Both are then judged on
the fold itself. Routing pays when it is cheaper than the single model by an interval, better than a coin that mixes
single models for the same money by an interval, and not worse than the single model: within the tolerance, and its
interval within three. Where that saves nothing, the rule takes the setting that is worth most at the default dial
instead; routing pays then when it is better than both by intervals, and by more than what it costs on top is worth. It
does not say how good a router could be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from unisono.choose.utility import relative_price, worth
from unisono.evaluate.crossfit import CrossFit
from unisono.evaluate.metrics import Interval, interval, quality_at, resampled, saved_share
from unisono.evaluate.replay import DEFAULT_DIAL, Policy, Replay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rule = Callable[[Array, Array, tuple[Array, Array], int], int | None]

TOLERANCE = 0.01
"""Quality that counts as equal: one answer in a hundred."""
EVEN = 0.01
"""A bill that is higher by less than this share counts as no more money."""
WIDEST = 3.0
"""An interval that reaches further down than this many tolerances belongs to a table that is too small to tell."""
TELLING = 100
"""Fewer prompts teach a router so little that its winning nothing says nothing about more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The same choices beside one model always, where the other folds do not all name it as the one to compare with.

    Attributes:
        elsewhere: share of the prompts whose other folds name another model.
        gained: the routed mean score less this model's.
        saved: share of this model's bill that routing saves.
    """

    elsewhere: float
    gained: Interval
    saved: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, with what it rests on.

    Attributes:
        kind: `pays`; `nothing` (shown to bring nothing, or to lose); `unclear` (the table is too small to tell).
        model: the single model to use instead, and to compare with.
        gained: the routed mean score less that of the single model that the other folds name.
        saved: share of the single model's bill that routing saves.
        lead: the routed mean score less that of the best mix of single models at the same cost.
        routed: share of prompts that went to another model than that one.
        beside: the same beside `model`; None where every fold names it.
        sentence: all of it for people.
    """

    kind: Literal["pays", "nothing", "unclear"]
    model: str
    gained: Interval
    saved: Interval
    lead: Interval
    routed: float
    beside: Beside | None
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
    weights = resampled(len(replay.table.prompts), rng=np.random.default_rng(seed), n_resamples=n_resamples)
    cheaper, worth_cheaper = _judged(replay, fits, swept, weights, tolerance=tolerance, rule=cheapest_that_holds)
    better, worth_better = _judged(replay, fits, swept, weights, tolerance=tolerance, rule=best_for_its_price)
    if better.kind == "pays" and (cheaper.kind != "pays" or worth_better > worth_cheaper + tolerance):
        return better
    return cheaper


def _judged(
    replay: Replay,
    fits: Sequence[CrossFit],
    swept: Sequence[Policy],
    weights: Array,
    *,
    tolerance: float,
    rule: Rule,
) -> tuple[Verdict, float]:
    """Return what a rule's choices come to on the folds that it did not read, and what that is worth at the dial."""
    table, rows = replay.table, np.arange(len(replay.table.prompts))
    costs, scores, single_costs, single_scores, routed, elsewhere = [], [], [], [], [], []
    place = cheapest_equal(table.scores, table.costs_usd, tolerance=tolerance)
    for fit, policy in zip(fits, swept, strict=True):
        chosen, single = held_choices(replay, policy, fit.folds, tolerance=tolerance, rule=rule)
        costs.append(table.costs_usd[rows, chosen])
        scores.append(table.scores[rows, chosen])
        single_costs.append(table.costs_usd[rows, single])
        single_scores.append(table.scores[rows, single])
        routed.append(float((chosen != single).mean()))
        elsewhere.append(float((single != place).mean()))
    cost, score, single_cost, single_score = (
        weights @ np.mean(part, axis=0) for part in (costs, scores, single_costs, single_scores)
    )
    gained = interval(score - single_score)
    saved = interval(saved_share(cost, single_cost))
    every_cost, every_score = weights @ table.costs_usd, weights @ table.scores
    least = every_cost.min(axis=1)
    mixed = [
        quality_at(every_cost[draw], every_score[draw], max(float(cost[draw]), float(least[draw])))
        for draw in range(len(weights))
    ]
    lead = interval(score - np.array(mixed))
    model, other = table.models[place], float(np.mean(elsewhere))
    price = price_of(float(cost[0]), float(single_cost[0]))
    kind = _kind(gained, saved, lead, price=price, n=len(rows), tolerance=tolerance)
    share = float(np.mean(routed))
    beside = Beside(
        elsewhere=other,
        gained=interval(score - every_score[:, place]),
        saved=interval(saved_share(cost, every_cost[:, place])),
    )
    found = Verdict(
        kind=kind,
        model=model,
        gained=gained,
        saved=saved,
        lead=lead,
        routed=share,
        beside=beside if other > 0.0 else None,
        sentence=_sentence(
            kind,
            model,
            gained,
            saved if table.costs_usd.any() else None,
            lead,
            routed=share,
            n=len(rows),
            tolerance=tolerance,
        ),
    )
    return found, gained.value - price


def cheapest_that_holds(costs: Array, scores: Array, singles: tuple[Array, Array], single: int) -> int | None:
    """Return the cheapest setting that holds the best single model's score; None where none does.

    Args:
        costs: mean bill of each setting.
        scores: mean score of each setting.
        singles: the same of each single model.
        single: the place of the single model to compare with.
    """
    good = np.flatnonzero(scores >= float(singles[1].max()))
    return int(good[costs[good].argmin()]) if good.size else None


def best_for_its_price(costs: Array, scores: Array, singles: tuple[Array, Array], single: int) -> int | None:
    """Return the setting that is worth most at the default dial, if it holds the best single model's score.

    Args:
        costs, scores, singles, single: as for `cheapest_that_holds`.
    """
    good = np.flatnonzero(scores >= float(singles[1].max()))
    if not good.size:
        return None
    usd = float(singles[0][single])
    values = [scores[place] - price_of(float(costs[place]), usd) for place in good]
    return int(good[int(np.argmax(values))])


def price_of(usd: float, instead_of_usd: float) -> float:
    """Return the quality that a bill above another is worth at the default dial; negative where it lies below."""
    return worth(DEFAULT_DIAL) * (relative_price(usd, instead_of_usd) - relative_price(instead_of_usd, instead_of_usd))


def held_choices(
    replay: Replay, policy: Policy, folds: NDArray[np.intp], *, tolerance: float, rule: Rule = cheapest_that_holds
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the model of each prompt by a rule for the router and by the rule of single models, each shape (n,)."""
    table = replay.table
    costs, scores = replay.outcomes(policy)
    chosen = np.zeros(len(folds), dtype=np.intp)
    single = np.zeros(len(folds), dtype=np.intp)
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        place = cheapest_equal(table.scores[others], table.costs_usd[others], tolerance=tolerance)
        single[here] = place
        singles = table.costs_usd[others].mean(axis=0), table.scores[others].mean(axis=0)
        setting = rule(costs[:, others].mean(axis=1), scores[:, others].mean(axis=1), singles, place)
        chosen[here] = place if setting is None else policy.chosen[setting, here]
    return chosen, single


def cheapest_equal(scores: Array, costs_usd: Array, *, tolerance: float) -> int:
    """Return the cheapest single model whose mean score is the best one's within half of the tolerance."""
    score, cost = scores.mean(axis=0), costs_usd.mean(axis=0)
    good = np.flatnonzero(score >= score.max() - tolerance / 2)
    return int(good[cost[good].argmin()])


def _kind(
    gained: Interval, saved: Interval, lead: Interval, *, price: float, n: int, tolerance: float
) -> Literal["pays", "nothing", "unclear"]:
    """Judge the intervals of `n` prompts; `price` is the quality that what routing costs on top is worth."""
    not_worse, cheaper = gained.value >= -tolerance and gained.low > -WIDEST * tolerance, saved.is_above_zero
    better = gained.is_above_zero and (saved.low > -tolerance or gained.low > price)
    if lead.is_above_zero and ((not_worse and cheaper) or better):
        return "pays"
    no_gain = saved.high <= tolerance and gained.value <= tolerance
    if n >= TELLING and (lead.value <= 0.0 or no_gain or gained.high < -tolerance):
        return "nothing"
    return "unclear"


def _sentence(
    kind: Literal["pays", "nothing", "unclear"],
    model: str,
    gained: Interval,
    saved: Interval | None,
    lead: Interval,
    *,
    routed: float,
    n: int,
    tolerance: float,
) -> str:
    """Say it for people; `saved` is None where no cost is known, or there is none: then no money is spoken of."""
    points, mixed = _points(gained), _points(lead)
    money = "" if saved is None else f", for {_money(saved)}"
    bill = "" if saved is None else f" and the bill by {-saved.value:+.0%}"
    mixing = "mixing single models at random" + ("" if saved is None else " for the same money")
    if kind == "pays" and (saved is None or (gained.low > 0.0 and (gained.value > tolerance or saved.low <= 0.0))):
        return (
            f"Routing pays: {points} against always using {model}{money}, and {mixed} against {mixing}; "
            f"{routed:.0%} of the prompts go to other models."
        )
    if kind == "pays" and saved is not None:
        return (
            f"Routing pays: {_cheaper(saved)} than always using {model} at equal quality ({points}); "
            f"{routed:.0%} of the prompts go to other models."
        )
    if kind == "nothing":
        return (
            f"Route nothing: use {model} always. Routing would change quality by {points}{bill}; against {mixing}: "
            f"{mixed}."
        )
    advice = f"Not shown: route nothing for now, use {model} always."
    if n < TELLING:
        return (
            f"{advice} {n:,} prompts are too few to teach a router and to judge it; some hundreds are needed. "
            f"Here it would change quality by {points}{bill}."
        )
    if saved is None:
        return (
            f"{advice} Routing would change quality by {points}, and by {mixed} against {mixing}, but {n:,} prompts "
            "cannot exclude that it is worse."
        )
    return (
        f"{advice} Routing looks {_cheaper(saved)} at {points}, and {mixed} against mixing single models for the same "
        f"money, but {n:,} prompts cannot exclude that it is worse."
    )


def _cheaper(saved: Interval) -> str:
    return f"{saved.value:.0%} [{saved.low:.0%}, {saved.high:.0%}] cheaper"


def _money(saved: Interval) -> str:
    if saved.low > 0.0:
        return f"{saved.value:.0%} [{saved.low:.0%}, {saved.high:.0%}] less money"
    return "no more money" if saved.value > -EVEN else f"{-saved.value:.0%} more money"


def _points(difference: Interval) -> str:
    value, low, high = (100 * part for part in (difference.value, difference.low, difference.high))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points"
