"""Routers to compare with: each file is one, and a new file here is in the whole table of `lab/quality.py`.

A file holds `NAME`, a `DOC` sentence, `SEEDED = False` if its fit leaves nothing to chance, and

    def quality(seen, scores, new, *, seed) -> Array

which learns from `seen` (the training prompts' features) and `scores`, shape (n seen, m), NaN where unknown, and
returns the expected score of each of the m models on each prompt of `new`, shape (n new, m). Costs are the product's
own for every router, so that the table compares knowledge of quality and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from unisono.types import Features

Array: TypeAlias = NDArray[np.float64]


def routers() -> list[ModuleType]:
    """Return every router of this folder, in the order of the files' names.

    Raises:
        SystemExit: two of them have one name, so that nobody could tell their rows apart.
    """
    found = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    names = Counter(module.NAME for module in found)
    if twice := next((module.__name__ for module in found if names[module.NAME] > 1), None):
        raise SystemExit(f"{twice}: another router of lab/routers has the same NAME.")
    return found


def design(seen: Sequence[Features], new: Sequence[Features]) -> tuple[Array, Array]:
    """Return embedding and surface facts side by side, standardised by `seen`: shape (n, dim + n_surface) each."""
    known, wanted = (np.array([np.concatenate((f.embedding, f.surface)) for f in part]) for part in (seen, new))
    mean, scale = known.mean(axis=0, dtype=np.float64), known.std(axis=0, dtype=np.float64) + 1e-9
    return (known - mean) / scale, np.clip((wanted - mean) / scale, -5.0, 5.0)


def embeddings(seen: Sequence[Features], new: Sequence[Features]) -> tuple[Array, Array]:
    """Return the embeddings alone, shape (n, dim) each."""
    first, second = (np.array([f.embedding for f in part], dtype=np.float64) for part in (seen, new))
    return first, second


def per_model(scores: Array, predict) -> Array:  # type: ignore[no-untyped-def]
    """Ask `predict(rows, targets)` once for each model, with the rows on which its score is known."""
    columns = []
    for place in range(scores.shape[1]):
        rows = np.flatnonzero(~np.isnan(scores[:, place]))
        columns.append(predict(rows, scores[rows, place]))
    return np.column_stack(columns)
