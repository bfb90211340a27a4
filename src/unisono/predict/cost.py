"""Expected output tokens and money per candidate, with an interval.

It does not look up prices: the catalogue has them. A model without a known price counts as free and says so nowhere
else than in its `Model.prices`, so the catalogue warns about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import TypeAlias

from unisono.types import Attempt, Cost, Features, Model, Prices, Request

OutputLength: TypeAlias = Callable[[Features, Model], tuple[float, float]]
"""Mean and standard deviation of the logarithm of the output tokens, before anything was seen of the model here."""

PRIOR_WEIGHT = 3.0
DECAY = 0.98
Z_80 = 1.2816
MAX_SPREAD = 1.5


def unknown_length(features: Features, model: Model) -> tuple[float, float]:
    """Return the length of an answer about which nothing is known: about 150 tokens, within a factor of three."""
    return log(150.0), 1.0


@dataclass(slots=True)
class _Shift:
    """Decayed mean of how far real answers lie from the expected length, in logarithms, and its variance."""

    weight_: float = 0.0
    sum_: float = 0.0
    squares_: float = 0.0

    def add(self, residual: float) -> None:
        self.weight_ = DECAY * self.weight_ + 1.0
        self.sum_ = DECAY * self.sum_ + residual
        self.squares_ = DECAY * self.squares_ + residual * residual

    def mean(self) -> float:
        return self.sum_ / (self.weight_ + PRIOR_WEIGHT)

    def spread(self, prior: float) -> float:
        own = max(self.squares_ - self.sum_ * self.sum_ / self.weight_, 0.0) if self.weight_ else 0.0
        return sqrt((own + PRIOR_WEIGHT * prior * prior) / (self.weight_ + PRIOR_WEIGHT))


class TokenCost:
    """Implements `protocols.CostPredictor`: a trained length, corrected by what each model here really writes."""

    def __init__(self, length: OutputLength = unknown_length) -> None:
        """Start from `length`, with no correction."""
        self._length = length
        self._shifts: dict[str, _Shift] = {}

    def predict_one(self, request: Request, features: Features, models: Sequence[Model]) -> tuple[Cost, ...]:
        """See `protocols.CostPredictor`. The interval is for the output length; the input is known."""
        return tuple(self._predict(request, features, model) for model in models)

    def _predict(self, request: Request, features: Features, model: Model) -> Cost:
        mean, spread = self._length(features, model)
        if (shift := self._shifts.get(model.name)) is not None:
            mean, spread = mean + shift.mean(), shift.spread(spread)
        spread = min(spread, MAX_SPREAD)
        cap = _cap(request, model)
        low, high = min(exp(mean - Z_80 * spread), cap), min(exp(mean + Z_80 * spread), cap)
        expected = min(exp(mean + spread * spread / 2), cap)
        n_in = features.n_input_tokens
        return Cost(
            usd=_price(model.prices, n_in, expected),
            low_usd=_price(model.prices, n_in, low),
            high_usd=_price(model.prices, n_in, high),
            output_tokens=expected,
        )

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """See `protocols.CostPredictor`. Only complete answers teach how long answers are."""
        if attempt.status != "ok" or attempt.usage is None or attempt.usage.output_tokens < 1:
            return
        mean, _ = self._length(features, _as_model(attempt))
        self._shifts.setdefault(attempt.model, _Shift()).add(log(attempt.usage.output_tokens) - mean)


def _as_model(attempt: Attempt) -> Model:
    return Model(name=attempt.model, upstream="", upstream_model=attempt.upstream_model)


def _cap(request: Request, model: Model) -> float:
    caps = [n for n in (request.max_output_tokens, model.max_output_tokens, model.context_tokens) if n is not None]
    return float(max(min(caps), 1))


def _price(prices: Prices | None, n_in: int, n_out: float) -> float:
    if prices is None:
        return 0.0
    return (n_in * prices.usd_per_mtok_in + n_out * prices.usd_per_mtok_out) / 1e6
