"""Features to the vector that the trained maps read: embedding, soft topic clusters, surface facts.

It knows no model and no score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unisono.types import Features, Vector

EMBEDDING_SCALE = np.float32(2.0)
CLUSTER_SCALE = np.float32(4.0)
SURFACE_SCALE = np.float32(0.3)
"""Relative weights of the three parts under one ridge penalty; chosen by cross-validation on training data."""
CLUSTER_WIDTH = np.float32(0.05)
SURFACE_CLIP = np.float32(4.0)


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

    def x(self, features: Features) -> Vector:
        """Return the centred design vector, shape (n,), float32."""
        if features.surface.size == 0:
            return np.zeros(self.centre.size, dtype=np.float32)
        facts = SURFACE_SCALE * self.facts(features.surface)
        embedding = features.embedding
        if embedding is None or not embedding.any():
            n_known = self.centre.size - facts.size
            return np.concatenate((np.zeros(n_known, dtype=np.float32), facts - self.centre[n_known:]))
        parts = (EMBEDDING_SCALE * embedding, CLUSTER_SCALE * self._clusters(embedding), facts)
        joined: Vector = np.concatenate(parts).astype(np.float32) - self.centre
        return joined

    def facts(self, surface: Vector) -> Vector:
        """Return the surface facts standardised and clipped, shape (n_surface,)."""
        standard = (surface - self.surface_mean) / self.surface_scale
        facts: Vector = np.clip(standard, -SURFACE_CLIP, SURFACE_CLIP)
        return facts

    def _clusters(self, embedding: Vector) -> Vector:
        closeness = self.centroids @ embedding
        weights = np.exp((closeness - closeness.max()) / CLUSTER_WIDTH)
        shares: Vector = weights / weights.sum()
        return shares
