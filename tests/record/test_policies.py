"""Policies in the record: immutable, one state for all who read it, and a way back that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from unisono.errors import NotFound, PolicyRefused, RequestError
from unisono.inforce import place_of
from unisono.record.policies import CONFIG_ALONE, Policies, Policy, made
from unisono.record.policies.view import overview
from unisono.record.store import Store
from unisono.types import Score

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "record.db"
    with closing(Store(file)):
        pass
    return file


@pytest.fixture
def policies(path: Path) -> Iterator[Policies]:
    with closing(Policies(path)) as found:
        yield found


def make(policies: Policies, name: str, **settings: float) -> Policy:
    policy = made(settings=dict(settings), name=name, parent="config", artifact=None, scores=None)
    return policies.create(policy, by="test", now=NOW)


def promote(policies: Policies, policy: Policy) -> None:
    live = policies.known().state().live
    policies.promote(policy, live=live, verdict=None, why="", by="test", now=NOW)


def back(policies: Policies) -> str:
    return policies.roll_back(why="", by="test", now=NOW).live


def test_before_any_policy_the_configuration_decides(policies: Policies) -> None:
    state = policies.known().state()
    assert (state.live.policy.id, state.live.held, state.canary, state.before, state.n) == (
        "config",
        None,
        None,
        None,
        0,
    )
    assert policies.known().standing_of("config") == "live"


def test_the_same_contents_are_the_same_policy_and_others_are_not(policies: Policies) -> None:
    first = make(policies, "a", dial=0.3)
    again = make(policies, "b", dial=0.3)
    assert again == first
    assert make(policies, "c", dial=0.4).id != first.id
    assert made(settings={}, name="x", parent="config", artifact=None, scores=None) == CONFIG_ALONE
    assert made(settings={}, name="x", parent="config", artifact=None, scores=3) != CONFIG_ALONE
    with pytest.raises(RequestError, match="already"):
        make(policies, "a", dial=0.5)


def test_a_policy_is_found_by_id_name_or_the_beginning_of_its_id(policies: Policies) -> None:
    policy = make(policies, "cheaper", dial=0.3)
    known = policies.known()
    assert {known.policy(named).id for named in (policy.id, "cheaper", policy.id[:6])} == {policy.id}
    with pytest.raises(NotFound, match="no policy"):
        known.policy("nothing")


def test_rollbacks_undo_promotions_one_by_one_and_then_there_is_nothing_left(policies: Policies) -> None:
    one, two = make(policies, "one", dial=0.1), make(policies, "two", dial=0.2)
    promote(policies, one)
    promote(policies, two)
    assert policies.known().standing_of(one.id) == "past"
    assert back(policies) == one.id
    promote(policies, two)
    assert [back(policies), back(policies)] == [one.id, "config"]
    with pytest.raises(PolicyRefused, match="nothing to return to"):
        back(policies)
    assert policies.known().standing_of(two.id) == "past"


def test_who_would_roll_back_what_a_guardrail_took_back_is_told_so(policies: Policies) -> None:
    one = make(policies, "one", dial=0.1)
    promote(policies, one)
    policies.roll_back(why="Quality broke.", by="guardrail", now=NOW)
    with pytest.raises(PolicyRefused, match=f"{one.id} was rolled back at .* UTC by guardrail already. Quality broke."):
        back(policies)


def test_a_rollback_returns_to_the_scores_of_the_moment_of_promotion(path: Path, policies: Policies) -> None:
    with closing(Store(path)) as store:
        store.add_scores([Score(model="m", item="a", kind="k", prompt="p", score=1.0)], {"m": "f"})
        promote(policies, make(policies, "one", dial=0.1))
        store.add_scores([Score(model="m", item="b", kind="k", prompt="p", score=0.0)], {"m": "f"})
        assert store.reader.generation() == 2
    back(policies)
    live = policies.known().state().live
    assert (live.policy.id, live.held, live.scores) == ("config", 1, 1)
    promote(policies, live.policy)  # the operator lets it follow again
    assert policies.known().state().live.held is None
    assert policies.known().events[-1].kind == "released"


def test_a_canary_ends_before_anything_is_rolled_back(policies: Policies) -> None:
    one, two = make(policies, "one", dial=0.1), make(policies, "two", dial=0.2)
    promote(policies, one)
    live = policies.known().state().live
    policies.try_on(two, live=live, share=0.25, verdict=None, why="", by="test", now=NOW)
    state = policies.known().state()
    assert (state.live.policy.id, state.canary and state.canary.id, state.share) == (one.id, two.id, 0.25)
    assert back(policies) == one.id
    assert policies.known().state().canary is None
    assert back(policies) == "config"


def test_a_canary_that_another_policy_takes_the_place_of_has_its_end_among_the_events(policies: Policies) -> None:
    first, second = make(policies, "first", dial=0.1), make(policies, "second", dial=0.2)
    live = policies.known().state().live
    for policy, share in ((first, 0.1), (first, 0.2), (second, 0.5)):
        policies.try_on(policy, live=live, share=share, verdict=None, why="", by="test", now=NOW)
    promote(policies, first)
    known = policies.known()
    assert [(e.kind, e.policy) for e in known.events if e.kind != "created"] == [
        ("canary", first.id),
        ("canary", first.id),
        ("canary_ended", first.id),
        ("canary", second.id),
        ("canary_ended", second.id),
        ("promoted", first.id),
    ]
    assert [e.why for e in known.events if e.kind == "canary_ended"] == [
        "second takes its place.",
        "first takes its place.",
    ]
    assert known.state().canary is None
    assert back(policies) == "config"


def test_what_was_judged_against_another_live_policy_is_not_put_in_force(policies: Policies) -> None:
    one, two = make(policies, "one", dial=0.1), make(policies, "two", dial=0.2)
    judged_against = policies.known().state().live
    promote(policies, one)
    for move in (
        lambda: policies.promote(two, live=judged_against, verdict=None, why="", by="test", now=NOW),
        lambda: policies.try_on(two, live=judged_against, share=0.1, verdict=None, why="", by="test", now=NOW),
    ):
        with pytest.raises(PolicyRefused, match="meanwhile"):
            move()
    with pytest.raises(PolicyRefused, match="in force already"):
        policies.promote(one, live=policies.known().state().live, verdict=None, why="", by="test", now=NOW)
    with pytest.raises(PolicyRefused, match="not in force any more"):
        policies.roll_back(why="", by="guardrail", now=NOW, of=two.id)


def test_a_refusal_is_kept_and_moves_nothing(policies: Policies) -> None:
    one = make(policies, "one", dial=0.1)
    policies.refuse(one, verdict={"verdict": "worse"}, why="Worse.", by="test", now=NOW + timedelta(seconds=1))
    known = policies.known()
    assert (known.standing_of(one.id), known.state().live.policy.id) == ("candidate", "config")
    shown = overview(known)
    assert shown["live"] == "config"
    first = shown["policies"][0]  # type: ignore[index]
    assert (first["id"], first["verdict"]) == (one.id, {"verdict": "worse"})  # type: ignore[index, call-overload]
    assert [event["kind"] for event in shown["events"]] == ["refused", "created"]  # type: ignore[index, call-overload, union-attr]


def test_conversations_fall_to_a_share_evenly_and_always_alike() -> None:
    places = [place_of(f"session-{n}", salt="p-1") for n in range(4000)]
    assert places == [place_of(f"session-{n}", salt="p-1") for n in range(4000)]
    for share in (0.01, 0.1, 0.5):
        hit = sum(place < share for place in places) / len(places)
        assert abs(hit - share) < 4 * (share / len(places)) ** 0.5
    other = [place_of(f"session-{n}", salt="p-2") for n in range(4000)]
    both = sum(a < 0.1 and b < 0.1 for a, b in zip(places, other, strict=True))
    assert both < 100  # another policy's share is another sample: 40 are expected
