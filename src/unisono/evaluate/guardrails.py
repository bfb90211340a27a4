"""Does a policy that is in force, or tried on a share, harm? Its answers beside the other one's, as they come in.

    quality      mean judged reward             breaks when it is lower by more than 1 point in 100
    complaints   share rejected, taken again    higher by more than 3 points
    errors       share that failed or was cut   higher by more than 2 points
    deep         share of deep and pro models   higher by more than 10 points than the gate foresaw
    cost         USD of an answer               higher by more than a fifth than the gate foresaw
    first token  seconds                        higher by more than half, and 0.2 s

and when it is shown that it is worse at all, by a bound that holds at every look, however often one looks: of equal
policies at most one in twenty breaks a guardrail in all time. Answers of one conversation are taken to be alike, and so
are those of one caller in a crowd, of whom none counts more than a few others. It reads no record and moves nothing.

Source: I. Waudby-Smith et al. 2021 (2103.06476), the Gaussian-mixture confidence sequence; Bonferroni over six.
Not for: harm that nobody sees, and less than 50 answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Literal

import numpy as np

from unisono.evaluate.together import MIN_GROUPS, Array

Name = Literal["quality", "complaints", "errors", "deep", "cost", "first_token"]

ALPHA = 0.05
MIN_ANSWERS = 50
TUNED_TO = 500
"""Answers at which the bound is tightest."""
ADDED = 2
"""Further observations, one at each end, that keep shares honest where all are alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A measure over a policy's answers, by the groups of answers that stand together (`together`).

    Attributes:
        counts: answers, shape (groups,); a group has the same place in the other policy's measure.
        totals: sum of the measure, shape (groups,).
        squares: sum of its squares, shape (groups,).
        share: whether it is a share in [0, 1]; then it has one further observation at each end.
    """

    counts: Array
    totals: Array
    squares: Array
    share: bool = field(kw_only=True)

    @property
    def n(self) -> float:
        """How many answers it is of."""
        return float(self.counts.sum()) + ADDED * self.share

    @property
    def mean(self) -> float:
        """The mean."""
        return (float(self.totals.sum()) + ADDED / 2 * self.share) / max(self.n, 1.0)

    @property
    def apart(self) -> Array:
        """What each group adds to the deviation of the mean, shape (groups,)."""
        return (self.totals - self.mean * self.counts) / self.n

    @property
    def variance(self) -> float:
        """Variance of the mean, where each answer stands for itself."""
        n, mean = self.n, self.mean
        squares = float(self.squares.sum()) + ADDED / 2 * self.share
        return max(squares / n - mean * mean, 0.0) / max(n - 1.0, 1.0)

    @property
    def ends(self) -> float:
        """What the further observations add to the variance of the mean."""
        return (self.mean**2 + (1.0 - self.mean) ** 2) / self.n**2 if self.share else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a measure may be, beside the other policy's mean.

    Attributes:
        times, more: equal means `times` the other's mean and `more`.
        far_times, far_more: so far it may go.
        sign: -1 where less is worse.
    """

    times: float = 1.0
    more: float = 0.0
    far_times: float = 1.0
    far_more: float = 0.0
    sign: int = 1
    unit: Literal["share", "usd", "s"] = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the gate expected of a policy against the other: its cost as a ratio, its deep share as a difference."""

    usd_ratio: float = 1.0
    deep: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A guardrail that broke, and the sentence that says so."""

    name: Name
    text: str


Tally = Mapping[Name, Measured]


def allowances(foreseen: Foreseen) -> dict[Name, Allowance]:
    """Return what is allowed; who promotes a dearer policy knows that it is dearer."""
    deep, dearer = max(foreseen.deep, 0.0), max(foreseen.usd_ratio, 1.0)
    return {
        "quality": Allowance(far_more=0.01, sign=-1),
        "complaints": Allowance(far_more=0.03),
        "errors": Allowance(far_more=0.02),
        "deep": Allowance(more=deep, far_more=deep + 0.10),
        "cost": Allowance(times=dearer, far_times=1.2 * dearer, unit="usd"),
        "first_token": Allowance(far_times=1.5, far_more=0.2, unit="s"),
    }


def broken(policy: Tally, other: Tally, foreseen: Foreseen) -> Broken | None:
    """Return the first guardrail that a policy breaks beside another one; None while none does.

    Args:
        policy: measures of the one that is watched.
        other: measures of the one that it took over from, or runs beside.
        foreseen: what the gate expected.
    """
    for name, allowed in allowances(foreseen).items():
        one, two = policy.get(name), other.get(name)
        if one is None or two is None or min(one.n, two.n) < MIN_ANSWERS:
            continue
        far = allowed.sign * (one.mean - allowed.far_times * two.mean) - allowed.far_more
        harm = allowed.sign * (one.mean - allowed.times * two.mean) - allowed.more
        if far > 0.0 and harm > radius(one, two, times=allowed.times, alpha=ALPHA / 6):
            return Broken(name=name, text=_sentence(name, one, two, allowed))
    return None


def radius(one: Measured, two: Measured, *, times: float = 1.0, alpha: float = ALPHA) -> float:
    """Return how far `one - times * two` may lie above its mean by chance, at every look with probability 1 - alpha."""
    variance = _variance(one, two, times)
    n = min(one.n, two.n)
    rho2 = (-2.0 * log(alpha) + log(-2.0 * log(alpha) + 1.0)) / TUNED_TO
    return sqrt(variance * 2.0 * (n * rho2 + 1.0) / (n * rho2) * log(sqrt(n * rho2 + 1.0) / alpha))


def _variance(one: Measured, two: Measured, times: float) -> float:
    """Return the variance of `one - times * two`; how a group differs from others under both policies cancels."""
    groups = [int(np.count_nonzero(measured.counts)) for measured in (one, two)]
    if min(groups) < MIN_GROUPS:
        return one.variance + times * times * two.variance
    apart = one.apart - times * two.apart
    n = int(np.count_nonzero(one.counts + two.counts))
    return float((apart * apart).sum()) * n / (n - 1) + one.ends + times * times * two.ends


def _sentence(name: Name, one: Measured, two: Measured, allowed: Allowance) -> str:
    figures = " against ".join(_shown(m.mean, allowed.unit) for m in (one, two))
    return f"The guardrail on {name.replace('_', ' ')} broke: {figures} ({one.n:,.0f} and {two.n:,.0f} answers)."


def _shown(value: float, unit: str) -> str:
    return {"usd": f"${1000 * value:.3g} per 1,000", "s": f"{value:.2f} s", "share": f"{value:.1%}"}[unit]
