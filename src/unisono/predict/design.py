"""Features to the vector that the trained maps read: embedding, soft topic clusters, surface facts.

It knows no model and no score.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from unisono.types import Features, Vector
from unisono.values import value

EMBEDDING_SCALE = np.float32(2.0)
CLUSTER_SCALE = np.float32(4.0)
SURFACE_SCALE = np.float32(0.3)
"""Relative weights of the three parts under one ridge penalty; chosen by cross-validation on training data."""
CLUSTER_WIDTH = np.float32(0.05)
SURFACE_CLIP = np.float32(4.0)


@value
class Standing:
    """Where one prompt stands.

    Attributes:
        x: the centred design vector, shape (n,).
        facts: the surface facts standardised and clipped, shape (n_surface,); None where they were not measured.
        closeness: to the centres of topics, shape (n_clusters,); None without an embedding.
        topics: shares of the topics, shape (n_clusters,), sum 1; None without an embedding.
    """

    x: Vector
    facts: Vector | None
    closeness: Vector | None
    topics: Vector | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Standardises features as they were in training. What is missing, embedding or surface, counts as the average one.

    Attributes:
        surface_mean: shape (n_surface,).
        surface_scale: shape (n_surface,), positive.
        centroids: shape (n_clusters, dim), centres of topics in the embedding space.
        centre: shape (n,), mean of the raw vector over the training prompts.
    """

    surface_mean: Vector
    surface_scale: Vector
    centroids: Vector
    centre: Vector
    _latest: list[tuple[Features, Standing]] = field(default_factory=list, init=False, repr=False, compare=False)

    def of(self, features: Features) -> Standing:
        """Return where a prompt stands. Quality, novelty and length ask for it in turn; it is worked out once."""
        for known, standing in self._latest:
            if known is features:
                return standing
        standing = self._standing(features)
        self._latest[:] = [(features, standing)]
        return standing

    def x(self, features: Features) -> Vector:
        """Return the centred design vector, shape (n,), float32."""
        return self.of(features).x

    def facts(self, surface: Vector) -> Vector:
        """Return the surface facts standardised and clipped, shape (n_surface,)."""
        facts: Vector = surface - self.surface_mean
        facts /= self.surface_scale
        np.maximum(facts, -SURFACE_CLIP, out=facts)
        return np.minimum(facts, SURFACE_CLIP, out=facts)

    def _standing(self, features: Features) -> Standing:
        if features.surface.size == 0:
            return Standing(x=np.zeros(self.centre.size, dtype=np.float32), facts=None, closeness=None, topics=None)
        facts = self.facts(features.surface)
        x: Vector = np.empty(self.centre.size, dtype=np.float32)
        n_known = x.size - facts.size
        np.multiply(SURFACE_SCALE, facts, out=x[n_known:])
        embedding = features.embedding
        if embedding is None or not embedding.any():
            x[n_known:] -= self.centre[n_known:]
            x[:n_known] = 0.0
            return Standing(x=x, facts=facts, closeness=None, topics=None)
        closeness: Vector = self.centroids @ embedding
        np.multiply(EMBEDDING_SCALE, embedding, out=x[: embedding.size])
        topics = _clusters(closeness)
        np.multiply(CLUSTER_SCALE, topics, out=x[embedding.size : n_known])
        x -= self.centre
        return Standing(x=x, facts=facts, closeness=closeness, topics=topics)


def _clusters(closeness: Vector) -> Vector:
    shares: Vector = closeness - np.maximum.reduce(closeness)
    shares /= CLUSTER_WIDTH
    np.exp(shares, out=shares)
    shares /= np.add.reduce(shares)
    return shares
