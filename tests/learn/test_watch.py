"""A provider that changes a model behind its name is noticed from the record alone, once for all processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.record.conftest import Values

from unisono.catalog.fingerprint import fingerprint
from unisono.config import parse_config
from unisono.config.kept import kept_of
from unisono.learn.drift import Chart, Shift
from unisono.learn.learner import Learner
from unisono.learn.watch import LIMIT, Changed, Watch, _changed
from unisono.record.drift import claim_canaries
from unisono.record.store import Store
from unisono.types import Past

VALUES = Values()
CONFIG = parse_config('default = "small"\n[[models]]\nname = "small"\nupstream = "scripted"')
PRINTS = {fingerprint(model): model.name for model in CONFIG.models}
START = datetime(2026, 5, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with closing(Store(tmp_path / "record.db", capacity=100_000, now=clock)) as opened:
        opened.keep_config(kept_of(CONFIG))
        yield opened


def answer(store: Store, n: int, *, tokens: int, right: bool | None = None, goes_on: bool = False) -> None:
    """Record an answer of `small`, one that goes on with the conversation of the answer before or begins one, and, when
    it was checked, whether it was right.
    """
    decision = replace(VALUES.decision(n), config_hash=CONFIG.hash)
    past = Past(model="small", at=VALUES.attempt("small").started, decision=VALUES.id(n - 1)) if goes_on else None
    decision = replace(decision, situation=replace(decision.situation, past=past))
    attempt = VALUES.attempt("small")
    assert attempt.usage is not None
    attempt = replace(attempt, usage=replace(attempt.usage, output_tokens=tokens))
    store.record_request(VALUES.request(n), VALUES.features(), decision)
    store.record_outcome(VALUES.outcome(n, attempts=(attempt,)))
    if right is not None:
        store.record_signal(decision.id, "correct:unit_test", str(right).lower(), by="team")


def looked(store: Store, tmp_path: Path, clock: Clock) -> tuple[Changed, ...]:
    """Look once, after everything has settled and been learned."""
    assert store.flush(timeout_s=30)
    while Learner(store).step():
        pass
    clock.now += timedelta(seconds=10)
    return Watch(store, tmp_path / "record.db").step(PRINTS, None, now=clock.now)


def test_longer_answers_and_worse_ones_are_noticed_and_steady_ones_are_not(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    rng = np.random.default_rng(2)
    looked(store, tmp_path, clock)
    found: list[Changed] = []
    for n in range(600):
        changed = n >= 400
        tokens = int(rng.lognormal(4.0 + 0.6 * changed, 0.4)) + 1
        answer(store, n, tokens=tokens, right=bool(rng.random() < (0.4 if changed else 0.9)))
        if n % 100 == 99:
            found += looked(store, tmp_path, clock)
            assert changed or not found
    assert {(c.model, c.stream) for c in found} == {("small", "length-pinned"), ("small", "measured")}
    (worse,) = [c for c in found if c.stream == "measured"]
    assert worse.shift.after < worse.shift.before
    assert "small" in worse.sentence


def test_a_long_conversation_that_is_unlike_the_others_is_one_witness_of_a_change(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    rng = np.random.default_rng(3)
    looked(store, tmp_path, clock)
    for n in range(300):
        answer(store, n, tokens=int(rng.lognormal(4.0, 0.4)) + 1, right=bool(rng.random() < 0.9))
        if n % 100 == 99:
            assert not looked(store, tmp_path, clock)
    for n in range(300, 360):
        answer(store, n, tokens=400, right=False, goes_on=n > 300)
    assert not looked(store, tmp_path, clock)
    for n in range(360, 420):
        answer(store, n, tokens=400, right=False)
    assert {c.stream for c in looked(store, tmp_path, clock)} == {"length-pinned", "measured"}


def test_a_judged_turn_counts_where_the_one_before_it_was_not(store: Store, tmp_path: Path, clock: Clock) -> None:
    looked(store, tmp_path, clock)
    for n in range(400):
        answer(store, n, tokens=50, right=None if n % 2 else n < 250, goes_on=n % 8 > 0)
        if n % 100 == 99:
            found = looked(store, tmp_path, clock)
            assert bool(found) == (n == 299)


def test_where_the_other_models_move_alike_it_is_the_traffic() -> None:
    shift = Shift(before=0.0, after=0.9, n_before=900, n_after=100, error=0.05)
    alike, still = Chart(reach=3.0), Chart(reach=3.0)
    for n in range(400):
        alike.add(0.01 * (n % 7) + (n >= 300))
        still.add(0.01 * (n % 7))
    told = _changed("a", "length x", shift, [alike])
    assert (told.with_others, told.others) == (True, 1)
    assert "your traffic" in told.sentence
    assert "provider may have changed it" in _changed("a", "length x", shift, [still, Chart()]).sentence
    both = _changed("a", "length x", replace(shift, after=0.1, error=0.01), [still, still])
    assert not both.with_others


def test_two_processes_take_in_every_answer_once(store: Store, tmp_path: Path, clock: Clock) -> None:
    looked(store, tmp_path, clock)
    for n in range(80):
        answer(store, n, tokens=50)
    assert store.flush(timeout_s=30)
    clock.now += timedelta(seconds=10)
    for _ in range(2):
        Watch(store, tmp_path / "record.db").step(PRINTS, None, now=clock.now)
    (n_rows,) = store.rows("SELECT json_extract(body, '$.n_seen') FROM drift")
    assert n_rows == (80,)


def test_what_was_answered_before_the_first_look_and_by_models_that_are_gone_is_left_out(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    answer(store, 1, tokens=5)
    assert looked(store, tmp_path, clock) == ()
    answer(store, 2, tokens=5)
    assert store.flush(timeout_s=30)
    clock.now += timedelta(seconds=10)
    assert Watch(store, tmp_path / "record.db").step({}, None, now=clock.now) == ()
    assert store.rows("SELECT * FROM drift") == []


def test_a_flood_costs_one_look_no_more_than_its_limit(store: Store, tmp_path: Path, clock: Clock) -> None:
    looked(store, tmp_path, clock)
    for n in range(LIMIT + 50):
        answer(store, n, tokens=50)
    looked(store, tmp_path, clock)
    (n_rows,) = store.rows("SELECT json_extract(body, '$.n_seen') FROM drift")
    assert n_rows == (LIMIT,)


def test_flipped_canaries_are_a_change_and_the_same_answers_are_none(store: Store, tmp_path: Path) -> None:
    watch = Watch(store, tmp_path / "record.db")
    print_ = next(iter(PRINTS))
    assert watch.canary(print_, "small", [False] * 40, now=START) is None
    found = [watch.canary(print_, "small", [True, False, True, False], now=START) for _ in range(15)]
    assert any(found)
    assert watch.canary(print_, "small", [], now=START) is None


def test_canaries_are_asked_by_one_process_when_they_are_due(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    assert claim_canaries(path, every_s=60, now=START)
    assert not claim_canaries(path, every_s=60, now=START + timedelta(seconds=59))
    assert claim_canaries(path, every_s=60, now=START + timedelta(seconds=61))


def test_a_look_back_makes_nobody_write_before_the_time(
    store: Store, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(store, tmp_path, clock)
    for n in range(20):
        answer(store, n, tokens=100, right=True)
    assert store.flush(timeout_s=30)

    def hurry(**given: object) -> bool:
        raise AssertionError("what is looked at was written long ago")

    with monkeypatch.context() as patched:
        patched.setattr(store._writer, "flush", hurry)
        while Learner(store).step():
            pass
        clock.now += timedelta(seconds=10)
        Watch(store, tmp_path / "record.db").step(PRINTS, None, now=clock.now)
