"""Quality minus the price of money and of time: the ranking and its reasons.

It does not predict; it takes estimates as they are. Switching inside a conversation is `continuity`'s business.

Source: expected utility with a linear price of money, as in CARROT (2502.03261), section 3, with time added.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

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
            return Choice(ranking=(), excluded=excluded, reason="no model meets the bounds of this request")
        scored = sorted(
            ((utility(e, goal), e) for e in inside), key=lambda row: (-row[0], row[1].cost.usd, row[1].model)
        )
        scored, kept_default = _keep_default(scored, default, margin=self._margin)
        reason = _why_first(scored, goal, kept_default=kept_default)
        ranking = tuple(
            Ranked(
                model=estimate.model,
                estimate=estimate,
                utility=value,
                propensity=1.0 if place == 0 else 0.0,
                reason=reason if place == 0 else _why_not(estimate, scored[0][1], kept_default=kept_default),
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
        reason = f"may cost {usd(cost.high_usd)}, above your bound of {usd(goal.max_cost_usd)}"
        return Excluded(model=estimate.model, rule="max_cost_usd", reason=reason)
    if goal.max_first_token_s is not None and latency.first_token_s > goal.max_first_token_s:
        reason = f"first token in about {latency.first_token_s:.2g} s, above your bound of {goal.max_first_token_s:g} s"
        return Excluded(model=estimate.model, rule="max_first_token_s", reason=reason)
    if goal.min_quality is not None and quality.mean < goal.min_quality:
        reason = f"expected quality {quality.mean:.2f}, below your bound of {goal.min_quality:g}"
        return Excluded(model=estimate.model, rule="min_quality", reason=reason)
    return None


def usd(amount: float) -> str:
    """Return an amount in USD with as many digits as tell something."""
    if amount == 0:
        return "$0"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.2g}"


def _figures(estimate: Estimate) -> str:
    quality = f"quality {estimate.quality.mean:.2f}"
    return quality if estimate.cost.usd == 0 else f"{quality} for {usd(estimate.cost.usd)}"


def _why_first(scored: Sequence[tuple[float, Estimate]], goal: Goal, *, kept_default: bool) -> str:
    first = scored[0][1]
    if len(scored) == 1:
        return f"{first.model} is the only model that may serve this request."
    if kept_default:
        return f"{first.model}, the default, stays: no other model is expected to be clearly better here."
    second = scored[1][1]
    if first.quality.mean >= second.quality.mean and first.cost.usd <= second.cost.usd:
        ground = "is expected to answer this best"
    elif first.quality.mean >= second.quality.mean:
        ground = "is worth its price here"
    elif first.cost.usd < second.cost.usd:
        ground = "is good enough here and cheaper"
    else:
        ground = "answers sooner"
    return f"{first.model} {ground}: {_figures(first)}, against {_figures(second)} of {second.model}."


def _why_not(loser: Estimate, first: Estimate, *, kept_default: bool) -> str:
    quality = loser.quality.mean - first.quality.mean
    if kept_default and quality >= 0:
        return f"not clearly better than the default: {_figures(loser)}"
    if quality < 0 and loser.cost.usd >= first.cost.usd:
        return f"expected quality {-quality:.2f} lower and not cheaper: {_figures(loser)}"
    if quality < 0:
        return f"cheaper, but expected quality {-quality:.2f} lower: {_figures(loser)}"
    if loser.cost.usd > first.cost.usd:
        return f"expected quality {quality:.2f} higher, not worth its price here: {_figures(loser)}"
    return f"slower without being better enough: {_figures(loser)}"
