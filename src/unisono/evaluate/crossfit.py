"""What the router expects of prompts whose outcomes it has not seen: it learns from the other folds of one table.

It does not judge the result. Expected costs are a line over the prompt's length for each model, fitted on the same
folds, since a user's table need not hold tokens; a running server prices tokens instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import ROUNDING
from unisono.evaluate.replay import Expected
from unisono.protocols import Chooser, QualityPredictor
from unisono.types import Cost, Estimate, Features, Goal, Latency, Model, Quality, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

N_FOLDS = 5
NO_TIME = Latency(first_token_s=0.0, total_s=0.0)
COST_RANGE = (0.2, 5.0)
"""An expected cost stays within these multiples of the model's mean, however long the prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossFit:
    """Expectations for every prompt.

    Attributes:
        expected: of each prompt from the other folds.
        folds: shape (n,), the fold that each prompt was held out with.
        chosen: shape (n,), the model that the chooser takes at the goal, its default being the other folds' best.
    """

    expected: Expected
    folds: NDArray[np.intp]
    chosen: NDArray[np.intp]


def cross_fit(
    table: Outcomes,
    features: Sequence[Features],
    quality: Callable[[], QualityPredictor],
    chooser: Chooser,
    *,
    goal: Goal,
    seed: int,
    n_folds: int = N_FOLDS,
    shuffled: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> CrossFit:
    """Return what `quality` expects of each fold after learning from the others.

    Args:
        table: outcomes, gaps allowed.
        features: of its n prompts.
        quality: makes a predictor that has learned nothing here yet.
        chooser: decides for each prompt, with its default the model that scored best on the other folds.
        goal: what it is asked for.
        seed: of the folds and of the order of learning.
        n_folds: how many.
        shuffled: deal the scores of the prompts to other prompts first: the control that knows models but no prompts.
        tick: called after each fold.
    """
    rng = np.random.default_rng(seed)
    folds = rng.permutation(np.arange(len(features)) % n_folds)
    models = [Model(name=name, upstream="scripted", upstream_model=name) for name in table.models]
    n_in = np.array([known.n_input_tokens for known in features], dtype=np.float64)
    expected_quality, expected_cost = np.zeros_like(table.scores), np.zeros_like(table.scores)
    chosen = np.zeros(len(features), dtype=np.intp)
    for fold in range(n_folds):
        seen, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        order: NDArray[np.intp] = rng.permutation(seen)
        predictor = quality()
        scores = table.scores[rng.permutation(order) if shuffled else order]
        for place, row in enumerate(order):
            _learn(predictor, features[int(row)], models, scores[place])
        expected_cost[held] = _costs(n_in[seen], table.costs_usd[seen], n_in[held])
        default = best_single(table.scores[seen], table.costs_usd[seen])
        for row in held:
            found = predictor.predict_one(features[int(row)], models)
            expected_quality[row] = [q.mean for q in found]
            chosen[row] = decided(chooser, models, found, expected_cost[row], goal=goal, default=default)
        tick()
    expected = Expected(quality=expected_quality, cost_usd=expected_cost)
    return CrossFit(expected=expected, folds=folds.astype(np.intp), chosen=chosen)


def best_single(scores: Array, costs_usd: Array | None = None) -> int:
    """Return the place of the model with the best mean score; one without any score is never it.

    Args:
        scores: shape (n, m), NaN where unknown.
        costs_usd: the same shape; with it the cheapest of those that are as good as each other, else the first.
    """
    means = np.nan_to_num(np.nanmean(scores, axis=0), nan=-1.0)
    if costs_usd is None:
        return int(means.argmax())
    equal = np.flatnonzero(means >= means.max() - ROUNDING)
    known = ~np.isnan(costs_usd[:, equal])
    usd = np.nansum(costs_usd[:, equal], axis=0) / known.sum(axis=0).clip(min=1)
    usd[~known.any(axis=0)] = np.inf
    return int(equal[usd.argmin()])


def decided(
    chooser: Chooser,
    models: Sequence[Model],
    quality: Sequence[Quality],
    costs_usd: Array,
    *,
    goal: Goal,
    default: int,
) -> int:
    """Return the place of the model that a chooser ranks first; time is left out.

    Args:
        chooser: the product's own, or another.
        models: the m candidates.
        quality: what is expected of each.
        costs_usd: shape (m,), what each is expected to cost.
        goal: what is asked for.
        default: place of the default model.
    """
    estimates = [
        Estimate(
            model=model.name,
            quality=expected,
            cost=Cost(usd=float(usd), low_usd=float(usd), high_usd=float(usd), output_tokens=1.0),
            latency=NO_TIME,
        )
        for model, expected, usd in zip(models, quality, costs_usd, strict=True)
    ]
    choice = chooser.choose(estimates, goal, default=models[default].name)
    names = [model.name for model in models]
    return names.index(choice.ranking[0].model) if choice.ranking else default


def _learn(predictor: QualityPredictor, features: Features, models: Sequence[Model], scores: Array) -> None:
    for model, score in zip(models, scores, strict=True):
        if not np.isnan(score):
            predictor.learn_one(
                features, Score(model=model.name, item="", kind="table", prompt=features.task, score=float(score))
            )


def _costs(seen: Array, costs: Array, held: Array) -> Array:
    """Return expected costs, shape (n held, m): per model a line over the input's length, within limits."""
    columns = []
    for column in costs.T:
        known = ~np.isnan(column)
        if not known.any():
            columns.append(np.zeros(len(held)))
            continue
        mean = float(column[known].mean())
        line = np.full(len(held), mean)
        if np.ptp(seen[known]) > 0:
            slope = np.cov(seen[known], column[known], ddof=0)[0, 1] / seen[known].var()
            line = mean + slope * (held - seen[known].mean())
        columns.append(np.clip(line, COST_RANGE[0] * mean, COST_RANGE[1] * mean))
    return np.column_stack(columns)
