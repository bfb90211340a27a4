"""Fits the item-response model of `unisono.predict.ability` by penalised likelihood; only the start is random.

It needs scipy (the extra `fit`). It reads no files and knows no encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from unisono.errors import StartError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"


MOST_SKILLS = 16
LEFT_OUT = 0.001
"""Share of what sets models apart that is given up for fewer skills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What cross-validation chose; see `lab/LOG.md`.

    Attributes:
        n_skills: that models share; None for as many as it takes when each model has a map of its own (`_fit_apart`).
        map_penalty: of the maps of skills and difficulty.
        ability_penalty: of abilities; without shared skills, of what sets each model's map apart.
        general_penalty: of general abilities.
        n_steps: of the search, at most.
        seed: of its start.
    """

    n_skills: int | None = 4
    map_penalty: float = 80.0
    ability_penalty: float = 80.0
    general_penalty: float = 0.1
    n_steps: int = 80
    seed: int = 20261123


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Maps (n, k - 1) and (n,), abilities (n_models, k) with the general one first."""

    skills: Array
    difficulty: Array
    abilities: Array

    def probabilities(self, x: Array, columns: NDArray[np.intp]) -> Array:
        """Return expected scores, shape (n prompts, len(columns))."""
        return sigmoid(profiles(x, self.skills) @ self.abilities[columns].T - (x @ self.difficulty)[:, None])


def profiles(x: Array, skills: Array) -> Array:
    """Return (n prompts, k): ones, then the skills asked for."""
    return np.hstack([np.ones((len(x), 1)), x @ skills])


def sigmoid(z: Array) -> Array:
    """Return the logistic function, safe at both ends."""
    squashed: Array = 1.0 / (1.0 + np.exp(-np.clip(z, -30, 30)))
    return squashed


def fit(blocks: Sequence[tuple[Array, Array, NDArray[np.intp]]], n_models: int, settings: Settings) -> Fitted:
    """Fit on blocks of (x, scores with NaN, places of the columns among all models).

    Raises:
        StartError: scipy is not installed.
    """
    if settings.n_skills is None:
        return _fit_apart(blocks, n_models, settings)
    n_x, n_skills = blocks[0][0].shape[1], settings.n_skills
    rng = np.random.default_rng(settings.seed)
    start = [
        rng.normal(0, 0.05, (n_x, n_skills)),
        rng.normal(0, 0.3, (n_models, n_skills)),
        np.zeros(n_models),
        np.zeros(n_x),
    ]
    cuts = np.cumsum([part.size for part in start])[:-1]
    prepared = [(x, ~np.isnan(y), np.nan_to_num(y), columns) for x, y, columns in blocks]

    def unpack(flat: Array) -> tuple[Array, Array, Array, Array]:
        skills, ability, general, difficulty = np.split(flat, cuts)
        return skills.reshape(n_x, n_skills), ability.reshape(n_models, n_skills), general, difficulty

    def loss(flat: Array) -> tuple[float, Array]:
        skills, ability, general, difficulty = unpack(flat)
        total = 0.5 * (
            settings.map_penalty * ((skills**2).sum() + (difficulty**2).sum())
            + settings.ability_penalty * (ability**2).sum()
            + settings.general_penalty * (general**2).sum()
        )
        to_skills, to_ability = settings.map_penalty * skills, settings.ability_penalty * ability
        to_general, to_difficulty = settings.general_penalty * general, settings.map_penalty * difficulty
        for x, known, y, columns in prepared:
            z = x @ skills
            logits = z @ ability[columns].T + general[columns] - (x @ difficulty)[:, None]
            total += float(((np.logaddexp(0, logits) - y * logits) * known).sum())
            residual = (sigmoid(logits) - y) * known
            to_skills = to_skills + x.T @ (residual @ ability[columns])
            np.add.at(to_ability, columns, residual.T @ z)
            np.add.at(to_general, columns, residual.sum(axis=0))
            to_difficulty = to_difficulty - x.T @ residual.sum(axis=1)
        return total, np.concatenate([to_skills.ravel(), to_ability.ravel(), to_general, to_difficulty])

    flat = np.concatenate([part.ravel() for part in start])
    found = minimised(loss, flat, n_steps=settings.n_steps)
    skills, ability, general, difficulty = unpack(found)
    return Fitted(skills=skills, difficulty=difficulty, abilities=np.hstack([general[:, None], ability]))


def _fit_apart(blocks: Sequence[tuple[Array, Array, NDArray[np.intp]]], n_models: int, settings: Settings) -> Fitted:
    """Fit one ridge map per model about a map that all share, and write it as skills and abilities.

    Few prompts do not show which skills many models share: penalties on both sides of a product then leave fewer
    skills than there are, or none.
    """
    n_x = blocks[0][0].shape[1]
    cuts = (n_models * n_x, (n_models + 1) * n_x)
    prepared = [(x, ~np.isnan(y), np.nan_to_num(y), columns) for x, y, columns in blocks]

    def loss(flat: Array) -> tuple[float, Array]:
        own, shared, general = np.split(flat, cuts)
        own = own.reshape(n_models, n_x)
        total = 0.5 * (
            settings.ability_penalty * (own**2).sum()
            + settings.map_penalty * (shared**2).sum()
            + settings.general_penalty * (general**2).sum()
        )
        to_own, to_shared = settings.ability_penalty * own, settings.map_penalty * shared
        to_general = settings.general_penalty * general
        for x, known, y, columns in prepared:
            logits = x @ (own[columns] + shared).T + general[columns]
            total += float(((np.logaddexp(0, logits) - y * logits) * known).sum())
            residual = (sigmoid(logits) - y) * known
            slopes = residual.T @ x
            np.add.at(to_own, columns, slopes)
            np.add.at(to_general, columns, residual.sum(axis=0))
            to_shared = to_shared + slopes.sum(axis=0)
        return total, np.concatenate([to_own.ravel(), to_shared, to_general])

    found = minimised(loss, np.zeros((n_models + 1) * n_x + n_models), n_steps=settings.n_steps)
    own, shared, general = np.split(found, cuts)
    own = own.reshape(n_models, n_x)
    sides, sizes, axes = np.linalg.svd(own - own.mean(axis=0), full_matrices=False)
    spread = np.cumsum(sizes**2)
    kept = min(int((spread < (1.0 - LEFT_OUT) * spread[-1]).sum()) + 1, MOST_SKILLS)
    halves = np.sqrt(sizes[:kept])
    return Fitted(
        skills=axes[:kept].T * halves,
        difficulty=-(shared + own.mean(axis=0)),
        abilities=np.hstack([general[:, None], sides[:, :kept] * halves]),
    )


def minimised(loss: Callable[..., tuple[float, Array]], start: Array, *args: float, n_steps: int) -> Array:
    """Return where a loss is least, by L-BFGS.

    Args:
        loss: takes a flat vector and `args`, returns the loss and its slopes.
        start: where to begin.
        args: handed on.
        n_steps: at most so many.

    Raises:
        StartError: scipy is not installed.
    """
    try:
        from scipy.optimize import minimize
    except ImportError as exc:
        raise StartError("Training needs scipy: pip install 'unisono[fit]'.") from exc
    found = minimize(loss, start, args=args, jac=True, method="L-BFGS-B", options={"maxiter": n_steps}).x
    return np.asarray(found, dtype=np.float64)
