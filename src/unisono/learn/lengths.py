"""Fits how long answers are: the logarithm of output tokens, a constant per model plus a shared map of the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from unisono.learn.corpus import Corpus
from unisono.learn.irt import Array

LENGTH_PENALTY = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Weights (n_x,), a constant and a residual deviation per model (n_models,); what to expect of an unknown one."""

    weights: Array
    constants: Array
    sds: Array
    unknown_mean: float
    unknown_sd: float


UNKNOWN = (log(150.0), 1.0)
"""Where no table counts tokens: about 150, within a factor of three."""


def fit_lengths(x: Sequence[Array], corpus: Corpus) -> Lengths:
    """Fit the logarithm of output tokens: a constant per model plus a shared ridge map."""
    n_models, n_x = len(corpus.models), x[0].shape[1]
    if all(np.isnan(block.outcomes.output_tokens).all() for block in corpus.blocks):
        return _nothing_known(n_models, n_x)
    constants: Array = np.full(n_models, np.nan)
    weights: Array = np.zeros(n_x)
    logs = [np.log(np.where(b.outcomes.output_tokens > 0, b.outcomes.output_tokens, np.nan)) for b in corpus.blocks]
    for _ in range(10):
        total, count = np.zeros(n_models), np.zeros(n_models)
        for xs, y, block in zip(x, logs, corpus.blocks, strict=True):
            rest = y - (xs @ weights)[:, None]
            np.add.at(total, block.columns, np.nansum(rest, axis=0))
            np.add.at(count, block.columns, (~np.isnan(rest)).sum(axis=0))
        constants[:] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        left, right = LENGTH_PENALTY * np.eye(n_x), np.zeros(n_x)
        for xs, y, block in zip(x, logs, corpus.blocks, strict=True):
            rest = y - constants[block.columns]
            n_known = (~np.isnan(rest)).sum(axis=1)
            left += (xs.T * n_known) @ xs
            right += xs.T @ np.nansum(rest, axis=1)
        weights[:] = np.linalg.solve(left, right)
    squares, count = np.zeros(n_models), np.zeros(n_models)
    for xs, y, block in zip(x, logs, corpus.blocks, strict=True):
        rest = y - (xs @ weights)[:, None] - constants[block.columns]
        np.add.at(squares, block.columns, np.nansum(rest**2, axis=0))
        np.add.at(count, block.columns, (~np.isnan(rest)).sum(axis=0))
    sds = np.sqrt(squares / np.maximum(count, 1))
    sds = np.where(count > 0, np.maximum(sds, 0.1), 1.0)
    between = float(np.nanstd(constants))
    within = float(np.sqrt(squares.sum() / count.sum()))
    return Lengths(
        weights=weights,
        constants=constants,
        sds=sds,
        unknown_mean=float(np.nanmean(constants)),
        unknown_sd=float(np.hypot(between, within)),
    )


def _nothing_known(n_models: int, n_x: int) -> Lengths:
    mean, sd = UNKNOWN
    return Lengths(
        weights=np.zeros(n_x),
        constants=np.full(n_models, np.nan),
        sds=np.full(n_models, sd),
        unknown_mean=mean,
        unknown_sd=sd,
    )
