"""From tables of outcomes to the arrays and numbers of an artifact: the same for the default one and for a user's own.

It reads no files and writes none: `lab/train.py` and `evaluate.fit` do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.beliefs import price_hints, size_hints, tempered
from unisono.learn.corpus import Block, Corpus
from unisono.learn.held_out import group_folds, held_out, random_folds, structural_doubt
from unisono.learn.irt import Array, Settings, fit
from unisono.learn.lengths import fit_lengths
from unisono.learn.topics import N_CLUSTERS, fit_design, matrix
from unisono.predict.design import Design
from unisono.types import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Structural deviation of the logit on prompts like the trained ones, and on tasks that training never saw."""

    near: float
    far: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training found.

    Attributes:
        arrays: as `predict.artifact.SHAPES` lists them.
        scalars, lines: as the manifest holds them.
        n_outcomes: scores that were learnt from.
        near: per block the expected scores (n, m) of each prompt by a fit that did not see it; empty when skipped.
        far: the same by a fit that saw nothing of the prompt's task; of its topic where the tables name no tasks.
    """

    arrays: Mapping[str, NDArray[np.generic]]
    scalars: Json
    lines: Json
    n_outcomes: int
    near: tuple[Array, ...] = ()
    far: tuple[Array, ...] = ()


def train(
    corpus: Corpus,
    settings: Settings,
    *,
    n_clusters: int = N_CLUSTERS,
    doubts: Doubts | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> Trained:
    """Fit everything that an artifact holds.

    Args:
        corpus: the tables with their features.
        settings: of the item-response fit.
        n_clusters: soft topics.
        doubts: known from elsewhere; None measures them by cross-validation, ten more fits.
        on_step: told what is being done.
    """
    on_step("topics")
    design = fit_design([f for b in corpus.blocks for f in b.features], seed=settings.seed, n_clusters=n_clusters)
    x = [matrix(design, block) for block in corpus.blocks]
    on_step("abilities")
    fitted = fit(
        [(xs, b.outcomes.scores, b.columns) for xs, b in zip(x, corpus.blocks, strict=True)],
        len(corpus.models),
        settings,
    )
    covariances, counts, enough, mean, covariance = tempered(x, corpus, fitted)
    near: list[Array] = []
    far: list[Array] = []
    if doubts is None:
        scores = [b.outcomes.scores for b in corpus.blocks]
        topics = [_nearest_topics(design, b) for b in corpus.blocks]
        tasks = _tasks(corpus) or topics
        on_step("prompts held out")
        near = held_out(x, corpus, random_folds(corpus, seed=1), settings)
        on_step("tasks held out")
        far = held_out(x, corpus, group_folds(tasks), settings)
        doubts = Doubts(
            near=structural_doubt(list(zip(topics, near, scores, strict=True))),
            far=structural_doubt(list(zip(tasks, far, scores, strict=True))),
        )
    on_step("lengths")
    lengths = fit_lengths(x, corpus)
    difficulty_sd = float(np.std(np.concatenate([xs @ fitted.difficulty for xs in x])))
    return Trained(
        arrays={
            "surface_mean": design.surface_mean,
            "surface_scale": design.surface_scale,
            "centroids": design.centroids,
            "centre": design.centre,
            "skills": fitted.skills.astype(np.float32),
            "difficulty": fitted.difficulty.astype(np.float32),
            "means": fitted.abilities,
            "covariances": covariances,
            "n_outcomes": counts,
            "population_mean": mean,
            "population_covariance": covariance,
            "length_weights": lengths.weights.astype(np.float32),
            "length_constants": lengths.constants,
            "length_sds": lengths.sds,
        },
        scalars={
            "near": design.near,
            "far": design.far,
            "doubt_near": doubts.near,
            "doubt_far": doubts.far,
            "logit_stretch": float(np.sqrt(1 + pi / 8 * difficulty_sd**2)),
            "length_unknown_mean": lengths.unknown_mean,
            "length_unknown_sd": lengths.unknown_sd,
        },
        lines={"by_size": size_hints(corpus, fitted, enough), "by_price": price_hints(corpus, fitted)},
        n_outcomes=int(counts.sum()),
        near=tuple(near),
        far=tuple(far),
    )


def _tasks(corpus: Corpus) -> list[NDArray[np.str_]]:
    """Return the task of each prompt, block by block; nothing where all are of one."""
    tasks = [np.array(block.outcomes.categories) for block in corpus.blocks]
    return tasks if len({name for block in corpus.blocks for name in block.outcomes.categories}) > 1 else []


def _nearest_topics(design: Design, block: Block) -> NDArray[np.str_]:
    embeddings = np.array([f.embedding for f in block.features])
    nearest: NDArray[np.str_] = (embeddings @ design.centroids.T).argmax(axis=1).astype(str)
    return nearest
