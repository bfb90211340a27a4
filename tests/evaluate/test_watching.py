"""What is watched beside what, from the record alone, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.record.conftest import NOON, Values

from unisono.evaluate.watching import look
from unisono.record.policies import Policies, Policy, made
from unisono.record.reader import Reader
from unisono.record.store import Store
from unisono.record.tallies import sums

VALUES = Values()
DAY = timedelta(days=1)
FORESEEN = {
    "expected": {"expected_usd": {"policy": 2.0, "against": 1.0}, "deep_share": {"policy": 0.9, "against": 0.0}}
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


@pytest.fixture
def policies(path: Path) -> Iterator[Policies]:
    with closing(Store(path)):
        pass
    with closing(Policies(path)) as found:
        yield found


def answers(
    path: Path, policy: str, *, first: int, n: int, model: str = "small", failed: bool = False, key: str = "team"
) -> None:
    """Record `n` answers by a policy, one a second from `NOON` + `first` on."""
    with closing(Store(path, capacity=100_000)) as store:
        for place in range(first, first + n):
            decision = replace(VALUES.decision(place, models=(model,)), policy=policy, mode=VALUES.request().mode)
            outcome = VALUES.outcome(place, attempts=(VALUES.attempt(model),))
            store.record_request(replace(VALUES.request(place), key=key), None, decision)
            store.record_outcome(replace(outcome, status="failed" if failed else "ok"))
        assert store.flush(timeout_s=60)


def put_in_force(policies: Policies, *, seconds: int, verdict: dict | None = None) -> Policy:
    now = NOON + timedelta(seconds=seconds)
    policy = policies.create(
        made(settings={"dial": 0.1}, name="new", parent="config", artifact=None, scores=None), by="test", now=now
    )
    live = policies.known().state().live
    policies.promote(policy, live=live, verdict=verdict, why="", by="test", now=now)
    return policy


def seen(path: Path, policies: Policies, *, seconds: float, deep: frozenset[str] = frozenset()) -> str:
    with closing(Reader(path)) as reader:
        found = look(reader, policies.known(), deep=deep, now=NOON + timedelta(seconds=seconds))
    return "" if found is None else f"{found.policy.name} {found.broken.name}"


def test_a_promotion_is_watched_beside_what_was_before_it(path: Path, policies: Policies) -> None:
    answers(path, "config", first=0, n=300)
    assert seen(path, policies, seconds=300) == ""
    policy = put_in_force(policies, seconds=300)
    answers(path, policy.id, first=301, n=100, failed=True)
    assert seen(path, policies, seconds=500) == "new errors"
    assert seen(path, policies, seconds=400 + 8 * DAY.total_seconds()) == ""  # by then it is what is usual
    policies.roll_back(why="", by="test", now=NOON + timedelta(seconds=500))
    assert seen(path, policies, seconds=600) == ""  # what a rollback returned to is not watched


def test_a_policy_for_some_callers_is_watched_on_their_answers_alone(path: Path, policies: Policies) -> None:
    answers(path, "config", first=0, n=300, key="one")
    answers(path, "config", first=301, n=300, key="two", failed=True)
    policy = policies.create(
        made(settings={"dial": 0.1}, name="new", parent="config", artifact=None, scores=None), by="test", now=NOON
    )
    now, live = NOON + timedelta(seconds=700), policies.known().state().live
    policies.promote(policy, live=live, verdict=None, why="", by="test", now=now, caller="one")
    answers(path, policy.id, first=701, n=100, key="one", failed=True)
    assert seen(path, policies, seconds=900) == "new errors"  # of all answers before, half had failed too

    policies.enter("two", live=policies.known().state().live, why="", by="test", now=now + DAY)
    policies.leave("one", live=policies.known().state().live, why="", by="test", now=now + DAY)
    assert seen(path, policies, seconds=900 + DAY.total_seconds()) == ""


def test_a_canary_is_watched_beside_the_live_policy_in_the_same_time(path: Path, policies: Policies) -> None:
    answers(path, "config", first=0, n=200, failed=True)  # a bad hour before, which is over
    now = NOON + timedelta(seconds=200)
    policy = policies.create(
        made(settings={"dial": 0.1}, name="new", parent="config", artifact=None, scores=None), by="test", now=now
    )
    live = policies.known().state().live
    policies.try_on(policy, live=live, share=0.5, verdict=None, why="", by="test", now=now)
    answers(path, "config", first=201, n=100)
    answers(path, policy.id, first=301, n=100, failed=True)
    assert seen(path, policies, seconds=500) == "new errors"


def test_two_callers_of_a_crowd_who_turn_every_answer_of_a_canary_down_do_not_end_it(
    path: Path, policies: Policies
) -> None:
    policy = policies.create(
        made(settings={"dial": 0.1}, name="new", parent="config", artifact=None, scores=None), by="test", now=NOON
    )
    live = policies.known().state().live
    policies.try_on(policy, live=live, share=0.5, verdict=None, why="", by="test", now=NOON)
    for caller in range(25):
        answers(path, "config", first=1 + 40 * caller, n=20, key=f"k{caller}")
        answers(path, policy.id, first=21 + 40 * caller, n=20, key=f"k{caller}")

    def turn_down(callers: range) -> None:
        with closing(Store(path)) as store:
            for caller in callers:
                for place in range(21 + 40 * caller, 41 + 40 * caller):
                    store.record_signal(VALUES.id(place), "rejected", None, by=f"k{caller}")

    turn_down(range(2))  # eight answers of a hundred; three are allowed
    assert seen(path, policies, seconds=2000) == ""
    turn_down(range(2, 25))
    assert seen(path, policies, seconds=2000) == "new complaints"


def test_what_the_gate_foresaw_counts(path: Path, policies: Policies) -> None:
    answers(path, "config", first=0, n=300)
    policy = put_in_force(policies, seconds=300, verdict=FORESEEN)
    answers(path, policy.id, first=301, n=200, model="big")
    assert seen(path, policies, seconds=600, deep=frozenset({"big"})) == ""
    policies.roll_back(why="", by="test", now=NOON + timedelta(seconds=600))
    live = policies.known().state().live
    policies.promote(policy, live=live, verdict=None, why="", by="test", now=NOON + timedelta(seconds=601))
    answers(path, policy.id, first=602, n=200, model="big")
    assert seen(path, policies, seconds=900, deep=frozenset({"big"})) == "new deep"


def test_sums_count_what_was_said_measured_and_seen(path: Path, policies: Policies) -> None:
    answers(path, "config", first=0, n=10)
    with closing(Store(path)) as store:
        store.record_signal(VALUES.id(1), "correct:unit_test", "true", by="team")
        store.record_signal(VALUES.id(2), "score", "0.25", by="team")
        store.record_signal(VALUES.id(3), "rejected", None, by="team")
        store.record_signal(VALUES.id(4), "thanked", None, by="team")
    with closing(Reader(path)) as reader:
        found = sums(reader, policy="config", deep={"small"}, since=NOON, until=NOON + DAY)
        none = sums(reader, policy="other", deep={"small"}, since=NOON, until=NOON + DAY)
    assert found.n == 10
    assert found.of["quality"] == (("team/", "s-1", 2, 1.25, 1.0625),)
    assert {name: of[0][2:4] for name, of in found.of.items() if name in ("complaints", "deep", "errors")} == {
        "complaints": (10, 1.0),
        "deep": (10, 10.0),
        "errors": (10, 0.0),
    }
    assert found.of["cost"][0][2] == found.of["first_token"][0][2] == 10
    assert none.n == 0
