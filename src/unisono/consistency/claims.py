"""A text to claims: one for each sentence.

Nothing is compared here, and no model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from unisono.consistency.chinese import chinese
from unisono.consistency.claim import Claim
from unisono.consistency.english import english

MAX_CLAIMS = 60
"""Of one text; what comes later is not read."""
MAX_LETTERS = 400
"""Of one sentence: nothing that goes on for longer is one."""
MAX_QUANTITIES = 16
"""More in one sentence are a row of a table: it is compared by its words."""

_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)|(?<=[。！？；])|\n+|\s[–—]\s")
_BULLET = re.compile(r"^\s*(?:[-•*#>]+\s+|\d{1,2}[.)]\s+)+")
_ENDS_WITH = re.compile(
    r"(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:final |correct )?(?:answer|option|choice)(?: is\b|\s*[:=])|####"
    r"|.{0,6}(?:答案|正确选项)",
    re.IGNORECASE,
)
"""The line of the final answer: `final.py` reads it; as a claim it would speak of whatever question was asked."""
_CHINESE = re.compile(r"[一-鿿]")


def claims_of(text: str) -> tuple[Claim, ...]:
    """Return the claims of a text, at most `MAX_CLAIMS`. Questions and lines without content are none."""
    found: list[Claim] = []
    for sentence in _sentences(text.replace("\\n", "\n")):
        claim = chinese(sentence) if _CHINESE.search(sentence) else english(sentence)
        if len(claim.quantities) > MAX_QUANTITIES:
            claim = replace(claim, quantities=())
        if claim.words or claim.quantities or claim.days:
            found.append(claim)
            if len(found) == MAX_CLAIMS:
                break
    return tuple(found)


def _sentences(text: str) -> Iterator[str]:
    for part in _SENTENCE.split(text):
        sentence = _BULLET.sub("", part).strip(" \t*#>")
        if len(sentence) > 1 and not sentence.endswith(("?", "？")) and _ENDS_WITH.match(sentence) is None:
            yield sentence[:MAX_LETTERS]
