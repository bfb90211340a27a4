"""Local evidence by hand."""

from __future__ import annotations

import numpy as np
import pytest

from unisono.predict.neighbors import Ring, borne_out, local

HERE, THERE = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)


def ring(n: int, *, capacity: int = 512) -> Ring:
    made = Ring(dim=2, k=1, capacity=capacity)
    for i in range(n):
        made.add(HERE, np.ones(1), difficulty=0.0, score=float(i))
    return made


def test_the_correction_is_the_shrunk_mean_of_residuals() -> None:
    found = local(HERE, ring(6), np.full(6, 0.5), shrinkage=2.0)
    assert found.n_near == pytest.approx(6.0, rel=1e-3)
    assert found.correction == pytest.approx(6 * 0.5 / 8, rel=1e-3)


def test_far_prompts_say_nothing() -> None:
    found = local(THERE, ring(6), np.full(6, 0.5))
    assert found.n_near < 0.05
    assert abs(found.correction) < 0.02


def test_without_an_embedding_or_scores_there_is_no_correction() -> None:
    assert local(None, ring(6), np.ones(6)).correction == 0.0
    assert local(HERE, ring(0), np.ones(0)).correction == 0.0


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    full = ring(25, capacity=10)
    assert len(full) == 10
    assert sorted(full.scores) == list(range(15, 25))
    assert full.embeddings.shape == (10, 2)


def kinds(scores: list[float]) -> tuple[Ring, np.ndarray]:
    """Return scores on two kinds of prompts in turn, of a model that is expected to be right in half of each."""
    made = Ring(dim=2, k=1)
    for place, score in enumerate(scores):
        made.add((HERE, THERE)[place % 2], np.ones(1), difficulty=0.0, score=score)
    return made, np.array(scores) - 0.5


def test_a_model_that_differs_by_kind_is_corrected_in_full() -> None:
    assert borne_out(*kinds([1.0, 0.0] * 40)) > 0.9


def test_scores_that_do_not_depend_on_the_kind_are_hardly_believed() -> None:
    rng = np.random.default_rng(5)
    found = [borne_out(*kinds((rng.random(80) < 0.5).astype(float).tolist())) for _ in range(20)]
    assert np.mean(found) < 0.15


def test_without_scores_no_correction_is_believed() -> None:
    assert borne_out(ring(0), np.zeros(0)) == 0.0
