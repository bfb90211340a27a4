"""Quality minus the price of money and of time, and minus doubt (`guard`): the ranking.

It does not predict; it takes estimates as they are. The sentences stand in `words.py`; switching inside a conversation
is `continuity`'s business.

Source: expected utility with a price of money, as in CARROT (2502.03261), section 3, with time added; money
counts relative to what the default costs on the same prompt, so that a dial means the same at every price level.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

from unisono.choose.guard import Scored, doubt_of_pair, held_by_guard
from unisono.choose.words import Lead, below_quality, late, nobody_meets, over_cost, why_first, why_not, why_stays
from unisono.types import Choice, Estimate, Excluded, Goal, Mode, Ranked

WORTH_AT_ZERO = 0.4
WORTH_IN_THE_MIDDLE = 0.06
WORTH_AT_ONE = 0.0036
"""Quality that the whole price of the default's answer is worth, at dial 0, at .5 and just below dial 1; in between it
falls geometrically. Who costs nothing is good enough at 0 if it is at most forty points in a hundred worse, and in the
middle six, but for the guard."""
FLOOR_USD = 1e-6
"""A default that costs nothing is taken to cost so much: the price of a very short answer of a very small model."""

SECOND_PRICES: dict[Mode, tuple[float, float]] = {
    Mode.FAST: (0.05, 0.01),
    Mode.BALANCED: (0.005, 0.001),
    Mode.DEEP: (0.0, 0.0),
    Mode.PRO: (0.0, 0.0),
}
"""Quality that one second costs: until the first token, and until the end."""
LONG_FIRST_S, LONG_TOTAL_S = 20.0, 60.0
"""Seconds beyond which a wait costs no more: who waits so long has turned to something else. Of a model that was never
asked they are a guess, which may be wrong by several times."""


def worth(dial: float) -> float:
    """Return the quality that the price of the default's answer is worth at a dial in [0, 1]."""
    if dial >= 1.0:
        return 0.0
    if dial >= 0.5:
        return float(WORTH_IN_THE_MIDDLE * (WORTH_AT_ONE / WORTH_IN_THE_MIDDLE) ** (2.0 * dial - 1.0))
    return float(WORTH_AT_ZERO * (WORTH_IN_THE_MIDDLE / WORTH_AT_ZERO) ** (2.0 * dial))


def relative_price(usd: float, default_usd: float) -> float:
    """Return a cost in units of the default's: its share up to there, and one more unit for each tenfold above.

    What is saved counts in full; what is spent on top counts by its magnitude, as people judge prices.
    """
    share = usd / (default_usd if default_usd > FLOOR_USD else FLOOR_USD)
    return share if share <= 1.0 else 1.0 + log10(share)


def money_worth(usd: float, dial: float, *, default_usd: float) -> float:
    """Return the quality that an amount is worth, where the default is expected to cost `default_usd`."""
    return worth(dial) * relative_price(usd, default_usd)


def yardstick_usd(estimates: Sequence[Estimate], default: str) -> float:
    """Return the cost by which money is measured: the default's, or where it may not serve that of the best expected.

    Args:
        estimates: at least one.
        default: its name.
    """
    home = next((e for e in estimates if e.model == default), None)
    return (home or min(estimates, key=lambda e: (-e.quality.mean, e.cost.usd, e.model))).cost.usd


class _Prices(NamedTuple):
    """Quality that is paid at one goal: for what the default costs, which is `yardstick_usd`, and for a second."""

    money: float
    first_s: float
    total_s: float
    yardstick_usd: float

    def utility(self, estimate: Estimate) -> float:
        money, time = self.paid(estimate)
        return estimate.quality.mean - money - time

    def paid(self, estimate: Estimate) -> tuple[float, float]:
        """Return what of the quality goes for money, and what for seconds."""
        first_s, total_s = estimate.latency.first_token_s, estimate.latency.total_s
        return (
            self.money * relative_price(estimate.cost.usd, self.yardstick_usd),
            self.first_s * (first_s if first_s < LONG_FIRST_S else LONG_FIRST_S)
            + self.total_s * (total_s if total_s < LONG_TOTAL_S else LONG_TOTAL_S),
        )


def _prices(goal: Goal, default_usd: float) -> _Prices:
    return _Prices(worth(goal.dial), *SECOND_PRICES[goal.mode], default_usd)


def utility(estimate: Estimate, goal: Goal, *, default_usd: float) -> float:
    """Return quality less the quality that its money and its seconds are worth at this goal.

    Args:
        estimate: of the model.
        goal: gives the dial and the mode.
        default_usd: what the default is expected to cost on this prompt.
    """
    return _prices(goal, default_usd).utility(estimate)


class UtilityChooser:
    """Ranks by utility less doubt within the bounds; the default keeps its place unless another is clearly better."""

    def __init__(self, *, margin: float = 0.01) -> None:
        """Leave the default only for a gain in utility, doubt taken off, above `margin`."""
        self._margin = margin

    def choose(self, estimates: Sequence[Estimate], goal: Goal, *, default: str) -> Choice:
        """See `protocols.Chooser`. Ties go to the cheaper, then to the name: never to chance."""
        excluded, inside = _bounded(estimates, goal)
        if not inside:
            return Choice(ranking=(), excluded=excluded, reason=nobody_meets(goal))
        home = next((e for e in inside if e.model == default), None)
        scored, prices = [], _prices(goal, yardstick_usd(inside, default))
        for estimate in inside:
            doubt = 0.0 if home is None or estimate is home else doubt_of_pair(estimate, home)
            scored.append(Scored(estimate, prices.utility(estimate) - doubt, doubt))
        scored.sort(key=_rank)
        scored, stay = held_by_guard(scored, home, margin=self._margin)
        first, second = scored[0].estimate, scored[1].estimate if len(scored) > 1 else None
        money, time = prices.paid(first)
        leads = [
            Lead(usd - money, seconds - time) for usd, seconds in (prices.paid(row.estimate) for row in scored[1:])
        ]
        lead = leads[0] if leads else Lead(0.0, 0.0)
        reason = why_first(first, second, goal, lead=lead) if stay is None else why_stays(stay, goal)
        kept_default = stay is not None
        ranking = [Ranked(model=first.model, estimate=first, utility=scored[0].utility, propensity=1.0, reason=reason)]
        for (loser, net, _), lead in zip(scored[1:], leads, strict=True):
            against = why_not(loser, first, goal, lead=lead, kept_default=kept_default)
            ranking.append(Ranked(model=loser.model, estimate=loser, utility=net, propensity=0.0, reason=against))
        return Choice(ranking=tuple(ranking), excluded=excluded, reason=reason)


def _rank(row: Scored) -> tuple[float, float, str]:
    """Sort the best first, of equal ones the cheaper."""
    return -row.utility, row.estimate.cost.usd, row.estimate.model


def _bounded(estimates: Sequence[Estimate], goal: Goal) -> tuple[tuple[Excluded, ...], Sequence[Estimate]]:
    """Return who is out of the goal's bounds, and the others."""
    if goal.max_cost_usd is None and goal.max_first_token_s is None and goal.min_quality is None:
        return (), estimates
    found = [(_out_of_bounds(estimate, goal), estimate) for estimate in estimates]
    return tuple([out for out, _ in found if out is not None]), [estimate for out, estimate in found if out is None]


def _out_of_bounds(estimate: Estimate, goal: Goal) -> Excluded | None:
    cost, latency, quality = estimate.cost, estimate.latency, estimate.quality
    if goal.max_cost_usd is not None and cost.high_usd > goal.max_cost_usd:
        reason = over_cost(cost.high_usd, bound_usd=goal.max_cost_usd, language=goal.language)
        return Excluded(model=estimate.model, rule="max_cost_usd", reason=reason)
    if goal.max_first_token_s is not None and latency.first_token_s > goal.max_first_token_s:
        reason = late(latency.first_token_s, bound_s=goal.max_first_token_s, language=goal.language)
        return Excluded(model=estimate.model, rule="max_first_token_s", reason=reason)
    if goal.min_quality is not None and quality.mean < goal.min_quality:
        reason = below_quality(quality.mean, bound=goal.min_quality, language=goal.language)
        return Excluded(model=estimate.model, rule="min_quality", reason=reason)
    return None
