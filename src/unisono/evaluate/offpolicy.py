"""What another policy would have been worth, from a log that knows the chance of each choice it made.

    IPS    mean of w r                        w = target's chance of the logged choice / logged chance
    SNIPS  sum of w r / sum of w              the same, normalised by itself: less noise, a bias that falls with 1/n
    DR     mean of q(target) + w (r - q(a))   corrects a model q of the reward by what the log says against it

Each comes with an interval that holds 19 times in 20 and with the number of answers that it effectively rests on; where
that is too small it says so instead. numpy only. It reads no record and knows no policy: arrays in, numbers out.

Source: M. Dudík et al. 2011 (1103.4601) for DR; A. Swaminathan and T. Joachims 2015 for SNIPS; A. Agresti and B. Coull
1998 for the two added observations that keep an interval honest where all rewards are alike.
Not for: logs of a policy that never explored: it gives the choices of others no chance, and no answer to "what if".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from unisono.evaluate.together import Groups, n_groups, variance_of_sum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MIN_EFFECTIVE = 100.0
"""Fewer effective answers are not enough to say anything."""
MAX_ONE = 0.05
"""No single answer may carry more of the weight than this."""
UNSEEN = 0.05
"""If this share of the target's choices, or more, can never be in the log, nothing is said."""
_Z = 1.959964

Name = Literal["ips", "snips", "dr"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log beside a target policy; each array has shape (n,).

    Attributes:
        rewards: of the answers, in [0, 1].
        chances: that the logging policy gave to the choices it made, in (0, 1].
        target: that the target policy gives to these choices.
        expected_logged: a model's expected reward of the choice made; None where there is no model.
        expected_target: the same of the target's choices, weighed by its chances.
        groups: which answers stand together (`together.groups`); None: each stands for itself.
    """

    rewards: Array
    chances: Array
    target: Array
    expected_logged: Array | None = None
    expected_target: Array | None = None
    groups: Groups | None = None

    @property
    def weights(self) -> Array:
        """How many answers of the target each answer of the log stands for, shape (n,)."""
        return self.target / self.chances


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """The target's mean reward, or why nothing can be said of it; `low` and `high` hold it 19 times in 20."""

    name: Name
    value: float
    low: float
    high: float
    n: int
    n_effective: float
    why_not: str = ""

    @property
    def enough(self) -> bool:
        """Is there evidence enough?"""
        return not self.why_not


def effective(weights: Array) -> float:
    """Return how many answers of equal weight would be worth as much (Kish's effective sample size)."""
    total = float(weights.sum())
    return 0.0 if total <= 0.0 else total * total / float((weights * weights).sum())


def not_enough(log: Log) -> str:
    """Return why a log says nothing about its target; empty where it does.

    The mean weight must be near one: where it is lower, the target chooses what the log can never hold.
    """
    n = len(log.rewards)
    if n == 0:
        return "not enough evidence: no judged answers"
    weights = log.weights
    n_effective = effective(weights)
    if n_effective < MIN_EFFECTIVE:
        few = f"{n_effective:.0f} effective answers of {n}, and needs {MIN_EFFECTIVE:.0f}"
        return f"not enough evidence: it rests on {few}"
    if float(weights.max()) > MAX_ONE * float(weights.sum()):
        return f"not enough evidence: one answer carries {weights.max() / weights.sum():.0%} of the weight"
    mean, noise = float(weights.mean()), float(weights.std()) / sqrt(n)
    if mean + noise < 1.0 - UNSEEN:
        return f"not enough evidence: {1.0 - mean:.0%} of its choices were never tried in this log"
    return ""


def ips(log: Log) -> Estimated:
    """Return the estimate by inverse propensities: no bias, much noise."""
    terms = log.weights * log.rewards
    return _estimated("ips", log, float(terms.mean()), _deviation(log, terms, added=(0.0, 1.0)))


def snips(log: Log) -> Estimated:
    """Return the self-normalised estimate; its deviation by the delta method."""
    weights = log.weights
    mean = float(weights.mean())
    if mean <= 0.0:
        return _estimated("snips", log, 0.5, 0.5)
    value = float((weights * log.rewards).mean()) / mean
    terms = weights * (log.rewards - value) / mean
    return _estimated("snips", log, value, _deviation(log, terms, added=(-value, 1.0 - value)))


def doubly_robust(log: Log) -> Estimated:
    """Return the doubly robust estimate: right where the propensities are, and less noisy where the model is good.

    Raises:
        ValueError: the log comes without a model.
    """
    if log.expected_logged is None or log.expected_target is None:
        raise ValueError("doubly robust needs expected rewards")
    terms = log.expected_target + log.weights * (log.rewards - log.expected_logged)
    centre = float(terms.mean())
    return _estimated("dr", log, centre, _deviation(log, terms, added=(centre - 0.5, centre + 0.5)))


def difference(log: Log, other: Log, *, name: Name) -> Estimated:
    """Return how much more the target of `log` is worth than that of `other`, on the same answers.

    Args:
        log: beside the one target.
        other: the same log beside the other target.
        name: `dr`, or `snips` where there is no model.
    """
    if name == "dr":
        assert log.expected_target is not None and other.expected_target is not None  # noqa: S101 - the caller's choice
        assert log.expected_logged is not None  # noqa: S101
        apart = log.weights - other.weights
        terms = log.expected_target - other.expected_target + apart * (log.rewards - log.expected_logged)
        centre = float(terms.mean())
        return _estimated(name, log, centre, _deviation(log, terms, added=(centre, centre)), low=-1.0)
    one, two = snips(log), snips(other)
    terms = log.weights * (log.rewards - one.value) / max(float(log.weights.mean()), 1e-12)
    terms = terms - other.weights * (other.rewards - two.value) / max(float(other.weights.mean()), 1e-12)
    return _estimated(name, log, one.value - two.value, _deviation(log, terms, added=(0.0, 0.0)), low=-1.0)


def _deviation(log: Log, terms: Array, *, added: tuple[float, float]) -> float:
    """Return the deviation of the mean, with two further observations."""
    n = len(terms) + len(added)
    mean = (float(terms.sum()) + sum(added)) / n
    ends = sum((end - mean) ** 2 for end in added)
    return sqrt(variance_of_sum(terms - mean, log.groups) + ends) / n


def _estimated(name: Name, log: Log, value: float, deviation: float, *, low: float = 0.0) -> Estimated:
    """Return the estimate with its interval; Student's where few answers or groups carry it (Fisher's expansion)."""
    n_effective = effective(log.weights)
    n_apart = n_effective if log.groups is None else min(n_effective, n_groups(log.groups))
    z = _Z * (1.0 + (_Z * _Z + 1.0) / (4.0 * max(n_apart - 1.0, 1.0)))
    return Estimated(
        name=name,
        value=min(max(value, low), 1.0),
        low=min(max(value - z * deviation, low), 1.0),
        high=min(max(value + z * deviation, low), 1.0),
        n=len(log.rewards),
        n_effective=n_effective,
        why_not=not_enough(log),
    )
