"""A Chinese sentence to a claim, character by character: no segmenter, no weights.

It knows words only by the lists of `lexicon.py`.
"""

from __future__ import annotations

import re

from unisono.consistency.claim import Claim, works_out
from unisono.consistency.days import read_days
from unisono.consistency.lexicon import ZH_NEGATORS, ZH_NOT_NEGATORS, ZH_SAME, ZH_STOP
from unisono.consistency.quantities import UNITS, Quantity, arabic

_CHINESE = re.compile(r"[一-鿿]")
_ZH_SAME = sorted(((word, group[0]) for group in ZH_SAME for word in group), key=lambda pair: -len(pair[0]))
_ZH_UNITS = "|".join(sorted((unit for unit in UNITS if _CHINESE.match(unit)), key=len, reverse=True))
_ZH_AMOUNT = re.compile(
    rf"(\d[\d,]*(?:\.\d+)?)\s*(亿|万)?\s*(?:多|余)?\s*(个?半)?({_ZH_UNITS}|%|kg|km|cm|mm|mg|ml|g|m|l)?(半)?"
)
_MASKED = {"不": "卜", "非": "菲", "没": "默", "无": "芜", "未": "味", "别": "憋"}
_ZH_MASKS = tuple((word, "".join(_MASKED.get(c, c) for c in word)) for word in ZH_NOT_NEGATORS)
_ZH_KEPT = {"不是": "是", "不需要": "需要", "不可以": "可以"}
"""What stays of a denial when its denying part is taken out."""


def chinese(sentence: str) -> Claim:
    """Return the claim of one sentence."""
    days, rest = read_days(arabic(sentence))
    working = works_out(rest)
    quantities, rest = _amounts(rest)
    for word, masked in _ZH_MASKS:
        rest = rest.replace(word, masked)
    n_denials, denies, rest = _denials(rest)
    for word, first in _ZH_SAME:
        if word != first:
            rest = rest.replace(word, first)
    spoken = tuple(re.findall(r"[a-zA-Z]+|[一-鿿]|[#，、◦]|\d+", rest))
    words = tuple(c.lower() for c in spoken if c not in ZH_STOP and c not in "#，、◦")
    return Claim(
        text=sentence,
        chinese=True,
        words=words,
        spoken=spoken,
        names=frozenset(),
        quantities=quantities,
        days=days,
        denied=n_denials % 2 == 1,
        denies=denies,
        content=frozenset(words),
        working=working,
    )


def _amounts(text: str) -> tuple[tuple[Quantity, ...], str]:
    """Return the numbers of a sentence, and the sentence with `#` in the place of each."""
    text = text.replace("半分钟", "30秒").replace("半小时", "30分钟").replace("半个小时", "30分钟")
    quantities: list[Quantity] = []

    def take(match: re.Match[str]) -> str:
        if text[: match.start()].endswith("第"):
            return match.group()
        quantities.append(_quantity(match, text[: match.start()], text[match.end() :]))
        return "#"

    rest = _ZH_AMOUNT.sub(take, text)
    return tuple(quantities), rest


def _denials(text: str) -> tuple[int, frozenset[str], str]:
    """Return how many words deny, the characters right behind them, and the sentence without them."""
    n_denials = 0
    denies: set[str] = set()
    for negator in ZH_NEGATORS:
        while (at := text.find(negator)) >= 0:
            n_denials += 1
            behind = text[at + len(negator) :]
            denies.update([c for c in behind if c not in ZH_STOP and _CHINESE.match(c)][:1])
            text = text[:at] + _ZH_KEPT.get(negator, "") + behind
    return n_denials, frozenset(denies), text


def _quantity(match: re.Match[str], before: str, after: str) -> Quantity:
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
