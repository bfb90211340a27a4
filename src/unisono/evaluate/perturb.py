"""Writes a prompt as another hand would: typos, case, politeness, other words. What is asked stays the same.

It does not translate: `lab/parallel_questions.py` holds questions that we wrote in several languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias

Perturb: TypeAlias = Callable[[str, Random], str]

_NEIGHBOURS: Mapping[str, str] = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
"""Keys beside a key on a QWERTY keyboard, in its row."""
_WORD = re.compile(r"[A-Za-z]{4,}")
_BEFORE = ("Please: ", "Hi! ", "Hello, I have a question. ", "Could you help me with this? ", "Kindly answer: ")
_AFTER = (" Thanks!", " Thank you in advance.", " Thanks a lot for your help!", " Please and thank you.")
_BEFORE_ZH, _AFTER_ZH = ("你好，", "请问，", "麻烦您："), ("谢谢！", "非常感谢。", "多谢了")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_OTHER_WORDS: tuple[tuple[str, str], ...] = (
    (r"\bhow many\b", "what number of"),
    (r"\bhow much\b", "what amount of"),
    (r"\bwhich of the following\b", "which one of these"),
    (r"\bwhat is\b", "what's"),
    (r"\bdo not\b", "don't"),
    (r"\bdoes not\b", "doesn't"),
    (r"\bcannot\b", "can't"),
    (r"\bit is\b", "it's"),
    (r"\btotal\b", "overall"),
    (r"\beach\b", "every"),
    (r"\bbuys\b", "purchases"),
    (r"\bbegins\b", "starts"),
    (r"\blarge\b", "big"),
    (r"\bsmall\b", "little"),
    (r"\bcalculate\b", "work out"),
    (r"\bfind\b", "determine"),
    (r"\bexplain\b", "describe"),
    (r"\bwrite a function\b", "implement a function"),
    (r"\bgiven\b", "provided with"),
    (r"\balso\b", "in addition"),
    (r"\btherefore\b", "so"),
    (r"\bhowever\b", "but"),
)
_OPENERS = ("I would like to know: ", "Tell me: ", "Here is my question: ", "Question: ")


def typos(text: str, rng: Random, *, share: float = 0.06) -> str:
    """Misspell a share of the longer words, at least one: two letters swapped, one lost, doubled, or its neighbour."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    hit = {w.start() for w in rng.sample(words, max(1, round(len(words) * share)))}
    return _WORD.sub(lambda found: _misspelt(found.group(), rng) if found.start() in hit else found.group(), text)


def _misspelt(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[: at + 1] + word[at:]
    near = _NEIGHBOURS.get(word[at].lower())
    return word if near is None else word[:at] + rng.choice(near) + word[at + 1 :]


def case(text: str, rng: Random) -> str:
    """Write all in small letters, or all in capitals."""
    return text.lower() if rng.random() < 0.7 else text.upper()


def politeness(text: str, rng: Random) -> str:
    """Add a greeting, a thank-you or both, in the prompt's language."""
    before, after = (_BEFORE_ZH, _AFTER_ZH) if _CHINESE.search(text) else (_BEFORE, _AFTER)
    kind = rng.randrange(3)
    return (rng.choice(before) if kind != 1 else "") + text + (rng.choice(after) if kind != 0 else "")


def paraphrase(text: str, rng: Random) -> str:
    """Say some of it in other words, and sometimes begin otherwise."""
    for pattern, other in _OTHER_WORDS:
        if rng.random() < 0.7:
            text = re.sub(pattern, other, text, count=2, flags=re.IGNORECASE)
    return rng.choice(_OPENERS) + text if rng.random() < 0.5 and not _CHINESE.search(text) else text


def layout(text: str, rng: Random) -> str:
    """Break lines elsewhere, double blanks, lose the last mark."""
    kind = rng.randrange(3)
    if kind == 0:
        return re.sub(r"(?<=[.!?]) ", "\n", text)
    if kind == 1:
        return text.rstrip(".?!。？！ \n")
    return re.sub(r"(?<=\w) (?=\w)", lambda _: "  " if rng.random() < 0.1 else " ", text)


KINDS: Mapping[str, Perturb] = {
    "typos": typos,
    "case": case,
    "politeness": politeness,
    "paraphrase": paraphrase,
    "layout": layout,
}
"""Every kind by name; the same generator state gives the same text."""
