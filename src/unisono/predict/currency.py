"""What age does to knowledge: expected quality less what a model cannot know yet, and the notice that says so.

It does not judge whether an answer changes; `understand.freshness` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import exp, log
from typing import Literal

from unisono.types import Capability, Freshness, Model, Notice, Quality

HALF_LIFE_YEARS: Mapping[str, float] = {"evergreen": 30.0, "slow": 3.0, "fast": 0.25}
"""After so many years half of the answers of that pace are others: heads of state and records, prices and fixtures.

Orders of magnitude from what such questions ask about (a term of office, a season), fitted to no data.
"""
NOTICE_FROM = 0.5
"""The notice stands where the answer of such a model is more likely stale than not."""


def stale_share(model: Model, freshness: Freshness, *, today: date, undeclared: date | None = None) -> float:
    """Return the probability in [0, 1] that what a model knows of this question is out of date.

    Zero for a model that can search, and where the day that the question names lies before the cut-off.

    Args:
        model: with or without a declared cut-off.
        freshness: of the question.
        today: when it is asked.
        undeclared: the cut-off that a model which declares none is taken to have; None holds nothing against it.
    """
    cutoff = model.knowledge_cutoff or undeclared
    if cutoff is None or Capability.SEARCH in model.capabilities:
        return 0.0
    asked = freshness.asks_about
    if asked is not None and asked <= cutoff:
        return 0.0
    if asked is not None and asked < today:
        return freshness.changing if freshness.pace != "evergreen" else max(freshness.changing, 0.5)
    age_years = max((today - cutoff).days, 0) / 365.25
    half_life = HALF_LIFE_YEARS[freshness.pace]
    return freshness.changing * (1.0 - exp(-log(2.0) * age_years / half_life))


def discounted(
    qualities: Sequence[Quality], models: Sequence[Model], freshness: Freshness | None, *, today: date
) -> tuple[Quality, ...]:
    """Return each model's expected quality times the probability that its knowledge is not stale.

    A model that declares no cut-off is taken to know as much as the latest of those that do: silence is no advantage.
    """
    cutoffs = [model.knowledge_cutoff for model in models if model.knowledge_cutoff is not None]
    if freshness is None or not cutoffs:
        return tuple(qualities)
    latest = max(cutoffs)
    return tuple(
        _discounted(quality, model, stale_share(model, freshness, today=today, undeclared=latest), latest)
        for quality, model in zip(qualities, models, strict=True)
    )


def _discounted(quality: Quality, model: Model, share: float, latest: date) -> Quality:
    if share < 0.005:
        return quality
    if model.knowledge_cutoff is not None:
        ends = f"knowledge ends {model.knowledge_cutoff:%Y-%m}"
    else:
        ends = f"its knowledge is not said to end before {latest:%Y-%m}"
    evidence = f"{quality.evidence}; {ends}, out of date here with probability {share:.2f}"
    return replace(quality, mean=quality.mean * (1.0 - share), evidence=evidence)


def stale_notice(
    model: Model, freshness: Freshness | None, *, today: date, language: Literal["en", "zh"]
) -> Notice | None:
    """Return the notice that an answer of this model may be out of date, where that is likely."""
    cutoff = model.knowledge_cutoff
    if freshness is None or cutoff is None or stale_share(model, freshness, today=today) < NOTICE_FROM:
        return None
    if language == "zh":
        text = f"答案可能已过时：{model.name} 的知识截至 {cutoff:%Y-%m}。"
    else:
        text = f"May be out of date: the knowledge of {model.name} ends {cutoff:%Y-%m}."
    return Notice(code="may_be_stale", text=text)
