"""A text to claims: one for each sentence, with its content, its numbers and dates, and whether it denies.

Nothing is compared here, and no model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from unisono.consistency.lexicon import NEGATORS, SAME, STOP, ZH_NEGATORS, ZH_NOT_NEGATORS, ZH_SAME, ZH_STOP
from unisono.consistency.quantities import SCALES, UNITS, WORDS, Day, Quantity, arabic, read_days

MAX_CLAIMS = 60
"""Of one text; what comes later is not read."""

_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)|(?<=[。！？；])|\n+|\s[-–—]\s")
_TOKEN = re.compile(r"\d+/\d+|\d[\d,]*(?:\.\d+)?|km/h|°[cC]?|[^\W\d_]+(?:[-'’][^\W\d_]+)*|[$€£¥%]|[.,;:()◦-]")
_CHINESE = re.compile(r"[一-鿿]")
_VAGUE = frozenset("about roughly around approximately nearly almost some over 约 大约 近 左右".split())
_CURRENCY = "$€£¥"
_SAME_AS = {word: group[0] for group in SAME for word in group}
_ZH_SAME = sorted(((word, group[0]) for group in ZH_SAME for word in group), key=lambda pair: -len(pair[0]))
_ZH_AMOUNT = re.compile(
    rf"(\d[\d,]*(?:\.\d+)?)\s*(亿|万)?\s*(?:多|余)?\s*(个?半)?({'|'.join(sorted((u for u in UNITS if _CHINESE.match(u)), key=len, reverse=True))}|%|kg|km|cm|mm|mg|ml|g|m|l)?(半)?"
)


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


def claims_of(text: str) -> tuple[Claim, ...]:
    """Return the claims of a text, at most `MAX_CLAIMS`. Questions and lines without content are none."""
    found: list[Claim] = []
    for sentence in _sentences(text):
        claim = _chinese(sentence) if _CHINESE.search(sentence) else _english(sentence)
        if claim.words or claim.quantities or claim.days:
            found.append(claim)
            if len(found) == MAX_CLAIMS:
                break
    return tuple(found)


def _sentences(text: str) -> Iterator[str]:
    for part in _SENTENCE.split(text):
        sentence = part.strip(" \t*#>")
        if len(sentence) > 1 and not sentence.endswith(("?", "？")):
            yield sentence


# ------------------------------------------------------------------------------------------ English


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a word without its ending, in lower case: enough to know `opens` and `opened` for one."""
    low = word.lower().removesuffix("'s").removesuffix("’s")
    if (same := _SAME_AS.get(low)) is not None:
        return same
    for ending, rest in (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ing", ""), ("ed", ""), ("s", ""), ("ly", "")):
        if low.endswith(ending) and len(low) - len(ending) >= 3 and not low.endswith("ss"):
            low = low[: -len(ending)] + rest
            break
    low = low.removesuffix("e")
    if len(low) > 4 and low[-1] == low[-2] and low[-1] not in "aeiousl":
        low = low[:-1]
    return _SAME_AS.get(low, _SAME_AS.get(low + "e", low))


def _english(sentence: str) -> Claim:
    days, rest = read_days(sentence)
    tokens = _TOKEN.findall(rest.replace("an hour and a half", "90 minutes").replace("half an hour", "30 minutes"))
    words: list[str] = []
    spoken: list[str] = []
    names: set[str] = set()
    quantities: list[Quantity] = []
    denies: set[str] = set()
    n_denials = 0
    denying = False
    place = 0
    while place < len(tokens):
        token = tokens[place]
        low = token.lower().replace("’", "'")
        amount = None if low.isalpha() and low not in WORDS else _amount(tokens, place)
        if amount is not None:
            quantity, place = amount
            near = quantity.near or (words[-1] if words else "")
            quantities.append(_with_near(quantity, near, vague=bool(_VAGUE & {t.lower() for t in tokens[max(0, place - 5) : place]})))
            spoken.append("#")
            continue
        place += 1
        if low in NEGATORS:
            n_denials += 1
            denying = True
            continue
        if not low[0].isalpha():
            if low in ".,;:":
                spoken.append(low)
            continue
        if low in STOP:
            spoken.append(low)
            continue
        word = stem(token)
        words.append(word)
        spoken.append(word)
        if token[0].isupper() and (len(spoken) > 1 or len(token) > 1):
            names.add(word)
        if denying:
            denies.add(word)
            denying = False
    return Claim(
        text=sentence,
        chinese=False,
        words=tuple(words),
        spoken=tuple(spoken),
        names=frozenset(names),
        quantities=_joined(quantities),
        days=days,
        denied=n_denials % 2 == 1,
        denies=frozenset(denies),
        content=frozenset(words),
    )


def _amount(tokens: list[str], place: int) -> tuple[Quantity, int] | None:
    """Return the number that begins at a token, with its unit, and the place behind it."""
    start = place
    dimension = ""
    sign = 1.0
    if tokens[place] in _CURRENCY and place + 1 < len(tokens):
        dimension = UNITS[tokens[place]][0]
        place += 1
    elif tokens[place] == "-" and place + 1 < len(tokens) and tokens[place + 1][0] in "0123456789" and place == 0:
        sign, place = -1.0, place + 1
    value, place = _plain_number(tokens, place)
    if value is None:
        return None
    written = value * sign
    factor = 1.0
    if not dimension and place < len(tokens):
        unit = UNITS.get(tokens[place].lower()) or UNITS.get(tokens[place].lower().removesuffix("s"))
        if unit is not None and not (tokens[place].lower() in ("in", "second") and tokens[place].lower() == "second" and written != 1):
            dimension, factor = unit
            place += 1
            if dimension == "degrees" and place < len(tokens) and tokens[place].lower() in ("c", "celsius"):
                place += 1
    near = ""
    if not dimension:
        near = next((stem(t) for t in tokens[place : place + 2] if t[0].isalpha() and t.lower() not in STOP), "")
        if place < len(tokens) and tokens[place] in ".,;:":
            near = ""
    if place == start:
        return None
    return Quantity(value=written * factor, dimension=dimension, written=written, near=near, vague=False), place


def _plain_number(tokens: list[str], place: int) -> tuple[float | None, int]:
    token = tokens[place].lower()
    value: float | None = None
    if token[0] in "0123456789":
        above, _, below = token.rstrip(",").replace(",", "").partition("/")
        value = float(above) / (float(below or 1) or 1.0)
        place += 1
    else:
        parts = token.split("-")
        if all(part in WORDS for part in parts) and (len(parts) > 1 or token != "one"):
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


def _with_near(quantity: Quantity, near: str, *, vague: bool) -> Quantity:
    return Quantity(
        value=quantity.value, dimension=quantity.dimension, written=quantity.written, near=near, vague=vague
    )


def _joined(quantities: list[Quantity]) -> tuple[Quantity, ...]:
    """Add up what is said in two units: 8 minutes and 20 seconds."""
    found: list[Quantity] = []
    for quantity in quantities:
        last = found[-1] if found else None
        if (
            last is not None
            and quantity.dimension in ("time", "length", "mass")
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


# ------------------------------------------------------------------------------------------ Chinese


def _chinese(sentence: str) -> Claim:
    days, rest = read_days(arabic(sentence))
    rest = rest.replace("半分钟", "30秒").replace("半小时", "30分钟").replace("半个小时", "30分钟")
    quantities: list[Quantity] = []

    def take(match: re.Match[str]) -> str:
        before = rest[: match.start()]
        if before.endswith("第"):
            return match.group()
        quantities.append(_zh_quantity(match, before, rest[match.end() :]))
        return "#"

    rest = _ZH_AMOUNT.sub(take, rest)
    for word in ZH_NOT_NEGATORS:
        rest = rest.replace(word, word.replace("不", "卜").replace("非", "菲").replace("没", "默").replace("无", "芜").replace("未", "味").replace("别", "憋"))
    n_denials = 0
    denies: set[str] = set()
    for negator in ZH_NEGATORS:
        while (at := rest.find(negator)) >= 0:
            n_denials += 1
            after = [c for c in rest[at + len(negator) :] if c not in ZH_STOP and _CHINESE.match(c)]
            denies.update(after[:1])
            kept = "是" if negator == "不是" else "需要" if negator == "不需要" else "可以" if negator == "不可以" else ""
            rest = rest[:at] + kept + rest[at + len(negator) :]
    for word, first in _ZH_SAME:
        if word != first:
            rest = rest.replace(word, first)
    spoken = tuple(c for c in re.findall(r"[a-zA-Z]+|[一-鿿]|[#，、◦《》]|\d+", rest) if c not in "《》")
    words = tuple(c.lower() for c in spoken if c not in ZH_STOP and c not in "#，、◦")
    return Claim(
        text=sentence,
        chinese=True,
        words=words,
        spoken=spoken,
        names=frozenset(),
        quantities=tuple(quantities),
        days=days,
        denied=n_denials % 2 == 1,
        denies=frozenset(denies),
        content=frozenset(words),
    )


def _zh_quantity(match: re.Match[str], before: str, after: str) -> Quantity:
    written = float(match[1].replace(",", ""))
    value = written * {"亿": 1e8, "万": 1e4}.get(match[2] or "", 1.0)
    if match[3] or match[5]:
        value += 0.5
    dimension, factor = UNITS.get((match[4] or "").lower(), ("", 1.0))
    near = ""
    if not dimension:
        near = next((c for c in after[:2] if _CHINESE.match(c) and c not in "个"), "")
    return Quantity(
        value=value * factor,
        dimension=dimension,
        written=written,
        near=near,
        vague=before.endswith(("约", "近", "大约")) or after.startswith(("左右", "多")),
    )
