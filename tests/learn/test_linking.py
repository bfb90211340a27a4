"""Tables that share no models come to one scale where public figures know their models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from unisono.learn.irt import Settings, fit, sigmoid
from unisono.learn.linking import levelled, over_index

N_PROMPTS, N_MODELS = 400, 10
SETTINGS = Settings(n_skills=1, map_penalty=20.0, ability_penalty=80.0)


@dataclass(frozen=True)
class Two:
    """Two tables, one of hard prompts and one of easy ones, each answered by half of the models."""

    tables: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    index: np.ndarray
    ability: np.ndarray


@pytest.fixture(scope="module")
def two() -> Two:
    rng = np.random.default_rng(3)
    index = np.linspace(-1.5, 1.5, N_MODELS)[rng.permutation(N_MODELS)]
    ability = 0.8 * index + rng.normal(0, 0.1, N_MODELS)
    tables = []
    for hard, columns in ((1.0, np.arange(5)), (-1.0, np.arange(5, N_MODELS))):
        x = np.hstack([np.full((N_PROMPTS, 1), hard), rng.normal(0, 1, (N_PROMPTS, 3))])
        chance = sigmoid(ability[columns] - hard - 0.5 * x[:, 1:2])
        tables.append((x, (rng.random(chance.shape) < chance).astype(float), columns))
    return Two(tables=tables, index=index, ability=ability)


def test_models_of_two_tables_are_as_far_apart_as_they_are(two: Two) -> None:
    fitted = fit(two.tables, N_MODELS, SETTINGS)
    linked = levelled(two.tables, fitted, two.index, map_penalty=SETTINGS.map_penalty)
    before, after = (np.std(f.abilities[:, 0] - two.ability) for f in (fitted, linked))
    assert after < 0.2
    assert after < before


def test_what_is_expected_in_a_table_stays_as_it_was_fitted(two: Two) -> None:
    fitted = fit(two.tables, N_MODELS, SETTINGS)
    linked = levelled(two.tables, fitted, two.index, map_penalty=SETTINGS.map_penalty)
    for x, scores, columns in two.tables:
        means = linked.probabilities(x, columns).mean(axis=0)
        assert np.abs(means - scores.mean(axis=0)).max() < 0.03
    assert np.array_equal(fitted.skills, linked.skills)


def test_a_model_without_figures_keeps_the_ability_that_its_outcomes_show(two: Two) -> None:
    fitted = fit(two.tables, N_MODELS, SETTINGS)
    index = two.index.copy()
    index[2] = np.nan
    linked = levelled(two.tables, fitted, index, map_penalty=SETTINGS.map_penalty)
    assert abs(linked.abilities[2, 0] - two.ability[2]) < 0.4


def test_the_line_says_what_to_expect_of_a_stranger_and_how_far_off_it_may_be(two: Two) -> None:
    abilities = np.stack([two.ability, np.zeros(N_MODELS)], axis=1)
    line, covariance = over_index(abilities, two.index, np.repeat([0, 1], 5))
    assert line[1, 0] == pytest.approx(0.8, abs=0.1)
    assert 0.05 < covariance[0, 0] ** 0.5 < 0.5
    assert np.all(np.linalg.eigvalsh(covariance) > 0)


def test_without_figures_the_line_is_the_usual_one_and_wide() -> None:
    line, covariance = over_index(np.zeros((2, 3)), np.full(2, np.nan), np.zeros(2, dtype=np.intp))
    assert line[1, 0] > 0
    assert covariance[0, 0] ** 0.5 == pytest.approx(0.5)
