"""Expected scores from fits that did not see the prompt, and the doubt that their errors show beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.corpus import Corpus
from unisono.learn.irt import Array, Settings, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_FOLDS = 5
DOUBT_FLOOR = 0.25
"""Random folds show no doubt beyond chance, but nobody's prompts are exactly those of the tables."""


def held_out(x: Sequence[Array], corpus: Corpus, folds: Sequence[NDArray[np.intp]], settings: Settings) -> list[Array]:
    """Return expected scores of every prompt from a fit that never saw its fold."""
    out = [np.full(block.outcomes.scores.shape, np.nan) for block in corpus.blocks]
    for fold in range(max(int(f.max()) for f in folds) + 1):
        kept = [
            (xs[f != fold], block.outcomes.scores[f != fold], block.columns)
            for xs, block, f in zip(x, corpus.blocks, folds, strict=True)
            if (f != fold).any()
        ]
        fitted = fit(kept, len(corpus.models), settings)
        for place, (xs, block, f) in enumerate(zip(x, corpus.blocks, folds, strict=True)):
            out[place][f == fold] = fitted.probabilities(xs[f == fold], block.columns)
    return out


def random_folds(corpus: Corpus, *, seed: int) -> list[NDArray[np.intp]]:
    """Return a random fold per prompt."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, N_FOLDS, len(b.features)) for b in corpus.blocks]


def task_folds(corpus: Corpus) -> list[NDArray[np.intp]]:
    """Return folds that keep every task or subject whole."""
    return group_folds([np.array(block.outcomes.categories) for block in corpus.blocks])


def group_folds(groups: Sequence[NDArray[np.str_]]) -> list[NDArray[np.intp]]:
    """Return folds that keep every group whole; `groups` names that of each prompt, block by block."""
    folds, at = [], 0
    for names in groups:
        own = np.unique(names)
        place = {name: (at + i) % N_FOLDS for i, name in enumerate(own)}
        at += len(own)
        folds.append(np.array([place[name] for name in names]))
    return folds


def structural_doubt(groups: Sequence[tuple[NDArray[np.str_], Array, Array]]) -> float:
    """Return the deviation of the logit that held-out groups of prompts show beyond chance.

    Args:
        groups: per block the group of each prompt, the held-out expected scores, the scores.
    """
    excess, weight = 0.0, 0.0
    for group, p, y in groups:
        for name in np.unique(group):
            rows = group == name
            for column in range(p.shape[1]):
                known = rows & ~np.isnan(y[:, column]) & ~np.isnan(p[:, column])
                if known.sum() < 20:
                    continue
                information = float((p[known, column] * (1 - p[known, column])).sum())
                offset = float((y[known, column] - p[known, column]).sum()) / information
                excess += offset * offset - 1.0 / information
                weight += 1.0
    return float(np.sqrt(max(excess / weight, DOUBT_FLOOR**2)))
