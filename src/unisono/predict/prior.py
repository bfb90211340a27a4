"""What to think of a model before anything was measured here: declared, public figures, or a guess from weak hints.

It does not look at prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log10
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unisono.predict.benchmarks import Benchmarks
from unisono.types import Model, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROLE_LOGITS: dict[Role, float] = {
    Role.FAST_MINI: -0.5,
    Role.DEEP_MINI: 0.2,
    Role.DEEP: 0.6,
    Role.PRO: 0.9,
}
"""How far a role lies from the average model; `fast` is the default of the catalogue and therefore says nothing."""
ROLE_SD = 1.2
DECLARED_SD = 0.5
PRIOR_INFLATION = 1.5
"""A newcomer may lie further out than the models that were trained on."""
FEW_FIGURES = 3
"""One or two figures are often those that a maker likes to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """General ability as a straight line over the logarithm of a hint, with its residual deviation."""

    intercept: float
    slope: float
    sd: float
    low: float
    high: float

    def at(self, value: float) -> float:
        """Return the line's value; beyond the range it was fitted on it goes on at half the slope."""
        inside = min(max(value, self.low), self.high)
        return self.intercept + self.slope * (inside + 0.5 * (value - inside))


class Guess(NamedTuple):
    """What to think of a model that nobody measured.

    Attributes:
        mean: of its ability, shape (k,).
        covariance: shape (k, k).
        ground: what it rests on, in words.
        figures: it rests on public benchmark figures, and not on one or two alone.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    ground: str
    figures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OverIndex:
    """Abilities as straight lines over the index of capability that public figures give a model.

    Attributes:
        benchmarks: what figures say.
        line: intercepts and slopes, shape (2, k).
        covariance: of models about it, shape (k, k).
    """

    benchmarks: Benchmarks
    line: NDArray[np.float64]
    covariance: NDArray[np.float64]

    def guess(self, model: Model) -> Guess | None:
        """Return what figures say of a model; None where none is known.

        Figures that the configuration states stand in place of the package's.
        """
        if model.benchmarks:
            index = self.benchmarks.index(model.benchmarks)
        else:
            index = self.benchmarks.known_as((model.upstream_model, *model.reports, model.name))
        if index is None:
            return None
        mean = self.line[0] + index.mean * self.line[1]
        covariance = self.covariance + np.outer(self.line[1], self.line[1]) * index.sd**2
        what = "a public benchmark figure" if index.n_figures == 1 else f"{index.n_figures} public benchmark figures"
        return Guess(mean, covariance, what, figures=index.n_figures >= FEW_FIGURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """How abilities are spread over the trained models.

    Attributes:
        mean: shape (k,): general ability first, then one per skill.
        covariance: shape (k, k).
        by_size: general ability over log10 of billions of parameters.
        by_price: general ability over log10 of USD per million tokens, a weak hint.
        logit_stretch: logit of the mean score over prompts is the general ability divided by this.
        over_index: abilities over what public figures say; None of an artifact without figures.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    by_size: Line
    by_price: Line
    logit_stretch: float
    over_index: OverIndex | None = None

    def guess(self, model: Model) -> Guess:
        """Return what to think of a model that was never trained on."""
        if model.quality is None and self.over_index is not None and (told := self.over_index.guess(model)) is not None:
            return told
        mean, covariance = self.mean.copy(), self.covariance * PRIOR_INFLATION
        hints = self._hints(model)
        for value, sd, _ in hints:
            gain = covariance[:, 0] / (covariance[0, 0] + sd * sd)
            mean = mean + gain * (value - mean[0])
            covariance = covariance - np.outer(gain, covariance[0])
        return Guess(mean, covariance, " and ".join(ground for _, _, ground in hints) or "the average model")

    def _hints(self, model: Model) -> list[tuple[float, float, str]]:
        if model.quality is not None:
            declared = min(max(model.quality, 0.01), 0.99)
            return [(self.logit_stretch * log(declared / (1 - declared)), DECLARED_SD, "its declared quality")]
        hints = []
        if (size := size_of(model)) is not None:
            hints.append((self.by_size.at(log10(size)), self.by_size.sd, "the size in its name"))
        elif (price := blended_price(model)) is not None:
            hints.append((self.by_price.at(log10(price)), self.by_price.sd, "its price"))
        if model.role in ROLE_LOGITS:
            hints.append((self.mean[0] + ROLE_LOGITS[model.role], ROLE_SD, "its role"))
        return hints


def size_of(model: Model) -> float | None:
    """Return the billions of parameters stated in one of the model's names, or None."""
    from unisono.predict.names import size_b

    sizes = (size_b(name) for name in (model.upstream_model, model.name, *model.reports))
    return next((size for size in sizes if size), None)


def blended_price(model: Model) -> float | None:
    """Return USD per million tokens at three tokens in to one out; None when unknown or free."""
    if model.prices is None:
        return None
    price = (3 * model.prices.usd_per_mtok_in + model.prices.usd_per_mtok_out) / 4
    return price if price > 0 else None
