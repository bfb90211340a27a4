"""Which models and prompts of a table of outcomes can be learnt from, and what is said where that is too little.

It trains nothing: `fit` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from unisono.errors import StartError
from unisono.evaluate.datasets import Outcomes
from unisono.predict.names import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_PROMPTS = 50
MIN_SCORES = 20
"""A model with fewer is left out."""


def learnable(table: Outcomes) -> tuple[Outcomes, list[str]]:
    """Return the models and prompts that can be learnt from, and what was left out.

    Raises:
        StartError: too little is left.
    """
    known = ~np.isnan(table.scores)
    counts = known.sum(axis=0)
    dropped = [
        f"{model}: {n} scores, {MIN_SCORES} are needed"
        for model, n in zip(table.models, counts, strict=True)
        if n < MIN_SCORES
    ]
    kept = tuple(model for model, n in zip(table.models, counts, strict=True) if n >= MIN_SCORES)
    if len(kept) < 2:
        raise StartError(
            f"{table.name}: {len(kept)} model with {MIN_SCORES} scores or more; routing needs two. "
            f"Models in the table: {_listed(table.models, counts)}."
        )
    table = table.only(kept)
    table = table.rows(np.asarray(~np.isnan(table.scores).all(axis=1)))
    if len(table.prompts) < MIN_PROMPTS:
        raise StartError(
            f"{table.name}: {len(table.prompts)} prompts with a score; {MIN_PROMPTS} are needed, some hundreds wanted."
        )
    if float(np.nanstd(table.scores)) == 0.0:
        raise StartError(f"{table.name}: every score is {float(np.nanmean(table.scores)):g}; nothing can be learnt.")
    taken: dict[str, str] = {}
    for model in kept:
        if (other := taken.setdefault(normal(model), model)) != model:
            raise StartError(
                f"{table.name}: {other!r} and {model!r} are one name to Unisono ({normal(model)!r}): "
                "call them by one name, or by two that differ in more than maker, case or build."
            )
    return table, dropped


def _listed(models: Sequence[str], counts: NDArray[np.int64]) -> str:
    shown = [f"{model} ({n})" for model, n in zip(models, counts, strict=True)]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
