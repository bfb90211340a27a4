"""The final answer of a text, brought to one form: what votes count and what two answers to one question must share.

It reads what answers usually end with (a box, `####`, a JSON member `answer`, "the answer is …", an option's letter, a
first yes or no). It does not solve anything.
"""

from __future__ import annotations

import re
from fractions import Fraction

_BOX = re.compile(r"\\boxed\s*\{")
_HASHES = re.compile(r"####\s*(.+)")
_JSON = re.compile(r'"(?:final_)?answer"\s*:\s*("(?:[^"\\]|\\.)*"|-?[\d.,/]+|true|false|null)', re.IGNORECASE)
_SAID = re.compile(
    r"(?:the\s+)?(?:correct\s+|final\s+)?(?:answer|option|choice)(?:\s+is)?\s*[:=]?\s*\**\s*(?:option\s+)?"
    r"(?P<en>\(?[A-Ja-j]\)?(?=[\s.,*]|$)|[^\s].{0,60}?)(?=\.\s|\.$|\n|$)"
    r"|(?:最终答案|正确答案|答案|正确选项|应选|故选|选择)\s*(?:是|为|：|:)?\s*\**(?P<zh>[^。，；\n]{1,40})",
    re.IGNORECASE,
)
_YES = re.compile(r"\s*(?:\*\*)?(yes|no|是的|不是|对|不对|没有|true|false)(?=[\s,.，。!！:：*]|$)", re.IGNORECASE)
_YES_OF = {"是的": "yes", "对": "yes", "true": "yes", "不是": "no", "不对": "no", "没有": "no", "false": "no"}
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}|\\[dt]?frac\s*(\d)\s*(\d)")
_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?|[-+]?\.\d+")
_NOISE = re.compile(
    r"\\(?:left|right|,|;|!|quad|displaystyle|text\{[^{}]*\}|mathrm\{[^{}]*\}|circ|%|\$)|\^\{?\\circ\}?|[$*`“”\"']"
)


def final_answer(text: str) -> str | None:
    """Return the normal form of the answer that a text ends with; None where it gives none of a known form."""
    raw = _boxed(text)
    if raw is None:
        raw = _last(_HASHES, text)
    if raw is None and (found := _JSON.findall(text)):
        raw = str(found[-1]).strip('"')
    if raw is None and (matches := list(_SAID.finditer(text))):
        raw = matches[-1].group("en") or matches[-1].group("zh")
    if raw is None and (match := _YES.match(text)):
        word = match.group(1).lower()
        return _YES_OF.get(word, word)
    if raw is None:
        return None
    return normal_form(raw) or None


def last_number(text: str) -> str | None:
    """Return the normal form of the last number in a text: what an answer without a marked end may mean."""
    found = _NUMBER.findall(text)
    return normal_form(found[-1]) if found else None


def normal_form(raw: str) -> str:
    """Return one form for all ways to write an answer: `1/4` for ¼, .25 and a LaTeX fraction, `b` for (B)."""
    text = _FRACTION.sub(lambda m: f"({m[1] or m[3]})/({m[2] or m[4]})", raw)
    text = _NOISE.sub("", text).strip().rstrip(".。,;").strip().lower()
    text = re.sub(r"^[a-z]\w?\s*=\s*", "", text)
    if re.fullmatch(r"\(?[a-j]\)?", text):
        return text.strip("()")
    number = _as_number(text)
    if number is not None:
        return str(number)
    return re.sub(r"\s+", "", text).replace("\\", "").replace("{", "(").replace("}", ")")


def is_number(form: str) -> bool:
    """Say whether a normal form is a number."""
    return re.fullmatch(r"-?\d+(/\d+)?", form) is not None


def _as_number(text: str) -> Fraction | None:
    """Return a text that is one number, maybe with a unit after it or a currency before it."""
    plain = re.fullmatch(r"\(?([-+]?[\d.,]+)\)?/\(?([\d.,]+)\)?", text)
    try:
        if plain is not None:
            return Fraction(plain[1].replace(",", "")) / Fraction(plain[2].replace(",", ""))
        match = re.fullmatch(
            r"(?:[a-z]{2,3}\s)?([-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+))\s*(?:[a-z°%][a-z /²³]*|[一-鿿]+)?", text
        )
        if match is None or re.fullmatch(r"\d+[a-z]", text):
            return None
        return Fraction(match[1].replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return None


def _boxed(text: str) -> str | None:
    matches = list(_BOX.finditer(text))
    if not matches:
        return None
    start = matches[-1].end()
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place]
    return text[start:]


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return str(found[-1]) if found else None
