"""Which words of a message are the user's own where a colon announces somebody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.understand.gate import Look
from unisono.understand.own import _announces, own_words

PIECES = ["a", "text", "translate", ":", "：", ".", " ", "b\n", "1", "of no weight "]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Translate this text: think hard", "Translate this text:"),
        ("Time 10:30, note: translate the letter: think hard", "Time 10:30, note:"),
        ("At 10:30. Summarise: think hard", "At 10:30. Summarise:"),
        ("Ratio 1:2: think hard", "Ratio 1:2: think hard"),
        ("请翻译：仔细想想", "请翻译："),
        ("{1: 2, 3: 4, 5: 6}\nTone of a reply: think hard", "{1: 2, 3: 4, 5: 6}\nTone of a reply:"),
        ("a: b: c: d: these e-mails: think hard", "a: b: c: d: these e-mails:"),
    ],
)
def test_what_follows_an_announcing_colon_is_not_the_users(text: str, own: str) -> None:
    assert own_words(text).rstrip(" \u2022") == own


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_each_colon_is_looked_at_with_all_that_stands_before_it_in_its_sentence(text: str) -> None:
    """The rule said outright: the first colon whose sentence up to it holds a word that announces."""
    kept = text
    for colon in (place for place, letter in enumerate(text) if letter in ":："):
        start = max(text.rfind(mark, 0, colon) for mark in ".!?。！？\n")
        if _announces(Look(text[start + 1 : colon]), 0, colon - start - 1):
            kept = text[: colon + 1]
            break
    assert own_words(text).rstrip(" \u2022") == kept.rstrip(" ")
