"""One sentence of an answer as far as it can be compared with another's.

It reads nothing: `english.py` and `chinese.py` do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from unisono.consistency.days import Day
from unisono.consistency.quantities import Quantity

_WORKING = re.compile(
    r"[=≈<>≤≥^\\]|\d\s*[*×÷+/-]\s*[\d($]|[a-z]\s*[+*]\s*[a-z\d]|\)\s*[*×+/-]"
    r"|\b\d+[a-z]\b(?<!\dth)(?<!\d[smghlw])|乘|除以"
)
"""A sentence with one of these works something out; its numbers are steps, and two right ways have other steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence as far as it can be compared.

    Attributes:
        text: as it stands.
        words: its content in order, in a normal form; single characters for Chinese.
        spoken: the same with the little words between, for alignment.
        names: those of `words` that are written like names.
        denied: an odd number of words deny.
        denies: the content words right behind those that deny.
        content: `words` without their order.
        working: it works something out, so its numbers are steps.
    """

    text: str
    chinese: bool
    words: tuple[str, ...]
    spoken: tuple[str, ...]
    names: frozenset[str]
    quantities: tuple[Quantity, ...]
    days: tuple[Day, ...]
    denied: bool
    denies: frozenset[str]
    content: frozenset[str]
    working: bool


def works_out(sentence: str) -> bool:
    """Say whether a sentence works something out."""
    return _WORKING.search(sentence) is not None
