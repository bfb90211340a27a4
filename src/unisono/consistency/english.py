"""An English sentence to a claim.

It knows words only by their endings and by the lists of `lexicon.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from unisono.consistency.claim import Claim, works_out
from unisono.consistency.days import read_days
from unisono.consistency.lexicon import NEGATORS, SAME, STOP
from unisono.consistency.quantities import SCALES, UNITS, WORDS, Quantity

_TOKEN = re.compile(r"\d+/\d+|\d[\d,]*(?:\.\d+)?|km/h|°[cC]?|[^\W\d_]+(?:[-'’][^\W\d_]+)*|[$€£¥%]|[.,;:()◦-]")
_VAGUE = frozenset(("about", "roughly", "around", "approximately", "nearly", "almost", "some", "over"))
_CURRENCY = "$€£¥"
_SAME_AS = {word: group[0] for group in SAME for word in group}
_DIGITS = "0123456789"
_JOINED = ("time", "length", "mass")
"""Dimensions that people give in two units."""
_ENDINGS = (
    ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ing", ""), ("ed", ""),
    ("s", ""), ("ly", ""),
)  # fmt: skip


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a word without its ending, in lower case: enough to know `opens` and `opened` for one."""
    low = word.lower().removesuffix("'s").removesuffix("’s")
    if (same := _SAME_AS.get(low)) is not None:
        return same
    for ending, rest in _ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= 3 and not low.endswith("ss"):
            low = low[: -len(ending)] + rest
            break
    low = low.removesuffix("e")
    if len(low) > 4 and low[-1] == low[-2] and low[-1] not in "aeiousl":
        low = low[:-1]
    return _SAME_AS.get(low, _SAME_AS.get(low + "e", low))


def english(sentence: str) -> Claim:
    """Return the claim of one sentence."""
    days, rest = read_days(sentence)
    tokens = _TOKEN.findall(rest.replace("an hour and a half", "90 minutes").replace("half an hour", "30 minutes"))
    reader = _Reader(tokens=tokens)
    while reader.place < len(tokens):
        reader.step()
    return Claim(
        text=sentence,
        chinese=False,
        words=tuple(reader.words),
        spoken=tuple(reader.spoken),
        names=frozenset(reader.names),
        quantities=_joined(reader.quantities),
        days=days,
        denied=reader.n_denials % 2 == 1,
        denies=frozenset(reader.denies),
        content=frozenset(reader.words),
        working=works_out(rest),
    )


@dataclass(slots=True)
class _Reader:
    """Goes over the tokens of a sentence once."""

    tokens: list[str]
    place: int = 0
    words: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    quantities: list[Quantity] = field(default_factory=list)
    denies: set[str] = field(default_factory=set)
    n_denials: int = 0
    _denying: bool = False

    def step(self) -> None:
        """Take in the next token, or the number that begins there."""
        token = self.tokens[self.place]
        low = token.lower().replace("’", "'")
        amount = None if low.isalpha() and low not in WORDS else _amount(self.tokens, self.place)
        if amount is not None:
            self._number(*amount)
            return
        self.place += 1
        if low in NEGATORS:
            self.n_denials += 1
            self._denying = True
        elif not low[0].isalpha():
            if low in ".,;:":
                self.spoken.append(low)
        elif low in STOP:
            self.spoken.append(low)
        else:
            self._word(token)

    def _number(self, quantity: Quantity, behind: int) -> None:
        before = {token.lower() for token in self.tokens[max(0, self.place - 2) : self.place]}
        near = quantity.near or (self.words[-1] if self.words else "")
        self.quantities.append(replace(quantity, near=near, vague=bool(_VAGUE & before)))
        self.spoken.append("#")
        self.place = behind

    def _word(self, token: str) -> None:
        word = stem(token)
        self.words.append(word)
        self.spoken.append(word)
        if token[0].isupper() and (len(self.spoken) > 1 or len(token) > 1):
            self.names.add(word)
        if self._denying:
            self.denies.add(word)
            self._denying = False


def _amount(tokens: list[str], place: int) -> tuple[Quantity, int] | None:
    """Return the number that begins at a token, with its unit, and the place behind it."""
    dimension, factor, sign = "", 1.0, 1.0
    if tokens[place] in _CURRENCY and place + 1 < len(tokens):
        dimension = UNITS[tokens[place]][0]
        place += 1
    elif tokens[place] == "-" and place == 0 and len(tokens) > 1 and tokens[1][0] in _DIGITS:
        sign, place = -1.0, 1
    value, place = _plain_number(tokens, place)
    if value is None:
        return None
    written = value * sign
    if not dimension:
        dimension, factor, place = _unit(tokens, place, written)
    near = "" if dimension else _counted(tokens, place)
    return Quantity(value=written * factor, dimension=dimension, written=written, near=near, vague=False), place


def _unit(tokens: list[str], place: int, written: float) -> tuple[str, float, int]:
    """Return the dimension of the unit at a token, its factor, and the place behind it."""
    if place >= len(tokens):
        return "", 1.0, place
    low = tokens[place].lower()
    unit = UNITS.get(low) or UNITS.get(low.removesuffix("s"))
    if unit is None or (low == "second" and written != 1):
        return "", 1.0, place
    dimension, factor = unit
    place += 1
    if dimension == "degrees" and place < len(tokens) and tokens[place].lower() in ("c", "celsius"):
        place += 1
    return dimension, factor, place


def _counted(tokens: list[str], place: int) -> str:
    """Return the word right behind a number: what is counted."""
    if place < len(tokens) and tokens[place] in ".,;:":
        return ""
    return next((stem(t) for t in tokens[place : place + 2] if t[0].isalpha() and t.lower() not in STOP), "")


def _plain_number(tokens: list[str], place: int) -> tuple[float | None, int]:
    token = tokens[place].lower()
    value: float | None = None
    if token[0] in _DIGITS:
        above, _, below = token.rstrip(",").replace(",", "").partition("/")
        value = float(above) / (float(below or 1) or 1.0)
        place += 1
    else:
        parts = token.split("-")
        if all(part in WORDS for part in parts) and parts != ["one"]:
            value = sum(WORDS[part] for part in parts)
            place += 1
            if place < len(tokens) and value >= 20 and value % 10 == 0 and tokens[place].lower() in WORDS:
                value += WORDS[tokens[place].lower()]
                place += 1
    if value is None:
        return None, place
    while place < len(tokens) and tokens[place].lower() in SCALES:
        value *= SCALES[tokens[place].lower()]
        place += 1
    return value, place


def _joined(quantities: list[Quantity]) -> tuple[Quantity, ...]:
    """Add up what is said in two units: 8 minutes and 20 seconds."""
    found: list[Quantity] = []
    for quantity in quantities:
        last = found[-1] if found else None
        if (
            last is not None
            and quantity.dimension in _JOINED
            and last.dimension == quantity.dimension
            and last.value >= quantity.value * 1.5
            and last.value / max(last.written, 1e-9) > quantity.value / max(quantity.written, 1e-9)
        ):
            found[-1] = Quantity(
                value=last.value + quantity.value,
                dimension=last.dimension,
                written=last.written,
                near=last.near,
                vague=last.vague,
            )
        else:
            found.append(quantity)
    return tuple(found)
