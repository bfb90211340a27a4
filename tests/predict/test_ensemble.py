"""The quality predictor as the router uses it: known, unknown and probed models."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from unisono.evaluate.probe.questions import Question, probe_questions
from unisono.predict.artifact import default_artifact_path, load
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Model, Quality, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ENCODER = StaticEncoder()
ARTIFACT = load(default_artifact_path(), encoder=ENCODER.name)
READ = Understanding(ENCODER)
A, B = (Model(name=n, upstream="local", upstream_model=n) for n in ("tiny-a-135m", "tiny-b-270m"))


def probed(question: Question, model: Model, score: float) -> Score:
    return Score(model=model.name, item=question.id, kind=question.kind, prompt=question.prompt, score=score)


def test_a_batch_gives_the_same_numbers_as_single_models() -> None:
    predictor = QualityEnsemble(ARTIFACT)
    models = [Model(name=n, upstream="openai", upstream_model=n) for n in (*list(ARTIFACT.ability.known)[:5], "new-7b")]
    features = READ.text("Prove that the square root of two is irrational.")
    assert predictor.predict_one(features, models) == tuple(predictor.predict_one(features, [m])[0] for m in models)


def test_predicting_changes_nothing() -> None:
    asked, fresh = QualityEnsemble(ARTIFACT), QualityEnsemble(ARTIFACT)
    question = probe_questions()[0]
    features = READ.text(question.prompt)
    for _ in range(3):
        asked.predict_one(features, [A, B])
    for predictor in (asked, fresh):
        predictor.learn_one(features, probed(question, A, 1.0))
    assert asked.predict_one(features, [A, B]) == fresh.predict_one(features, [A, B])


def test_works_without_embedding_and_without_any_score() -> None:
    features = replace(READ.text("hello"), embedding=None)
    (found,) = QualityEnsemble(ARTIFACT).predict_one(features, [A])
    assert 0 < found.mean < 1
    assert found.spread > 0.1
    assert "never measured" in found.evidence


def test_evidence_of_a_trained_model_counts_its_outcomes() -> None:
    model = Model(name="x", upstream="openai", upstream_model="gpt-4-1106-preview")
    (found,) = QualityEnsemble(ARTIFACT).predict_one(READ.text("2 + 2?"), [model])
    assert found.evidence.startswith("trained on 2,")


def test_spread_narrows_with_evidence() -> None:
    predictor = QualityEnsemble(ARTIFACT)
    questions = [q for q in probe_questions(n_per_kind=36) if q.kind == "classification"]
    features = READ.text(questions[0].prompt)
    spreads = [predictor.predict_one(features, [A])[0].spread]
    for place, question in enumerate(questions):
        predictor.learn_one(READ.text(question.prompt), probed(question, A, float(place % 2)))
        spreads.append(predictor.predict_one(features, [A])[0].spread)
    assert spreads[-1] < 0.6 * spreads[0]
    assert all(later < earlier + 0.03 for earlier, later in pairwise(spreads))


def test_scores_near_by_do_not_hide_how_few_they_are() -> None:
    predictor, question = QualityEnsemble(ARTIFACT), probe_questions()[0]
    features, n = READ.text(question.prompt), 60
    for place in range(n):
        predictor.learn_one(features, probed(question, A, float(place % 2)))
    (found,) = predictor.predict_one(features, [A])
    assert found.apart is not None
    assert found.apart > 0.7 * 0.5 / n**0.5  # the standard error of as many tosses of a coin, the prior apart


def test_the_order_of_probes_does_not_matter() -> None:
    questions = probe_questions(n_per_kind=2)
    found: list[Quality] = []
    for ordered in (questions, questions[::-1]):
        predictor = QualityEnsemble(ARTIFACT)
        for question in ordered:
            predictor.learn_one(READ.text(question.prompt), probed(question, A, float(len(question.prompt) % 2)))
        found += predictor.predict_one(READ.text("Which is larger, 3 or 7?"), [A])
    assert found[0].mean == pytest.approx(found[1].mean, abs=1e-6)
    assert found[0].spread == pytest.approx(found[1].spread, abs=1e-6)


def test_a_newcomers_pool_is_ranked_by_kind_of_task() -> None:
    """A knows half of the kinds and B the others: after one probe run the right one leads on fresh questions."""
    predictor = QualityEnsemble(ARTIFACT)
    questions = probe_questions(seed=0)
    kinds = sorted({question.kind for question in questions})
    for question in questions:
        a_knows = kinds.index(question.kind) % 2 == 0
        predictor.learn_one(READ.text(question.prompt), probed(question, A, float(a_knows)))
        predictor.learn_one(READ.text(question.prompt), probed(question, B, float(not a_knows)))
    right = []
    for question in probe_questions(seed=9):
        a, b = predictor.predict_one(READ.text(question.prompt), [A, B])
        right.append((a.mean > b.mean) == (kinds.index(question.kind) % 2 == 0))
    assert np.mean(right) > 0.8


def test_scores_near_by_count_at_large_too() -> None:
    fresh, predictor = QualityEnsemble(ARTIFACT), QualityEnsemble(ARTIFACT)
    for question in probe_questions():
        score = {"translation": 1.0, "arithmetic": 0.0}.get(question.kind)
        if score is not None:
            predictor.learn_one(READ.text(question.prompt), probed(question, A, score))
    prompts = [
        READ.text(next(q.prompt for q in probe_questions() if q.kind == k)) for k in ("translation", "arithmetic")
    ]
    guessed = [fresh.predict_one(prompt, [A])[0] for prompt in prompts]
    found = [predictor.predict_one(prompt, [A])[0] for prompt in prompts]
    assert [quality.guessed for quality in (*guessed, *found)] == [True, True, False, False]
    assert found[0].at_large is not None
    assert found[1].at_large is not None
    assert found[0].at_large - found[1].at_large > guessed[0].mean - guessed[1].mean + 0.1
