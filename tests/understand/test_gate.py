"""The cheap look before a dear search never hides a match."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.understand import days, intent
from unisono.understand.gate import Gates, Look, folded, narrowed

PATTERNS = [
    r"(?:think|look) (?:very )*hard",
    r"(?<!\w)a(?:b|cd)+e?(?!\w)",
    r"x{0,2}|yes",
    r"(?i)\b(?:this (?:year|month)|hier)\b|今年",
    r"[ab]c|d\s+e",
]
DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_matches_passes_the_gate(pattern: str, data: st.DataObject) -> None:
    compiled = re.compile(pattern)
    text = data.draw(st.from_regex(compiled)) + data.draw(st.text(max_size=20))
    assert Gates({"it": compiled}).passed(text)


@pytest.mark.parametrize(
    ("pattern", "text", "passes"),
    [
        (r"take (?:your|all the) time", "take your time", True),
        (r"take (?:your|all the) time", "what time is it", False),
        (r"(?:quick|fast) answer|in short", "a fast answer", True),
        (r"(?:quick|fast) answer|in short", "a slow reply", False),
        (r"\w+", "anything", True),
        (r"(?:maybe)?", "", True),
    ],
)
def test_most_of_what_cannot_match_is_stopped(pattern: str, text: str, passes: bool) -> None:
    assert bool(Gates({"it": re.compile(pattern)}).passed(text)) is passes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("take your time", {"patient"}),
        ("what time is it", set()),
        ("mistake, your sometime", set()),  # no word begins so
        ("Take all the time; a FAST answer", {"patient", "quick"}),
        ("GEREK YOK, İyi, HIZLI", {"turkish"}),  # the i's of capitals
        ("In ſhort, i\u0307hizli\u0307 hızlı", {"quick", "turkish"}),
    ],
)
def test_many_patterns_are_looked_for_at_once_by_how_words_begin(text: str, found: set[str]) -> None:
    gates = Gates(
        {
            "patient": re.compile(r"(?<!\w)(?:take\s+(?:your|all\s+the)\s+time)(?!\w)"),
            "quick": re.compile(r"(?<!\w)(?:(?:quick|fast)\s+answer|in\s+short)(?!\w)"),
            "turkish": re.compile(r"(?<!\w)(?:hızlı)(?!\w)", re.IGNORECASE),
        }
    )
    assert {hint.name for hint in gates.passed(text)} == found


def test_a_clause_keeps_the_hints_that_it_holds() -> None:
    hints = Gates({"patient": re.compile(r"(?<!\w)take\s+time(?!\w)")}).passed("Take it. Time flies, take time.")
    assert narrowed(hints, " take time")
    assert not narrowed(hints, "take it")


def test_no_labelled_wish_or_day_is_stopped() -> None:
    lines = (DATA / "intent.tsv").read_text(encoding="utf-8").splitlines()
    of_days = {pattern: pattern for pattern in (*days._RELATIVE, days._LAST_YEAR)}
    for text in lines:
        passed_days = {hint.name for hint in Gates(of_days).passed(text)}
        assert {pattern for pattern in of_days if pattern.search(folded(text))} <= passed_days, text
    assert days._looks().by_beginnings
    gates = Gates({(wish, name): p for wish, table in intent._PHRASES.items() for name, p in table.items()})
    for text in lines:
        passed = {hint.name for hint in gates.passed(text)}
        for wish, table in intent._PHRASES.items():
            for name in table:
                if intent._pattern(wish, name).search(text if name in intent._AS_WRITTEN else text.lower()):
                    assert (wish, name) in passed, (wish, name, text)


def test_the_words_of_a_phrase_must_follow_each_other_with_any_blanks_between() -> None:
    gates = Gates({"rushed": re.compile(r"(?<!\w)no\s+time(?!\w)")})
    assert gates.passed("I have no \n time")
    assert not gates.passed("There is time, no doubt")


@pytest.mark.parametrize(("word", "begins"), [("timely", True), ("l'time", True), ("overtime", False), ("no", False)])
def test_a_word_tells_whether_a_look_at_its_text_may_find_anything(word: str, begins: bool) -> None:
    assert bool(Gates({"rushed": re.compile(r"\bno\s+time\b")}).begun(word)) is begins


@pytest.mark.parametrize(
    "text", ["Is it over? No time", "时间不够 no time", "time, time: 没时间了", "été? no", "没时间"]
)
def test_the_words_of_a_text_and_its_letters_tell_all_that_passes_in_it(text: str) -> None:
    gates = Gates({"rushed": re.compile(r"\bno\s+time\b"), "赶": re.compile("没时间|赶时间")})
    told = [hint for word in re.findall(r"\w+", text) for hint in gates.begun(word)] + gates.unbegun(Look(text))
    assert {hint.name for hint in narrowed(told, folded(text))} == {hint.name for hint in gates.passed(text)}
