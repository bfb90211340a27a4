"""Cheap facts about a text: its length, script, code, mathematics, tables and lists.

It measures and does not judge: nothing here says that a prompt is hard or easy.
"""

from __future__ import annotations

import re
from math import log1p

import numpy as np

from unisono.types import Vector

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

LONG_CHARS = 1_000
"""From here on words are counted faster than parted."""
FEW_LINES = 8
"""Of fewer lines each is looked at; of more the text is searched."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_DIGITS = b"0123456789"
_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PUNCTUATION = b".,;:!?'\"()[]{}"
_IS_BLANK = np.array([chr(code).isspace() for code in range(128)])
_RARE = bytes(code for code in range(32) if not _IS_BLANK[code])
"""Characters below the blank that are none themselves."""
_WIDE_PUNCTUATION = "，。！？；：（）"
_MATH = b"=+*/^<>"
_WIDE_MATH = "≤≥≠≈√∑∫∞π∈∀∃→±×÷−"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ASCII_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
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
_QUOTE = re.compile(r"[\"“”「」«»]")


def clip(text: str, max_chars: int = MAX_CHARS) -> str:
    """Return the head and the tail of a text that is longer than `max_chars`, else the text."""
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n{text[-half:]}"


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _line_ends(text: str, n: int) -> list[int]:
    """Return the places of a text's `n` line ends."""
    found = [-1]
    for _ in range(n):
        found.append(text.index("\n", found[-1] + 1))
    return found[1:]


def _count_any(characters: str, text: str) -> int:
    """Count single characters; one fast scan for each beats a regular expression's slow one for all."""
    return sum(map(text.count, characters))


class _AsciiCounts:
    """How often each ASCII character stands in a text: one scan for all."""

    def __init__(self, text: str) -> None:
        self._raw = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
        self._counts: list[int] = np.bincount(self._raw, minlength=128)[:128].tolist()

    def __getitem__(self, character: str) -> int:
        return self._counts[ord(character)]

    def of(self, characters: bytes) -> int:
        return sum(map(self._counts.__getitem__, characters))

    def n_words(self) -> int:
        """Return how many words an ASCII text has, in a third of the time of parting a long one."""
        blank = _IS_BLANK.take(self._raw) if self.of(_RARE) else self._raw <= ord(" ")
        after_blank = int(np.count_nonzero(blank[:-1] > blank[1:]))
        return after_blank + int(blank.size > 0 and not blank[0])


def surface(text: str) -> Vector:
    """Measure a text.

    Args:
        text: any text, also empty; beyond `MAX_CHARS` its head and tail are read.

    Returns:
        shape (len(NAMES),), float32, every value finite.
    """
    text_read = clip(text)
    n_chars = max(len(text_read), 1)
    plain = text_read.isascii()
    n = _AsciiCounts(text_read)
    n_words = n.n_words() if plain and n_chars >= LONG_CHARS else len(text_read.split())
    n_cjk = 0 if plain else _count(_CJK, text_read)
    n_wide_punctuation = 0 if plain else _count_any(_WIDE_PUNCTUATION, text_read)
    n_wide_math = 0 if plain else _count_any(_WIDE_MATH, text_read)
    number = _ASCII_NUMBER if plain else _NUMBER
    n_digits = n.of(_DIGITS)
    lines = f"\n{text_read}"
    ends = _line_ends(lines, n["\n"] + 1) if n["\n"] < FEW_LINES else None

    def count_lines(pattern: re.Pattern[str]) -> int:
        if ends is None:
            return _count(pattern, lines)
        return sum([pattern.match(lines, end) is not None for end in ends])

    values = (
        log1p(len(text)),
        log1p(n_words + n_cjk / 2),
        log1p(n["\n"]),
        min((n_chars - n_cjk) / max(n_words, 1), 40.0),
        n_digits / n_chars,
        n.of(_UPPER) / n_chars,
        n[" "] / n_chars,
        (n.of(_PUNCTUATION) + n_wide_punctuation) / n_chars,
        (n.of(_MATH) + n_wide_math) / n_chars,
        0.0 if plain else _count(_NON_ASCII, text_read) / n_chars,
        n_cjk / n_chars,
        log1p(n["?"] + (0 if plain else text_read.count("？"))),
        log1p(_count(number, text_read) if n_digits or not plain else 0),
        log1p(count_lines(_OPTION)),
        log1p(count_lines(_BULLET)),
        log1p(text_read.count("```") if n["`"] else 0),
        log1p(count_lines(_CODE_WORD) + (_count(_CODE_END, text_read) if n.of(b";{}") else 0)),
        log1p(_count(_TEX, text_read) if n.of(b"\\$") else 0),
        log1p(count_lines(_TABLE_ROW)),
        log1p(n['"'] if plain else _count(_QUOTE, text_read)),
    )
    return np.asarray(values, dtype=np.float32)
