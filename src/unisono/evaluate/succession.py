"""Two models side by side, before one takes the other's place: on the probe's questions and on what the log holds.

Pure: scores, expectations and recorded answers in, figures out. It asks no model and decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median

import numpy as np

from unisono.evaluate.probe.run import wilson
from unisono.evaluate.together import Whose, groups, variance_of_sum
from unisono.types import Model, Score
from unisono.understand.tokens import count_text

Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The mean of a difference, new less old, with bounds that hold 19 times in 20."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def sentence(self) -> str:
        """What it shows."""
        if self.low > 0.0:
            return "better"
        return "worse" if self.high < 0.0 else "no difference shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One model's part. What is not known is None.

    Attributes:
        right: share of the common questions answered right, between `low` and `high` 19 times in 20.
        usd: per 1,000 such questions at its prices.
        output_tokens: mean per question.
        seconds: median per question.
    """

    model: str
    right: float
    low: float
    high: float
    usd: float | None
    output_tokens: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnProbes:
    """Both models on the questions that both answered.

    Attributes:
        quality: share right, new less old, over the same questions.
        agree: share of the questions on which both were right or both wrong.
        by_kind: new less old per kind of question, with how many there are.
    """

    old: Side
    new: Side
    quality: Gap
    agree: float
    by_kind: Mapping[str, tuple[float, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One recorded answer of a model."""

    usd: float | None
    first_content_s: float | None
    total_s: float | None
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the log holds of one model: how many answers, their share without a fault, their cost and seconds."""

    model: str
    n: int
    ok: float | None
    usd: float | None
    first_content_s: float | None
    total_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLog:
    """Both models on logged requests.

    Attributes:
        quality: expected quality, new less old, on the same logged requests; an expectation, no measurement.
        usd: expected cost per 1,000 of them, old and new.
        old, new: what was recorded of the answers that each gave.
    """

    quality: Gap | None
    usd: tuple[float, float] | None
    old: Served
    new: Served


def on_probes(old: Model, new: Model, scores: Sequence[Score]) -> OnProbes | None:
    """Return both models on their common questions; None when there are none."""
    got = {name: {s.item: s for s in scores if s.model == name} for name in (old.name, new.name)}
    items = sorted(got[old.name].keys() & got[new.name].keys())
    if not items:
        return None
    before, after = ([got[name][item] for item in items] for name in (old.name, new.name))
    apart = [b.score - a.score for a, b in zip(before, after, strict=True)]
    kinds: dict[str, list[float]] = defaultdict(list)
    for score, gap in zip(before, apart, strict=True):
        kinds[score.kind].append(gap)
    return OnProbes(
        old=_side(old, before),
        new=_side(new, after),
        quality=gap_of(apart),
        agree=fmean(abs(gap) < 0.5 for gap in apart),
        by_kind={kind: (fmean(gaps), len(gaps)) for kind, gaps in sorted(kinds.items())},
    )


def gap_of(apart: Sequence[float], whose: Sequence[Whose] | None = None) -> Gap:
    """Return the mean of paired differences with its interval; few of them get a floor of doubt.

    Args:
        apart: the differences.
        whose: to whom each answer was given, where some may stand together.
    """
    n = len(apart)
    mean = fmean(apart)
    terms = np.array(apart) - mean
    # One more pair on either side: a few equal answers do not prove that two models never differ.
    half = Z * sqrt(variance_of_sum(terms, None if whose is None else groups(whose)) + 1.0) / n
    return Gap(mean=mean, low=mean - half, high=mean + half, n=n)


def served(model: str, answers: Sequence[Answered]) -> Served:
    """Return the figures of one model's recorded answers."""

    def middle(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return median(known) if known else None

    costs = [a.usd for a in answers if a.usd is not None]
    return Served(
        model=model,
        n=len(answers),
        ok=fmean(a.ok for a in answers) if answers else None,
        usd=1000 * fmean(costs) if costs else None,
        first_content_s=middle([a.first_content_s for a in answers]),
        total_s=middle([a.total_s for a in answers]),
    )


def _side(model: Model, scores: Sequence[Score]) -> Side:
    right = fmean(s.score for s in scores)
    low, high = wilson(right, len(scores))
    tokens = [s.output_tokens for s in scores if s.output_tokens is not None]
    seconds = [s.seconds for s in scores if s.seconds is not None]
    out = fmean(tokens) if tokens else None
    usd = None
    if model.prices is not None and out is not None:
        into = fmean(count_text(s.prompt) for s in scores)
        usd = (into * model.prices.usd_per_mtok_in + out * model.prices.usd_per_mtok_out) / 1e3
    return Side(
        model=model.name,
        right=right,
        low=low,
        high=high,
        usd=usd,
        output_tokens=out,
        seconds=median(seconds) if seconds else None,
    )
