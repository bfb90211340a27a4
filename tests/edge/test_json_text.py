"""A text inside JSON that is still being written is read as it comes, and is never wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.edge.json_text import JsonText

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _read(written: str, sizes: list[int]) -> tuple[list[str], JsonText]:
    reader, parts, at = JsonText("input"), [], 0
    for size in [*sizes, len(written)]:
        parts.append(reader.take(written[at : at + size]))
        at += size
    return parts, reader


@given(
    text=TEXTS,
    sizes=st.lists(st.integers(1, 5), max_size=80),
    ascii_only=st.booleans(),
    blank=st.sampled_from(["", " ", "\n  "]),
)
def test_a_text_comes_out_as_it_was_however_its_json_is_cut(
    text: str, sizes: list[int], ascii_only: bool, blank: str
) -> None:
    written = f'{blank}{{{blank}"input"{blank}:{blank}{json.dumps(text, ensure_ascii=ascii_only)}{blank}}}'
    parts, reader = _read(written, sizes)
    assert "".join(parts) == reader.said == reader.whole() == text


@given(written=st.text(max_size=40), sizes=st.lists(st.integers(1, 3), max_size=40))
def test_whatever_is_written_is_read_without_a_fault(written: str, sizes: list[int]) -> None:
    for text in (written, f'{{"input": "{written}', f'{{"input":"\\u{written}'):
        _read(text, sizes)[1].whole()


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ('"bare"', "bare"),
        ('{"patch": "other name"}', "other name"),
        ('{"n": 1, "input": "second"}', "second"),
        ("*** Begin Patch", "*** Begin Patch"),
        ('{"input": 3}', '{"input": 3}'),
        ("", ""),
        ('{"input": "cut', '{"input": "cut'),
        ('{"input": "whole"} and more', "whole"),
    ],
)
def test_what_was_written_otherwise_is_taken_for_the_text_that_it_holds(written: str, whole: str) -> None:
    assert _read(written, [1] * len(written))[1].whole() == whole
