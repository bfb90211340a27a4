"""The probe's questions: the same for the same seed, all different, short."""

from __future__ import annotations

from collections import Counter

import pytest

from unisono.evaluate.probe.questions import probe_questions


def test_the_same_seed_writes_the_same_questions_and_another_seed_others() -> None:
    assert probe_questions(seed=3) == probe_questions(seed=3)
    assert {q.id for q in probe_questions(seed=3)} != {q.id for q in probe_questions(seed=4)}


@pytest.mark.parametrize("seed", range(6))
def test_questions_are_different_and_spread_evenly_over_the_kinds(seed: int) -> None:
    questions = probe_questions(seed=seed)
    assert len({q.prompt for q in questions}) == len({q.id for q in questions}) == len(questions)
    assert set(Counter(q.kind for q in questions).values()) == {5}
    assert 55 <= len(questions) <= 70


def test_questions_and_their_answers_are_short() -> None:
    questions = probe_questions()
    assert max(len(q.prompt) for q in questions) < 400
    assert max(q.max_tokens for q in questions) <= 96


def test_a_smaller_probe_is_the_beginning_of_a_larger_one() -> None:
    assert {q.id for q in probe_questions(n_per_kind=2)} < {q.id for q in probe_questions()}


def test_asking_for_more_than_the_word_lists_hold_gives_what_there_is() -> None:
    questions = probe_questions(n_per_kind=200)
    assert len({q.id for q in questions}) == len(questions)
    assert 13 * 20 < len(questions) <= 13 * 200
