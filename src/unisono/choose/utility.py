"""Quality minus the price of money and of time: the ranking.

It does not predict; it takes estimates as they are. The sentences stand in `words.py`; switching inside a conversation
is `continuity`'s business.

Source: expected utility with a linear price of money, as in CARROT (2502.03261), section 3, with time added.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from unisono.choose.words import below_quality, late, nobody_meets, over_cost, why_first, why_not
from unisono.types import Choice, Estimate, Excluded, Goal, Mode, Ranked

USD_PER_QUALITY_LOW = 1e-3
USD_PER_QUALITY_HIGH = 100.0
"""What one more right answer is worth at dial 0 and just below dial 1; in between it grows geometrically.

The middle, $0.32, is about a minute of a person's time. These are prices of answers, not fitted to any data.
"""

SECOND_PRICES: dict[Mode, tuple[float, float]] = {
    Mode.FAST: (0.05, 0.01),
    Mode.BALANCED: (0.005, 0.001),
    Mode.DEEP: (0.0, 0.0),
    Mode.PRO: (0.0, 0.0),
}
"""Quality that one second costs: until the first token, and until the end."""


def usd_per_quality(dial: float) -> float:
    """Return what a certain right answer instead of a wrong one may cost, in USD, at a dial in [0, 1]."""
    low, high = USD_PER_QUALITY_LOW, USD_PER_QUALITY_HIGH
    return float(low * (high / low) ** dial)


def utility(estimate: Estimate, goal: Goal) -> float:
    """Return quality less the quality that its money and its seconds are worth at this goal."""
    first_price, total_price = SECOND_PRICES[goal.mode]
    money = 0.0 if goal.dial >= 1.0 else estimate.cost.usd / usd_per_quality(goal.dial)
    return (
        estimate.quality.mean
        - money
        - first_price * estimate.latency.first_token_s
        - total_price * estimate.latency.total_s
    )


class UtilityChooser:
    """Ranks by utility within the bounds; the default keeps its place unless another is better by a margin."""

    def __init__(self, *, margin: float = 0.01) -> None:
        """Leave the default only for a gain in utility above `margin`."""
        self._margin = margin

    def choose(self, estimates: Sequence[Estimate], goal: Goal, *, default: str, rng: Random) -> Choice:
        """See `protocols.Chooser`. Ties go to the cheaper, then to the name: never to chance."""
        excluded = tuple(e for e in (_out_of_bounds(estimate, goal) for estimate in estimates) if e is not None)
        names_out = {e.model for e in excluded}
        inside = [e for e in estimates if e.model not in names_out]
        if not inside:
            return Choice(ranking=(), excluded=excluded, reason=nobody_meets(goal))
        scored = sorted(
            ((utility(e, goal), e) for e in inside), key=lambda row: (-row[0], row[1].cost.usd, row[1].model)
        )
        scored, kept_default = _keep_default(scored, default, margin=self._margin)
        second = scored[1][1] if len(scored) > 1 else None
        reason = why_first(scored[0][1], second, goal, kept_default=kept_default)
        ranking = tuple(
            Ranked(
                model=estimate.model,
                estimate=estimate,
                utility=value,
                propensity=1.0 if place == 0 else 0.0,
                reason=reason if place == 0 else why_not(estimate, scored[0][1], goal, kept_default=kept_default),
            )
            for place, (value, estimate) in enumerate(scored)
        )
        return Choice(ranking=ranking, excluded=excluded, reason=reason)


def _keep_default(
    scored: list[tuple[float, Estimate]], default: str, *, margin: float
) -> tuple[list[tuple[float, Estimate]], bool]:
    """Put the default first when the leader is not better by the margin."""
    for place, (value, estimate) in enumerate(scored):
        if estimate.model == default:
            if place > 0 and scored[0][0] - value <= margin:
                return [scored[place], *scored[:place], *scored[place + 1 :]], True
            break
    return scored, False


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
