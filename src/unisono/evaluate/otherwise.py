"""What recorded decisions would have been with another dial or other bounds, from what was expected then.

Only decisions that the configured dial decides are looked at: plain `auto`, without a dial of the caller's own. The
choice is made anew from the recorded estimates; continuity, limits and freshness are not repeated, and no answer is
known: what it gives are expectations. `evaluate.recompute` repeats whole decisions, and
`evaluate.offpolicy` estimates rewards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisono.protocols import Chooser
from unisono.record.reader import Stored
from unisono.types import Choice, Decision, Estimate, Goal, Mode, Ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is tried; a bound that is None does not bound."""

    dial: float
    max_cost_usd: float | None = None
    max_first_token_s: float | None = None
    min_quality: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """One decision under a setting: the choice's first, or None where no model meets the bounds."""

    decision: Decision
    first: Ranked | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Means of expected quality and cost over `n` decisions."""

    n: int
    quality: float
    usd: float


def of_the_dial(stored: Stored) -> bool:
    """Say whether the configured dial decided: nobody's own dial or rule, no wish for effort, and a choice at all."""
    made = stored.decision
    plain = made.mode is Mode.BALANCED and made.goal.mode is Mode.BALANCED and not made.degraded
    ruled = stored.features is not None and stored.features.rule is not None
    return plain and not ruled and stored.request.wishes.dial is None and bool(_estimates(made))


def turned(made: Decision, setting: Setting, chooser: Chooser, *, default: str) -> Turned:
    """Choose again.

    Args:
        made: the decision as it was.
        setting: what is tried.
        chooser: of the policy.
        default: the model that stays unless another is clearly better.
    """
    goal = Goal(
        mode=made.goal.mode,
        dial=setting.dial,
        max_cost_usd=setting.max_cost_usd,
        max_first_token_s=setting.max_first_token_s,
        min_quality=setting.min_quality,
        language=made.goal.language,
    )
    choice: Choice = chooser.choose(_estimates(made), goal, default=default)
    return Turned(decision=made, first=choice.ranking[0] if choice.ranking else None, reason=choice.reason)


def mean(firsts: Sequence[Ranked | None]) -> Point | None:
    """Return the means over the decisions that some model may serve; None without any."""
    estimates = [first.estimate for first in firsts if first is not None]
    return _mean(estimates)


def of_model(decisions: Sequence[Decision], model: str) -> Point | None:
    """Return what was expected of one model, on the decisions in which it might serve."""
    return _mean([e for made in decisions for e in _estimates(made) if e.model == model])


def dials(decisions: Sequence[Decision], at: Sequence[float], chooser: Chooser, *, default: str) -> list[Point | None]:
    """Return the router's means at several settings of the dial, without bounds."""
    tried = [Setting(dial=dial) for dial in at]
    return [mean([turned(made, one, chooser, default=default).first for made in decisions]) for one in tried]


def _mean(estimates: Sequence[Estimate]) -> Point | None:
    n = len(estimates)
    if not n:
        return None
    return Point(n=n, quality=sum(e.quality.mean for e in estimates) / n, usd=sum(e.cost.usd for e in estimates) / n)


def _estimates(made: Decision) -> tuple[Estimate, ...]:
    return made.situation.estimates or tuple(place.estimate for place in made.ranking)
