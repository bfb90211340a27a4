"""Questions are chosen for what they tell: neither what everybody knows, nor the same thing twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unisono.evaluate.probe.choose import informative
from unisono.predict.ability import Belief

BELIEF = Belief(mean=np.array([0.0, 0.0]), covariance=np.eye(2), n_outcomes=0, ground="")


def test_a_question_that_nobody_gets_wrong_waits_behind_one_that_tells() -> None:
    profiles = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert informative(BELIEF, profiles, np.array([-6.0, 0.2, 6.0]), n=1) == (1,)


def test_the_second_question_asks_something_else() -> None:
    profiles = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    assert informative(BELIEF, profiles, np.zeros(3), n=2) == (0, 2)


def test_what_was_asked_is_not_asked_again_and_no_more_than_there_are() -> None:
    profiles = np.ones((4, 2))
    assert set(informative(BELIEF, profiles, np.zeros(4), n=9, taken=(1, 2))) == {0, 3}


def test_the_kinds_take_turns_and_the_one_asked_least_goes_first() -> None:
    kinds = ["code", "code", "code", "words", "words", "lists"]
    found = informative(BELIEF, np.ones((6, 2)), np.zeros(6), n=4, kinds=kinds, taken=(0,))
    assert [kinds[place] for place in found] == ["words", "lists", "code", "words"]


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_chosen_questions_shrink_the_doubt_at_least_as_much_as_the_first_ones(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    profiles = np.hstack([np.ones((20, 1)), rng.normal(size=(20, 1))])
    difficulties = rng.normal(size=20) * 2
    found = informative(BELIEF, profiles, difficulties, n=n)

    def doubt(rows: list[int]) -> float:
        logits = profiles[rows] @ BELIEF.mean - difficulties[rows]
        p = 1 / (
            1
            + np.exp(
                -logits[:, None] - np.array([-1.5, -0.5, 0.5, 1.5]) * np.sqrt((profiles[rows] ** 2).sum(1))[:, None]
            )
        )
        weights = (p * (1 - p)).mean(axis=1)
        return float(np.linalg.det(np.linalg.inv(np.eye(2) + (profiles[rows].T * weights) @ profiles[rows])))

    assert len(set(found)) == n
    if n == 1:  # greedy picks are optimal one by one
        assert all(doubt(list(found)) <= doubt([row]) + 1e-9 for row in range(20))
    assert doubt(list(found)) <= doubt(list(range(n))) * 1.2
