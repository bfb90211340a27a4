"""What other models' answers to the same question say about it: how hard it is beyond what its words tell.

    logit of a right answer = stretch (general + skills . ability - difficulty) - hardness,   hardness ~ N(0, SD²)

Prompts' text says little of how hard a question is; whether others got it right says much. So a newcomer that is asked
a few questions which the pool was asked before is not flattered by an easy draw of them, nor blamed for a hard one.
Only models that stand before it in the order of the scores count: one that is added at the end moves nothing that is
expected of those before it. It looks at the questions of probes that several models were asked; what was said of
answers to users stays out.

Source: the Rasch model with the hardness integrated out (D. Bock and M. Aitkin 1981); control variates.
Not for: requests of users, which one model answers each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import pi
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unisono.predict.ability import Ability, Belief, Demand, updated
from unisono.types import Features, Model, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SD = 1.5
"""Deviation of how hard questions are beyond what their words tell, in logits. 1.25 to 2.25 predict a model left out of
two training tables about as well; see `lab/LOG.md`."""
STRETCH = float(np.sqrt(1.0 + pi / 8.0 * SD * SD))
"""Logits given the hardness are this much longer than those that average over it."""
NODES = np.linspace(-3.0, 3.0, 25) * SD
PRIOR = np.exp(-0.5 * (NODES / SD) ** 2)


class Told(NamedTuple):
    """What others told about a question: a model's logit on it is `stretch` times the expected one, less `shift`."""

    stretch: float
    shift: float


UNTOLD = Told(1.0, 0.0)


def paired(
    ability: Ability, rows: Sequence[tuple[Features, Score]], models: Mapping[str, Model]
) -> Mapping[tuple[str, str], Told]:
    """Return what the models before each told about the questions that it was asked too, by (model, question).

    Args:
        ability: trained.
        rows: every score with the features of its prompt, in order.
        models: by name; one that is missing is known by its name alone.
    """
    asked: dict[str, dict[str, tuple[Features, Score]]] = defaultdict(dict)
    for features, score in rows:
        if score.features is None and not score.by and score.weight > 0:
            asked[score.item][score.model] = features, score
    shared = {item: answers for item, answers in asked.items() if len(answers) > 1}
    demands = {item: ability.demand(next(iter(answers.values()))[0]) for item, answers in shared.items()}
    heard = {item: np.zeros(len(NODES)) for item in shared}
    found: dict[tuple[str, str], Told] = {}
    for name in dict.fromkeys(score.model for _, score in rows):
        own = {item: answers[name][1] for item, answers in shared.items() if name in answers}
        if not own:
            continue
        told = {item: _told(heard[item]) for item in own if heard[item].any()}
        found |= {(name, item): what for item, what in told.items()}
        model = models.get(name) or Model(name=name, upstream="", upstream_model=name)
        _hear(heard, ability.prior(model), own, demands, told)
    return found


def as_told(profiles: Array, difficulties: Array, told: Array) -> tuple[Array, Array]:
    """Return profiles, shape (n, k), and difficulties, shape (n,), as they are for the model that was asked.

    Args:
        profiles: by the questions' words, shape (n, k).
        difficulties: by the questions' words, shape (n,).
        told: `Told` of each question, shape (n, 2).
    """
    stretch, shift = told[:, 0], told[:, 1]
    return stretch[:, None] * profiles, stretch * difficulties + shift


def _told(log_likelihood: Array) -> Told:
    weights = PRIOR * np.exp(log_likelihood - log_likelihood.max())
    weights /= weights.sum()
    mean = float(weights @ NODES)
    variance = float(weights @ (NODES - mean) ** 2)
    shorter = float(1.0 / np.sqrt(1.0 + pi / 8.0 * variance))
    return Told(STRETCH * shorter, mean * shorter)


def _hear(
    heard: dict[str, Array],
    prior: Belief,
    own: Mapping[str, Score],
    demands: Mapping[str, Demand],
    told: Mapping[str, Told],
) -> None:
    """Add to the questions' log likelihoods, shape (len(NODES),) each, what one model's answers say."""
    scores = np.array([min(max(score.score, 0.0), 1.0) for score in own.values()])
    weights = np.array([score.weight for score in own.values()])
    profiles = np.array([demands[item].profile for item in own])
    difficulties = np.array([demands[item].difficulty for item in own])
    seen = as_told(profiles, difficulties, np.array([told.get(item, UNTOLD) for item in own]))
    belief = updated(prior, *seen, scores, weights=weights)
    variances = np.einsum("ij,jk,ik->i", profiles, belief.covariance, profiles)
    centres = STRETCH * (profiles @ belief.mean - difficulties) / np.sqrt(1.0 + pi / 8.0 * variances)
    logits = centres[:, None] - NODES
    said = weights[:, None] * (scores[:, None] * logits - np.logaddexp(0.0, logits))
    for item, row in zip(own, said, strict=True):
        heard[item] = heard[item] + row
