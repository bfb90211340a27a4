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
        found = held_to_its_contract(module, seen, scores, new, seed=seed)
        after = (np.array([np.concatenate((f.embedding, f.surface)) for f in part]) for part in (seen, new))
        if not all(map(np.array_equal, (known, wanted), after)):
            raise BrokenRouter(f"{module.__name__} changes the features that it is given, and others read them too.")
        return found

    return remembered([code, known, wanted, scores, seed], compute)


class BrokenRouter(SystemExit):
    """A router gave what no table can be made of; the text says which, and what."""


def held_to_its_contract(
    module: ModuleType, seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int
) -> Array:
    """Return what a router expects: a finite number for each prompt and model, from scores that it cannot write to.

    Raises:
        BrokenRouter: it is of another shape, or not finite.
    """
    locked = scores.view()
    locked.flags.writeable = False
    found = np.asarray(module.quality([*seen], locked, [*new], seed=seed), dtype=np.float64)
    if found.shape != (len(new), scores.shape[1]):
        raise BrokenRouter(
            f"{module.__name__} returns the shape {found.shape}; {len(new):,} prompts and {scores.shape[1]} models are "
            f"({len(new)}, {scores.shape[1]})."
        )
    if n_bad := int((~np.isfinite(found)).sum()):
        raise BrokenRouter(
            f"{module.__name__} returns {n_bad:,} numbers of {found.size:,} that are NaN or endless. Expect a model's "
            "mean where nothing is known; unknown scores are NaN in `scores`."
        )
    return found
