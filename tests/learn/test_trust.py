"""Trust is found again where it was simulated, and unseen tasks count by their weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from unisono.learn.held_out import HeldOut
from unisono.learn.irt import sigmoid
from unisono.learn.trust import FAR_WEIGHT, SHARED_FLOOR, Held, measure_trust, measure_unsteadiness
from unisono.predict.trust import Trust

N, M = 4000, 6


def simulated(
    *, skill: float, difficulty: float, own: float | Sequence[float], familiar: float, seed: int, weight: float = 1.0
) -> Held:
    """Return prompts whose true logits use these shares of what is said, in 40 groups with offsets of their own."""
    rng = np.random.default_rng(seed)
    said = HeldOut(
        general=np.tile(rng.normal(0, 0.5, M), (N, 1)),
        skill=rng.normal(0, 0.6, (N, M)),
        difficulty=rng.normal(0, 0.8, N),
        distance=np.ones(N),
    )
    group = rng.integers(0, 40, N)
    offsets = rng.normal(0, own, (40, M))[group]
    logits = said.general + skill * said.skill - difficulty * said.difficulty[:, None] + offsets
    scores = (rng.random((N, M)) < sigmoid(logits)).astype(np.float64)
    return Held(
        expected=said,
        scores=scores,
        familiar=np.full(N, familiar),
        group=group.astype(str),
        columns=np.arange(M),
        weight=weight,
    )


def test_the_shares_that_are_true_are_found() -> None:
    known = simulated(skill=1.0, difficulty=0.9, own=0.05, familiar=0.8, seed=1)
    strange = simulated(skill=0.4, difficulty=0.3, own=0.6, familiar=0.004, seed=2)
    table = measure_trust([known, strange]).table
    assert table[-1, :2] == pytest.approx([1.0, 0.9], abs=0.06)
    assert table[0, :2] == pytest.approx([0.4, 0.3], abs=0.06)
    assert table[0, 2] == pytest.approx(0.6, rel=0.2)
    assert table[-1, 2] < 0.2
    assert table[-1, 3] == SHARED_FLOOR


def test_tasks_never_seen_count_by_their_weight() -> None:
    known = simulated(skill=1.0, difficulty=1.0, own=0.0, familiar=0.8, seed=3)
    unseen = simulated(skill=0.2, difficulty=0.2, own=0.0, familiar=0.8, seed=4, weight=FAR_WEIGHT)
    skill = measure_trust([known, unseen]).table[-1, 0]
    assert skill == pytest.approx((1.0 + FAR_WEIGHT * 0.2) / (1.0 + FAR_WEIGHT), abs=0.08)


def test_bins_without_prompts_take_the_trust_of_their_neighbours() -> None:
    table = measure_trust([simulated(skill=0.7, difficulty=0.7, own=0.3, familiar=0.1, seed=5)]).table
    assert np.isfinite(table).all()
    assert (np.diff(table[:, :2], axis=0) >= 0).all()
    assert (np.diff(table[:, 2:], axis=0) <= 0).all()


def test_a_model_that_deviates_more_from_task_to_task_is_found_and_one_without_tasks_is_as_all() -> None:
    tasks = simulated(skill=1.0, difficulty=1.0, own=[0.2, 0.2, 0.2, 0.2, 0.2, 0.8], familiar=0.8, seed=6)
    trust = Trust(table=np.tile([1.0, 1.0, 0.3, 0.2], (5, 1)))
    ratios = measure_unsteadiness([tasks], trust, n_models=M + 1)
    assert ratios[5] > 3.0 * ratios[:5].max()
    assert (ratios[:5] < 1.0).all()
    assert ratios[M] == 1.0
