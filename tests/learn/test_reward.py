"""Signals become rewards: what was measured counts before what was said, and that before what was only seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from unisono.learn.reward import MAX_SEEN, MEASURED, SAID, SEEN, rewards
from unisono.types import Signal

AT = datetime(2026, 5, 1, tzinfo=UTC)


def signal(kind: str, value: str | None = None) -> Signal:
    return Signal(decision="d", kind=kind, value=value, by="team", at=AT)


def test_a_score_is_its_own_reward() -> None:
    (found,) = rewards([signal("score", "0.8")], answered="a", expected={})
    assert (found.model, found.reward, found.weight, found.source) == ("a", 0.8, SAID, "said")


def test_measured_correctness_outranks_votes_and_what_was_seen() -> None:
    said = [signal("score", "0.0"), signal("rejected"), signal("correct:unit_test", "true")]
    (found,) = rewards(said, answered="a", expected={})
    assert (found.reward, found.weight, found.source) == (1.0, MEASURED["unit_test"], "measured")


def test_a_vote_outranks_what_was_seen() -> None:
    (found,) = rewards([signal("rejected"), signal("score", "1.0")], answered="a", expected={})
    assert (found.reward, found.source) == (1.0, "said")


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
