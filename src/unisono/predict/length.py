"""How long an answer will be: the logarithm of its output tokens, per model and prompt.

It does not know prices, nor what answers cost here: `cost` corrects it by real usage.
"""

from __future__ import annotations

from math import exp, isnan
from typing import TYPE_CHECKING

from unisono.predict.ability import Ability
from unisono.types import Features, Model, Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MAX_MODELS = 4096
MAX_LATEST = 256


class LengthModel:
    """A shared ridge map of the prompt plus one constant per trained model."""

    def __init__(
        self,
        ability: Ability,
        *,
        weights: Vector,
        constants: NDArray[np.float64],
        sds: NDArray[np.float64],
        unknown_mean: float,
        unknown_sd: float,
    ) -> None:
        """Put the trained parts together.

        Args:
            ability: gives the design vector and the places of known models.
            weights: shape (n,).
            constants: shape (n_models,); NaN where a model's tokens were not recorded.
            sds: shape (n_models,), residual deviations of the logarithm.
            unknown_mean: the constant of a model that was never trained on.
            unknown_sd: its deviation, models' differences included.
        """
        self._ability = ability
        self._weights = weights
        self._constants = constants
        self._sds = sds
        self._unknown = (unknown_mean, unknown_sd)
        self._latest: dict[int, tuple[Features, float]] = {}
        self._models: dict[str, tuple[Model, tuple[float, float]]] = {}

    def apart(self) -> LengthModel:
        """Return the same with a memory of its own: for another thread."""
        return LengthModel(
            self._ability,
            weights=self._weights,
            constants=self._constants,
            sds=self._sds,
            unknown_mean=self._unknown[0],
            unknown_sd=self._unknown[1],
        )

    def expected(self, features: Features, model: Model) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm of the output tokens."""
        mean, sd = self._constant(model)
        return mean + self._shift(features), sd

    def expected_output_tokens(self, features: Features, model: Model) -> float:
        """Return the median of the output tokens."""
        return exp(self.expected(features, model)[0])

    def _constant(self, model: Model) -> tuple[float, float]:
        """Return what a model's own answers are expected to have, prompts left out, and the deviation."""
        known = self._models.get(model.name)
        if known is None or (known[0] is not model and _names(known[0]) != _names(model)):
            if len(self._models) >= MAX_MODELS:
                self._models.clear()
            place = self._ability.place(model)
            told = self._unknown
            if place is not None and not isnan(self._constants[place]):
                told = float(self._constants[place]), float(self._sds[place])
            known = self._models[model.name] = model, told
        return known[1]

    def _shift(self, features: Features) -> float:
        # One prompt is asked about for every model of the pool, and again when its answer teaches; it is read once.
        known = self._latest.get(id(features))
        if known is None or known[0] is not features:
            if features.surface.size == 0:
                return 0.0  # an average prompt
            if len(self._latest) >= MAX_LATEST:
                del self._latest[next(iter(self._latest))]
            known = features, float(self._ability.design.x(features) @ self._weights)
            self._latest[id(features)] = known
        return known[1]


def _names(model: Model) -> tuple[str, tuple[str, ...]]:
    return model.upstream_model, model.reports
