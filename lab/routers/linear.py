"""Ridge regression per model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import Ridge

from routers import Array, design, per_model
from unisono.types import Features

NAME = "linear (ridge)"
DOC = "one ridge regression per model, penalty 300"
PENALTY = 300.0


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`."""
    known, wanted = design(seen, new)
    raw = per_model(scores, lambda rows, target: Ridge(PENALTY).fit(known[rows], target).predict(wanted))
    return np.clip(raw, 0.0, 1.0)
