"""What a decision depended on comes back whole: the situation, the scores of that time, the configuration in force."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.catalog.fingerprint import fingerprint
from unisono.config import parse_config
from unisono.config.kept import kept_of, pack_config, unpack_config
from unisono.errors import StoreError
from unisono.record.packed import pack_features, packed_facts, unpack_features
from unisono.record.situation import SituationBody, situation_body, situation_from, sparse
from unisono.record.store import Store
from unisono.record.view import decision_to_json, stamp
from unisono.types import (
    Asked,
    Cached,
    Cost,
    Effort,
    Estimate,
    Features,
    Freshness,
    Health,
    Latency,
    Lifecycle,
    Likeness,
    Model,
    Past,
    Prices,
    Quality,
    Ranked,
    Retry,
    Role,
    Score,
    Situation,
    Spent,
    Thinking,
    Wishes,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "record.db")) as opened:
        yield opened


NAMES = st.sampled_from(["a", "b", "c", "模型"])
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
STAMPS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
QUALITIES = st.builds(Quality, mean=FLOATS, spread=FLOATS, evidence=st.text(max_size=9))
COSTS = st.builds(Cost, usd=FLOATS, low_usd=FLOATS, high_usd=FLOATS, output_tokens=FLOATS, evidence=st.text(max_size=5))
LATENCIES = st.builds(Latency, first_token_s=FLOATS, total_s=FLOATS)
ESTIMATES = st.lists(
    st.builds(Estimate, model=NAMES, quality=QUALITIES, cost=COSTS, latency=LATENCIES),
    max_size=4,
    unique_by=lambda estimate: estimate.model,
)
WISHES = st.builds(
    Wishes,
    dial=st.none() | FLOATS,
    models=st.lists(NAMES, max_size=2).map(tuple),
    on_limit=st.sampled_from([None, "block", "downgrade"]),
    how=st.none() | st.text(max_size=5),
)
PASTS = st.builds(
    Past,
    model=st.none() | NAMES,
    at=st.none() | STAMPS,
    n_turns=st.integers(0, 99),
    caches=st.lists(st.builds(Cached, model=NAMES, tokens=st.integers(0, 10**6), at=STAMPS), max_size=2).map(tuple),
    raised=st.integers(0, 3),
    wishes=WISHES,
)
SPENT = st.builds(Spent, limit=NAMES, model=NAMES, counts=st.just("usd"), used=FLOATS, amount=FLOATS, returns=STAMPS)
SITUATIONS = st.builds(
    Situation,
    health=st.dictionaries(NAMES, st.sampled_from(list(Health))).map(lambda known: tuple(known.items())),
    past=st.none() | PASTS,
    spent=st.lists(SPENT, max_size=2).map(tuple),
    anchor=st.none() | NAMES,
    retry=st.none() | st.builds(Retry, decision=NAMES, model=NAMES, how=st.none() | NAMES),
    estimates=ESTIMATES.map(tuple),
    scores=st.integers(0, 10**9),
)


@given(situation=SITUATIONS, other=ESTIMATES, n_same=st.integers(0, 4), keep=st.sampled_from(["all", "cost", "none"]))
def test_a_situation_survives_whatever_the_ranking_says_already(
    situation: Situation, other: list[Estimate], n_same: int, keep: str
) -> None:
    known = list(situation.estimates[:n_same])
    if keep == "cost":
        known = [replace(e, quality=Quality(mean=0.5, spread=0.1, evidence="aged")) for e in known]
    if keep == "none":
        known = other
    ranking = [Ranked(model=e.model, estimate=e, utility=0.0, propensity=0.0, reason="") for e in reversed(known)]
    told = msgspec.json.encode(situation_body(situation, ranking))
    assert situation_from(msgspec.json.decode(told, type=SituationBody), ranking) == situation


def test_what_has_its_default_takes_no_room(values) -> None:
    decision = values.decision()
    calm = Situation(
        health=(("small", Health.UP), ("big", Health.UP)), estimates=tuple(r.estimate for r in decision.ranking)
    )
    told = msgspec.json.encode(situation_body(calm, decision.ranking))
    assert told == b'{"models":["small","big"],"estimates":[0,1]}'
    assert sparse(Past(n_turns=2)) == {"n_turns": 2}


THINKING = st.none() | st.builds(
    Thinking,
    st.none() | st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max", "on"]),
    st.none() | st.integers(0, 2**40),
)


@given(
    effort=st.none() | st.sampled_from(list(Effort)),
    freshness=st.none()
    | st.builds(
        Freshness,
        changing=st.floats(0, 1),
        pace=st.sampled_from(["evergreen", "slow", "fast"]),
        asks_about=st.none() | st.dates(),
    ),
    language=st.sampled_from(["en", "zh"]),
    dissatisfied=st.booleans(),
    bound=st.booleans(),
    in_tool_loop=st.booleans(),
    embedding=st.booleans(),
    rule=st.just("a rule-1"),
    likeness=st.none() | st.builds(Likeness, example=st.integers(0, 199), chance=st.floats(0, 1)),
    thinking=st.none() | st.builds(Asked, THINKING, THINKING),
)
def test_what_was_understood_survives_packing(embedding: bool, **known: object) -> None:
    vector = np.arange(4, dtype=np.float32) if embedding else None
    features = Features(
        task="words", n_input_tokens=1, n_turns=1, needs=frozenset(), surface=np.ones(3, np.float32),
        embedding=vector, **known,  # type: ignore[arg-type]
    )  # fmt: skip
    blob = pack_features(features)
    again = unpack_features(blob)
    for name, value in known.items():
        assert getattr(again, name) == value
    assert (again.embedding is None) == (vector is None)
    assert packed_facts(blob).get("language", "en") == known["language"]


def test_only_a_request_that_needs_a_newer_form_takes_it_and_older_ones_can_be_read() -> None:
    """A rollback of Unisono reads what it can."""
    plain = Features(task="", n_input_tokens=1, n_turns=1, needs=frozenset(), surface=np.ones(3, np.float32))
    like = Likeness(example=2, chance=0.001)
    thinks = Asked(None, Thinking("high", 2000))
    forms = (plain, replace(plain, rule="r"), replace(plain, rule="r", likeness=like), replace(plain, thinking=thinks))
    assert [pack_features(features)[0] for features in forms] == [3, 4, 5, 6]
    assert [unpack_features(pack_features(f)).rule for f in forms] == [None, "r", "r", None]
    assert packed_facts(pack_features(forms[3]))["thinking"] == {
        "anthropic": None,
        "others": {"effort": "high", "budget_tokens": 2000},
    }
    assert packed_facts(pack_features(forms[2]))["like"] == {"example": 3, "chance": 0.001}
    assert "like" not in packed_facts(pack_features(forms[1]))


def test_features_of_the_first_form_can_still_be_read() -> None:
    blob = bytes.fromhex("0103010001000500") + (12).to_bytes(4, "little") + (3).to_bytes(4, "little") + b"tools"
    blob += np.array([1.5, -2.5], dtype="<f4").tobytes()
    again = unpack_features(blob)
    assert (again.n_input_tokens, again.n_turns, again.in_tool_loop, again.effort, again.freshness) == (
        12, 3, True, None, None,
    )  # fmt: skip
    assert again.surface.tolist() == [1.5]
    assert again.embedding is not None
    assert again.embedding.tolist() == [-2.5]


def _spent(*, returns: datetime) -> Spent:
    return Spent(limit="day", model="small", counts="usd", used=9.0, amount=10.0, near=True, returns=returns)


def test_the_public_record_shows_the_situation(store, values) -> None:
    decision = values.decision()
    situation = Situation(
        health=(("small", Health.UP), ("big", Health.DOWN)),
        limited=(("big", values.at(9).replace(microsecond=0)),),
        past=Past(model="big", n_turns=2),
        spent=(_spent(returns=values.at(9)),),
        retry=Retry(decision="d", model="big", how="deeper"),
        estimates=tuple(r.estimate for r in decision.ranking),
        scores=3,
    )
    decision = replace(decision, situation=situation)
    store.record_request(values.request(), values.features(), decision)
    shown = store.decision(values.id(1))["situation"]
    assert shown == decision_to_json(decision)["situation"]
    assert shown["health"] == {"small": "up", "big": "down"}
    assert shown["limited"] == {"big": stamp(values.at(9).replace(microsecond=0))}
    assert shown["past"] == {"model": "big", "n_turns": 2}
    assert shown["limits"][0]["used"] == 9.0
    assert shown["retry"] == {"decision": "d", "model": "big", "how": "deeper"}
    assert [e["model"] for e in shown["estimates"]] == ["small", "big"]
    assert shown["scores"] == 3


# ---------------------------------------------------------------------------------------- scores


def _score(item: str, score: float, *, model: str = "m") -> Score:
    return Score(model=model, item=item, kind="k", prompt=f"prompt {item}", score=score)


def _seen(found: tuple[Score, ...]) -> list[tuple[str, float]]:
    return [(score.item, score.score) for score in found]


def test_scores_can_be_read_as_they_were_at_each_generation(store) -> None:
    prints = {"m": "f"}
    store.add_scores([_score("b", 0.1), _score("a", 0.2)], prints)
    store.add_scores([_score("a", 0.3), _score("c", 0.4)], prints)
    store.add_scores([_score("a", 0.5), _score("a", 0.6)], prints)
    assert store.reader.generation() == 3
    assert _seen(store.reader.scores_at(0, prints)) == []
    assert _seen(store.reader.scores_at(1, prints)) == [("a", 0.2), ("b", 0.1)]
    assert _seen(store.reader.scores_at(2, prints)) == [("a", 0.3), ("b", 0.1), ("c", 0.4)]
    assert _seen(store.reader.scores_at(3, prints)) == [("a", 0.6), ("b", 0.1), ("c", 0.4)]
    assert store.reader.scores_at(3, prints) == store.reader.scores(prints)
    assert store.reader.scores_at(2, {"other": "g"}) == ()


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=4), max_size=5))
def test_every_generation_is_what_a_reader_saw_then(tmp_path_factory, rounds) -> None:
    with closing(Store(tmp_path_factory.mktemp("scores") / "record.db")) as store:
        prints, seen = {"m": "f"}, {0: ()}
        for batch in rounds:
            store.add_scores([_score(item, score) for item, score in batch], prints)
            seen[store.reader.generation()] = store.reader.scores(prints)
        for generation, then in seen.items():
            assert store.reader.scores_at(generation, prints) == then


# --------------------------------------------------------------------------------- configurations

MODEL = Model(
    name="big",
    upstream="openai",
    upstream_model="gpt-big",
    base_url="https://user:secret@example.org/v1",
    reports=("gpt-big-1",),
    aliases=("huge",),
    role=Role.DEEP,
    context_tokens=99,
    max_output_tokens=9,
    prices=Prices(usd_per_mtok_in=0.1, usd_per_mtok_out=1 / 3, usd_per_mtok_cached_in=0.01, source="list"),
    knowledge_cutoff=date(2025, 3, 1),
    quality=0.7,
    lifecycle=Lifecycle(state="sunset", until=date(2027, 1, 1), successor="small"),
    cache_ttl_s=60.0,
    options={"token": "secret"},
)
TEXT = """
default = "small"
[routing]
dial = 0.25
[[models]]
name = "small"
upstream = "openai"
base_url = "http://127.0.0.1:1/v1"
capabilities = ["tools"]
usd_per_mtok_in = 1.0
usd_per_mtok_out = 2.0
"""


def test_all_that_decides_of_a_configuration_is_kept_and_no_secret() -> None:
    config = parse_config(TEXT)
    kept = kept_of(replace(config, models=(*config.models, MODEL)))
    body = pack_config(kept)
    again = unpack_config(body, hash=config.hash)
    assert again == kept
    assert b"secret" not in body
    assert again.fingerprints["big"] == fingerprint(MODEL)
    hidden = {"api_key", "base_url", "options"}
    for field in fields(Model):
        if field.name not in hidden:
            assert getattr(again.models[1], field.name) == getattr(MODEL, field.name), field.name


def test_a_key_that_came_later_takes_its_default() -> None:
    kept = kept_of(parse_config(TEXT))
    older = pack_config(kept).replace(f'"margin":{kept.routing.margin},'.encode(), b"")
    assert unpack_config(older, hash="h").routing == kept.routing


def test_a_configuration_of_another_form_is_a_store_error() -> None:
    with pytest.raises(StoreError, match="configuration"):
        unpack_config(b"[]", hash="h")


def test_a_configuration_is_kept_once_per_hash_and_outlives_a_restart(tmp_path: Path) -> None:
    kept = kept_of(parse_config(TEXT))
    path = tmp_path / "record.db"
    with closing(Store(path)) as store:
        assert store.config(kept.hash) is None
        store.keep_config(kept)
        store.keep_config(kept)
        assert store.config(kept.hash) == kept
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM configs").fetchone() == (1,)


def test_a_limit_that_an_earlier_version_wrote_field_by_field_is_read(values) -> None:
    told = (
        b'{"spent":[{"limit":"day","counts":"usd","model":"small",'
        b'"used":9.0,"amount":10.0,"near":true,"returns":"%b"}]}'
    )
    at = values.at(9)
    body = msgspec.json.decode(told % at.isoformat().encode(), type=SituationBody)
    assert situation_from(body, ()).spent == (_spent(returns=at),)
