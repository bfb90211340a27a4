"""Fits the design of the trained maps: how features are standardised, and the clusters of topics.

It sees no scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unisono.learn.corpus import Block
from unisono.learn.irt import Array
from unisono.predict.design import Design
from unisono.types import Features

N_CLUSTERS = 48


def fit_design(features: Sequence[Features], *, seed: int, n_clusters: int = N_CLUSTERS) -> Design:
    """Fit the standardisation and the topic clusters."""
    surface = np.array([f.surface for f in features], dtype=np.float64)
    embeddings = np.array([f.embedding for f in features], dtype=np.float64)
    centroids = spherical_k_means(embeddings, n_clusters, seed=seed).astype(np.float32)
    raw = Design(
        surface_mean=surface.mean(axis=0).astype(np.float32),
        surface_scale=np.maximum(surface.std(axis=0), 1e-3).astype(np.float32),
        centroids=centroids,
        centre=np.zeros(embeddings.shape[1] + n_clusters + surface.shape[1], dtype=np.float32),
    )
    centre = np.array([raw.x(f) for f in features], dtype=np.float64).mean(axis=0)
    return replace(raw, centre=centre.astype(np.float32))


def spherical_k_means(vectors: Array, n: int, *, seed: int, n_rounds: int = 30) -> Array:
    """Return n unit centroids; empty ones are dropped onto the worst-covered vectors."""
    rng = np.random.default_rng(seed)
    centroids = vectors[rng.choice(len(vectors), n, replace=False)]
    for _ in range(n_rounds):
        closeness = vectors @ centroids.T
        nearest = closeness.argmax(axis=1)
        worst = iter(np.argsort(closeness.max(axis=1), kind="stable"))
        sums = np.array(
            [vectors[nearest == c].sum(axis=0) if (nearest == c).any() else vectors[next(worst)] for c in range(n)]
        )
        before, centroids = centroids, sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        if np.array_equal(before, centroids):
            break  # every further round would give the same
    return centroids


def matrix(design: Design, block: Block) -> Array:
    """Return the design matrix of a block, as the product computes it."""
    return np.array([design.x(f) for f in block.features], dtype=np.float64)
