"""What the gateway sees by itself, and what it must not take for a signal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.record.conftest import Values

from unisono.learn.signals import Signals
from unisono.record.store import Store
from unisono.types import Past, Situation

VALUES = Values()
EARLIER = Past(model="small", decision="earlier")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "record.db")) as made:
        for decision in (VALUES.decision(1), replace(VALUES.decision(2), id="earlier")):
            made.record_request(VALUES.request(1), None, decision)
        yield made


def counted(store: Store) -> tuple[Signals, list[str]]:
    kinds: list[str] = []
    return Signals(store, count=kinds.append), kinds


def test_who_leaves_in_the_middle_of_an_answer_has_abandoned_it(store: Store) -> None:
    signals, kinds = counted(store)
    signals.ended(VALUES.outcome(1, status="cancelled"), by="team")
    assert [s.kind for s in store.signals(VALUES.id(1))] == kinds == ["abandoned"]


def test_who_leaves_before_the_first_word_says_nothing_about_the_answer(store: Store) -> None:
    signals, kinds = counted(store)
    silent = replace(VALUES.attempt(), first_content_s=None)
    signals.ended(VALUES.outcome(1, attempts=(silent,), status="cancelled"), by="team")
    signals.ended(VALUES.outcome(2), by="team")
    assert kinds == []


def test_a_rejection_belongs_to_the_decision_before(store: Store) -> None:
    signals, kinds = counted(store)
    decision = replace(VALUES.decision(1), situation=Situation(past=EARLIER))
    features = replace(VALUES.features(), dissatisfied=True, in_tool_loop=False)
    signals.seen(VALUES.request(1), features, decision)
    assert [s.kind for s in store.signals("earlier")] == kinds == ["rejected"]


def test_inside_a_tool_loop_the_users_last_words_are_old_ones(store: Store) -> None:
    signals, kinds = counted(store)
    decision = replace(VALUES.decision(1), situation=Situation(past=EARLIER))
    signals.seen(VALUES.request(1), replace(VALUES.features(), dissatisfied=True, in_tool_loop=True), decision)
    assert kinds == []


def test_a_pin_of_the_same_model_is_no_switch(store: Store) -> None:
    signals, kinds = counted(store)
    decision = replace(VALUES.decision(1), situation=Situation(past=EARLIER))
    features = replace(VALUES.features(), in_tool_loop=False)
    signals.seen(replace(VALUES.request(1), pin="small", mode=None), features, decision)
    assert kinds == []
    signals.seen(replace(VALUES.request(1), pin="big", mode=None), features, decision)
    assert kinds == ["switched"]
