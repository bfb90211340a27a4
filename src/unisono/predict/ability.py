"""Expected score by item response: what a prompt asks for against what a model can do.

    score = sigmoid(general + skills(x) . ability - difficulty(x))

The prompt's side is a ridge map of its design vector; the model's side is one Gaussian vector, trained, or guessed and
then sharpened by the scores measured here. It does not look for similar prompts: `neighbors` does.

Source: multidimensional two-parameter item response with features on the item side, as in IRT-Router (2506.01048),
section 3; Laplace's approximation for the update.
Not for: tasks unlike any in training; `trust` says how much is believed there, and what doubt remains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from unisono.predict.caution import FULL, caution_at
from unisono.predict.design import Design
from unisono.predict.familiar import Familiarity
from unisono.predict.names import lookup
from unisono.predict.prior import Population
from unisono.predict.trust import Trust
from unisono.types import Features, Model, Vector
from unisono.values import value

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_NEWTON = 12
"""Steps of Newton's method; it has converged to the last digits after about six."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed of one model's ability: a Gaussian over (general, skills...).

    Attributes:
        mean: shape (k,).
        covariance: shape (k, k).
        n_outcomes: trained outcomes behind it.
        ground: where it comes from, in words.
        unsteady: how much more than other models it deviates from what is expected of it on a task that nobody
            measured, as a ratio of variances.
        figures: it rests on public benchmark figures, and not on one or two alone.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    n_outcomes: int
    ground: str
    unsteady: float = 1.0
    figures: bool = False


@value
class Demand:
    """What one prompt asks for.

    Attributes:
        profile: shape (k,), starts with 1.
        at_large: the profile of the kind of work that its topics belong to, shape (k,).
        difficulty: in logits.
        own: deviation of a model's logit that it does not share with the other models.
        shared: deviation that it does.
        familiar: share of the training prompts that lie farther out.
        caution: share of the doubt about pairs of trained models that stands.
    """

    profile: NDArray[np.float64]
    at_large: NDArray[np.float64]
    difficulty: float
    own: float = 0.0
    shared: float = 0.0
    familiar: float = 1.0
    caution: float = FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """The trained item-response model.

    Attributes:
        design: features to x, shape (n,).
        skills: shape (n, k - 1).
        difficulty: shape (n,).
        means: shape (n_models, k).
        covariances: shape (n_models, k, k); tempered, so that some dozen scores measured here can correct them.
        n_outcomes: shape (n_models,).
        unsteady: shape (n_models,), as `Belief.unsteady`.
        at_large: shape (n_clusters, k - 1), the mean skills of the tables that a topic's prompts come from.
        known: normalised name to place.
        aliases: normalised name to normalised name.
        population: the prior for models that are not known.
        familiarity: how far out a prompt lies.
        trust: what that does to what is expected.
        caution: the share of the doubt about pairs of trained models that stands on a familiar prompt.
    """

    design: Design
    skills: Vector
    difficulty: Vector
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]
    n_outcomes: NDArray[np.int64]
    unsteady: NDArray[np.float64]
    at_large: Vector
    known: Mapping[str, int]
    aliases: Mapping[str, str]
    population: Population
    familiarity: Familiarity
    trust: Trust
    caution: float = FULL

    def place(self, model: Model) -> int | None:
        """Return the place of a trained model by any name of its own, or None.

        Not by its aliases: those are what callers like to say, such as a large model's name in front of a small one.
        """
        return lookup((model.upstream_model, *model.reports, model.name), self.known, self.aliases)

    def demand(self, features: Features) -> Demand:
        """Return what a prompt asks for."""
        standing = self.design.of(features)
        x, topics = standing.x, standing.topics
        familiar = self.familiarity.of(features, self.design)
        trusted = self.trust.at(familiar)
        return Demand(
            profile=_profile(trusted.skill * (x @ self.skills)),
            at_large=_profile(np.zeros(self.at_large.shape[1]) if topics is None else topics @ self.at_large),
            difficulty=trusted.difficulty * float(x @ self.difficulty),
            own=trusted.own,
            shared=trusted.shared,
            familiar=familiar,
            caution=caution_at(self.caution, familiar),
        )

    def prior(self, model: Model) -> Belief:
        """Return the belief before any score was measured here."""
        place = self.place(model)
        if place is None:
            mean, covariance, ground, figures = self.population.guess(model)
            return Belief(
                mean=mean, covariance=covariance, n_outcomes=0, ground=f"guessed from {ground}", figures=figures
            )
        n = int(self.n_outcomes[place])
        mean, covariance = self.means[place], self.covariances[place]
        return Belief(
            mean=mean,
            covariance=covariance,
            n_outcomes=n,
            ground=f"trained on {n:,} outcomes",
            unsteady=float(self.unsteady[place]),
        )


def updated(
    belief: Belief,
    profiles: NDArray[np.float64],
    difficulties: NDArray[np.float64],
    scores: NDArray[np.float64],
    *,
    weights: NDArray[np.float64] | None = None,
) -> Belief:
    """Return the belief after measured scores, by Laplace's approximation at the mode.

    The order of the scores does not matter.

    Args:
        belief: the prior.
        profiles: shape (n, k).
        difficulties: shape (n,).
        scores: shape (n,), in [0, 1]; graded scores count as shares of right answers.
        weights: shape (n,), how many measured answers each counts for; default: one.
    """
    if scores.size == 0:
        return belief
    weights = np.ones(scores.size) if weights is None else weights
    prior_precision = np.linalg.inv(belief.covariance)
    mean = belief.mean
    precision = prior_precision
    for _ in range(N_NEWTON):
        p = _sigmoid(profiles @ mean - difficulties)
        gradient = profiles.T @ (weights * (scores - p)) - prior_precision @ (mean - belief.mean)
        precision = (profiles.T * (weights * p * (1 - p))) @ profiles + prior_precision
        step = np.linalg.solve(precision, gradient)
        # Far from the mode a full step can overshoot; two logits at a time always come home.
        mean = mean + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
    return replace(belief, mean=mean, covariance=np.linalg.inv(precision))


def expected(belief: Belief, demand: Demand, *, unmeasured: float = 1.0) -> tuple[float, float, float]:
    """Return the expected score, its deviation of doubt, and the part of the doubt that sets the model apart.

    All are in [0, 1]. The mean is moderated: where ability is uncertain it moves towards one half. When two models are
    compared, how hard the prompt is they share, and that a model may do otherwise on prompts like this one scores near
    by rule out; what is left, and how uncertain its ability is, sets the model apart.

    Args:
        belief: of the model.
        demand: of the prompt.
        unmeasured: share in [0, 1] that scores near by leave to extrapolation.

    Source: D. MacKay 1992, "The evidence framework applied to classification networks", for the moderation.
    """
    general = float(belief.mean @ demand.profile)
    variance = float(demand.profile @ belief.covariance @ demand.profile)
    return moderated(general, variance, demand, unsteady=belief.unsteady, unmeasured=unmeasured)


def logits(
    means: NDArray[np.float64], covariances: NDArray[np.float64], profile: NDArray[np.float64]
) -> tuple[list[float], list[float]]:
    """Return mean and variance of each model's logit, difficulty left out: for each the bits of `expected`.

    Args:
        means: shape (n, k).
        covariances: shape (n, k, k).
        profile: of a prompt, shape (k,).
    """
    return generals(means, profile), generals(np.matmul(profile, covariances), profile)


def generals(means: NDArray[np.float64], profile: NDArray[np.float64]) -> list[float]:
    """Return the mean of each model's logit, difficulty left out: for each the bits that it has alone.

    Args:
        means: shape (n, k).
        profile: of a prompt or of a kind of work, shape (k,).
    """
    found: list[float] = np.matmul(means[:, None, :], profile[:, None]).ravel().tolist()
    return found


def moderated(
    general: float, variance: float, demand: Demand, *, unsteady: float = 1.0, unmeasured: float = 1.0
) -> tuple[float, float, float]:
    """Return what `expected` does, from the mean and the variance of a model's logit.

    Args:
        general: the mean, difficulty left out.
        variance: of the logit.
        demand: of the prompt.
        unsteady: as `Belief.unsteady`.
        unmeasured: as for `expected`.
    """
    mean = mean_score(general, variance, demand.difficulty)
    own, shared = unsteady * demand.own * demand.own, demand.shared * demand.shared
    whole, apart = variance + unmeasured * (own + shared), variance + unmeasured * own
    # The deviation of a score whose logit has some variance: small doubt counts by the slope, endless doubt is a coin.
    slope = mean * (1.0 - mean)
    square = slope * slope
    return mean, sqrt(square * whole / (1.0 + slope * whole)), sqrt(square * apart / (1.0 + slope * apart))


def mean_score(general: float, variance: float, difficulty: float) -> float:
    """Return the expected score of an uncertain logit, moved towards one half; see `expected`.

    Args:
        general: mean of a model's logit on a profile (a prompt's or `Demand.at_large`), difficulty left out.
        variance: of the logit.
        difficulty: of the prompt, in logits.
    """
    return _sigmoid_one((general - difficulty) / sqrt(1.0 + pi / 8.0 * variance))


def _profile(skills: NDArray[np.floating]) -> NDArray[np.float64]:
    profile = np.empty(skills.size + 1)
    profile[0] = 1.0
    profile[1:] = skills
    return profile


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    squashed: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))
    return squashed


def _sigmoid_one(z: float) -> float:
    return 1.0 / (1.0 + exp(-z if -30.0 < z < 30.0 else -min(max(z, -30.0), 30.0)))
