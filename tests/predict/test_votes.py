"""Votes move a model only beyond what a twentieth of the voters could have made up."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.evaluate.probe.questions import probe_questions
from unisono.predict.artifact import default_artifact_path, load
from unisono.recipe import measured
from unisono.types import Features, Model, Quality, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ENCODER = StaticEncoder()
ARTIFACT = load(default_artifact_path(), encoder=ENCODER.name)
READ = Understanding(ENCODER)
ASKED = [READ.text(question.prompt) for question in probe_questions(n_per_kind=4)]
KNOWN = [
    Model(name=n, upstream="openai", upstream_model=n)
    for n in ("gpt-4-1106-preview", "mixtral-8x7b-instruct", "gpt-3.5-turbo-1106")
]
NEW = Model(name="newcomer", upstream="openai", upstream_model="newcomer")
N_VOTERS = 100


def no_text(text: str) -> Features:
    raise AssertionError("all scores have features")


def house(models: list[Model], right: dict[str, float], *, n: int = 600, seed: int = 1) -> list[Score]:
    """Return votes of a hundred users on models that are right as often as said, or as expected."""
    rng = Random(seed)
    fresh = measured(ARTIFACT, (), read=no_text)
    votes = []
    for place in range(n):
        features, which = ASKED[place % len(ASKED)], rng.randrange(len(models))
        chance = right.get(models[which].name, fresh.predict_one(features, [models[which]])[0].mean)
        score = float(rng.random() < chance)
        votes.append(_vote(models[which].name, place, score, features, f"u{rng.randrange(N_VOTERS)}"))
    return votes


def _vote(model: str, place: int, score: float, features: Features, by: str) -> Score:
    return Score(
        model=model, item=f"{place:05d}", kind="said", prompt="", score=score, weight=0.2, features=features, by=by
    )


def turned(votes: list[Score], target: str) -> list[Score]:
    """Return the votes, five of the hundred users hostile to one model."""
    hostile = {f"u{n}" for n in range(5)}
    return [replace(v, score=float(v.model != target)) if v.by in hostile else v for v in votes]


def expected(votes: list[Score], models: list[Model]) -> list[tuple[Quality, ...]]:
    predictor = measured(ARTIFACT, votes, read=no_text)
    return [predictor.predict_one(features, models) for features in ASKED]


def shares(votes: list[Score], models: list[Model]) -> np.ndarray:
    best = [int(np.argmax([q.mean for q in found])) for found in expected(votes, models)]
    return np.bincount(best, minlength=len(models)) / len(best)


@pytest.mark.parametrize("target", [model.name for model in KNOWN])
def test_five_hostile_voters_of_a_hundred_move_no_share_of_measured_models_by_two_points(target: str) -> None:
    votes = house(KNOWN, {})
    moved = np.abs(shares(votes, KNOWN) - shares(turned(votes, target), KNOWN)).max()
    assert moved <= 0.02


def test_votes_on_a_model_that_is_as_good_as_expected_move_little_or_nothing() -> None:
    fresh, heard = expected([], KNOWN), expected(house(KNOWN, {}), KNOWN)
    moved = [abs(a.mean - b.mean) for x, y in zip(fresh, heard, strict=True) for a, b in zip(x, y, strict=True)]
    assert np.mean(moved) < 0.01


def test_many_votes_on_a_newcomer_that_is_bad_are_believed() -> None:
    votes = house([NEW], {NEW.name: 0.1}, n=300)
    fresh, heard = expected([], [NEW]), expected(votes, [NEW])
    assert np.mean([a[0].mean - b[0].mean for a, b in zip(fresh, heard, strict=True)]) > 0.15
    assert "300 votes" in heard[0][0].evidence


def test_a_small_house_is_believed_at_its_word() -> None:
    votes = [replace(vote, by=f"u{n % 3}") for n, vote in enumerate(house([NEW], {NEW.name: 0.1}, n=60))]
    fresh, heard = expected([], [NEW]), expected(votes, [NEW])
    assert np.mean([a[0].mean - b[0].mean for a, b in zip(fresh, heard, strict=True)]) > 0.1


def test_votes_leave_what_was_measured_near_by_as_it_is() -> None:
    """Without a prompt's neighbours a vote counts for all prompts, or for none."""
    probes = [
        Score(model=NEW.name, item=f"p{n}", kind="probe", prompt="", score=float(n % 2), features=features)
        for n, features in enumerate(ASKED)
    ]
    votes = house([NEW], {NEW.name: 0.5}, n=300)
    plain, heard = expected(probes, [NEW]), expected([*probes, *votes], [NEW])
    assert np.std([a[0].mean - b[0].mean for a, b in zip(plain, heard, strict=True)]) < 0.02


@given(st.integers(0, 2**32), st.sampled_from(KNOWN), st.floats(0.0, 1.0))
@settings(max_examples=10, deadline=None)
def test_whatever_five_of_a_hundred_say_an_estimate_moves_by_little(seed: int, target: Model, share: float) -> None:
    rng = Random(seed)
    votes = house(KNOWN, {}, n=400, seed=seed % 7)
    hostile = {f"u{n}" for n in rng.sample(range(N_VOTERS), 5)}
    lied = [
        replace(v, score=float((rng.random() < share) ^ (v.model == target.name))) if v.by in hostile else v
        for v in votes
    ]
    honest, steered = expected(votes, KNOWN), expected(lied, KNOWN)
    moved = [abs(a.mean - b.mean) for x, y in zip(honest, steered, strict=True) for a, b in zip(x, y, strict=True)]
    assert np.mean(moved) < 0.02
