"""Whether the right answer to a question changes with time, and the latest day that it names.

A logistic regression over hashed words and characters, trained by `lab/freshness.py` on questions that we wrote in six
languages. It does not know any model or its cut-off: `predict.currency` does. Of a language that it cannot read it says
nothing.

Source: the approach of EverGreenQA (2505.21115), whose small classifiers use the question's text alone.
Not for: long documents; the first and the last `MAX_CHARS // 2` characters are read, where the question usually stands.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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

N_BUCKETS = 1 << 17
LENGTHS = (1, 2, 3, 4)
"""Of runs of characters. The short ones are for scripts whose words have no spaces between them."""
MAX_CHARS = 600
FORMAT = 2
CLASSES: tuple[Literal["evergreen", "slow", "fast"], ...] = ("evergreen", "slow", "fast")
MIN_KNOWN_SHARE = 1 / 3
"""A text of which fewer words are known is in a language, or of a kind, that the training never saw."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_DIGITS = re.compile(r"\d+")
_STIR, _TURN, _CHOOSE = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D)
_SHIFT = np.uint32(32 - (N_BUCKETS.bit_length() - 1))
_HALF = np.uint32(15)

Places = NDArray[np.int64]


def words(text: str) -> list[str]:
    """Return the words of what is read of a text, as they are written; a run of Chinese counts as one.

    A number counts by its length, so that no year is learnt by heart; four digits are a year.
    """
    if len(text) > MAX_CHARS:
        half = MAX_CHARS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    return _WORD.findall(
        _DIGITS.sub(lambda found: "19c" if len(found.group()) == 4 else f"{min(len(found.group()), 5)}d", text)
    )


def grams(written: Sequence[str]) -> Iterator[str]:
    """Yield the words, their pairs, how the text begins and ends, and its frame: pairs and triples without the names."""
    low = [word.lower() for word in written]
    spaced = [word for word in low if not _HAN.search(word)]
    yield from spaced
    yield from map("{} {}".format, spaced, spaced[1:])
    if spaced:
        yield "^" + spaced[0]
        yield "^" + " ".join(spaced[:2])
        yield spaced[-1] + "$"
    frame: list[str] = []
    for place, word in enumerate(written):
        named = place > 0 and word[:1].isupper()
        if not (named and frame and frame[-1] == "X") and not _HAN.search(word):
            frame.append("X" if named else low[place])
    yield from map("S{} {}".format, frame, frame[1:])
    yield from map("S{} {} {}".format, frame, frame[1:], frame[2:])


def buckets(text: str) -> tuple[Places, Places]:
    """Return the distinct places, in [0, N_BUCKETS), of a text's words and frame, and of its runs of characters."""
    return _buckets(words(text))


def _buckets(written: Sequence[str]) -> tuple[Places, Places]:
    found = {crc32(gram.encode("utf-8", "surrogatepass")) % N_BUCKETS for gram in grams(written)}
    line = f" {' '.join(written).lower()} "
    codes = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    runs: list[NDArray[np.uint32]] = []
    rolled = np.zeros(codes.size, dtype=np.uint32)
    for length in LENGTHS:
        rolled = rolled[: codes.size - length + 1] * _STIR + codes[length - 1 :] * _TURN
        rolled ^= rolled >> _HALF
        runs.append((rolled * _CHOOSE + np.uint32(length)) >> _SHIFT)
    chars = np.unique(np.concatenate(runs)) if written else np.empty(0, dtype=np.uint32)
    return np.fromiter(sorted(found), dtype=np.int64, count=len(found)), chars.astype(np.int64)


class FreshnessReader:
    """Reads a question's freshness from its words. Immutable after loading."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load the weights.

        Args:
            folder: holds `freshness.npy`, `freshness_words.npy` and `freshness.json`; the one in the package when None.

        Raises:
            ArtifactError: a file is missing, damaged, or of another format.
        """
        place = Path(__file__).parent / "default" if folder is None else folder
        self._weights, self._bias, self._known = _read(place)

    def read(self, text: str, *, now: datetime) -> Freshness | None:
        """Return the freshness of a question; None when it is in no language that the reader knows and names no day.

        Such a text that names a day counts as evergreen, and the day alone speaks.

        Args:
            text: what the user wants done now.
            now: aware; "this year" is read relative to it.
        """
        named = asks_about(text, now=now)
        written = words(text)
        if not self._reads(written):
            return None if named is None else Freshness(changing=0.0, pace="evergreen", asks_about=named)
        of_words, of_chars = _buckets(written)
        logits = self._bias + self._weights[:, of_chars].sum(axis=1) / np.sqrt(of_chars.size)
        if of_words.size:
            logits = logits + self._weights[:, of_words].sum(axis=1) / np.sqrt(of_words.size)
        slow, fast = logits.tolist()
        highest = max(slow, fast, 0.0)
        stays = exp(-highest)
        changing = 1.0 - stays / (stays + exp(slow - highest) + exp(fast - highest))
        pace: Literal["evergreen", "slow", "fast"] = "evergreen"
        if changing >= 0.5:
            pace = "fast" if fast > slow else "slow"
        return Freshness(changing=changing, pace=pace, asks_about=named)

    def _reads(self, written: Sequence[str]) -> bool:
        """Whether enough of the words are known; each Chinese character counts as a known word, kana and Hangul as none."""
        n_known = n_all = 0
        for word in written:
            if word[0].isdigit():
                continue
            n_han = len(_HAN.findall(word))
            foreign = len(_KANA_OR_HANGUL.findall(word))
            n_known += n_han if n_han else crc32(word.lower().encode("utf-8", "surrogatepass")) in self._known
            n_all += n_han + 4 * foreign if n_han or foreign else 1
        return n_known > 0 and n_known >= MIN_KNOWN_SHARE * n_all


def save(
    folder: Path,
    *,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    known: Iterable[str],
    manifest: dict[str, object],
) -> None:
    """Write what `FreshnessReader` loads; the same numbers give the same bytes.

    Args:
        folder: created when missing.
        weights: how much more slow and fast than evergreen each place speaks for, shape (2, N_BUCKETS).
        bias: shape (2,).
        known: the words, in small letters, by which a text that can be read is recognised.
        manifest: what else to say about the training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = np.concatenate((weights, bias[:, None]), axis=1).astype(np.float16)
    np.save(folder / "freshness.npy", table, allow_pickle=False)
    marks = np.array(sorted({crc32(word.encode("utf-8", "surrogatepass")) for word in known}), dtype=np.uint32)
    np.save(folder / "freshness_words.npy", marks, allow_pickle=False)
    body = {**manifest, "format": FORMAT, "sha256": _digest(folder)}
    (folder / "freshness.json").write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in ("freshness.npy", "freshness_words.npy"):
        whole.update((folder / name).read_bytes())
    return whole.hexdigest()


def _read(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32], frozenset[int]]:
    try:
        manifest = json.loads((folder / "freshness.json").read_text(encoding="utf-8"))
        if manifest.get("format") != FORMAT or _digest(folder) != manifest.get("sha256"):
            raise ArtifactError("The freshness weights are not those of their manifest. Reinstall Unisono.")
        table = np.load(folder / "freshness.npy", allow_pickle=False).astype(np.float32)
        marks = np.load(folder / "freshness_words.npy", allow_pickle=False)
    except (OSError, ValueError) as exc:
        raise ArtifactError("The freshness weights cannot be read. Reinstall Unisono.") from exc
    if table.shape != (len(CLASSES) - 1, N_BUCKETS + 1) or marks.ndim != 1:
        raise ArtifactError("The freshness weights have another shape than this version reads. Reinstall Unisono.")
    return np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1]), frozenset(marks.tolist())


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
