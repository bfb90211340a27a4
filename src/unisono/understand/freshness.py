"""Whether the right answer to a question changes with time, and the latest day that it names.

A logistic regression over hashed words and characters, trained by `lab/freshness.py` on questions that we wrote. It does not
know any model or its cut-off: `predict.currency` does.

Source: the approach of EverGreenQA (2505.21115), whose small classifiers use the question's text alone.
Not for: long documents; the first and the last `MAX_CHARS // 2` characters are read, where the question usually stands.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from math import exp
from pathlib import Path
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from unisono.errors import ArtifactError
from unisono.types import Freshness
from unisono.understand.gate import gate

N_BUCKETS = 1 << 15
MAX_CHARS = 600
FORMAT = 1
CLASSES: tuple[Literal["evergreen", "slow", "fast"], ...] = ("evergreen", "slow", "fast")

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?", re.UNICODE)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_DIGITS = re.compile(r"\d+")


def grams(text: str) -> Iterator[str]:
    """Yield what a text is known by: words, pairs of words, its beginning; single to triple characters of wide scripts.

    A number counts by its length, so that no year is learnt by heart; those that look like years keep their century.
    """
    if len(text) > MAX_CHARS:
        half = MAX_CHARS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    text = _DIGITS.sub(
        lambda found: "19c" if len(found.group()) == 4 else f"{min(len(found.group()), 5)}d", text.lower()
    )
    words = [word for word in _WORD.findall(text) if not _WIDE.match(word)]
    yield from words
    yield from map("{} {}".format, words, words[1:])
    if words:
        yield "^" + " ".join(words[:2])
        yield "^" + words[0]
    for run in _WIDE.findall(text):
        for length in (1, 2, 3):
            yield from (run[place : place + length] for place in range(len(run) - length + 1))
        yield "^" + run[:2]
        yield run[-2:] + "$"


def buckets(text: str) -> NDArray[np.int64]:
    """Return the distinct places of a text's grams, shape (n,), in [0, N_BUCKETS)."""
    found = {crc32(gram.encode("utf-8", "surrogatepass")) % N_BUCKETS for gram in grams(text)}
    return np.fromiter(sorted(found), dtype=np.int64, count=len(found))


class FreshnessReader:
    """Reads a question's freshness from its words. Immutable after loading."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load the weights.

        Args:
            folder: holds `freshness.npy` and `freshness.json`; the one in the package when None.

        Raises:
            ArtifactError: a file is missing, damaged, or of another format.
        """
        place = Path(__file__).parent / "default" if folder is None else folder
        self._weights, self._bias = _read(place)

    def read(self, text: str, *, now: datetime) -> Freshness:
        """Return the freshness of a question.

        Args:
            text: what the user wants done now.
            now: aware; "this year" is read relative to it.
        """
        places = buckets(text)
        named = asks_about(text, now=now)
        if places.size == 0:
            return Freshness(changing=0.0, pace="evergreen", asks_about=named)
        logits = (self._weights[:, places].sum(axis=1) / np.sqrt(places.size) + self._bias).tolist()
        highest = max(logits)
        shares = [exp(logit - highest) for logit in logits]
        total = sum(shares)
        changing = 1.0 - shares[0] / total
        pace: Literal["evergreen", "slow", "fast"] = "evergreen"
        if changing >= 0.5:
            pace = "fast" if shares[2] > shares[1] else "slow"
        return Freshness(changing=changing, pace=pace, asks_about=named)


def save(folder: Path, *, weights: NDArray[np.float32], bias: NDArray[np.float32], manifest: dict[str, object]) -> None:
    """Write the weights, shape (3, N_BUCKETS) and (3,); the same numbers give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    half = np.concatenate((weights, np.tile(bias[:, None], (1, 1))), axis=1).astype(np.float16)
    np.save(folder / "freshness.npy", half, allow_pickle=False)
    digest = hashlib.sha256((folder / "freshness.npy").read_bytes()).hexdigest()
    body = {**manifest, "format": FORMAT, "sha256": digest}
    (folder / "freshness.json").write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    try:
        manifest = json.loads((folder / "freshness.json").read_text(encoding="utf-8"))
        content = (folder / "freshness.npy").read_bytes()
        if manifest.get("format") != FORMAT or hashlib.sha256(content).hexdigest() != manifest.get("sha256"):
            raise ArtifactError("The freshness weights are not those of their manifest. Reinstall Unisono.")
        table = np.load(folder / "freshness.npy", allow_pickle=False).astype(np.float32)
    except (OSError, ValueError) as exc:
        raise ArtifactError("The freshness weights cannot be read. Reinstall Unisono.") from exc
    if table.shape != (len(CLASSES), N_BUCKETS + 1):
        raise ArtifactError("The freshness weights have another shape than this version reads. Reinstall Unisono.")
    return np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1])


# ------------------------------------------------------------------------------------------- days

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
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](1[0-2]|0?[1-9])(?:[-/.](3[01]|[12]\d|0?[1-9]))?(?!\d)")
_CHINESE = re.compile(r"((?:19|20)\d\d)\s*年(?:\s*(1[0-2]|0?[1-9])\s*月)?(?:\s*(3[01]|[12]\d|0?[1-9])\s*[日号])?")
_NAMED_MONTH = re.compile(
    rf"(?i)(?<!\w)({'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?(?:\s+\d{{1,2}}(?:st|nd|rd|th)?,?)?(?:\s+(?:of|de|do|del))?\s+((?:19|20)\d\d)(?!\d)"
)
_YEAR = re.compile(r"(?<![\d.,$€£¥])((?:19|20)\d\d)(?![\d,]|\.\d)(?!\s*(?:km|kg|m|cm|dollars|euros|usd|元|米|公里))")
_RELATIVE: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"(?i)\b(?:today|right now|currently|current|at the moment|now|latest|newest|most recent|tonight|so far this|these days|nowadays|heute|derzeit|aktuell\w*|jetzt|neueste\w*|aujourd['’]hui|actuel\w*|maintenant|hoy|actual|actualmente|ahora|oggi|attual\w*|hoje|agora|сегодня|сейчас|последн\w+)\b|今天|现在|目前|当前|最新|最近|现任|今日|最新の|現在|오늘|현재|지금|최신"), 0),
    (re.compile(r"(?i)\b(?:this (?:year|month|week|season)|dieses jahr|cette année|este año|quest['’]anno|este ano|в этом году)\b|今年|本月|本周|本赛季|올해"), 0),
    (re.compile(r"(?i)\b(?:yesterday|last night|gestern|hier|ayer|ieri|ontem|вчера)\b|昨天|昨晚|昨日|어제"), 1),
    (re.compile(r"(?i)\b(?:last week|letzte woche|la semaine dernière|la semana pasada)\b|上周|上星期|先週"), 7),
    (re.compile(r"(?i)\b(?:last month|letzten monat|le mois dernier|el mes pasado)\b|上个月|先月"), 30),
)  # fmt: skip
_LAST_YEAR = re.compile(
    r"(?i)\b(?:last year|letztes jahr|l['’]année dernière|el año pasado|l['’]anno scorso|ano passado|в прошлом году)\b|去年"
)


_GATES: dict[str, Callable[[str], bool]] = {}


def _may_match(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """Return the cheap look before the search; built when it is first needed."""
    found = _GATES.get(pattern.pattern)
    if found is None:
        found = _GATES[pattern.pattern] = gate(pattern)
    return found


def asks_about(text: str, *, now: datetime) -> date | None:
    """Return the latest day, up to today, that a question names or implies; None when it names none.

    A month or a year means its last day, but not later than today. Days to come are not knowledge, so they count as today.
    """
    if len(text) > MAX_CHARS:
        half = MAX_CHARS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    today = now.date()
    days = [min(day, today) for day in _days(text, today)]
    return max(days, default=None)


def _days(text: str, today: date) -> Iterator[date]:
    if any(mark.isdigit() for mark in text):
        for found in (*_ISO.finditer(text), *_CHINESE.finditer(text)):
            year, month, day = (int(part) if part else None for part in found.groups())
            yield _last_day(year or today.year, month, day)
        for found in _NAMED_MONTH.finditer(text):
            yield _last_day(int(found.group(2)), _MONTHS[found.group(1).lower()], None)
        for known in (_ISO, _CHINESE, _NAMED_MONTH):
            text = known.sub(" ", text)
        for found in _YEAR.finditer(text):
            yield _last_day(int(found.group(1)), None, None)
    lowered = text.lower()
    for pattern, n_days in _RELATIVE:
        if _may_match(pattern)(lowered) and pattern.search(text):
            yield today - timedelta(days=n_days)
    if _may_match(_LAST_YEAR)(lowered) and _LAST_YEAR.search(text):
        yield date(today.year - 1, 12, 31)


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
