"""Fits the lines of `unisono.predict.benchmarks`: factor analysis of one factor over a table with many gaps.

Expectation and maximisation; a figure far from what the model's others say counts less (Student's t), since settings
differ and tables hold slips. It reads no tables of outcomes.

Source: C. Liu and D. Rubin 1995, "ML estimation of the t distribution using EM and its extensions", section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from unisono.catalog.benchmarks import PublicFigures, public_figures
from unisono.learn.irt import Array
from unisono.predict.benchmarks import Benchmark, Benchmarks, Index, logit_of
from unisono.predict.names import normal

FEWEST_MODELS = 6
"""A benchmark that fewer models share says too little of itself."""
DEGREES = 4.0
N_STEPS = 200
SLOPE_SD, LEAST_SLOPE = 0.5, 0.05
"""Slopes lie some half apart, for benchmarks that few models share; none is flat or falls."""
USUAL_SD = 0.4
USUAL_WEIGHT = 4.0
"""A benchmark's deviation is drawn towards the usual one as by this many models."""


@cache
def public_benchmarks() -> Benchmarks:
    """Return what the package's own table of figures says."""
    return benchmarks_of(public_figures())


def benchmarks_of(public: PublicFigures) -> Benchmarks:
    """Return what a table of figures says."""
    lines, known = fit_benchmarks(public.figures)
    return Benchmarks(
        lines=lines,
        known={normal(model): index for model, index in known.items()},
        aliases={normal(alias): normal(model) for alias, model in public.aliases.items()},
    )


def indices(models: Sequence[str], benchmarks: Benchmarks) -> Array:
    """Return the index of capability of each model, NaN where no figures are known; shape (n,)."""
    known = [benchmarks.known_as((name,)) for name in models]
    return np.array([np.nan if index is None else index.mean for index in known], dtype=np.float64)


def fit_benchmarks(table: Mapping[str, Mapping[str, float]]) -> tuple[dict[str, Benchmark], dict[str, Index]]:
    """Return the lines by benchmark, and the index by model.

    Args:
        table: by model, by benchmark, the figure.
    """
    shared = [name for figures in table.values() for name in figures]
    names = sorted({name for name in shared if shared.count(name) >= FEWEST_MODELS})
    models = sorted(model for model, figures in table.items() if any(name in figures for name in names))
    logits = np.full((len(models), len(names)), np.nan)
    slips = np.zeros_like(logits)
    for row, model in enumerate(models):
        for column, name in enumerate(names):
            if name in table[model]:
                logits[row, column], slips[row, column] = logit_of(name, table[model][name])
    lines, means, sds = _fit(logits, slips)
    counts = (~np.isnan(logits)).sum(axis=1)
    return (
        {name: Benchmark(*(float(part) for part in line)) for name, line in zip(names, lines, strict=True)},
        {
            model: Index(float(mean), float(sd), int(n))
            for model, mean, sd, n in zip(models, means, sds, counts, strict=True)
        },
    )


def _fit(logits: Array, slips: Array) -> tuple[Array, Array, Array]:
    """Return of each benchmark intercept, slope and deviation, shape (n, 3), and each model's mean and deviation."""
    known, z = ~np.isnan(logits), np.nan_to_num(logits)
    intercepts = np.array([z[known[:, j], j].mean() for j in range(z.shape[1])])
    slopes, sds, trust = np.ones(z.shape[1]), np.full(z.shape[1], USUAL_SD), np.ones_like(z)
    means, variances = np.zeros(len(z)), np.ones(len(z))
    penalty = 1.0 / SLOPE_SD**2
    for _ in range(N_STEPS):
        weights = known * trust / (sds**2 + slips**2)
        variances = 1.0 / (1.0 + weights @ slopes**2)
        means = (((z - intercepts) * weights) @ slopes) * variances
        usual = slopes.mean()
        for j in range(z.shape[1]):
            rows = known[:, j]
            w, t, v = weights[rows, j], means[rows], variances[rows]
            middle, level = (w @ t) / w.sum(), (w @ z[rows, j]) / w.sum()
            over = w @ ((t - middle) ** 2 + v) + penalty
            slopes[j] = max((w @ ((t - middle) * (z[rows, j] - level)) + penalty * usual) / over, LEAST_SLOPE)
            intercepts[j] = level - slopes[j] * middle
            square = (z[rows, j] - intercepts[j] - slopes[j] * t) ** 2 + slopes[j] ** 2 * v
            own = np.maximum(square - slips[rows, j] ** 2, 0.0) * trust[rows, j]
            sds[j] = np.sqrt((own.sum() + USUAL_WEIGHT * USUAL_SD**2) / (rows.sum() + USUAL_WEIGHT))
            trust[rows, j] = (DEGREES + 1.0) / (DEGREES + square / (sds[j] ** 2 + slips[rows, j] ** 2))
    return np.stack([intercepts, slopes, sds], axis=1), means, np.sqrt(variances)
