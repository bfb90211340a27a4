"""Dates and times read out of a sentence in English or Chinese, as far as they are told.

It knows no calendar beyond the order of months and days, and compares nothing but two values of one kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from unisono.consistency.quantities import WORDS

_ORDINAL_CENTURIES = {
    word: value
    for value, word in enumerate(
        [
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        10,
    )
} | {"twenty-first": 21}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATES = re.compile(
    r"(?=\d|\b[jfmasondtwhe]|[周星礼上下早晚])(?:"  # where a date can begin: most places are none
    r"(?P<iso>\b(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})\b)"
    rf"|(?P<dmy>\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH.format('m2')}(?:,? (?P<y2>\d{{4}}))?\b)"
    rf"|(?P<mdy>\b{_MONTH.format('m3')} (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y3>\d{{4}}))?)"
    rf"|(?P<my>\b{_MONTH.format('m4')},? (?P<y4>\d{{4}})\b)"
    r"|(?P<zh>(?P<y5>\d{4})年(?:(?P<m5>\d{1,2})月(?:份)?(?:(?P<d5>\d{1,2})[日号])?)?)"
    r"|(?P<zmd>(?P<m6>\d{1,2})月(?:(?P<d6>\d{1,2})[日号]|份))"
    r"|(?P<century>\b(?P<c1>\d{1,2})(?:st|nd|rd|th) centur(?:y|ies)|(?P<c2>\d{1,2})世纪"
    rf"|\b(?P<c3>{'|'.join(_ORDINAL_CENTURIES)}) century)"
    r"|(?P<clock>\b(?P<h1>\d{1,2})[:：](?P<n1>\d{2})(?:\s?(?P<p1>[ap])\.?m\b\.?)?|\b(?P<h2>\d{1,2})\s?(?P<p2>[ap])\.?m\b\.?"
    r"|(?P<half>half past) (?P<h3>\w+)|(?P<zhpm>上午|下午|早上|晚上)?(?P<h4>\d{1,2})点(?:(?P<n4>\d{1,2})分|(?P<hzh>半))?)"
    r"|(?P<weekday>\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|(?:周|星期|礼拜)[一二三四五六日天])"
    r"|(?P<year>(?<![\d.,-])(?:1[0-9]|20)\d{2}(?![\d,.%°]*\d|\s?(?:%|°|[a-z]*(?:metre|meter|people|km|kg|mm|cm|ml|mb|gb)|[mglwh]\b)|[,.]?\d)))",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"\d|days?\b|century|half past|[周期拜]", re.IGNORECASE)
_BEFORE_YEAR = re.compile(
    r"(?:^|\b(?:in|since|from|until|till|by|of|year|around|about|during|and|to|before|after|late|early))[\s(]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A point in time as far as it is told: (year, month, day), a weekday, a clock time in minutes, a century."""

    kind: str
    parts: tuple[int | None, ...]

    def conflicts(self, other: Day) -> bool:
        """Say whether two of one kind cannot both be meant."""
        return any(a is not None and b is not None and a != b for a, b in zip(self.parts, other.parts, strict=True))


def read_days(text: str) -> tuple[tuple[Day, ...], str]:
    """Return the dates and times of a sentence, and the sentence with a blank in the place of each."""
    if _MAYBE.search(text) is None:
        return (), text
    found: list[Day] = []

    def take(match: re.Match[str]) -> str:
        day = _day(match, text)
        if day is None:
            return match.group()
        found.append(day)
        return " ◦ "

    rest = _DATES.sub(take, text)
    return tuple(found), rest


def _day(match: re.Match[str], text: str) -> Day | None:
    part = match.groupdict()
    if part["weekday"]:
        word = part["weekday"].lower()
        if word[0] in "周星礼":
            return Day(kind="weekday", parts=("一二三四五六日".find(word[-1].replace("天", "日")),))
        return Day(kind="weekday", parts=(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(word[:3]),))
    if part["century"]:
        named = part["c3"]
        return Day(
            kind="century", parts=(_ORDINAL_CENTURIES[named.lower()] if named else int(part["c1"] or part["c2"]),)
        )
    if part["clock"]:
        return _clock(part)
    if part["year"]:
        if not _BEFORE_YEAR.search(text[: match.start()]):
            return None
        return Day(kind="date", parts=(int(part["year"]), None, None))
    return _date(part)


def _date(part: dict[str, str | None]) -> Day:
    def first(letter: str, places: str) -> str | None:
        return next((part[f"{letter}{n}"] for n in places if part.get(f"{letter}{n}")), None)

    year, month, day = first("y", "12345"), first("m", "123456"), first("d", "12356")
    number = None
    if month is not None:
        number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
    return Day(kind="date", parts=(int(year) if year else None, number, int(day) if day else None))


def _clock(part: dict[str, str | None]) -> Day | None:
    if part["half"]:
        hour = WORDS.get((part["h3"] or "").lower())
        return None if hour is None else Day(kind="clock", parts=(int(hour) * 60 + 30,))
    hour = int(part["h1"] or part["h2"] or part["h4"] or 0)
    minute = 30 if part["hzh"] else int(part["n1"] or part["n4"] or 0)
    half = (part["p1"] or part["p2"] or "").lower() or {"下午": "p", "晚上": "p"}.get(part["zhpm"] or "", "")
    if half == "p" and hour < 12:
        hour += 12
    return Day(kind="clock", parts=(hour * 60 + minute,))
