"""Questions that several models were asked: what earlier answers say about a newcomer's draw of them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np

from unisono.evaluate.probe.questions import probe_questions
from unisono.predict.artifact import default_artifact_path, load
from unisono.predict.paired import UNTOLD, as_told, paired
from unisono.recipe import measured
from unisono.types import Model, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ENCODER = StaticEncoder()
ARTIFACT = load(default_artifact_path(), encoder=ENCODER.name)
READ = Understanding(ENCODER).text
QUESTIONS = probe_questions(n_per_kind=8)
POOL = [Model(name=n, upstream="openai", upstream_model=n) for n in ("old-a", "old-b", "old-c", "old-d")]
NEW = Model(name="new", upstream="openai", upstream_model="new")


def scored(model: Model, place: int, score: float) -> Score:
    question = QUESTIONS[place]
    return Score(model=model.name, item=question.id, kind=question.kind, prompt=question.prompt, score=score)


def told_by(scores: list[Score]) -> dict[tuple[str, str], tuple[float, float]]:
    return dict(paired(ARTIFACT.ability, [(READ(s.prompt), s) for s in scores], {m.name: m for m in (*POOL, NEW)}))


def test_a_question_that_all_got_wrong_is_harder_than_one_that_all_got_right() -> None:
    scores = [scored(model, place, float(place)) for model in (*POOL, NEW) for place in (0, 1)]
    told = told_by(scores)
    assert told["new", QUESTIONS[0].id][1] > 0.5
    assert told["new", QUESTIONS[1].id][1] < -0.5


def test_who_was_asked_first_was_told_nothing() -> None:
    told = told_by([scored(model, 0, 1.0) for model in POOL])
    assert {name for name, _ in told} == {m.name for m in POOL[1:]}


def test_votes_answers_to_users_and_questions_of_one_model_tell_nothing() -> None:
    votes = [replace(scored(model, 0, 1.0), by="someone") for model in POOL]
    answers = [replace(scored(model, 2, 1.0), features=READ(QUESTIONS[2].prompt)) for model in POOL]
    assert told_by([*votes, *answers, scored(NEW, 0, 0.0), scored(NEW, 1, 0.0), scored(NEW, 2, 0.0)]) == {}


def test_untold_questions_stay_as_their_words_are() -> None:
    profiles, difficulties = np.arange(6.0).reshape(2, 3), np.array([0.5, -1.0])
    found = as_told(profiles, difficulties, np.array([UNTOLD, UNTOLD]))
    assert (found[0] == profiles).all()
    assert (found[1] == difficulties).all()


def test_a_model_at_the_end_moves_nothing_expected_of_those_before_it() -> None:
    rng = Random(1)
    before = [scored(m, place, float(rng.random() < 0.6)) for m in POOL for place in range(len(QUESTIONS))]
    newcomer = [scored(NEW, place, 1.0) for place in range(0, len(QUESTIONS), 2)]
    prompt = READ("Which is larger, 3 or 7?")
    with_it = measured(ARTIFACT, [*before, *newcomer], read=READ, models=[*POOL, NEW])
    without = measured(ARTIFACT, before, read=READ, models=POOL)
    assert with_it.predict_one(prompt, POOL) == without.predict_one(prompt, POOL)


def test_an_easy_draw_of_questions_does_not_flatter_a_newcomer() -> None:
    """A newcomer that is as good as the pool is asked the third that the pool found easiest."""
    rng = np.random.default_rng(3)
    hardness = rng.normal(0.0, 2.0, len(QUESTIONS))
    right = 1.0 / (1.0 + np.exp(hardness))
    answers = rng.random((5, len(QUESTIONS))) < right
    easiest = np.argsort(-answers[:4].mean(axis=0), kind="stable")[: len(QUESTIONS) // 3]
    pool = [scored(m, i, float(answers[row, i])) for row, m in enumerate(POOL) for i in range(len(QUESTIONS))]
    new = [scored(NEW, int(i), float(answers[4, i])) for i in easiest]
    prompts = [READ(question.prompt) for question in probe_questions(seed=5, n_per_kind=3)]

    def gap(scores: list[Score]) -> float:
        """By how much the newcomer is expected to be better than the first of the pool."""
        quality = measured(ARTIFACT, scores, read=READ, models=[*POOL, NEW])
        return float(
            np.mean([new.mean - old.mean for old, new in (quality.predict_one(p, (POOL[0], NEW)) for p in prompts)])
        )

    flattered = gap([*[s for s in pool if s.model == POOL[0].name and s.item not in {n.item for n in new}], *new])
    assert flattered > 0.15
    assert abs(gap([*pool, *new])) < 0.5 * flattered
