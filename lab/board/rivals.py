"""The routers of `lab/routers` on a split: their expectations, computed once and kept between runs."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

import routers
from board.context import SEEDS, remembered, say
from unisono.types import Features

Array = NDArray[np.float64]


def seeds_of(module: ModuleType) -> tuple[int, ...]:
    """Return the seeds that a router runs with: one where its fit has no chance in it (`SEEDED = False`)."""
    return SEEDS if getattr(module, "SEEDED", True) else SEEDS[:1]


def quality_of(
    module: ModuleType, seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int
) -> Array:
    """Return the expected scores of a router, shape (n new, m)."""
    known, wanted = (np.array([np.concatenate((f.embedding, f.surface)) for f in part]) for part in (seen, new))
    code = inspect.getsource(module) + inspect.getsource(routers)

    def compute() -> Array:
        say(f"  {module.NAME}, seed {seed}: {len(seen):,} prompts, {scores.shape[1]} models")
        return module.quality(seen, scores, new, seed=seed)

    return remembered([code, known, wanted, scores, seed], compute)
