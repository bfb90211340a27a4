"""How much each voter counts, and how much a few could make up: they cannot steer the scores of all.

Pure, and a function of the scores alone, so that what was learned can be recomputed. Probes have no voter and keep
their weight.

Source: an outlying mean against the binomial deviation of its size, as in control charts (W. Shewhart 1931).
Not for: a majority that is hostile, or one person under many names; the keys of the configuration stand against that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, sqrt
from statistics import median
from typing import TypeAlias

from unisono.learn.reward import MISTAKEN
from unisono.types import Score

HOSTILE = 0.05
"""The share of a house's voters that may be hostile without steering it."""
IN_A_CROWD = 0.4
"""What a vote counts in a house where some may be hostile, of what it counts in a small one. Votes that count more move
a model further once they are believed, and the few hostile ones among them do so too; see `lab/LOG.md`."""
MOST = 3.0
"""A voter counts at most this many times as much as the median voter."""
FEWEST_TO_COMPARE = 8
"""With fewer voters nobody can be told to be unlike the others."""
FAR = 3.0
"""Deviations from what all say of a model from which a voter's say about it counts less; one more, and not at all."""
TASTE = 0.15
"""Standard deviation of honest voters' means, beyond chance: they ask other things and judge otherwise."""
N_PASSES = 2

Place: TypeAlias = "tuple[str, str]"
"""Voter and model."""


def weighed(scores: Sequence[Score]) -> list[Score]:
    """Return the scores, in order, with the weights of their voters' scores brought down where need be."""
    votes = [score for score in scores if score.by]
    if len({score.by for score in votes}) < 2:
        return list(scores)
    if is_crowd(len({score.by for score in votes})):
        scores = [replace(s, weight=s.weight * IN_A_CROWD) if s.by and s.kind == "said" else s for s in scores]
        votes = [score for score in scores if score.by]
    shares = _by_amount(votes)
    capped = [replace(score, weight=score.weight * shares[score.by]) if score.by else score for score in scores]
    trust = _by_agreement([score for score in capped if score.by])
    return [
        replace(score, weight=score.weight * trust[score.by, score.model]) if score.by else score for score in capped
    ]


def swayed(scores: Sequence[Score]) -> dict[str, float]:
    """Return by model how much of its votes' pull the weightiest twentieth of its voters have, in [0, 1].

    It is the share of the weight that theirs is, times how far a vote can move a reward. Nothing for houses so small
    that a twentieth of the voters is nobody.

    Args:
        scores: as `weighed` returns them.
    """
    votes = [score for score in scores if score.by and score.weight > 0]
    if not is_crowd(len({score.by for score in votes})):
        return {}
    totals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    weights: dict[str, float] = defaultdict(float)
    for score in votes:
        totals[score.model][score.by] += score.weight * (1.0 - 2.0 * MISTAKEN if score.kind == "said" else 1.0)
        weights[score.model] += score.weight
    return {
        model: sum(sorted(by_voter.values(), reverse=True)[: ceil(HOSTILE * len(by_voter))]) / weights[model]
        for model, by_voter in totals.items()
    }


def is_crowd(n_voters: int) -> bool:
    """Say whether a house has so many voters that some may be hostile."""
    return n_voters * HOSTILE >= 1


def _by_amount(votes: Sequence[Score]) -> dict[str, float]:
    """Return the factor that brings each voter's total weight down to `MOST` times the median."""
    totals: dict[str, float] = defaultdict(float)
    for score in votes:
        totals[score.by] += score.weight
    most = MOST * median(totals.values())
    return {voter: min(1.0, most / total) if total > 0 else 1.0 for voter, total in totals.items()}


def _by_agreement(votes: Sequence[Score]) -> Mapping[Place, float]:
    """Return 1 where a voter's mean score of a model fits what all say of it, less where it is far from that."""
    said: dict[Place, list[Score]] = defaultdict(list)
    for score in votes:
        said[score.by, score.model].append(score)
    trust = dict.fromkeys(said, 1.0)
    n_voters: dict[str, int] = defaultdict(int)
    for _, model in said:
        n_voters[model] += 1
    for _ in range(N_PASSES):
        usual = _means(votes, trust)
        trust = {
            (voter, model): 1.0 if n_voters[model] < FEWEST_TO_COMPARE else _trust(found, usual[model])
            for (voter, model), found in said.items()
        }
    return trust


def _trust(found: Sequence[Score], usual: float) -> float:
    mean = sum(score.score for score in found) / len(found)
    deviation = sqrt(usual * (1.0 - usual) / len(found) + TASTE * TASTE)
    return min(max(FAR + 1.0 - abs(mean - usual) / deviation, 0.0), 1.0)


def _means(votes: Sequence[Score], trust: Mapping[Place, float]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    weights: dict[str, float] = defaultdict(float)
    for score in votes:
        weight = score.weight * trust[score.by, score.model]
        sums[score.model] += weight * score.score
        weights[score.model] += weight
    return {model: sums[model] / weights[model] if weights[model] > 0 else 0.5 for model in sums}
