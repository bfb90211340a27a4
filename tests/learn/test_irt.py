"""What a table of few prompts and many models says of each of them."""

from __future__ import annotations

import numpy as np
import pytest

from unisono.learn.irt import MOST_SKILLS, Array, Fitted, Settings, fit, sigmoid

N_X = 20


def drawn(n: int, n_models: int, *, apart: float, seed: int) -> tuple[Array, Array, Array]:
    """Return x (n, N_X), scores and true logits (n, m) of models whose maps differ each in its own way."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, N_X)) / np.sqrt(N_X)
    maps = np.random.default_rng(7).standard_normal((N_X, n_models + 1))
    logits = x @ (maps[:, :1] + apart * maps[:, 1:])
    return x, (rng.random(logits.shape) < sigmoid(logits)).astype(np.float64), logits


def fitted(x: Array, scores: Array, **settings: float | None) -> Fitted:
    columns = np.arange(scores.shape[1])
    return fit([(x, scores, columns)], scores.shape[1], Settings(**settings))  # type: ignore[arg-type]


def told(found: Fitted, n_models: int, *, apart: float) -> float:
    """Return the mean true logit of the model that is expected to be best, over the mean of all, on fresh prompts."""
    x, _, logits = drawn(500, n_models, apart=apart, seed=2)
    taken = found.probabilities(x, np.arange(n_models)).argmax(axis=1)
    return float((logits[np.arange(len(x)), taken] - logits.mean(axis=1)).mean())


@pytest.mark.parametrize("penalty", [1.0, 3.0, 10.0])
def test_many_models_that_differ_each_in_its_own_way_are_told_apart_by_few_prompts(penalty: float) -> None:
    x, scores, _ = drawn(250, 12, apart=2.0, seed=1)
    shared = fitted(x, scores, n_skills=4, map_penalty=penalty, ability_penalty=penalty)
    own = fitted(x, scores, n_skills=None, map_penalty=penalty, ability_penalty=penalty)
    assert told(own, 12, apart=2.0) > told(shared, 12, apart=2.0) + 0.1


def test_models_alike_are_not_told_apart_where_that_is_dear() -> None:
    x, scores, _ = drawn(250, 6, apart=0.0, seed=1)
    found = fitted(x, scores, n_skills=None, map_penalty=1.0, ability_penalty=3000.0)
    expected = found.probabilities(x, np.arange(6))
    assert np.abs(expected - expected.mean(axis=1)[:, None]).max() < 0.1
    assert np.corrcoef(x @ found.difficulty, scores.mean(axis=1))[0, 1] < -0.3


def test_what_a_model_lacks_is_left_out_of_its_map() -> None:
    x, scores, _ = drawn(250, 3, apart=2.0, seed=1)
    gaps = scores.copy()
    gaps[::2, 1] = np.nan
    found = fitted(x, gaps, n_skills=None, map_penalty=3.0, ability_penalty=3.0)
    filled = gaps.copy()
    filled[::2, 1] = 0.0
    wrong = fitted(x, filled, n_skills=None, map_penalty=3.0, ability_penalty=3.0)
    means = [one.probabilities(x, np.arange(3)).mean(axis=0)[1] for one in (found, wrong)]
    assert means[0] == pytest.approx(np.nanmean(gaps[:, 1]), abs=0.03)
    assert means[1] < means[0] - 0.15


def test_a_model_more_than_skills_are_kept_is_fitted_too() -> None:
    x, scores, _ = drawn(120, MOST_SKILLS + 9, apart=2.0, seed=1)
    found = fitted(x, scores, n_skills=None, map_penalty=3.0, ability_penalty=3.0)
    assert found.skills.shape == (N_X, MOST_SKILLS)
    assert found.abilities.shape == (MOST_SKILLS + 9, MOST_SKILLS + 1)
    assert told(found, MOST_SKILLS + 9, apart=2.0) > 1.0
