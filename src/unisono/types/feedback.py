"""What is learned from: what callers said about answers, and the scores that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unisono.types.features import Features


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a caller said or did about the answer of one decision.

    Attributes:
        kind: `score`, `preferred`, `correct:<source>`, or what the gateway saw: see `learn.reward`.
        value: what was said, where the kind alone does not say it.
        by: the caller's key.
    """

    decision: str
    kind: str
    value: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A score in [0, 1] of one model on one prompt: a probe, or what became of the signals about one answer.

    Attributes:
        item: the probe's question, or the decision.
        prompt: its text; empty for a decision, whose `features` stand instead.
        weight: how many measured answers it counts for.
        by: who said so, for scores that come from signals; nobody may outweigh all others.
    """

    model: str
    item: str
    kind: str
    prompt: str
    score: float
    weight: float = 1.0
    output_tokens: int | None = None
    seconds: float | None = None
    features: Features | None = None
    by: str = ""
