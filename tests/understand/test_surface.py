"""What a text looks like: the same facts by the way for short texts and by the way for long ones."""

from __future__ import annotations

import re
from math import expm1

from hypothesis import given
from hypothesis import strategies as st

from unisono.understand.surface import NAMES, surface

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def n_numbers(text: str) -> int:
    return round(expm1(float(surface(text)[NAMES.index("n_numbers")])))


@given(st.text(alphabet="0123456789.,, ab\n٣５“é漢", max_size=60))
def test_numbers_are_those_that_a_search_finds_in_texts_of_any_length(text: str) -> None:
    found = len(NUMBER.findall(text))
    assert n_numbers(text) == found
    assert n_numbers(f"{text} {'word ' * 300}") == found
