"""Ridge regression per model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import Ridge

from routers import Array, design, per_model
from unisono.types import Features

NAME = "linear (ridge)"
DOC = "one ridge regression per model, the penalty chosen on a fifth of the training prompts"
PENALTIES = (300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0)


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`."""
    known, wanted = design(seen, new)
    penalty = chosen_penalty(known, scores, seed=seed)
    return np.clip(fitted(known, scores, wanted, penalty), 0.0, 1.0)


def fitted(known: Array, scores: Array, wanted: Array, penalty: float) -> Array:
    """Return the predictions of one ridge regression per model."""
    return per_model(scores, lambda rows, target: Ridge(penalty).fit(known[rows], target).predict(wanted))


def chosen_penalty(known: Array, scores: Array, *, seed: int) -> float:
    """Return the penalty with the least squared error on a random fifth of the training prompts."""
    held = np.random.default_rng(seed).random(len(known)) < 0.2
    errors = [
        float(np.nanmean((fitted(known[~held], scores[~held], known[held], penalty) - scores[held]) ** 2))
        for penalty in PENALTIES
    ]
    return PENALTIES[int(np.argmin(errors))]
