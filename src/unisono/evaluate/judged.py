"""The answers of a record that somebody has judged, with the chance of each choice: what off-policy estimates read.

It estimates nothing. What the gateway only saw (a retry, thanks) is too weak to judge an answer by and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unisono.evaluate.together import Whose
from unisono.learn.reward import verdict
from unisono.record.limits import user_of
from unisono.record.reader import Reader, Stored
from unisono.types import Request

JUDGES = ("measured", "said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One answer to `auto` with its reward.

    Attributes:
        decision: its id.
        model: who answered; the first of the ranking.
        reward: in [0, 1].
        chances: that each model of the ranking had to be the first.
        quality: that was expected of each.
        cost_usd: that was expected of each.
        spent_usd: what the answer cost, where that is known.
        whose: to whom it was given.
    """

    decision: str
    model: str
    reward: float
    chances: dict[str, float]
    quality: dict[str, float]
    cost_usd: dict[str, float]
    spent_usd: float | None
    whose: Whose = ("", "")


def judged(reader: Reader, *, limit: int) -> Iterator[Judged]:
    """Yield the latest judged answers to `auto` that went as the policy decided: no fallback, no joint work.

    Args:
        reader: of the record.
        limit: decisions with signals that are looked at.

    Raises:
        StoreError: the record cannot be read.
    """
    for decision in reader.judged(limit=limit):
        stored = reader.stored(decision)
        reward = None if stored is None else reward_of(reader, stored)
        if stored is None or stored.outcome is None or reward is None:
            continue
        made = stored.decision
        yield Judged(
            decision=decision,
            model=made.model,
            reward=reward,
            chances={r.model: r.propensity for r in made.ranking},
            quality={r.model: r.estimate.quality.mean for r in made.ranking},
            cost_usd={r.model: r.estimate.cost.usd for r in made.ranking},
            spent_usd=stored.outcome.cost_usd,
            whose=whose(stored.request),
        )


def reward_of(reader: Reader, stored: Stored) -> float | None:
    """Return the reward that somebody's judgement of an answer comes to; None where nobody judged it, or where it did
    not go as the policy decided.

    Raises:
        StoreError: the record cannot be read.
    """
    made = stored.decision
    answered = None if stored.outcome is None else stored.outcome.model
    if answered is None or made.model != answered or not went_as_decided(stored):
        return None
    expected = {e.model: e.quality.mean for e in made.situation.estimates}
    found = verdict(reader.signals(made.id), answered=answered, expected=expected)
    return found.reward if found is not None and found.source in JUDGES else None


def whose(request: Request) -> Whose:
    """Return to whom an answer is given."""
    return user_of(request.key, request.user), request.session


def went_as_decided(stored: Stored) -> bool:
    """Say whether a policy decided alone: `auto`, not degraded, one model, not taken again."""
    made = stored.decision
    return made.mode is not None and not made.degraded and made.pattern == "single" and made.situation.retry is None
