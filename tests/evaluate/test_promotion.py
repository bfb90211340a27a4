"""Candidates beside the live policy on a real record: what they would choose, and what may judge them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from tests.worlds import House, answer, house_at, measure, pool

from unisono.errors import PolicyRefused, RequestError, StartError
from unisono.evaluate import promotion, rechosen
from unisono.evaluate.gate import judge
from unisono.evaluate.promotion import Scales
from unisono.plugins import load
from unisono.record.policies import Policies, Standing, Within

NOW = datetime(2026, 11, 25, tzinfo=UTC)
N = 240


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = house_at(tmp_path_factory.mktemp("promotion") / "record.db")
    made.config = pool(explore=0.5)
    rng = Random(7)
    with closing(made.store):
        router = made.router()
        for n in range(N):
            answer(made, router, rng, n)
            if n == N // 2:
                measure(made, rng)
                router = made.router()
        assert made.store.flush(timeout_s=60)
        yield made


@pytest.fixture
def scales(house: House) -> Iterator[Scales]:
    with closing(Policies(house.path)) as policies:
        yield Scales(
            config=house.config,
            registry=load(),
            encoder=load().encoder(house.config.encoder),
            reader=house.store.reader,
            policies=policies,
        )


def make(scales: Scales, **settings: object) -> str:
    made = promotion.create(scales, name="", settings=settings, parent="config", freeze=False, by="test", now=NOW)
    return made.id


def test_a_policy_beside_itself_differs_nowhere_and_its_chances_are_those_that_were_written_down(
    scales: Scales,
) -> None:
    known = scales.policies.known()
    live = known.state().live
    rows = scales.rows(live, live, known=known, last=1000)
    assert len(rows) > N // 2
    assert all(row.one == row.two for row in rows)
    exact = [row for row in rows if row.two.get(row.model) == pytest.approx(row.chance, abs=1e-9)]
    assert len(exact) > 0.5 * len(rows)  # the others saw newer scores than their block began with
    judged = [row for row in rows if row.reward is not None]
    assert len(judged) > N // 3
    assert {row.reward for row in judged} == {0.0, 1.0}
    assert {"task", "language", "length", "key"} == set(rows[0].slices)


def test_a_candidate_is_judged_in_the_situations_that_were(scales: Scales) -> None:
    id_ = make(scales, dial=0.0, explore=0.0)
    known = scales.policies.known()
    rows = scales.rows(Standing(policy=known.policy(id_)), known.state().live, known=known, last=1000)
    cost = [sum(p * row.usd[m] for m, p in side.items()) for row in rows for side in (row.one, row.two)]
    assert sum(cost[0::2]) < sum(cost[1::2])
    assert all(set(row.one.values()) <= {0.0, 1.0} for row in rows)  # it explores nothing
    assert any(row.one != row.two for row in rows)


def test_what_decides_for_some_callers_is_judged_by_what_decides_for_each(scales: Scales) -> None:
    id_ = make(scales, dial=0.0, explore=0.0)
    known = scales.policies.known()
    live = known.state().live
    cheap = Standing(policy=known.policy(id_))
    keys = {row.slices["key"] for row in scales.rows(live, live, known=known, last=10)}
    for callers, same in ((keys, cheap), (frozenset(["nobody"]), live)):
        some = replace(cheap, within=Within(callers=frozenset(callers), others=live))
        assert all(row.one == row.two for row in scales.rows(some, same, known=known, last=100))


def test_a_policy_is_never_judged_by_answers_that_it_is_frozen_on(scales: Scales) -> None:
    frozen = promotion.create(scales, name="f", settings={}, parent="config", freeze=True, by="test", now=NOW)
    assert frozen.scores == 1
    known = scales.policies.known()
    rows = scales.rows(Standing(policy=frozen), known.state().live, known=known, last=1000)
    generations = {scales.reader.stored(row.decision).decision.situation.scores for row in rows}  # type: ignore[union-attr]
    assert generations == {1}


def test_what_is_not_shown_is_refused_and_kept_unless_somebody_says_why(scales: Scales) -> None:
    id_ = make(scales, dial=0.1)
    with pytest.raises(PolicyRefused, match="not enough evidence") as refusal:
        promotion.promote(scales, id_, canary=0.0, override="", by="test")
    assert refusal.value.verdict is not None
    known = scales.policies.known()
    assert known.events[-1].kind == "refused"
    assert known.verdict_on(id_) == refusal.value.verdict
    state, verdict = promotion.promote(scales, id_, canary=0.2, override="", by="test")
    assert state.canary is not None and state.canary.id == id_
    assert verdict is not None and verdict["passes"] is False
    scales.policies.roll_back(why="", by="test", now=NOW)
    state, _ = promotion.promote(scales, id_, canary=0.0, override="I know better", by="test")
    assert state.live.policy.id == id_
    assert scales.policies.known().events[-1].why == "I know better"
    scales.policies.roll_back(why="", by="test", now=NOW)
    state, verdict = promotion.promote(scales, "config", canary=0.0, override="", by="test")
    assert (state.live.held, verdict) == (None, None)


def test_a_policy_builds_on_its_parent_and_can_give_a_setting_back_to_the_file(scales: Scales) -> None:
    first = make(scales, dial=0.2, margin=0.05)
    known = scales.policies.known()
    second = promotion.create(
        scales, name="", settings={"dial": None, "explore": 0.0}, parent=first, freeze=False, by="test", now=NOW
    )
    assert second.settings == {"margin": 0.05, "explore": 0.0}
    told = promotion.difference_between(known, second, known.policy(first), scales.config)
    assert told["differences"] == {
        "dial": {"policy": 0.5, "against": 0.2},
        "explore": {"policy": 0.0, "against": 0.5},
    }


def test_trained_parts_that_are_not_those_of_the_policy_are_refused(scales: Scales, tmp_path: Path) -> None:
    import shutil

    from unisono.predict.artifact import default_artifact_path

    folder = tmp_path / "trained"
    with pytest.raises(RequestError, match="cannot be used"):
        make(scales, artifact=str(folder))
    shutil.copytree(default_artifact_path(), folder)
    id_ = make(scales, artifact=str(folder))
    policy = scales.policies.known().policy(id_)
    assert policy.artifact is not None
    other = Standing(policy=replace(policy, artifact="of another training"))
    known = scales.policies.known()
    with pytest.raises(StartError, match="by now"):
        scales.rows(other, known.state().live, known=known, last=10)


def test_a_policy_that_lets_several_models_work_differs_from_one_that_does_not(scales: Scales) -> None:
    id_ = make(scales, cascade=["fast", "balanced", "deep"], dial=0.2)
    known = scales.policies.known()
    rows = scales.rows(Standing(policy=known.policy(id_)), known.state().live, known=known, last=1000)
    joint = [row for row in rows if "[cascade]" in row.one]
    assert len(joint) > len(rows) // 2  # all but `auto:pro`
    assert all(row.unseen == 1.0 and row.usd["[cascade]"] > 0.0 for row in joint)
    assert not judge(rows).passes


def test_a_policy_that_would_refuse_what_the_live_one_serves_is_told_apart(scales: Scales) -> None:
    known = scales.policies.known()
    live = known.state().live
    stored = next(s for s in map(scales.reader.stored, scales.reader.automatic(limit=50)) if s and s.features)
    log = rechosen._Log(known, encoder=scales.encoder, deep=frozenset())
    chooser = rechosen.Rechooser(
        live, config=scales.config, registry=scales.registry, encoder=scales.encoder, reader=scales.reader
    )
    again = chooser.decide(stored, generation=0)
    assert again is not None
    row = log.row(stored, None, again, reward=None)
    assert (row.one, row.unseen, row.quality["[refused]"]) == ({"[refused]": 1.0}, 1.0, 0.0)
