"""Signals become rewards: what was measured counts before what was said, and that before what was only seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from unisono.learn.reward import MAX_SEEN, MEASURED, MISTAKEN, SAID, SEEN, rewards, verdict
from unisono.types import Signal

AT = datetime(2026, 5, 1, tzinfo=UTC)


def signal(kind: str, value: str | None = None) -> Signal:
    return Signal(decision="d", kind=kind, value=value, by="team", at=AT)


@pytest.mark.parametrize("expected", [0.2, 0.5, 0.9])
def test_a_vote_moves_what_was_expected_as_far_as_votes_can_be_trusted(expected: float) -> None:
    up, down = (rewards([signal("score", vote)], answered="a", expected={"a": expected})[0] for vote in ("1.0", "0.0"))
    right = 1.0 - MISTAKEN
    assert up.reward == pytest.approx(expected * right / (expected * right + (1 - expected) * MISTAKEN))
    assert (up.model, up.weight, up.source) == ("a", SAID, "said")
    votes_up = expected * right + (1 - expected) * MISTAKEN
    assert votes_up * up.reward + (1 - votes_up) * down.reward == pytest.approx(expected), "no drift where it is right"


def test_a_vote_in_the_middle_says_nothing() -> None:
    assert rewards([signal("score", "0.5")], answered="a", expected={"a": 0.7})[0].reward == pytest.approx(0.7)


@pytest.mark.parametrize("expected", [0.1, 0.5, 0.9])
def test_what_an_estimate_takes_from_scores_is_what_was_said_whatever_was_expected(expected: float) -> None:
    for said in (0.0, 0.2, 0.5, 1.0):
        found = verdict([signal("score", str(said))], answered="a", expected={"a": expected})
        assert found is not None
        assert (found.reward, found.source) == (said, "said")


def test_a_preference_for_another_models_answer_says_nothing_of_this_one() -> None:
    assert verdict([signal("preferred", '["b", "c"]')], answered="a", expected={}) is None


def test_measured_correctness_outranks_votes_and_what_was_seen() -> None:
    said = [signal("score", "0.0"), signal("rejected"), signal("correct:unit_test", "true")]
    (found,) = rewards(said, answered="a", expected={})
    assert (found.reward, found.weight, found.source) == (1.0, MEASURED["unit_test"], "measured")


def test_a_vote_outranks_what_was_seen() -> None:
    (found,) = rewards([signal("rejected"), signal("score", "1.0")], answered="a", expected={})
    assert (found.reward, found.source) == (pytest.approx(1.0 - MISTAKEN), "said")


def test_two_sources_of_correctness_are_weighed_by_how_good_they_are() -> None:
    said = [signal("correct:unit_test", "true"), signal("correct:judge", "false")]
    (found,) = rewards(said, answered="a", expected={})
    assert found.reward == pytest.approx(1.0 / 1.6)
    assert found.weight == 1.0


def test_much_that_is_seen_about_one_answer_weighs_no_more_than_its_bound() -> None:
    (found,) = rewards([signal(kind) for kind in SEEN], answered="a", expected={})
    assert found.weight == MAX_SEEN


def test_who_asks_for_a_faster_answer_has_nothing_against_this_one() -> None:
    assert rewards([signal("retry_faster")], answered="a", expected={}) == ()


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.9, 0.4), (0.2, 0.7)])
def test_a_preference_is_what_bayes_rule_makes_of_it(p: float, q: float) -> None:
    first, second = rewards([signal("preferred", '["a","b"]')], answered="b", expected={"a": p, "b": q})
    won = p * (1 - q) + (p * q + (1 - p) * (1 - q)) / 2
    assert (first.model, second.model) == ("a", "b")
    assert first.reward == pytest.approx((p * (1 - q) + p * q / 2) / won)
    assert second.reward == pytest.approx(p * q / 2 / won)
    assert first.reward > p and second.reward < q


def test_the_loser_of_a_preference_keeps_its_measured_correctness() -> None:
    said = [signal("preferred", '["a","b"]'), signal("correct:exact_match", "true")]
    found = {reward.model: reward for reward in rewards(said, answered="b", expected={"a": 0.5, "b": 0.5})}
    assert found["b"].reward == 1.0
    assert found["a"].source == "said"


def test_nothing_is_made_of_a_signal_that_is_not_known() -> None:
    assert rewards([signal("of_a_later_version")], answered="a", expected={}) == ()
