"""A few voters cannot steer the scores of all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

import pytest

from unisono.learn.reward import MISTAKEN
from unisono.learn.voters import IN_A_CROWD, MOST, swayed, weighed
from unisono.types import Score


def vote(by: str, score: float, *, model: str = "a", weight: float = 1.0, item: str = "") -> Score:
    return Score(model=model, item=item, kind="said", prompt="", score=score, weight=weight, by=by)


def totals(scores: list[Score]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for score in scores:
        found[score.by] += score.weight
    return found


def test_a_voter_counts_at_most_three_times_as_much_as_the_median_one() -> None:
    votes = [vote("loud", 0.0)] * 1000 + [vote(f"u{n}", float(n % 2)) for n in range(21)]
    assert totals(weighed(votes))["loud"] <= MOST * 1.0 + 1e-9


def test_the_only_voter_of_a_small_house_keeps_all_weight() -> None:
    votes = [vote("me", 1.0)] * 40
    assert weighed(votes) == votes


def test_probes_keep_their_weight() -> None:
    probes = [vote("", 1.0)] * 10
    assert weighed([*probes, *[vote("loud", 0.0)] * 100, vote("b", 1.0)])[:10] == probes


def test_who_is_against_all_others_counts_less() -> None:
    rng = Random(3)
    honest = [vote(f"u{n % 95}", float(rng.random() < 0.8)) for n in range(95 * 20)]
    hostile = [vote(f"h{n % 5}", 0.0) for n in range(5 * 20)]
    found = weighed([*honest, *hostile])
    mean = sum(s.score * s.weight for s in found) / sum(s.weight for s in found)
    plain = sum(s.score for s in [*honest, *hostile]) / 2000
    truth = sum(s.score for s in honest) / len(honest)
    assert abs(mean - truth) < 0.2 * abs(plain - truth)


def test_the_order_and_the_scores_stay() -> None:
    votes = [vote(f"u{n % 7}", n / 20, item=str(n)) for n in range(20)]
    found = weighed(votes)
    assert [(s.item, s.score) for s in found] == [(s.item, s.score) for s in votes]


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_and_one_vote_pass(n: int) -> None:
    votes = [vote("a", 1.0)] * n
    assert weighed(votes) == votes


def test_a_user_of_hard_questions_is_no_outlier_after_two_bad_answers() -> None:
    rng = Random(4)
    votes = [vote(f"u{n % 50}", float(rng.random() < 0.7)) for n in range(500)]
    unlucky = [vote("unlucky", 0.0)] * 2
    assert totals(weighed([*votes, *unlucky]))["unlucky"] == 2.0 * IN_A_CROWD


def test_a_twentieth_of_the_voters_holds_what_its_weightiest_hold() -> None:
    votes = [vote(f"u{n}", 1.0, weight=3.0 if n < 2 else 1.0) for n in range(40)]
    assert swayed(votes) == {"a": pytest.approx((1 - 2 * MISTAKEN) * 6.0 / 44.0)}


def test_a_said_score_sways_less_since_it_moves_a_reward_less() -> None:
    measured = [replace(vote(f"u{n}", 1.0), kind="measured") for n in range(20)]
    said = [vote(f"u{n}", 1.0) for n in range(20)]
    assert swayed(measured)["a"] == pytest.approx(1 / 20)
    assert swayed(said)["a"] == pytest.approx((1 - 2 * MISTAKEN) / 20)


def test_of_a_model_that_few_judge_one_voter_is_feared() -> None:
    votes = [vote(f"u{n}", 1.0) for n in range(30)] + [vote(f"u{n}", 0.0, model="b") for n in range(3)]
    assert swayed(votes)["b"] == pytest.approx((1 - 2 * MISTAKEN) / 3)


def test_a_vote_counts_less_where_some_may_be_hostile_and_what_was_measured_does_not() -> None:
    votes = [vote(f"u{n}", 1.0) for n in range(20)]
    measured = [replace(score, kind="measured") for score in votes]
    assert [s.weight for s in weighed(votes[:19])] == [1.0] * 19
    assert [s.weight for s in weighed(votes)] == [IN_A_CROWD] * 20
    assert [s.weight for s in weighed(measured)] == [1.0] * 20


def test_in_a_house_of_fewer_than_twenty_voters_nobody_is_feared() -> None:
    assert swayed([vote(f"u{n}", 1.0) for n in range(19)]) == {}
    assert swayed([vote("", 1.0)] * 100) == {}
