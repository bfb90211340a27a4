"""Training finds what a table holds, and the same table gives the same artifact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tests.learn.two_kinds import POEM_MODEL, SUM_MODEL, two_kinds

from unisono.evaluate.datasets import Outcomes
from unisono.learn.corpus import Block, Corpus
from unisono.learn.held_out import held_out, held_out_by_each, random_folds
from unisono.learn.irt import Settings
from unisono.learn.topics import spherical_k_means
from unisono.learn.train import NOT_MEASURED, Known, Trained, train
from unisono.predict.artifact import assembled
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Model
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

UNDERSTAND = Understanding(StaticEncoder())
SETTINGS = Settings(map_penalty=10.0, ability_penalty=10.0, n_steps=40)
MODELS = tuple(Model(name=name, upstream="scripted", upstream_model=name) for name in (POEM_MODEL, SUM_MODEL))


def corpus_of(table: Outcomes) -> Corpus:
    features = tuple(UNDERSTAND.text(prompt) for prompt in table.prompts)
    block = Block(outcomes=table, features=features, columns=np.arange(len(table.models)))
    return Corpus(blocks=(block,), models=table.models)


def trained(seed: int, known: Known | None = None) -> Trained:
    return train(corpus_of(two_kinds(120, seed=seed)), SETTINGS, n_clusters=6, known=known)


def expected(found: Trained, features: Sequence[Features]) -> np.ndarray:
    manifest = {
        "encoder": "wordllama-l2-256",
        "models": [POEM_MODEL, SUM_MODEL],
        "aliases": {},
        "scalars": found.scalars,
        "lines": found.lines,
    }
    quality = QualityEnsemble(assembled(arrays=found.arrays, manifest=manifest))
    return np.array([[q.mean for q in quality.predict_one(f, MODELS)] for f in features])


def test_training_learns_which_model_is_right_on_which_kind_of_prompt() -> None:
    fresh = corpus_of(two_kinds(60, seed=2))
    qualities = expected(trained(1, NOT_MEASURED), fresh.blocks[0].features)
    chosen = qualities.argmax(axis=1)
    is_sum = np.array(fresh.blocks[0].outcomes.categories) == "sums"
    assert (chosen == is_sum).mean() >= 0.95  # place 1 is the model for sums


def test_the_same_table_gives_the_same_arrays() -> None:
    one, other = trained(1), trained(1)
    assert all(np.array_equal(one.arrays[name], other.arrays[name], equal_nan=True) for name in one.arrays)
    assert one.scalars == other.scalars


def test_prompts_held_out_are_expected_by_fits_that_did_not_see_them() -> None:
    found = trained(1)
    scores = two_kinds(120, seed=1).scores
    held = found.near[0]
    assert held.shape == scores.shape
    assert not np.isnan(held).any()
    assert np.corrcoef(held.ravel(), scores.ravel())[0, 1] > 0.4


def test_several_settings_held_out_together_give_what_each_gives_alone() -> None:
    corpus = corpus_of(two_kinds(80, seed=3))
    folds = random_folds(corpus, seed=1)
    candidates = [SETTINGS, replace(SETTINGS, map_penalty=100.0)]
    steps: list[str] = []
    both = held_out_by_each(corpus, folds=folds, candidates=candidates, n_clusters=4, on_step=steps.append)
    for settings, (found,) in zip(candidates, both, strict=True):
        (alone,) = held_out(corpus, folds=folds, settings=settings, n_clusters=4)
        for name in ("general", "skill", "difficulty", "distance"):
            assert np.array_equal(getattr(found, name), getattr(alone, name))
    assert not np.array_equal(both[0][0].difficulty, both[1][0].difficulty)
    assert steps == [f"fold {n} of 5" for n in range(1, 6)]


def test_topics_that_stand_still_are_those_of_every_further_round() -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 8))
    few, many = (spherical_k_means(vectors, 5, seed=1, n_rounds=n) for n in (40, 41))
    assert np.array_equal(few, many)
