"""kNN: the mean score of each model over the 100 nearest training prompts, no shrinkage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routers import Array, embeddings
from unisono.types import Features

NAME = "kNN-100"
DOC = "mean score over the 100 nearest prompts; the strongest simple baseline of LLMRouterBench's authors"
SEEDED = False
N_NEIGHBOURS = 100


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`."""
    known, wanted = embeddings(seen, new)
    nearest = np.argpartition(-(wanted @ known.T), N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]
    return np.nanmean(scores[nearest], axis=1)
