"""Boosted trees per model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor

from routers import Array, design, per_model
from unisono.types import Features

NAME = "boosted trees"
DOC = "60 trees of depth 3 per model on 48 principal axes, learning rate 0.05"


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`."""
    known, wanted = design(seen, new)
    axes = PCA(48, random_state=seed).fit(known)
    near, far = axes.transform(known), axes.transform(wanted)

    def predict(rows: Array, target: Array) -> Array:
        trees = HistGradientBoostingRegressor(
            max_iter=60, max_depth=3, learning_rate=0.05, l2_regularization=10.0, random_state=seed
        )
        return trees.fit(near[rows], target).predict(far)

    return np.clip(per_model(scores, predict), 0.0, 1.0)
