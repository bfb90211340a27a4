"""Signals become scores once, late or twice said, in any process, and a purge takes them back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.record.conftest import Values

from unisono.config.kept import KeptConfig
from unisono.config.values import RoutingConfig
from unisono.learn.learner import Learner
from unisono.learn.reward import believed
from unisono.record.joining import MAX_PER_MODEL
from unisono.record.store import Store
from unisono.types import Cost, Estimate, Health, Latency, Model, Past, Quality, Score, Situation

PRINTS = {"small": "f-small", "big": "f-big"}
VALUES = Values()


def estimate(model: str, mean: float) -> Estimate:
    return Estimate(
        model=model,
        quality=Quality(mean=mean, spread=0.1, evidence=""),
        cost=Cost(usd=0.0, low_usd=0.0, high_usd=0.0, output_tokens=1.0),
        latency=Latency(first_token_s=0.1, total_s=0.2),
    )


def decide(
    store: Store,
    n: int,
    *,
    user: str | None = None,
    answered: bool = True,
    degraded: bool = False,
    after: str | None = None,
) -> str:
    """Record an answered decision of `small`, which goes on with the conversation of another one; return its id."""
    situation = Situation(
        health=(("small", Health.UP), ("big", Health.UP)),
        estimates=(estimate("small", 0.5), estimate("big", 0.8)),
        past=None if after is None else Past(model="small", at=VALUES.at(n), decision=after),
    )
    decision = replace(VALUES.decision(n), config_hash="c0ffee", situation=situation, degraded=degraded)
    store.record_request(VALUES.request(n, user=user), VALUES.features(), decision)
    if answered:
        store.record_outcome(VALUES.outcome(n))
    return decision.id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    routing = RoutingConfig(**dict.fromkeys(RoutingConfig.__dataclass_fields__))  # type: ignore[arg-type]
    models = tuple(Model(name=name, upstream="scripted", upstream_model=name) for name in PRINTS)
    with closing(Store(tmp_path / "record.db")) as made:
        kept = KeptConfig(hash="c0ffee", default="small", models=models, routing=routing, fingerprints=PRINTS)
        made.keep_config(kept)
        yield made


def learned(store: Store, generation: int | None = None) -> list[Score]:
    return list(store.reader.scores_at(store.reader.generation() if generation is None else generation, PRINTS))


def step(store: Store) -> int:
    assert store.flush()
    return Learner(store).step()


def test_feedback_becomes_a_score_with_the_features_of_its_decision(store: Store) -> None:
    decision = decide(store, 1, user="ann")
    store.record_signal(decision, "score", "0.8", by="team")
    assert step(store) == 1
    (found,) = learned(store)
    assert (found.model, found.item, found.by) == ("small", decision, "team/ann")
    assert found.score == pytest.approx(believed(0.8, 0.5))
    assert found.features is not None
    kept = VALUES.features()
    assert found.features.embedding is not None and kept.embedding is not None
    assert (found.features.embedding == kept.embedding).all() and (found.features.surface == kept.surface).all()


@pytest.mark.parametrize("at_once", [True, False])
def test_further_judged_turns_of_a_conversation_count_less_and_those_of_others_in_full(
    store: Store, at_once: bool
) -> None:
    turn = None
    for n in range(1, 5):
        turn = decide(store, n, after=turn)
        store.record_signal(turn, "correct:schema", "false", by="team")
        if not at_once:
            step(store)
    other = decide(store, 5)
    store.record_signal(other, "correct:schema", "true", by="team")
    step(store)
    assert [score.weight for score in learned(store)] == pytest.approx([0.3, 0.3 / 1.3, 0.3 / 1.6, 0.3 / 1.9, 0.3])


def test_a_turn_whose_turn_before_was_not_judged_counts_in_full(store: Store) -> None:
    silent = decide(store, 1)
    store.record_signal(decide(store, 2, after=silent), "correct:human", "true", by="team")
    step(store)
    assert [score.weight for score in learned(store)] == [1.0]


def test_what_is_said_twice_is_joined_once(store: Store) -> None:
    decision = decide(store, 1)
    store.record_signal(decision, "score", "0.8", by="team")
    assert (step(store), step(store)) == (1, 0)
    store.record_signal(decision, "score", "0.8", by="team")
    generation = store.reader.generation()
    assert step(store) == 0
    assert store.reader.generation() == generation


def test_what_is_said_otherwise_later_takes_the_place_of_what_was_said_before(store: Store) -> None:
    decision = decide(store, 1)
    store.record_signal(decision, "score", "0.8", by="team")
    step(store)
    before = store.reader.generation()
    store.record_signal(decision, "score", "0.1", by="team")
    assert step(store) == 1
    assert [s.score for s in learned(store)] == pytest.approx([believed(0.1, 0.5)])
    assert [s.score for s in learned(store, before)] == pytest.approx([believed(0.8, 0.5)]), (
        "a decision of that time can be recomputed"
    )


def test_feedback_on_an_answer_that_has_not_ended_waits_for_its_end(store: Store) -> None:
    decision = decide(store, 1, answered=False)
    store.record_signal(decision, "score", "1.0", by="team")
    assert step(store) == 0
    store.record_outcome(VALUES.outcome(1))
    assert step(store) == 1


def test_nothing_is_learned_of_a_decision_that_is_purged_between_reading_and_writing(store: Store) -> None:
    decision = decide(store, 1)
    store.record_signal(decision, "score", "1.0", by="team")
    said = store.signals(decision)
    store.purge(older_than=VALUES.at(99))
    score = Score(model="small", item=decision, kind="score", prompt="", score=1.0, by="team/ann")
    assert store.join(said, (score,), ("f",)) == 0
    assert store.rows("SELECT count(*) FROM scores") == [(0,)]


def test_a_preference_scores_both_models(store: Store) -> None:
    decision = decide(store, 1)
    store.record_signal(decision, "preferred", '["big","small"]', by="team")
    assert step(store) == 2
    found = {s.model: s.score for s in learned(store)}
    assert found["big"] > 0.8 and found["small"] < 0.5


def test_nothing_is_learned_from_a_degraded_decision(store: Store) -> None:
    store.record_signal(decide(store, 1, degraded=True), "score", "1.0", by="team")
    assert step(store) == 0
    assert learned(store) == []


def test_a_strange_signal_does_not_stop_the_others(store: Store) -> None:
    store.record_signal(decide(store, 1), "score", "no number", by="team")
    store.record_signal(decide(store, 2), "score", "1.0", by="team")
    assert step(store) == 1
    assert store.reader.pending(limit=10) == ()


def test_another_process_that_learns_the_same_changes_nothing_more(store: Store, tmp_path: Path) -> None:
    decision = decide(store, 1)
    store.record_signal(decision, "score", "0.8", by="team")
    step(store)
    with closing(sqlite3.connect(tmp_path / "record.db")) as connection, connection:
        connection.execute("UPDATE signals SET joined = 0")
    generation = store.reader.generation()
    assert step(store) == 0
    assert store.reader.generation() == generation


def test_of_one_model_only_the_latest_decisions_count(store: Store) -> None:
    for n in range(MAX_PER_MODEL + 5):
        store.record_signal(decide(store, n), "score", "1.0", by="team")
    while step(store):
        pass
    found = learned(store)
    assert len(found) == MAX_PER_MODEL
    assert min(s.item for s in found) == VALUES.id(5)


def test_a_purge_takes_back_what_was_learned_from_a_user(store: Store) -> None:
    for n, user in enumerate(("ann", "bob")):
        store.record_signal(decide(store, n, user=user), "score", "1.0", by="team")
    step(store)
    generation = store.reader.generation()
    assert store.purge(user="ann") == 1
    assert [s.by for s in learned(store)] == ["team/bob"]
    assert store.reader.generation() > generation, "a running server notices"
    assert store.signals(VALUES.id(0)) == ()


def test_probes_and_what_was_learned_do_not_mix(store: Store) -> None:
    store.add_scores([Score(model="small", item="q-1", kind="k", prompt="2 + 2?", score=1.0)], PRINTS)
    store.record_signal(decide(store, 1), "score", "0.0", by="team")
    step(store)
    assert [s.item for s in store.reader.scores(PRINTS)] == ["q-1"]
    assert {s.item for s in learned(store)} == {"q-1", VALUES.id(1)}
