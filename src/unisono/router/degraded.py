"""What stands in for understanding and estimates while the router itself is broken: the declared default goes first.

It says nothing of why it is broken, and lifts no rule.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from unisono.choose.words import behind_degraded, serves_degraded
from unisono.types import Cost, Estimate, Features, Goal, Latency, Model, Quality, Ranked, Request
from unisono.understand.language import language
from unisono.understand.tokens import count_prompt


def bare_features(request: Request) -> Features:
    """Return features that need nothing which could be broken."""
    last = next((m.text for m in reversed(request.messages) if m.role == "user"), "")
    return Features(
        task="",
        n_input_tokens=count_prompt(request.body),
        n_turns=sum(1 for m in request.messages if m.role == "user"),
        needs=request.needs,
        surface=np.zeros(0, dtype=np.float32),
        language=language(last),
    )


def as_declared(models: Iterable[Model], *, first: str, why: str, goal: Goal) -> tuple[Ranked, ...]:
    """Return a ranking that is expected of nobody.

    Args:
        models: those that may serve.
        first: the declared default, or the pin; the others follow in their order.
        why: what is broken.
        goal: gives the language of the reasons.
    """
    ordered = sorted(models, key=lambda model: model.name != first)
    return tuple(_unknown(model, place=place, why=why, goal=goal) for place, model in enumerate(ordered))


def _unknown(model: Model, *, place: int, why: str, goal: Goal) -> Ranked:
    quality = 0.5 if model.quality is None else model.quality
    estimate = Estimate(
        model=model.name,
        quality=Quality(mean=quality, spread=0.5, evidence="none: the router is degraded"),
        cost=Cost(usd=0.0, low_usd=0.0, high_usd=0.0, output_tokens=0.0),
        latency=Latency(first_token_s=0.0, total_s=0.0),
    )
    return Ranked(
        model=model.name,
        estimate=estimate,
        utility=0.0,
        propensity=1.0 if place == 0 else 0.0,
        reason=serves_degraded(model.name, why, goal) if place == 0 else behind_degraded(goal),
    )
