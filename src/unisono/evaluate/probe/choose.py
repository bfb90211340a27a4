"""Picks the probe's questions that tell most about one model, given what is believed of it already.

It asks nothing. The kinds of question take turns, and of each kind comes the question whose answer is expected to
shrink the doubt about the model's ability most, the earlier picks taken into account: what nobody gets wrong, and what
repeats another question, waits. Without the turns the picks crowd where the map of abilities is steepest, and routing
gains less from them than from a plain draw (`lab/LOG.md`).

Source: sequential D-optimal design for a logistic model, as in computerised adaptive testing (W. van der Linden 1999,
"Multidimensional adaptive testing with a minimum error-variance criterion"); the gain of a question is averaged over
the belief instead of being taken at its mean.
Not for: a bank of one kind, where a plain draw is as good.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from unisono.evaluate.probe.questions import Question
from unisono.predict.ability import Ability, Belief, updated
from unisono.types import Features, Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NODES = np.array([-1.5, -0.5, 0.5, 1.5])
"""Deviations of the belief at which the information of a question is looked at: quartile middles of a Gaussian."""


def informative(
    belief: Belief,
    profiles: Array,
    difficulties: Array,
    *,
    n: int,
    kinds: Sequence[str] | None = None,
    taken: Collection[int] = (),
) -> tuple[int, ...]:
    """Return the places of `n` questions, in the order of asking.

    Args:
        belief: of the model, after all that was measured of it.
        profiles: shape (questions, k).
        difficulties: shape (questions,).
        n: how many; fewer when there are no more.
        kinds: of each question; the kind that was asked least takes the next turn. None: all are of one kind.
        taken: places that have been asked.
    """
    names = np.array(["" for _ in profiles] if kinds is None else kinds)
    left = np.ones(len(profiles), dtype=bool)
    left[list(taken)] = False
    n_asked = {kind: int((names[list(taken)] == kind).sum()) for kind in dict.fromkeys(names.tolist())}
    weights = _information(belief, profiles, difficulties)
    covariance = belief.covariance.copy()
    found: list[int] = []
    for _ in range(min(n, int(left.sum()))):
        kind = min((k for k in n_asked if left[names == k].any()), key=n_asked.__getitem__)
        n_asked[kind] += 1
        reach = profiles @ covariance
        doubts = np.einsum("ij,ij->i", reach, profiles)
        gains = np.where(left & (names == kind), weights * doubts, -np.inf)
        best = int(gains.argmax())
        left[best] = False
        found.append(best)
        step = reach[best]
        covariance -= np.outer(step, step) * weights[best] / (1.0 + weights[best] * doubts[best])
    return tuple(found)


def _information(belief: Belief, profiles: Array, difficulties: Array) -> Array:
    """Return how much one answer to each question tells: the mean of p (1 - p) over the belief, shape (questions,)."""
    centre = profiles @ belief.mean - difficulties
    spread = np.sqrt(np.einsum("ij,jk,ik->i", profiles, belief.covariance, profiles))
    logits = centre[:, None] + spread[:, None] * NODES
    p = 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
    told: Array = (p * (1.0 - p)).mean(axis=1)
    return told


class Bank:
    """A probe's questions as the ability model sees them: what to ask a model next."""

    def __init__(self, ability: Ability, questions: Sequence[Question], read: Callable[[str], Features]) -> None:
        """Read every question once.

        Args:
            ability: trained; it says what each question asks for.
            questions: the bank.
            read: features of a bare text.
        """
        demands = [ability.demand(read(question.prompt)) for question in questions]
        self._ability = ability
        self._profiles = np.array([demand.profile for demand in demands])
        self._difficulties = np.array([demand.difficulty for demand in demands])
        self._places = {question.id: place for place, question in enumerate(questions)}
        self._ids = [question.id for question in questions]
        self._kinds = [question.kind for question in questions]

    def next(self, model: Model, scores: Sequence[tuple[str, float]], *, asked: Collection[str], n: int) -> list[str]:
        """Return the ids of the questions to ask now.

        Args:
            model: whose ability is in doubt.
            scores: what it got, by the question's id; ids of other banks are left out.
            asked: ids that must not be asked again, failures included.
            n: how many.
        """
        known = [(self._places[item], score) for item, score in scores if item in self._places]
        rows, got = [place for place, _ in known], np.array([score for _, score in known], dtype=np.float64)
        belief = updated(self._ability.prior(model), self._profiles[rows], self._difficulties[rows], got)
        taken = [self._places[item] for item in asked if item in self._places]
        places = informative(belief, self._profiles, self._difficulties, n=n, kinds=self._kinds, taken=taken)
        return [self._ids[place] for place in places]
