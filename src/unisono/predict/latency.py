"""Seconds to the first content and to the end, per model, from its own recent attempts.

It does not know queues or rate limits; the breaker does what it can about dead upstreams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from unisono.types import Attempt, Cost, Features, Latency, Model

PRIOR_FIRST_TOKEN_S = 0.6
PRIOR_TOKEN_S = 0.015
PRIOR_WEIGHT = 2.0
DECAY = 0.9
"""Weight of what was known before each new attempt: about ten attempts are remembered."""

STEP = log(1.25)
"""Estimates move in steps of a quarter, so that jitter in timing flips no decision."""


@dataclass(slots=True)
class _LogMean:
    """Decayed mean of logarithms around a prior."""

    prior: float
    weight_: float = 0.0
    sum_: float = 0.0

    def add(self, value_s: float) -> None:
        self.weight_ = DECAY * self.weight_ + 1.0
        self.sum_ = DECAY * self.sum_ + log(max(value_s, 1e-4))

    def value_s(self) -> float:
        mean = (self.sum_ + PRIOR_WEIGHT * log(self.prior)) / (self.weight_ + PRIOR_WEIGHT)
        return exp(round(mean / STEP) * STEP)


class RecentLatency:
    """Implements `protocols.LatencyPredictor` with decayed geometric means per model."""

    def __init__(self) -> None:
        """Start from priors only."""
        self._first: dict[str, _LogMean] = {}
        self._token: dict[str, _LogMean] = {}

    def predict_one(self, features: Features, models: Sequence[Model], costs: Sequence[Cost]) -> tuple[Latency, ...]:
        """See `protocols.LatencyPredictor`."""
        return tuple(self._predict(model, cost) for model, cost in zip(models, costs, strict=True))

    def _predict(self, model: Model, cost: Cost) -> Latency:
        first = self._first.get(model.name)
        token = self._token.get(model.name)
        first_s = PRIOR_FIRST_TOKEN_S if first is None else first.value_s()
        token_s = PRIOR_TOKEN_S if token is None else token.value_s()
        return Latency(first_token_s=first_s, total_s=first_s + token_s * cost.output_tokens)

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """See `protocols.LatencyPredictor`. Only attempts that ended well teach."""
        if attempt.status != "ok" or attempt.first_content_s is None:
            return
        name = attempt.model
        rest_s = attempt.total_s - attempt.first_content_s
        n_tokens = 0 if attempt.usage is None else attempt.usage.output_tokens
        if rest_s <= 0.0 and n_tokens > 1:  # a plain answer: its first content is its end
            self._token.setdefault(name, _LogMean(PRIOR_TOKEN_S)).add(attempt.total_s / n_tokens)
            return
        self._first.setdefault(name, _LogMean(PRIOR_FIRST_TOKEN_S)).add(attempt.first_content_s)
        if n_tokens > 1:
            self._token.setdefault(name, _LogMean(PRIOR_TOKEN_S)).add(rest_s / (n_tokens - 1))
