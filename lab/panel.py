"""Panels: cheap models asked one after another until enough of them end alike, else the strong one.

It chooses nothing; `cascade.py` and `ceiling.py` do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sets:
    """Outcomes, costs in USD per 1,000, final answers and texts: a row a question, a column a model."""

    score: pd.DataFrame
    cost: pd.DataFrame
    final: pd.DataFrame
    text: pd.DataFrame
    prompt: pd.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Which cheap models are asked in which order, and how many must end alike after each answer from the second on."""

    models: tuple[str, ...]
    votes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a panel gives on each question: quality, cost in USD per 1,000, whether the strong model was asked."""

    quality: NDArray[np.float64]
    cost: NDArray[np.float64]
    went_on: NDArray[np.bool_]


def every_panel(cheap: Sequence[str]) -> Iterator[Panel]:
    """Yield all panels of two or more models whose demands never fall; the first two are asked together."""
    for n in range(2, len(cheap) + 1):
        for votes in product(*(range(2, k + 1) for k in range(2, n + 1))):
            if list(votes) != sorted(votes):
                continue
            for models in permutations(cheap, n):
                if models[0] < models[1]:
                    yield Panel(models=models, votes=votes)


def ask(panel: Panel, sets: Sets, strong: str) -> Asked:
    """Return what the panel gives; the answer taken is the first asked of those that end alike."""
    final = sets.final[list(panel.models)].to_numpy(dtype=object)
    score = sets.score[list(panel.models)].to_numpy()
    alike = final[:, :, None] == final[:, None, :]
    undecided = np.ones(len(final), dtype=bool)
    quality = sets.score[strong].to_numpy().copy()
    cost = sets.cost[panel.models[0]].to_numpy().copy()
    for place, needed in enumerate(panel.votes, start=1):
        cost += np.where(undecided, sets.cost[panel.models[place]], 0.0)
        votes = alike[:, : place + 1, : place + 1].sum(2)
        taken = undecided & (votes.max(1) >= needed)
        quality[taken] = score[taken, votes.argmax(1)[taken]]
        undecided &= ~taken
    return Asked(quality=quality, cost=cost + np.where(undecided, sets.cost[strong], 0.0), went_on=undecided)
