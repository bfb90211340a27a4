"""Which of several finished answers is given: the one that most end in, weighed by how good their models should be.

Pure. It does not wait for anybody and knows nothing of upstreams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from unisono.execute.evidence.agreement import ending
from unisono.types import Said

LEAST_WEIGHT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """How a vote went: the place of the answer that is given, how many end as it does, and whether that decides."""

    place: int
    n_for: int
    n_voted: int
    decided: bool


def vote(answers: Sequence[Said], qualities: Sequence[float]) -> Vote | None:
    """Return the outcome of a vote; None when no answer ends in anything that can be counted.

    An answer's weight is the log-odds of its model's expected quality: under equal and independent models that is the
    most likely answer. It decides when two or more end alike and no other ending weighs more.

    Source: Nitzan and Paroush, "Optimal decision rules in uncertain dichotomous choice situations" (1982).
    """
    weights: dict[str, float] = {}
    places: dict[str, list[int]] = {}
    for place, (said, quality) in enumerate(zip(answers, qualities, strict=True)):
        form = ending(said)
        if form is None:
            continue
        weights[form] = weights.get(form, 0.0) + weight_of(quality)
        places.setdefault(form, []).append(place)
    if not weights:
        return None
    best = max(weights, key=lambda form: (weights[form], len(places[form]), -places[form][0]))
    most_for = max(len(found) for found in places.values())
    chosen = max(places[best], key=lambda place: (qualities[place], -place))
    return Vote(
        place=chosen,
        n_for=len(places[best]),
        n_voted=sum(map(len, places.values())),
        decided=len(places[best]) >= 2 and len(places[best]) == most_for,
    )


def agreed(answers: Mapping[str, Said], *, enough: int) -> str | None:
    """Return one of the models whose answers end alike, once there are enough of them.

    Args:
        answers: those that are whole, by model, best model first.
        enough: how many must agree.
    """
    models: dict[str, list[str]] = {}
    for model, said in answers.items():
        if (form := ending(said)) is not None:
            models.setdefault(form, []).append(model)
    return next((found[0] for found in models.values() if len(found) >= enough), None)


def weight_of(quality: float) -> float:
    """Return the weight of a model's vote."""
    bounded = min(max(quality, 0.01), 0.99)
    return max(log(bounded / (1 - bounded)), LEAST_WEIGHT)
