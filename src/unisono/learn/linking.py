"""Abilities and the index of capability that public figures give models: one scale, and what to expect of strangers.

Tables that share no models are each on a scale of their own: who has answered hard mathematics alone looks weaker than
he is, and its prompts easier. General abilities near a line over the index bring them together. What models differ in
by kind of prompt stays as it was fitted.

Source: the linking of tests by common anchors, as in M. Kolen and R. Brennan 2014, "Test equating, scaling, and
linking", chapter 6; here a regression on what is known of models elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from unisono.learn.irt import Array, Fitted, minimised, sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL_SLOPE = 0.9
"""Of general ability over the index, which tables of few models cannot show."""
INTERCEPT_SD, SLOPE_SD = 1.0, 0.3
"""How far lines may lie from that, for tables of few models."""
GENERAL_SD, SKILL_SD, USUAL_WEIGHT = 0.5, 0.3, 8.0
"""How far models lie from the line where nothing shows it; counts as much as eight models do."""
STRICT, LOOSE = 100.0, 4.0
"""How near to the line general abilities are drawn while difficulties find their level, and then, with these fixed."""
GENERAL_PENALTY = 0.1
"""Of models without figures, as in `irt`."""
N_STEPS = 80


def levelled(
    tables: Sequence[tuple[Array, Array, NDArray[np.intp]]], fitted: Fitted, index: Array, *, map_penalty: float
) -> Fitted:
    """Return the fit with general abilities near a line over the index, and difficulties to go with them.

    Args:
        tables: (x, scores with NaN, places of the columns among all models), as they were fitted.
        fitted: maps and abilities; skills stay.
        index: shape (n_models,), NaN where no figures of a model are known.
        map_penalty: of the difficulty map.
    """
    n_models = len(index)
    anchored, place = ~np.isnan(index), np.nan_to_num(index)
    fixed = [
        (xs, ~np.isnan(y), np.nan_to_num(y), columns, (xs @ fitted.skills) @ fitted.abilities[columns, 1:].T)
        for xs, y, columns in tables
    ]

    def loss(flat: Array, near: float, moving: float) -> tuple[float, Array]:
        general, line, difficulty = np.split(flat, (n_models, n_models + 2))
        penalties = np.where(anchored, near, GENERAL_PENALTY)
        off = general - (line[0] + line[1] * place) * anchored
        steeper = (line[1] - USUAL_SLOPE) / SLOPE_SD**2
        total = 0.5 * (
            map_penalty * (difficulty**2).sum() + (penalties * off**2).sum() + steeper * (line[1] - USUAL_SLOPE)
        )
        to_general, to_difficulty = penalties * off, map_penalty * difficulty
        to_line = np.array([-to_general @ anchored, -(to_general * anchored) @ place + steeper])
        for xs, known, y, columns, skill in fixed:
            logits = skill + general[columns] - (xs @ difficulty)[:, None]
            total += float(((np.logaddexp(0, logits) - y * logits) * known).sum())
            residual = (sigmoid(logits) - y) * known
            np.add.at(to_general, columns, residual.sum(axis=0))
            to_difficulty = to_difficulty - xs.T @ residual.sum(axis=1)
        return total, np.concatenate([to_general, to_line, moving * to_difficulty])

    found = np.concatenate([fitted.abilities[:, 0], [0.0, USUAL_SLOPE], fitted.difficulty])
    for near, moving in ((STRICT, 1.0), (LOOSE, 0.0)):
        found = minimised(loss, found, near, moving, n_steps=N_STEPS)
    general, _, difficulty = np.split(found, (n_models, n_models + 2))
    return replace(fitted, abilities=np.hstack([general[:, None], fitted.abilities[:, 1:]]), difficulty=difficulty)


def over_index(abilities: Array, index: Array, tables: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return abilities as lines over the index, intercepts and slopes, (2, k), and the covariance about them, (k, k).

    By how much a table is off as a whole, its models share: that does not set a stranger apart and is left out.

    Args:
        abilities: shape (n_models, k).
        index: shape (n_models,), NaN where no figures of a model are known.
        tables: the table that has most of a model's outcomes, shape (n_models,).
    """
    k = abilities.shape[1]
    usual = np.zeros((2, k))
    usual[1, 0] = USUAL_SLOPE
    apart = np.diag([GENERAL_SD**2, *np.full(k - 1, SKILL_SD**2)])
    known = ~np.isnan(index)
    told = np.stack([np.ones(known.sum()), index[known]], axis=1)
    lines = []
    for j in range(k):
        penalty = apart[j, j] * np.diag([INTERCEPT_SD**-2, SLOPE_SD**-2])
        lines.append(np.linalg.solve(told.T @ told + penalty, told.T @ abilities[known, j] + penalty @ usual[:, j]))
    line = np.stack(lines, axis=1)
    off = abilities[known] - told @ line
    for table in np.unique(tables[known]):
        off[tables[known] == table] -= off[tables[known] == table].mean(axis=0)
    return line, (off.T @ off + USUAL_WEIGHT * apart) / (len(off) + USUAL_WEIGHT)
