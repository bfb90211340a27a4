"""Cheap facts about a text: its length, script, code, mathematics, tables and lists.

It measures and does not judge: nothing here says that a prompt is hard or easy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from math import log1p

import numpy as np
from numpy.typing import NDArray

from unisono.types import Vector
from unisono.understand.codes import codes_of

NAMES: tuple[str, ...] = (
    "log_chars",
    "log_words",
    "log_lines",
    "chars_per_word",
    "digit_share",
    "upper_share",
    "space_share",
    "punctuation_share",
    "math_share",
    "non_ascii_share",
    "cjk_share",
    "n_questions",
    "n_numbers",
    "n_options",
    "n_bullets",
    "n_code_fences",
    "n_code_lines",
    "n_tex",
    "n_table_rows",
    "n_quotes",
)
"""What the places of a surface vector hold; counts are `log(1 + n)`, shares are of all characters."""

MAX_CHARS = 32_000
"""Only the head and the tail of a longer text are read, half of this each."""

LONG_CHARS = 400
"""From here on words are counted faster than parted."""
LONG_FOR_NUMBERS = 1000
MANY_DIGITS = 16
"""From either on numbers are counted faster than searched for."""
FEW_LINES = 8
"""Of fewer lines each is looked at; of more the text is searched."""

_DIGITS = b"0123456789"
_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PUNCTUATION = b".,;:!?'\"()[]{}"
_MATH = b"=+*/^<>"
_NUMBER = re.compile(r"\d\d*(?:[.,]\d+)*")  # faster than `\d+`: a first character by itself can be looked for
# Kinds of characters beyond ASCII; an ASCII character is a kind of its own.
_OTHER, _CJK, _WIDE_DIGIT, _WIDE_PUNCTUATION, _WIDE_QUESTION, _WIDE_MATH, _WIDE_QUOTE, _WIDE_BLANK = range(128, 136)
_N_KINDS = 136
_WIDE_KINDS = {
    _CJK: r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]",
    _WIDE_DIGIT: r"\d",
    _WIDE_PUNCTUATION: "[，。！；：（）]",
    _WIDE_QUESTION: "？",
    _WIDE_MATH: "[≤≥≠≈√∑∫∞π∈∀∃→±×÷−]",
    _WIDE_QUOTE: "[“”「」«»]",
    _WIDE_BLANK: r"\s",
}
_IS_BLANK = np.array([(kind < _OTHER and chr(kind).isspace()) or kind == _WIDE_BLANK for kind in range(_N_KINDS)])
_RARE = bytes(code for code in range(32) if not _IS_BLANK[code])
"""Characters below the blank that are none themselves."""
_ALL_CODES = 0x20000
"""No character from here on is of a kind that counts."""
# Lines: searched for in a text with a line's end put before it, which `re` finds fast. Blanks, never `\s`, stand at
# their ends: it would run over them, and a prompt of blank lines would take seconds.
_OPTION = re.compile(r"\n[ \t]*\(?[A-Ja-j1-9][.):](?=\s)")
_BULLET = re.compile(r"\n[ \t]*[-*•](?=\s)")
_CODE_WORD = re.compile(
    r"\n[ \t]*(?:def|class|import|from|return|for|while|if|const|let|var|function|public|#include|SELECT)\b"
    r"(?m:(?!.*[;{}][ \t]*$))"
)
_CODE_END = re.compile(r"(?m)[;{}][ \t]*$")
_TEX = re.compile(r"\\[a-zA-Z]+|\$[^$\n]{1,200}\$")
_TABLE_ROW = re.compile(r"\n[ \t]*\|.*\|[ \t]*(?m:$)")


def clip(text: str, max_chars: int = MAX_CHARS) -> str:
    """Return the head and the tail of a text that is longer than `max_chars`, else the text."""
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n{text[-half:]}"


def _count(pattern: re.Pattern[str], text: str) -> int:
    return len(pattern.findall(text))


def _line_ends(text: str, n: int) -> list[int]:
    """Return the places of a text's `n` line ends."""
    found = [-1]
    for _ in range(n):
        found.append(text.index("\n", found[-1] + 1))
    return found[1:]


@cache
def _kinds() -> NDArray[np.uint8]:
    """Return the kind of each code point below `_ALL_CODES`; that of the last is also that of all after it."""
    found = np.full(_ALL_CODES, _OTHER, dtype=np.uint8)
    found[:128] = np.arange(128)
    wide = "".join(map(chr, range(128, _ALL_CODES)))
    for kind, pattern in _WIDE_KINDS.items():
        found[[128 + match.start() for match in re.finditer(pattern, wide)]] = kind
    return found


class _Counts:
    """How often each kind of character stands in a text: one scan for all."""

    def __init__(self, text: str) -> None:
        if text.isascii():
            self._kinds = np.frombuffer(text.encode(), dtype=np.uint8)
        else:
            self._kinds = _kinds().take(codes_of(text), mode="clip")
        self._counts: list[int] = np.bincount(self._kinds, minlength=_N_KINDS).tolist()

    def __getitem__(self, kind: int) -> int:
        return self._counts[kind]

    def of(self, kinds: Iterable[int]) -> int:
        return sum(map(self._counts.__getitem__, kinds))

    def n_words(self) -> int:
        """Return how many words a text has, in a third of the time of parting a long one."""
        odd = self.of(_RARE) or self[_WIDE_BLANK]
        blank = _IS_BLANK.take(self._kinds) if odd else self._kinds <= ord(" ")
        after_blank = int(np.count_nonzero(blank[:-1] > blank[1:]))
        return after_blank + int(blank.size > 0 and not blank[0])

    def n_numbers(self) -> int:
        """Return how often `_NUMBER` matches, in a fraction of the time of a search through a long text."""
        kinds = self._kinds
        digit = kinds - np.uint8(ord("0")) < len(_DIGITS)
        if self[_WIDE_DIGIT]:
            digit |= kinds == _WIDE_DIGIT
        begins = np.flatnonzero(digit[1:] > digit[:-1]) + 1
        later = begins[begins > 1]
        mark = kinds[later - 1]
        goes_on = ((mark == ord(".")) | (mark == ord(","))) & digit[later - 2]
        return int(digit[0]) + begins.size - int(np.count_nonzero(goes_on))


def _n_numbers(text: str, n: _Counts) -> int:
    n_digits = n.of(_DIGITS) + n[_WIDE_DIGIT]
    if n_digits >= MANY_DIGITS or (n_digits and len(text) >= LONG_FOR_NUMBERS):
        return n.n_numbers()
    return _count(_NUMBER, text) if n_digits else 0


def surface(text: str) -> Vector:
    """Measure a text.

    Args:
        text: any text, also empty; beyond `MAX_CHARS` its head and tail are read.

    Returns:
        shape (len(NAMES),), float32, every value finite.
    """
    text_read = clip(text)
    n_chars = max(len(text_read), 1)
    n = _Counts(text_read)
    n_words = n.n_words() if n_chars >= LONG_CHARS else len(text_read.split())
    n_cjk = n[_CJK]
    n_digits = n.of(_DIGITS)
    lines = f"\n{text_read}"
    n_ends = n[ord("\n")]
    ends = _line_ends(lines, n_ends + 1) if n_ends < FEW_LINES else None

    def count_lines(pattern: re.Pattern[str]) -> int:
        if ends is None:
            return _count(pattern, lines)
        return sum([pattern.match(lines, end) is not None for end in ends])

    values = (
        log1p(len(text)),
        log1p(n_words + n_cjk / 2),
        log1p(n_ends),
        min((n_chars - n_cjk) / max(n_words, 1), 40.0),
        n_digits / n_chars,
        n.of(_UPPER) / n_chars,
        n[ord(" ")] / n_chars,
        (n.of(_PUNCTUATION) + n[_WIDE_PUNCTUATION] + n[_WIDE_QUESTION]) / n_chars,
        (n.of(_MATH) + n[_WIDE_MATH]) / n_chars,
        n.of(range(_OTHER, _N_KINDS)) / n_chars,
        n_cjk / n_chars,
        log1p(n[ord("?")] + n[_WIDE_QUESTION]),
        log1p(_n_numbers(text_read, n)),
        log1p(count_lines(_OPTION)),
        log1p(count_lines(_BULLET)),
        log1p(text_read.count("```") if n[ord("`")] else 0),
        log1p(count_lines(_CODE_WORD) + (_count(_CODE_END, text_read) if n.of(b";{}") else 0)),
        log1p(_count(_TEX, text_read) if n.of(b"\\$") else 0),
        log1p(count_lines(_TABLE_ROW)),
        log1p(n[ord('"')] + n[_WIDE_QUOTE]),
    )
    return np.asarray(values, dtype=np.float32)
