"""What fits that did not see a prompt expect of it, part by part, and how familiar the prompt was to them.

It draws no conclusions: `trust` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.corpus import Block, Corpus
from unisono.learn.familiar import distances, fit_familiarity
from unisono.learn.irt import Array, Settings, fit, sigmoid
from unisono.learn.linking import levelled
from unisono.learn.topics import N_CLUSTERS, fit_design, matrix
from unisono.predict.familiar import Familiarity
from unisono.types import Features

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Expectations of one block's prompts by fits that did not see them.

    Attributes:
        general: shape (n, m), the part of the logit that is the model's own.
        skill: shape (n, m), the part of skills.
        difficulty: shape (n,).
        distance: shape (n,), as `Familiarity.distance`, by what was fitted without the prompt.
    """

    general: Array
    skill: Array
    difficulty: Array
    distance: Array

    def probabilities(self, trust: Array) -> Array:
        """Return expected scores, shape (n, m), with factors on skill and difficulty, shape (2,) or (n, 2)."""
        skill, difficulty = np.broadcast_to(trust, (len(self.distance), 2)).T
        return sigmoid(self.general + skill[:, None] * self.skill - (difficulty * self.difficulty)[:, None])


def held_out(
    corpus: Corpus,
    *,
    folds: Sequence[NDArray[np.intp]],
    settings: Settings,
    n_clusters: int = N_CLUSTERS,
    index: Array | None = None,
) -> list[HeldOut]:
    """Return what is expected of every prompt by a fit, topics included, that never saw its fold.

    Args:
        corpus: the blocks.
        folds: per block the fold of each prompt.
        settings: of the fits.
        n_clusters: soft topics.
        index: of capability, as for `linking.levelled`; None levels nothing.
    """
    (found,) = held_out_by_each(corpus, folds=folds, candidates=[settings], n_clusters=n_clusters, index=index)
    return found


def held_out_by_each(
    corpus: Corpus,
    *,
    folds: Sequence[NDArray[np.intp]],
    candidates: Sequence[Settings],
    n_clusters: int = N_CLUSTERS,
    index: Array | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> list[list[HeldOut]]:
    """Return the same for each of several settings with one seed: topics see no scores, so they are fitted once a fold.

    Args:
        corpus: the blocks.
        folds: per block the fold of each prompt.
        candidates: the settings.
        n_clusters: soft topics.
        index: of capability, as for `linking.levelled`; None levels nothing.
        on_step: told what is being done.
    """
    out = [[_nothing_yet(b) for b in corpus.blocks] for _ in candidates]
    (seed,) = {settings.seed for settings in candidates}
    n_folds = max(int(f.max()) for f in folds) + 1
    for fold in range(n_folds):
        on_step(f"fold {fold + 1} of {n_folds}")
        _hold_out(
            corpus, [f == fold for f in folds], candidates, seed=seed, n_clusters=n_clusters, index=index, into=out
        )
    return out


def _hold_out(
    corpus: Corpus,
    held: Sequence[NDArray[np.bool_]],
    candidates: Sequence[Settings],
    *,
    seed: int,
    n_clusters: int,
    index: Array | None,
    into: Sequence[Sequence[HeldOut]],
) -> None:
    """Write what is expected of the prompts held out, for each of the candidates; `held` says which, block by block."""
    seen = [f for b, away in zip(corpus.blocks, held, strict=True) for f in _cut(b, ~away)]
    design = fit_design(seen, seed=seed, n_clusters=min(n_clusters, len(seen)))  # of two tasks one may be tiny
    familiarity = fit_familiarity(seen, design)
    x = [matrix(design, b) for b in corpus.blocks]
    distance = [distances(_cut(b, away), familiarity, design) for b, away in zip(corpus.blocks, held, strict=True)]
    tables = [
        (xs[~away], b.outcomes.scores[~away], b.columns)
        for xs, b, away in zip(x, corpus.blocks, held, strict=True)
        if not away.all()
    ]
    x = [xs[away] for xs, away in zip(x, held, strict=True)]
    for settings, blocks in zip(candidates, into, strict=True):
        fitted = fit(tables, len(corpus.models), settings)
        if index is not None:
            fitted = levelled(tables, fitted, index, map_penalty=settings.map_penalty)
        for found, xs, b, away, far in zip(blocks, x, corpus.blocks, held, distance, strict=True):
            found.general[away] = fitted.abilities[b.columns, 0]
            found.skill[away] = (xs @ fitted.skills) @ fitted.abilities[b.columns, 1:].T
            found.difficulty[away] = xs @ fitted.difficulty
            found.distance[away] = far


def _nothing_yet(block: Block) -> HeldOut:
    shape, n = block.outcomes.scores.shape, len(block.features)
    return HeldOut(
        general=np.full(shape, np.nan),
        skill=np.full(shape, np.nan),
        difficulty=np.full(n, np.nan),
        distance=np.full(n, np.nan),
    )


def _cut(block: Block, rows: NDArray[np.bool_]) -> list[Features]:
    return [block.features[row] for row in np.flatnonzero(rows)]


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


def familiarity_of(held: Sequence[HeldOut], reference: Familiarity) -> list[Array]:
    """Return the familiarity of held-out prompts, shape (n,) for each block."""
    return [1.0 - np.searchsorted(reference.quantiles, h.distance) / len(reference.quantiles) for h in held]
