"""A unigram tokenizer cuts texts word by word where that gives what cutting the whole gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from unisono.understand.unigram import BLANK, Unigram

PIECES = ["<unk>", BLANK, f"{BLANK}a", f"{BLANK}ab", "a", "b", "ab", "ba", "bab", "c"]
SCORES = [0.0, -3.0, -2.5, -3.25, -4.0, -4.5, -5.0, -6.25, -7.75, -5.5]


@given(st.text(alphabet=f"{BLANK}abcx", max_size=40))
def test_word_by_word_is_as_the_whole(text: str) -> None:
    by_words = Unigram(PIECES, SCORES, unknown=0)
    assert by_words._by_words
    assert by_words.ids(text) == by_words._cut(text)


def test_a_piece_with_a_blank_inside_is_found() -> None:
    whole = Unigram([*PIECES, f"b{BLANK}a"], [*SCORES, -1.0], unknown=0)
    assert whole.ids(f"ab{BLANK}a") == [PIECES.index("a"), len(PIECES)]


def test_of_two_ways_the_more_probable_is_taken_and_what_no_piece_covers_is_unknown() -> None:
    assert Unigram(PIECES, SCORES, unknown=0).ids(f"{BLANK}abx") == [PIECES.index(f"{BLANK}ab"), 0]
