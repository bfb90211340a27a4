"""What a fit says about each model, and about models that it never saw: covariances, the population, lines over hints.

It fits no abilities: `irt` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.corpus import Corpus
from unisono.learn.irt import Array, Fitted, profiles
from unisono.predict.names import size_b
from unisono.types import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

EFFECTIVE_OUTCOMES = 600.0
"""Trained abilities are as sure as after this many outcomes: the user's upstream may be another build."""
FEW_MODELS = 8
"""Fewer say nothing about how models differ; a newcomer may then be anything, and hints count little."""
SD_FLOOR = 0.6
"""The lines over size and price were fitted on few models of one era; they are never surer than this, in logits."""
FLAT_SD = 2.0
"""Of a line without a slope: it moves hardly anything."""


def tempered(
    x: Sequence[Array], corpus: Corpus, fitted: Fitted
) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_], Array, Array]:
    """Return covariances per model, outcome counts, which have enough, the population's mean and covariance."""
    k = fitted.abilities.shape[1]
    n_models = len(corpus.models)
    information = np.zeros((n_models, k, k))
    counts: NDArray[np.int64] = np.zeros(n_models, dtype=np.int64)
    for xs, block in zip(x, corpus.blocks, strict=True):
        profile, p = profiles(xs, fitted.skills), fitted.probabilities(xs, block.columns)
        known = ~np.isnan(block.outcomes.scores)
        for place, column in enumerate(block.columns):
            weight = p[:, place] * (1 - p[:, place]) * known[:, place]
            information[column] += (profile.T * weight) @ profile
            counts[column] += int(known[:, place].sum())
    enough = counts >= 100
    if enough.sum() < FEW_MODELS:  # a user's own pool: two or three models are no population
        enough = counts > 0
        spread = np.array([1.0, *(fitted.abilities[:, 1:] ** 2).mean(axis=0)])
        covariance = np.diag(spread + 0.02)
    else:
        covariance = np.cov(fitted.abilities[enough].T) + 0.02 * np.eye(k)
    mean = fitted.abilities[enough].mean(axis=0)
    share = np.minimum(EFFECTIVE_OUTCOMES / np.maximum(counts, 1), 1.0)
    covariances = np.linalg.inv(share[:, None, None] * information + np.linalg.inv(covariance))
    return covariances, counts, np.asarray(enough), mean, covariance


def line(values: Array, abilities: Array) -> Json:
    """Fit a straight line of general ability over a hint; a flat one where the models are too few to show a slope."""
    if len(values) < FEW_MODELS or np.ptp(values) == 0.0:
        level = float(abilities.mean()) if len(abilities) else 0.0
        return {"intercept": level, "slope": 0.0, "sd": FLAT_SD, "low": 0.0, "high": 0.0}
    slope, intercept = np.polyfit(values, abilities, 1)
    sd = float(np.std(abilities - intercept - slope * values, ddof=2))
    return {
        "intercept": float(intercept),
        "slope": float(slope),
        "sd": max(sd, SD_FLOOR),
        "low": float(values.min()),
        "high": float(values.max()),
    }


def price_hints(corpus: Corpus, fitted: Fitted) -> Json:
    """Fit general ability over the blended price per million tokens seen in the tables."""
    prices, abilities = [], []
    for block in corpus.blocks:
        table = block.outcomes
        tokens = 0.75 * table.input_tokens + 0.25 * table.output_tokens
        for place, column in enumerate(block.columns):
            known = ~np.isnan(table.costs_usd[:, place]) & (tokens[:, place] > 0)
            total = (table.input_tokens[known, place] + table.output_tokens[known, place]).sum()
            if known.sum() >= 100 and table.costs_usd[known, place].sum() > 0:
                prices.append(log10(table.costs_usd[known, place].sum() / total * 1e6))
                abilities.append(fitted.abilities[column, 0])
    return line(np.array(prices), np.array(abilities))


def size_hints(corpus: Corpus, fitted: Fitted, enough: NDArray[np.bool_]) -> Json:
    """Fit general ability over the logarithm of the size stated in a model's name."""
    pairs = [
        (log10(size), fitted.abilities[place, 0])
        for place, name in enumerate(corpus.models)
        if enough[place] and (size := size_b(name))
    ]
    return line(np.array([s for s, _ in pairs]), np.array([a for _, a in pairs]))
