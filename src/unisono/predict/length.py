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
        self._latest: tuple[Features, float] | None = None

    def expected(self, features: Features, model: Model) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm of the output tokens."""
        shift = self._shift(features)
        place = self._ability.place(model)
        if place is None or isnan(self._constants[place]):
            mean, sd = self._unknown
        else:
            mean, sd = float(self._constants[place]), float(self._sds[place])
        return mean + shift, sd

    def expected_output_tokens(self, features: Features, model: Model) -> float:
        """Return the median of the output tokens."""
        return exp(self.expected(features, model)[0])

    def _shift(self, features: Features) -> float:
        # One prompt is asked about for every model of the pool in turn; its part is the same for all.
        if self._latest is None or self._latest[0] is not features:
            self._latest = (features, float(self._ability.design.x(features) @ self._weights))
        return self._latest[1]
