"""From tables of outcomes to the arrays and numbers of an artifact: the same for the default one and for a user's own.

It reads no files and writes none: `lab/train.py` and `evaluate.fit` do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.beliefs import price_hints, size_hints, tempered
from unisono.learn.benchmarks import indices, public_benchmarks
from unisono.learn.corpus import Block, Corpus
from unisono.learn.familiar import calibrated, fit_familiarity
from unisono.learn.held_out import HeldOut, familiarity_of, group_folds, held_out, random_folds
from unisono.learn.irt import Array, Settings, fit
from unisono.learn.lengths import fit_lengths
from unisono.learn.linking import levelled, over_index
from unisono.learn.topics import N_CLUSTERS, fit_design, matrix
from unisono.learn.trust import FAR_WEIGHT, Held, measure_trust, measure_unsteadiness
from unisono.predict.benchmarks import Benchmarks, packed
from unisono.predict.design import Design
from unisono.predict.trust import MIDDLES, Trust
from unisono.types import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training found.

    Attributes:
        arrays: as `predict.artifact.SHAPES` lists them.
        scalars, lines, benchmarks: as the manifest holds them.
        n_outcomes: scores that were learnt from.
        near: per block the expected scores (n, m) of each prompt by a fit that did not see it; empty when skipped.
        far: the same by a fit that saw nothing of the prompt's task; of its topic where the tables name no tasks.
        far_familiar: per block the familiarity (n,) of each prompt to that fit.
    """

    arrays: Mapping[str, NDArray[np.generic]]
    scalars: Json
    lines: Json
    benchmarks: Json
    n_outcomes: int
    near: tuple[Array, ...] = ()
    far: tuple[Array, ...] = ()
    far_familiar: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What cross-validation measured elsewhere: the trust table, the quantiles of `Familiarity`, and by its name how
    unsteady a model is."""

    trust: Array
    quantiles: Array
    unsteady: Mapping[str, float] = field(default_factory=dict)


NOT_MEASURED = Known(trust=np.tile([1.0, 1.0, 0.25, 0.25], (len(MIDDLES), 1)), quantiles=np.linspace(0.0, 4.0, 100))
"""For fits that are only asked for means: all is trusted."""


def train(
    corpus: Corpus,
    settings: Settings,
    *,
    n_clusters: int = N_CLUSTERS,
    known: Known | None = None,
    benchmarks: Benchmarks | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> Trained:
    """Fit everything that an artifact holds.

    Args:
        corpus: the tables with their features.
        settings: of the item-response fit.
        n_clusters: soft topics.
        known: what cross-validation would measure; None measures it, with ten more fits.
        benchmarks: what public figures say; those of the package where it is None.
        on_step: told what is being done.
    """
    on_step("topics")
    design = fit_design([f for b in corpus.blocks for f in b.features], seed=settings.seed, n_clusters=n_clusters)
    x = [matrix(design, block) for block in corpus.blocks]
    topics = [_topics(design, block) for block in corpus.blocks]
    on_step("abilities")
    benchmarks = public_benchmarks() if benchmarks is None else benchmarks
    index = indices(corpus.models, benchmarks)
    tables = [(xs, b.outcomes.scores, b.columns) for xs, b in zip(x, corpus.blocks, strict=True)]
    fitted = fit(tables, len(corpus.models), settings)
    links = index if len(tables) > 1 else None  # one table alone has no other's scale to come to
    if links is not None:
        fitted = levelled(tables, fitted, links, map_penalty=settings.map_penalty)
    covariances, counts, enough, mean, covariance = tempered(x, corpus, fitted)
    line, apart = over_index(fitted.abilities, np.where(counts > 0, index, np.nan), _homes(corpus))
    familiarity = fit_familiarity([f for b in corpus.blocks for f in b.features], design)
    near: list[Array] = []
    far: list[Array] = []
    far_familiar: list[Array] = []
    if known is None:
        nearest = [shares.argmax(axis=1).astype(str) for shares in topics]
        tasks = _tasks(corpus) or nearest
        on_step("prompts held out")
        prompts = held_out(
            corpus, folds=random_folds(corpus, seed=1), settings=settings, n_clusters=n_clusters, index=links
        )
        familiarity = calibrated(familiarity, np.concatenate([h.distance for h in prompts]))
        on_step("tasks held out")
        others = held_out(corpus, folds=group_folds(tasks), settings=settings, n_clusters=n_clusters, index=links)
        near_familiar, far_familiar = familiarity_of(prompts, familiarity), familiarity_of(others, familiarity)
        near_held = _held(corpus, prompts, near_familiar, nearest, weight=1.0)
        far_held = _held(corpus, others, far_familiar, tasks, weight=FAR_WEIGHT)
        trust = measure_trust([*near_held, *far_held])
        unsteady = measure_unsteadiness(far_held, trust, n_models=len(corpus.models))
        near = _trusted(prompts, near_familiar, trust)
        far = _trusted(others, far_familiar, trust)
    else:
        familiarity = replace(familiarity, quantiles=known.quantiles.astype(np.float32))
        trust = Trust(table=known.trust)
        unsteady = np.array([known.unsteady.get(model, 1.0) for model in corpus.models])
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
            "unsteady": unsteady,
            "at_large": at_large(topics, x, fitted.skills).astype(np.float32),
            "population_mean": mean,
            "population_covariance": covariance,
            "index_line": line,
            "index_covariance": apart,
            "length_weights": lengths.weights.astype(np.float32),
            "length_constants": lengths.constants,
            "length_sds": lengths.sds,
            "familiar_radius": familiarity.radius,
            "familiar_fact_mean": familiarity.fact_mean,
            "familiar_fact_variance": familiarity.fact_variance,
            "familiar_quantiles": familiarity.quantiles,
            "trust": trust.table,
        },
        scalars={
            "logit_stretch": float(np.sqrt(1 + pi / 8 * difficulty_sd**2)),
            "length_unknown_mean": lengths.unknown_mean,
            "length_unknown_sd": lengths.unknown_sd,
        },
        lines={"by_size": size_hints(corpus, fitted, enough), "by_price": price_hints(corpus, fitted)},
        benchmarks=packed(benchmarks),
        n_outcomes=int(counts.sum()),
        near=tuple(near),
        far=tuple(far),
        far_familiar=tuple(far_familiar),
    )


def at_large(topics: Sequence[Array], x: Sequence[Array], skills: Array) -> Array:
    """Return for each topic the mean skills asked for in its prompts' tables, shape (n_clusters, k - 1).

    Args:
        topics: of each table, each prompt's shares of the topics, shape (n, n_clusters).
        x: the design matrix of each table.
        skills: the trained map, shape (x, k - 1).
    """
    shares = np.stack([of_prompts.sum(axis=0) for of_prompts in topics], axis=1)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    found: Array = shares @ np.array([xs.mean(axis=0) @ skills for xs in x])
    return found


def _topics(design: Design, block: Block) -> Array:
    """Return each prompt's shares of the topics, shape (n, n_clusters); without an embedding it has none."""
    none = np.zeros(len(design.centroids))
    found = [design.of(features).topics for features in block.features]
    return np.array([none if topics is None else topics for topics in found], dtype=np.float64)


def _homes(corpus: Corpus) -> NDArray[np.intp]:
    """Return the place of the table that has most of each model's outcomes."""
    counts = np.zeros((len(corpus.blocks), len(corpus.models)))
    for row, block in enumerate(corpus.blocks):
        counts[row, block.columns] = (~np.isnan(block.outcomes.scores)).sum(axis=0)
    return np.asarray(counts.argmax(axis=0), dtype=np.intp)


def _held(
    corpus: Corpus,
    found: Sequence[HeldOut],
    familiar: Sequence[Array],
    groups: Sequence[NDArray[np.str_]],
    *,
    weight: float,
) -> list[Held]:
    return [
        Held(expected=h, scores=b.outcomes.scores, familiar=p, group=g, columns=b.columns, weight=weight)
        for b, h, p, g in zip(corpus.blocks, found, familiar, groups, strict=True)
    ]


def _tasks(corpus: Corpus) -> list[NDArray[np.str_]]:
    """Return the task of each prompt, block by block; nothing where all are of one."""
    tasks = [np.array(block.outcomes.categories) for block in corpus.blocks]
    return tasks if len({name for block in corpus.blocks for name in block.outcomes.categories}) > 1 else []


def _trusted(held: Sequence[HeldOut], familiar: Sequence[Array], trust: Trust) -> list[Array]:
    """Return the expected scores of held-out prompts with the trust that the product would put into them."""
    return [
        expected.probabilities(np.array([trust.at(float(share))[:2] for share in shares]).reshape(-1, 2))
        for expected, shares in zip(held, familiar, strict=True)
    ]
