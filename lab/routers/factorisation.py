"""Matrix factorisation: a prompt vector, linear in the features, times a vector per model.

Source: RouteLLM's and EmbedLLM's factorisation (2406.18665, 2410.02223), here by reduced-rank ridge regression, which
is its least-squares form and has a closed solution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routers import Array, design
from routers.linear import PENALTIES
from unisono.types import Features

NAME = "matrix factorisation"
DOC = "reduced-rank ridge regression; rank and penalty chosen on a fifth of the training prompts"
RANKS = (1, 2, 4)


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`. An unknown score counts as the model's mean."""
    known, wanted = design(seen, new)
    held = np.random.default_rng(seed).random(len(known)) < 0.2
    settings = [(rank, penalty) for rank in RANKS for penalty in PENALTIES]
    errors = [
        float(np.nanmean((fitted(known[~held], scores[~held], known[held], *setting) - scores[held]) ** 2))
        for setting in settings
    ]
    return np.clip(fitted(known, scores, wanted, *settings[int(np.argmin(errors))]), 0.0, 1.0)


def fitted(known: Array, scores: Array, wanted: Array, rank: int, penalty: float) -> Array:
    """Return the predictions of a ridge regression onto the models' means plus `rank` axes."""
    mean = np.nanmean(scores, axis=0)
    target = np.where(np.isnan(scores), 0.0, scores - mean)
    weights = np.linalg.solve(known.T @ known + penalty * np.eye(known.shape[1]), known.T @ target)
    _, _, axes = np.linalg.svd(known @ weights, full_matrices=False)
    kept = axes[: min(rank, len(axes))]
    return np.asarray(mean + wanted @ weights @ kept.T @ kept, dtype=np.float64)
