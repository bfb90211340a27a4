"""Measures how far expectations may be believed, by how familiar the prompt is.

Two kinds of held-out prompts are pooled: prompts of known tasks, and, with the weight `FAR_WEIGHT`, prompts of tasks
that the fit never saw. An unfamiliar prompt is then mostly of the second kind, by the data's own frequencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.irt import Array, sigmoid
from unisono.predict.trust import EDGES, Trust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unisono.learn.held_out import HeldOut

FAR_WEIGHT = 0.25
"""One prompt in five is taken to be of a task that nobody measured."""
OWN_FLOOR = 0.1
SHARED_FLOOR = 0.2
"""Random folds show hardly any doubt beyond chance, but nobody's prompts are exactly those of the tables."""
MIN_PROMPTS = 25
STEADY_PRIOR = 3
"""So many tasks on which a model deviates like all are put before its own."""
STEADIEST = 0.1
N_NEWTON = 8
SLOPE_PRIOR = 50.0
"""Information, in logits, with which both factors start from one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One block of one kind of folds: expectations, scores (n, m), familiarity and group of prompts (n,), places of the
    models among all (m,), weight."""

    expected: HeldOut
    scores: Array
    familiar: Array
    group: NDArray[np.str_]
    columns: NDArray[np.intp]
    weight: float = 1.0


def measure_trust(held: Sequence[Held]) -> Trust:
    """Return the trust table; a more familiar prompt is never trusted less."""
    bins = list(pairwise(EDGES))
    slopes = _filled(np.clip([_slopes(_between(held, low, high)) for low, high in bins], 0.0, 1.0))
    slopes = np.maximum.accumulate(slopes, axis=0)
    doubts = np.full((len(bins), 2), np.nan)
    for place, (low, high) in enumerate(bins):
        doubts[place] = _doubts(_between(held, low, high), slopes[place])
    doubts = np.sqrt(np.maximum(np.nan_to_num(_filled(doubts)), np.square([OWN_FLOOR, SHARED_FLOOR])))
    doubts = np.maximum.accumulate(doubts[::-1], axis=0)[::-1]
    return Trust(table=np.hstack([slopes, doubts]))


def measure_unsteadiness(held: Sequence[Held], trust: Trust, *, n_models: int) -> Array:
    """Return how much more than others each model deviates from what is expected of it on a task, shape (n_models,).

    A ratio of variances: 1 for a model whose deviations are those of `trust`, and for one that nothing is known of.

    Args:
        held: by fits that saw nothing of a prompt's group.
        trust: as measured; what it says of a model's own deviation is the yardstick.
        n_models: in all blocks together.
    """
    ratios, counts = np.full(n_models, float(STEADY_PRIOR)), np.full(n_models, float(STEADY_PRIOR))
    for part in held:
        trusted = np.array([trust.at(float(share)) for share in part.familiar])
        p_all = part.expected.probabilities(trusted[:, :2])
        for name in np.unique(part.group):
            here = np.flatnonzero(part.group == name)
            residual = part.scores[here] - p_all[here]
            n = (~np.isnan(residual)).sum(axis=0)
            models = np.flatnonzero(n >= MIN_PROMPTS)
            if models.size < 2:
                continue
            apart = (residual - np.nanmean(residual[:, models], axis=1, keepdims=True))[:, models]
            excess = np.nanmean(apart, axis=0) ** 2 - np.nanvar(apart, axis=0, ddof=1) / n[models]
            slope = (p_all[here] * (1 - p_all[here])).mean(axis=0)[models]
            ratios[part.columns[models]] += excess / slope**2 / np.square(trusted[here, 2]).mean()
            counts[part.columns[models]] += 1.0
    found: Array = np.maximum(ratios / counts, STEADIEST)
    return found


def _filled(table: Array) -> Array:
    """Return a table whose empty bins (NaN) have the values of the next less familiar bin, else of the next one."""
    found = table.copy()
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        step = 1 if order.step > 0 else -1
        for place in order:
            found[place] = np.where(np.isnan(found[place]), found[place - step], found[place])
    return found


def _between(held: Sequence[Held], low: float, high: float) -> Iterator[tuple[Held, NDArray[np.intp]]]:
    for part in held:
        rows = np.flatnonzero((part.familiar >= low) & ((part.familiar < high) | (high >= 1.0)))
        if rows.size:
            yield part, rows


def _slopes(parts: Iterator[tuple[Held, NDArray[np.intp]]]) -> Array:
    """Fit score = sigmoid(general + factors . (skill, -difficulty)); return the factors, shape (2,)."""
    columns, offsets, scores, weights = [], [], [], []
    for part, rows in parts:
        y = part.scores[rows]
        known = ~np.isnan(y)
        hard = np.broadcast_to(part.expected.difficulty[rows, None], y.shape)[known]
        columns.append(np.stack([part.expected.skill[rows][known], -hard], axis=1))
        offsets.append(part.expected.general[rows][known])
        scores.append(y[known])
        weights.append(np.full(len(hard), part.weight))
    if not scores:
        return np.full(2, np.nan)
    found = np.ones(2)
    a, offset, y, weight = (np.concatenate(parts) for parts in (columns, offsets, scores, weights))
    for _ in range(N_NEWTON):
        p = sigmoid(offset + a @ found)
        gradient = a.T @ (weight * (y - p)) - SLOPE_PRIOR * (found - 1.0)
        step = np.linalg.solve((a.T * (weight * p * (1 - p))) @ a + SLOPE_PRIOR * np.eye(2), gradient)
        found = found + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
    return found


def _doubts(parts: Iterator[tuple[Held, NDArray[np.intp]]], factors: Array) -> tuple[float, float]:
    """Return the variances, in logits, by which groups of prompts deviate beyond chance: a model's own, and shared."""
    own, shared, slopes, weight = 0.0, 0.0, 0.0, 0.0
    for part, rows in parts:
        p_all = part.expected.probabilities(factors)
        for name in np.unique(part.group[rows]):
            here = rows[part.group[rows] == name]
            residual, p = part.scores[here] - p_all[here], p_all[here]
            whole = ~np.isnan(residual).any(axis=0)
            if len(here) < MIN_PROMPTS or whole.sum() < 2:
                continue
            residual = residual[:, whole]
            n, m = residual.shape
            counted = part.weight * n
            together = residual.mean(axis=1)
            apart = residual - together[:, None]
            excess = apart.mean(axis=0) ** 2 - apart.var(axis=0, ddof=1) / n
            own += counted * float(excess.sum()) / (m - 1)
            shared += counted * float(together.mean() ** 2 - together.var(ddof=1) / n)
            slopes += counted * float((p[:, whole] * (1 - p[:, whole])).mean())
            weight += counted
    if weight == 0.0:
        return np.nan, np.nan
    slope = slopes / weight
    return own / weight / slope**2, shared / weight / slope**2
