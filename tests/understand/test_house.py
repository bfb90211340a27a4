"""A rule of the house is about a request when all of its conditions hold, and about `auto` only."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from unisono.types import SCRIPTS, TASKS, Capability, Features, HouseRule, Mode, Request, TaskType
from unisono.understand import house, task_type
from unisono.understand.house import HouseRules, Met, script

REQUEST = Request(
    id="r",
    received=datetime(2026, 11, 26, tzinfo=UTC),
    body={},
    model="auto",
    mode=Mode.BALANCED,
    pin=None,
    messages=(),
    key="team",
)
FEATURES = Features(
    task="Is this contract valid?",
    n_input_tokens=1000,
    n_turns=1,
    needs=frozenset({Capability.TOOLS}),
    surface=np.zeros(0, dtype=np.float32),
    task_type=TaskType(name="code", probability=0.7),
)


def rule(name: str = "r", **conditions: Any) -> HouseRule:
    return HouseRule(name=name, models=("m",), **conditions)


def holds(request: Request = REQUEST, features: Features = FEATURES, **conditions: Any) -> bool:
    return HouseRules([rule(**conditions)]).first(request, features) == Met("r")


@pytest.mark.parametrize(
    ("met", "missed"),
    [
        ({"modes": (Mode.BALANCED,)}, {"modes": (Mode.FAST, Mode.DEEP)}),
        ({"keys": ("other", "team")}, {"keys": ("other",)}),
        ({"keys": ("te*",)}, {"keys": ("other*", "t")}),
        ({"tasks": ("code", "writing")}, {"tasks": ("writing",)}),
        ({"tasks": ("code",), "at_least": 0.7}, {"tasks": ("code",), "at_least": 0.71}),
        ({"words": ("lease", "contract")}, {"words": ("contracts", "tract")}),
        ({"scripts": ("latin",)}, {"scripts": ("han",)}),
        ({"needs": (Capability.VISION, Capability.TOOLS)}, {"needs": (Capability.VISION,)}),
        ({"min_tokens": 1000}, {"min_tokens": 1001}),
        ({"max_tokens": 1000}, {"max_tokens": 999}),
    ],
)
def test_each_condition_counts(met: dict[str, Any], missed: dict[str, Any]) -> None:
    assert holds(**met)
    assert not holds(**missed)
    assert not holds(**{"keys": ("team",), **missed}), "one that holds does not make up for one that does not"


def test_a_rule_without_conditions_is_about_all_of_auto_and_about_no_pin() -> None:
    assert holds()
    assert not holds(request=replace(REQUEST, mode=None, pin="m"))


def test_no_rule_is_about_a_request_in_the_middle_of_a_tool_call_or_with_a_providers_state() -> None:
    assert not holds(features=replace(FEATURES, in_tool_loop=True))
    assert not holds(features=replace(FEATURES, bound=True))


def test_the_first_rule_that_holds_counts() -> None:
    rules = HouseRules([rule("one", words=("lease",)), rule("two", words=("contract",)), rule("three")])
    assert rules.first(REQUEST, FEATURES) == Met("two")
    assert rules.first(REQUEST, replace(FEATURES, task="hello")) == Met("three")


@pytest.mark.parametrize(
    ("word", "task", "found"),
    [
        ("contract", "CONTRACT: yes", True),
        ("contract", "a sub-contract", True),
        ("contract", "contracting", False),
        ("unit test", "write a Unit  test", True),
        ("unit test", "unit\ntest", True),
        ("C++", "in C++?", True),
        ("c", "in C++ or c", True),
        ("合同", "这份合同有效吗", True),
        ("python", "用python写", True),
        ("契約", "この契約書は", True),
        ("Straße", "STRASSE", False),
        ("договор", "Этот Договор", True),
        ("договор", "договоры", False),
        ("a.b", "axb", False),
    ],
)
def test_words_are_whole_words_where_words_are_parted(word: str, task: str, found: bool) -> None:
    assert holds(features=replace(FEATURES, task=task), words=(word,)) is found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hello, world", "latin"),
        ("Привет world, как дела", "cyrillic"),
        ("γειά σου Κόσμε", "greek"),
        ("שלום עולם", "hebrew"),
        ("مرحبا بالعالم", "arabic"),
        ("नमस्ते दुनिया", "devanagari"),
        ("สวัสดีชาวโลก", "thai"),
        ("写一个 Python 函数，把一个链表倒过来", "han"),
        ("日本の首都は東京都ですか", "kana"),
        ("안녕하세요 세계", "hangul"),
        ("12 + 30 = ?", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, told: str | None) -> None:
    assert script(text) == told


def test_scripts_and_kinds_of_task_that_a_file_may_name_are_those_that_are_told() -> None:
    assert tuple(house.SCRIPTS) == SCRIPTS
    told = json.loads((task_type.FOLDER / task_type.MANIFEST).read_text())["types"]
    assert tuple(told) == TASKS
