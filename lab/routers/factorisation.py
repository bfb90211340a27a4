"""Matrix factorisation: a prompt vector, linear in the features, times a vector per model.

Source: RouteLLM's and EmbedLLM's factorisation (2406.18665, 2410.02223), here by reduced-rank ridge regression, which
is its least-squares form and has a closed solution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routers import Array, design
from unisono.types import Features

NAME = "matrix factorisation"
DOC = "rank 4, reduced-rank ridge regression with penalty 300"
RANK = 4
PENALTY = 300.0


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`."""
    known, wanted = design(seen, new)
    mean = np.nanmean(scores, axis=0)
    target = np.where(np.isnan(scores), 0.0, scores - mean)
    weights = np.linalg.solve(known.T @ known + PENALTY * np.eye(known.shape[1]), known.T @ target)
    _, _, axes = np.linalg.svd(known @ weights, full_matrices=False)
    kept = axes[: min(RANK, len(axes))]
    return np.clip(mean + wanted @ weights @ kept.T @ kept, 0.0, 1.0)
