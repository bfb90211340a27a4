"""Now and then another model than the first may answer, so that the router can learn what it does not know.

    chance = P(best),   each mean ~ N(mean, moved²),   moved = doubt² / sqrt(mean (1 - mean))

A share of the requests is decided by Thompson sampling, among the models that are expected to lose at most so much:
before doubt is taken off, since what is doubted is what is to be found out.
What is drawn is not how good a model may be, but what one more measured answer would make of the belief: where an
answer would change nothing, nothing is tried. So models that nobody measured are told apart soon, and among those that
are known, or were told apart, exploring ends by itself. The chances are computed first and drawn from afterwards, so
the propensities that are recorded are exact. Pure: the same seed draws the same. Who may not be explored on is the
router's to say.

Source: W. Thompson 1933 for the rule; P. Frazier, W. Powell and S. Dayanik 2008, section 2, for the change of a belief
by one observation; A. Agarwal et al. 2016 (1606.03966), section 3, for logging the propensities.
Not for: who must have the best answer every time; it is off unless the operator turns it on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from random import Random
from typing import Literal

import numpy as np

from unisono.choose.guard import own_doubt
from unisono.types import Choice, Estimate, Features, Goal, Notice, Quality, Ranked, Request

LOGISTIC = 1.702
"""Scale at which a logistic curve is nearest to the normal one."""
N_POINTS = 129
N_DEVIATIONS = 5.0
LEAST_SPREAD = 1e-3
LEAST_VARIANCE = 1e-3
LEAST_CHANCE = 0.005
"""Whose chance is smaller is not tried: an answer that stood for more than two hundred would drown an estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """How much may be explored.

    Attributes:
        share: of the requests that may be explored on, in [0, 1]; 0 turns it off.
        loss: most that an explored answer may be expected to lose, in quality after costs and before doubt.
    """

    share: float = 0.0
    loss: float = 0.05


def may_explore(request: Request, features: Features, goal: Goal) -> bool:
    """Say whether this request may be answered by another model than the best for the sake of learning.

    Never a pin, a decision that is taken again, a caller with `min_quality`, or a turn that hangs together with others.
    """
    bound = features.in_tool_loop or features.bound or features.dissatisfied
    return request.mode is not None and goal.min_quality is None and request.wishes.retry_of is None and not bound


def explored(
    choice: Choice,
    *,
    worth: Callable[[Estimate], float],
    rules: Exploration,
    healthy: Collection[str],
    seed: int,
    language: Literal["en", "zh"],
) -> tuple[Choice, tuple[Notice, ...]]:
    """Return the choice with the chance of each model, and one of them, drawn by these chances, first.

    Args:
        choice: a ranking whose first is certain.
        worth: expected quality after costs, before doubt.
        rules: how much may be explored.
        healthy: models whose upstreams answer; no other is tried.
        seed: of the decision.
        language: of the sentences.

    Returns:
        The choice, and a notice `explored` where another model than the first was drawn.
    """
    if rules.share <= 0.0 or len(choice.ranking) < 2:
        return choice, ()
    leader = choice.ranking[0]
    if leader.model not in healthy:
        return choice, ()
    means = {r.model: worth(r.estimate) for r in choice.ranking if r.model in healthy}
    loss = {model: means[leader.model] - mean for model, mean in means.items()}
    within = [r for r in choice.ranking if r.model in healthy and loss[r.model] <= rules.loss]
    if len(within) < 2:
        return choice, ()
    best = chances_to_be_best([means[r.model] for r in within], [moved(r.estimate.quality) for r in within])
    chances = {r.model: rules.share * chance for r, chance in zip(within, best, strict=True)}
    chances = {model: chance for model, chance in chances.items() if chance >= LEAST_CHANCE}
    chances[leader.model] = 1.0 - sum(chance for model, chance in chances.items() if model != leader.model)
    drawn = _drawn(within, chances, seed)
    ranking = tuple(replace(r, propensity=chances.get(r.model, 0.0)) for r in choice.ranking)
    if drawn == leader.model:
        return replace(choice, ranking=ranking), ()
    first = next(r for r in ranking if r.model == drawn)
    reason = _why(first, leader, loss[drawn], language)
    ranking = (replace(first, reason=reason), *(r for r in ranking if r.model != drawn))
    return replace(choice, ranking=ranking, reason=reason), (Notice(code="explored", text=reason),)


def moved(quality: Quality) -> float:
    """Return the deviation of what one more measured answer would make of an expected quality.

    It is that of the best linear forecast of the quality from the answer, right or wrong; of the doubt only the model's
    own part counts, since what models share sets none of them apart.
    """
    doubt = own_doubt(quality)
    return doubt * doubt / sqrt(max(quality.mean * (1.0 - quality.mean), LEAST_VARIANCE))


def chances_to_be_best(means: Sequence[float], spreads: Sequence[float]) -> list[float]:
    """Return the probability of each of several independent beliefs to be the highest; they sum to one.

    Args:
        means: of the beliefs, shape (n,).
        spreads: their standard deviations, shape (n,).
    """
    centre = np.array(means, dtype=np.float64)
    scale = np.maximum(np.array(spreads, dtype=np.float64), LEAST_SPREAD) / LOGISTIC
    low, high = (centre - N_DEVIATIONS * scale).min(), (centre + N_DEVIATIONS * scale).max()
    grid = np.linspace(low, high, N_POINTS)
    below = 1.0 / (1.0 + np.exp(-np.clip((grid - centre[:, None]) / scale[:, None], -40.0, 40.0)))
    density = below * (1.0 - below) / scale[:, None]
    others = np.stack([np.delete(below, place, axis=0).prod(axis=0) for place in range(len(centre))])
    weight = (density * others).sum(axis=1)
    return [float(share) for share in weight / weight.sum()]


def _drawn(within: Sequence[Ranked], chances: dict[str, float], seed: int) -> str:
    left = Random(seed).random()
    for ranked in within:
        left -= chances.get(ranked.model, 0.0)
        if left < 0.0:
            return ranked.model
    return within[0].model


def _why(first: Ranked, leader: Ranked, loss: float, language: Literal["en", "zh"]) -> str:
    if loss <= 0.0:
        if language == "zh":
            return (
                f"为了学习，本次由 {first.model} 回答（机会 {first.propensity:.1%}）：预计不逊于 {leader.model}，"
                "但对其所知更少。"
            )
        return (
            f"{first.model} answers so that the router learns (a chance of {first.propensity:.1%}): it is expected to "
            f"do no worse than {leader.model}, and less is known of it."
        )
    if language == "zh":
        return (
            f"为了学习，本次由 {first.model} 回答（机会 {first.propensity:.1%}）；否则由 {leader.model} 回答，"
            f"预计只好 {loss:.2f}（已计费用和时间）。"
        )
    return (
        f"{first.model} answers so that the router learns (a chance of {first.propensity:.1%}); {leader.model} is "
        f"expected to be better by {loss:.2f} (cost and time counted)."
    )
