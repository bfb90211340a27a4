"""The latest day that a question names or implies: "in March 2024", "last year", "今天".

It knows dates and relative words of eight languages; it does not know what an answer depends on.
Not for: long documents; the first and the last `MAX_CHARS // 2` characters are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple, TypeAlias

from unisono.understand.gate import Gates, Hint, Look, folded, narrowed
from unisono.understand.grams import MAX_CHARS, words
from unisono.understand.surface import clip

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio janeiro января январь",
            "february feb februar février febrero febbraio fevereiro февраля февраль",
            "march mar märz mars marzo março марта март",
            "april apr avril abril aprile апреля апрель",
            "may mai mayo maggio maio мая май",
            "june jun juni juin junio giugno junho июня июнь",
            "july jul juli juillet julio luglio julho июля июль",
            "august aug août agosto августа август",
            "september sep sept septembre septiembre settembre setembro сентября сентябрь",
            "october oct oktober octobre octubre ottobre outubro октября октябрь",
            "november nov novembre noviembre novembro ноября ноябрь",
            "december dec dezember décembre diciembre dicembre dezembro декабря декабрь",
        ),
        start=1,
    )
    for name in names.split()
}
_LONGEST_NAME = max(map(len, _MONTHS))
# Those of figures begin with them and look behind these: `re` is fast where it can look for a first character alone.
_ISO = re.compile(r"((?:19|20)(?<!\d..)\d\d)[-/.](1[0-2]|0?[1-9])(?:[-/.](3[01]|[12]\d|0?[1-9]))?(?!\d)")
_CHINESE = re.compile(r"((?:19|20)\d\d)\s*年(?:\s*(1[0-2]|0?[1-9])\s*月)?(?:\s*(3[01]|[12]\d|0?[1-9])\s*[日号])?")
_MONTH_NAMES = "|".join(
    rf"{first}(?<!\w.)(?:{'|'.join(name[1:] for name in _MONTHS if name[0] == first)})"
    for first in sorted({name[0] for name in _MONTHS})
)
_NAMED_MONTH = re.compile(
    rf"({_MONTH_NAMES})\.?(?:\s+\d{{1,2}}(?:st|nd|rd|th)?,?)?(?:\s+(?:of|de|do|del))?\s+((?:19|20)\d\d)(?!\d)"
)
"""Searched for in small letters."""
_YEAR = re.compile(r"((?:19|20)(?<![\d.,$€£¥]..)\d\d)(?![\d,]|\.\d)(?!\s*(?:km|kg|m|cm|dollars|euros|usd|元|米|公里))")
_SOME_YEAR = re.compile(r"(?:19|20)\d\d")
"""Every pattern above needs one."""
_RELATIVE: dict[re.Pattern[str], int] = {
    re.compile(r"\b(?:today|right now|currently|current|at the moment|now|latest|newest|most recent|tonight|so far this|these days|nowadays|heute|derzeit|aktuell\w*|jetzt|neueste\w*|aujourd['’]hui|actuel\w*|maintenant|hoy|actual|actualmente|ahora|oggi|attual\w*|hoje|agora|сегодня|сейчас|последн\w+)\b|今天|现在|目前|当前|最新|最近|现任|今日|最新の|現在|오늘|현재|지금|최신"): 0,
    re.compile(r"\b(?:this (?:year|month|week|season)|dieses jahr|cette année|este año|quest['’]anno|este ano|в этом году)\b|今年|本月|本周|本赛季|올해"): 0,
    re.compile(r"\b(?:yesterday|last night|gestern|hier|ayer|ieri|ontem|вчера)\b|昨天|昨晚|昨日|어제"): 1,
    re.compile(r"\b(?:last week|letzte woche|la semaine dernière|la semana pasada)\b|上周|上星期|先週"): 7,
    re.compile(r"\b(?:last month|letzten monat|le mois dernier|el mes pasado)\b|上个月|先月"): 30,
}  # fmt: skip
"""By the days that lie between then and today; searched for in small letters: ignoring case takes twice as long."""
_LAST_YEAR = re.compile(
    r"\b(?:last year|letztes jahr|l['’]année dernière|el año pasado|l['’]anno scorso|ano passado|в прошлом году)\b|去年"
)


DayHint: TypeAlias = "Hint[re.Pattern[str]]"
"""What a word tells before any search."""


class Clues(NamedTuple):
    """What the words of a text tell of days before any search.

    Attributes:
        hints: those of all words, as `hints_of` returns them.
        may_name_month: one of the words is the name of a month.
    """

    hints: Sequence[DayHint]
    may_name_month: bool


@cache
def _looks() -> Gates[re.Pattern[str]]:
    """Return the cheap look before the searches; built when it is first needed."""
    return Gates({pattern: pattern for pattern in (*_RELATIVE, _LAST_YEAR)})


def hints_of(word: str) -> tuple[DayHint, ...]:
    """Return what a word of a script with blanks hints at, such as "last year"."""
    return _looks().begun(word)


def names_month(word: str) -> bool:
    """Say whether a word, or what stands before or behind its apostrophe, is the name of a month."""
    if "'" in word or "’" in word:
        return not _MONTHS.keys().isdisjoint(folded(word).replace("’", "'").split("'"))
    return len(word) <= _LONGEST_NAME and folded(word) in _MONTHS


def says_today(word: str) -> bool:
    """Say whether a word, standing by itself in a text, says that today is meant, as "currently" does.

    One with an apostrophe may have a figure right behind it, so it does not say it by itself.
    """
    if "'" in word or "’" in word:
        return False
    return any(not days and pattern.fullmatch(folded(word)) for pattern, days in _RELATIVE.items())


def asks_about(text: str, *, now: datetime, clues: Clues | None = None) -> date | None:
    """Return the latest day, up to today, that a question names or implies; None when it names none.

    A month or a year means its last day, but not later than today. Days to come are not knowledge, so they count as today.

    Args:
        text: the question.
        now: aware; "this year" is read relative to it.
        clues: those of the words, where they are at hand.
    """
    today = now.date()
    text = clip(text, MAX_CHARS)
    days: list[date] = []
    hints = None if clues is None else clues.hints
    if ("19" in text or "20" in text) and _SOME_YEAR.search(text):
        months = any(map(names_month, words(text))) if clues is None else clues.may_name_month
        days, text, same_words = _dates(text, may_name_month=months)
        if not same_words:
            hints = None  # a word that a date is taken away from may be one
    days += _in_words(text, today, hints=hints)
    return max([min(day, today) for day in days], default=None)


def _dates(text: str, *, may_name_month: bool) -> tuple[list[date], str, bool]:
    """Return the dates that a text names, the text without those of more than a year, and whether its words stayed.

    The names of months are looked for where there may be one: that search is the dearest of all.
    """
    before, *rest = _ISO.split(text)
    after = rest[3::4]
    figures = [*zip(rest[0::4], rest[1::4], rest[2::4], strict=True)]
    if "年" in text:
        figures += _CHINESE.findall(text)
    months = [*_NAMED_MONTH.finditer(folded(text))] if may_name_month else []
    days = [_last_day(int(year), int(month or 0) or None, int(day or 0) or None) for year, month, day in figures]
    days += [_last_day(int(found.group(2)), _MONTHS[found.group(1)], None) for found in months]
    rest_of_words = [before, *after]
    same_words = not months and "年" not in text and _stand_apart(rest_of_words)
    text = " ".join(rest_of_words)
    if "年" in text:
        text = _CHINESE.sub(" ", text)
    if may_name_month:
        text = _without_months(text)
    if "19" in text or "20" in text:
        days += [_last_day(int(found.group(1)), None, None) for found in _YEAR.finditer(text)]
    return days, text, same_words


def _without_months(text: str) -> str:
    parts, at = [], 0
    for found in _NAMED_MONTH.finditer(folded(text)):
        parts.append(text[at : found.start()])
        at = found.end()
    return " ".join([*parts, text[at:]])


def _stand_apart(parts: Sequence[str]) -> bool:
    """Say whether what was taken out between the parts of a text touched no word."""
    return not any(part[-1:].isalnum() for part in parts[:-1]) and not any(part[:1].isalnum() for part in parts[1:])


def _in_words(text: str, today: date, *, hints: Sequence[DayHint] | None) -> Iterator[date]:
    looks, look = _looks(), Look(text)
    if hints is None:
        may_match = looks.passed_in(look)
    elif may_match := [*hints, *looks.unbegun(look)]:
        may_match = narrowed(may_match, look.lowered)
    for pattern in {hint.name for hint in may_match}:
        if pattern.search(look.lowered):
            yield date(today.year - 1, 12, 31) if pattern is _LAST_YEAR else today - timedelta(days=_RELATIVE[pattern])


def _last_day(year: int, month: int | None, day: int | None) -> date:
    if month is None:
        return date(year, 12, 31)
    if day is not None:
        try:
            return date(year, month, day)
        except ValueError:
            pass
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
