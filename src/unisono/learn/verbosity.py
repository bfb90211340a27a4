"""Fits the verbosities of `unisono.predict.verbosity` to published lengths: one factor with gaps, by alternating steps.

    log length = board + slope x (effort + model)

`effort` is what a way of thinking adds to all models, `model` how far one lies from that, apart for its answers with
and without thoughts. Slopes are 1 on everyday boards (`EVERYDAY`), which set the scale: on hard problems picked to tell
thinkers apart, these write many times more, and such a board must not make them so on a plain prompt. It reads no
outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unisono.catalog.lengths import EFFORTS, Length
from unisono.learn.irt import Array
from unisono.types import Json

EVERYDAY = ("rele_language", "rele_reasoning", "gaokao_math", "aider_polyglot")
N_STEPS = 100
USUAL_SD, USUAL_WEIGHT = 0.4, 4.0
"""A board's deviation is drawn towards the usual one as by this many figures."""
SLOPE_SD = 0.5
LEAST_SLOPE = 0.2
THOUGHT, THOUGHT_SD = 1.2, 1.0
"""What thinking adds before anything is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Everything in logarithms.

    Attributes:
        boards: level, slope, deviation of each.
        efforts: what each adds; `none` is 0.
        models: by name and whether it thinks: mean, doubt, number of figures.
        plain_sd, thinks_sd: how far models lie apart without and with thoughts.
        figure_sd: how far a figure on an everyday board lies from what the model's others say.
    """

    boards: dict[str, tuple[float, float, float]]
    efforts: dict[str, float]
    models: dict[tuple[str, bool], tuple[float, float, int]]
    plain_sd: float
    thinks_sd: float
    figure_sd: float

    def expected(self, told: Length) -> float:
        """Return the logarithm of the length that is expected of a model in a effort on a board."""
        level, slope, _ = self.boards[told.board]
        own = self.models.get((told.model, told.effort != "none"), (0.0, 0.0, 0))[0]
        return level + slope * (self.efforts[told.effort] + own)

    def as_json(self) -> Json:
        """Return what `predict.verbosity` reads, in thousandths."""
        models: dict[str, Json] = {}
        for (name, thinks), (mean, sd, n) in self.models.items():
            models.setdefault(name, {})["thinks" if thinks else "none"] = [round(mean, 3), round(sd, 3), n]
        return {
            "figure_sd": round(self.figure_sd, 3),
            "efforts": {effort: round(added, 3) for effort, added in self.efforts.items()},
            "models": dict(sorted(models.items())),
            "plain_sd": round(self.plain_sd, 3),
            "thinks_sd": round(self.thinks_sd, 3),
        }


def fit_verbosities(table: Sequence[Length]) -> Fitted:
    """Return what a table of published lengths says."""
    keys = sorted({(told.model, told.effort != "none") for told in table})
    names = sorted({told.board for told in table})
    key = np.array([keys.index((told.model, told.effort != "none")) for told in table])
    board = np.array([names.index(told.board) for told in table])
    effort = np.array([EFFORTS.index(told.effort) for told in table])
    y = np.log([told.length for told in table])
    thinks = np.array([thinks for _, thinks in keys])
    everyday = np.array([name in EVERYDAY for name in names])
    levels = np.array([y[board == at].mean() for at in range(len(names))])
    slopes, sds = np.ones(len(names)), np.full(len(names), USUAL_SD)
    added = np.where(np.array(EFFORTS) == "none", 0.0, THOUGHT)
    means, variances = np.zeros(len(keys)), np.ones(len(keys))
    plain_sd = thinks_sd = USUAL_SD
    for _ in range(N_STEPS):
        weights = 1.0 / sds[board] ** 2
        pull = weights * slopes[board]
        prior = np.where(thinks, thinks_sd, plain_sd) ** -2
        variances = 1.0 / (prior + np.bincount(key, pull * slopes[board], len(keys)))
        rest = y - levels[board] - slopes[board] * added[effort]
        means = variances * np.bincount(key, pull * rest, len(keys))
        added = _efforts(y - levels[board] - slopes[board] * means[key], pull, slopes[board], effort)
        factor = added[effort] + means[key]
        for at in range(len(names)):
            rows = board == at
            t, v, own = factor[rows], variances[key[rows]], y[rows]
            if not everyday[at]:
                slopes[at] = _slope(t, v, own, penalty=(sds[at] / SLOPE_SD) ** 2)
            levels[at] = (own - slopes[at] * t).mean()
            squares = (own - levels[at] - slopes[at] * t) ** 2 + slopes[at] ** 2 * v
            sds[at] = np.sqrt((squares.sum() + USUAL_WEIGHT * USUAL_SD**2) / (rows.sum() + USUAL_WEIGHT))
        apart = means**2 + variances
        plain_sd, thinks_sd = (_sd(apart[thinks == kind]) for kind in (False, True))
    counts = np.bincount(key, minlength=len(keys))
    return Fitted(
        boards={
            name: (float(level), float(slope), float(sd))
            for name, level, slope, sd in zip(names, levels, slopes, sds, strict=True)
        },
        efforts={name: float(value) for name, value in zip(EFFORTS, added, strict=True)},
        models={
            known: (float(mean), float(variance**0.5), int(n))
            for known, mean, variance, n in zip(keys, means, variances, counts, strict=True)
        },
        plain_sd=plain_sd,
        thinks_sd=thinks_sd,
        figure_sd=_sd(sds[everyday] ** 2) if everyday.any() else USUAL_SD,
    )


def _efforts(rest: Array, pull: Array, slopes: Array, effort: Array) -> Array:
    """Return what each effort adds; thinking makes no answer shorter."""
    found = np.zeros(len(EFFORTS))
    for at, name in enumerate(EFFORTS):
        if name != "none":
            rows = effort == at
            total = float(pull[rows] @ rest[rows]) + THOUGHT / THOUGHT_SD**2
            found[at] = max(total / (float(pull[rows] @ slopes[rows]) + THOUGHT_SD**-2), 0.0)
    return found


def _slope(t: Array, v: Array, y: Array, *, penalty: float) -> float:
    """Return the slope of y over what is known as t with variance v, drawn to 1."""
    middle = t.mean()
    along = float((t - middle) @ (y - y.mean())) + penalty
    return max(along / (float(((t - middle) ** 2 + v).sum()) + penalty), LEAST_SLOPE)


def _sd(squares: Array) -> float:
    return float(np.sqrt(squares.mean())) if squares.size else USUAL_SD
