"""Whether the right answer to a question changes with time.

A logistic regression over hashed words and characters, trained by `lab/freshness.py` on questions that we wrote in six
languages and on variations of them that larger encoders labelled. It reads what asks (`freshness_asked.py`), not the
text that is given to be worked on. It does not know any model or its cut-off: `predict.currency` does. Of a language
that it cannot read it says nothing. Where the house's encoder is one of those, the prompt's vector is read too.

Source: the approach of EverGreenQA (2505.21115), whose small classifiers use the question's text alone.
Not for: long documents; the first and the last 300 characters are read, where the question usually stands.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from math import exp, sqrt
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unisono.errors import ArtifactError
from unisono.types import Freshness, Vector
from unisono.understand.days import Clues, asks_about, hints_of, names_month, says_today
from unisono.understand.freshness_asked import Asked, asked, closed, turn_of_its_own
from unisono.understand.grams import (
    ALL_HAN,
    HAN,
    MAX_CHARS,
    N_BUCKETS,
    WORD,
    Places,
    Read,
    hashed,
    places,
    word_of,
    words,
)
from unisono.understand.kept import Kept

FORMAT = 4
CLASSES: tuple[Literal["evergreen", "slow", "fast"], ...] = ("evergreen", "slow", "fast")
MAX_TURNS = 8
"""The last lines among which a turn that stands by itself is looked for."""
MIN_KNOWN_SHARE = 1 / 3
"""A text of which fewer words are known is in a language, or of a kind, that the training never saw."""

_FILES = ("freshness.npy", "freshness_words.npy")
SHARPNESS = 1.5
"""The logits of the words and of the vector are added and divided by this: less than two, since their errors differ."""


_HINTS, _TODAY, _MONTH = 4, 8, 16
"""Marks of a word: it hints at a day that is told in words; it says by itself that today is meant; it names a month."""
_ALL = 16
"""Bits that the count of known words has; that of all words follows."""

_PART_BITS = 20
"""Hashes of known words that are equal but for so many bits lie in one part: some six."""

_QUESTION = re.compile(r"[?？؟;]|か[。\s]*$")
"""In a language that is not read, only a question is taken to ask about the day that it names."""
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")


class _Words(Kept[bytes]):
    """Words as they are written.

    Of a word is counted how many known words it is (a Chinese character is one), and how many words at all, shifted by
    `_ALL`; a number is none.
    """

    def __init__(self, known: NDArray[np.uint32]) -> None:
        super().__init__()
        self._known = array("I", known.tolist())  # sorted: a tenth of a set's memory
        parts = np.arange(2 ** (32 - _PART_BITS) + 1, dtype=np.uint64) << _PART_BITS
        self._starts: list[int] = np.searchsorted(known, parts).tolist()

    def _made(self, written: str) -> bytes:
        low = written.lower()
        n_known, n_all = self._counted(low)
        all_han = n_known == len(low) > 1
        marks = 0 if all_han else self._of_days(written)
        return word_of(written, counts=n_known | n_all << _ALL, marks=marks)

    @staticmethod
    def _of_days(written: str) -> int:
        month = _MONTH if names_month(written) else 0
        return month | _HINTS | (_TODAY if says_today(written) else 0) if hints_of(written) else month

    def _counted(self, low: str) -> tuple[int, int]:
        """Return as how many known words it counts, and as how many; kana and Hangul are never known."""
        if low[0].isdigit():
            return 0, 0
        if low.isascii():
            return int(self._knows(low)), 1
        if ALL_HAN.fullmatch(low) is not None:
            return len(low), len(low)
        n_han, foreign = len(HAN.findall(low)), len(_KANA_OR_HANGUL.findall(low))
        return n_han or int(self._knows(low)), n_han + 4 * foreign if n_han or foreign else 1

    def _knows(self, low: str) -> bool:
        mark = hashed(low)
        start, end = self._starts[mark >> _PART_BITS], self._starts[(mark >> _PART_BITS) + 1]
        place = bisect_left(self._known, mark, start, end)
        return place < end and self._known[place] == mark


class FreshnessReader:
    """Reads a question's freshness from its words. It never changes its mind: it only remembers words."""

    def __init__(self, folder: Path | None = None, *, encoder: str | None = None) -> None:
        """Load the weights.

        Args:
            folder: holds `freshness.npy`, `freshness_words.npy` and `freshness.json`; the one in the package when None.
            encoder: whose vectors `read` will be given; of one without weights of its own the words alone are read.

        Raises:
            ArtifactError: a file is missing, damaged, or of another format.
        """
        place = Path(__file__).parent / "default" if folder is None else folder
        table, known, self._head = _read(place, encoder)
        self._bias: list[float] = table[-1].tolist()
        changing, self._asks = np.ascontiguousarray(table[:-1, :2]), np.ascontiguousarray(table[:-1, 2])
        self._weights = changing.view(np.complex64)[:, 0]  # slow and fast as one number, so that one sum adds both
        self._words = _Words(known)

    def read(self, text: str, *, now: datetime, embedding: Vector | None = None) -> Freshness | None:
        """Return the freshness of a question; None when it is in no language that the reader knows and names no day.

        Such a question that names a day counts as evergreen, and the day alone speaks. Where nothing of the world is
        asked, the text is evergreen and no day counts: a story of last year needs no news. Thanks and leave after what
        was said ask nothing. Turns before the last one that needs nothing of them are not read, and the last line is
        read by itself too.

        Args:
            text: what the user wants done now, his turns on lines of their own.
            now: aware; "this year" is read relative to it.
            embedding: the text's vector, shape (dim,), where it is at hand.
        """
        if closed(text):
            return Freshness(changing=0.0, pace="evergreen")
        part = asked(text)
        lines = part.text.strip().split("\n")
        begin = next(
            (at for at in range(len(lines) - 1, max(0, len(lines) - MAX_TURNS), -1) if turn_of_its_own(lines[at])), 0
        )
        if begin:
            return self._judged(Asked("\n".join(lines[begin:]), only_task=False), now=now, embedding=None)
        found = self._judged(part, now=now, embedding=embedding if part.text is text else None)
        if len(lines) == 1 or len(lines[-1]) > MAX_CHARS or found is None or found.changing >= 0.5:
            return found
        alone = self._judged(Asked(lines[-1], only_task=False), now=now, embedding=None)
        return found if alone is None or alone.changing < 0.5 else alone

    def _judged(self, part: Asked, *, now: datetime, embedding: Vector | None) -> Freshness | None:
        text = part.text
        written = words(text)
        read = np.frombuffer(b"".join(map(self._words.__getitem__, written)), dtype=WORD)
        named = self._day(text, written, read, now=now)
        counts = int(np.add.reduce(read["counts"], dtype=np.uint32))
        known = counts & ((1 << _ALL) - 1)
        if known == 0 or known < MIN_KNOWN_SHARE * (counts >> _ALL):
            if named is None or _QUESTION.search(text) is None:
                return None
            return Freshness(changing=0.0, pace="evergreen", asks_about=named)
        found = places(read, written)
        if self._asking(found) < 0.0 or (part.only_task and named is None):
            return Freshness(changing=0.0, pace="evergreen")
        slow, fast = self._logits(found, embedding)
        highest = max(slow, fast, 0.0)
        stays = exp(-highest)
        changing = 1.0 - stays / (stays + exp(slow - highest) + exp(fast - highest))
        pace: Literal["evergreen", "slow", "fast"] = "evergreen"
        if changing >= 0.5:
            pace = "fast" if fast > slow else "slow"
        return Freshness(changing=changing, pace=pace, asks_about=named)

    @staticmethod
    def _day(text: str, written: Sequence[str], read: Read, *, now: datetime) -> date | None:
        marks = read["marks"]
        found = int(np.bitwise_or.reduce(marks)) if written else 0
        if found & _TODAY and "_" not in text:  # no day is later, and the word stands by itself
            return now.date()
        hinting = {written[at] for at in (marks & _HINTS).nonzero()[0].tolist()} if found & _HINTS else ()
        clues = Clues([hint for word in hinting for hint in hints_of(word)], bool(found & _MONTH))
        return asks_about(text, now=now, clues=clues)

    def _asking(self, kinds: Iterable[Places]) -> float:
        """Return the logit that something of the world is asked."""
        return self._bias[2] + sum(_sum(self._asks, found).real / sqrt(found.size) for found in kinds if found.size)

    def _logits(self, kinds: Iterable[Places], embedding: Vector | None) -> tuple[float, float]:
        slow, fast = self._bias[:2]
        for found in kinds:
            if found.size:
                total = _sum(self._weights, found)
                slow, fast = slow + total.real / sqrt(found.size), fast + total.imag / sqrt(found.size)
        if self._head is not None and embedding is not None:
            more = self._head[:-1].T @ embedding
            slow, fast = ((np.array((slow, fast)) + more + self._head[-1]) / SHARPNESS).tolist()
        return slow, fast


def _sum(weights: NDArray[np.complex64] | NDArray[np.float32], found: Places) -> complex:
    """Return the sum of weights one after the other: in this order a sum is the same on every machine."""
    return complex(np.add.accumulate(weights.take(found))[-1])


def save(
    folder: Path,
    *,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    known: Iterable[str],
    manifest: dict[str, object],
    heads: Mapping[str, NDArray[np.float32]] | None = None,
) -> None:
    """Write what `FreshnessReader` loads; the same numbers give the same bytes.

    Args:
        folder: created when missing.
        weights: how much more slow and fast than evergreen each place speaks for, and how much for asking something of
            the world, shape (N_BUCKETS, 3).
        bias: shape (3,).
        known: the words, in small letters, by which a text that can be read is recognised.
        manifest: what else to say about the training.
        heads: by encoder, the same of its vectors, and the bias as the last row, shape (dim + 1, 2).
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = np.concatenate((weights, bias[None])).astype(np.float16)
    np.save(folder / "freshness.npy", table, allow_pickle=False)
    marks = np.array(sorted({hashed(word) for word in known}), dtype=np.uint32)
    np.save(folder / "freshness_words.npy", marks, allow_pickle=False)
    files = {name: f"freshness_{name}.npy" for name in sorted(heads or {})}
    for name, file in files.items():
        np.save(folder / file, (heads or {})[name].astype(np.float32), allow_pickle=False)
    digest = _digest({name: (folder / name).read_bytes() for name in (*_FILES, *files.values())})
    body = {**manifest, "format": FORMAT, "heads": files, "sha256": digest}
    (folder / "freshness.json").write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _digest(content: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for each in content.values():
        whole.update(each)
    return whole.hexdigest()


def _read(
    folder: Path, encoder: str | None
) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.float32] | None]:
    """Return the weights with the bias as their last row, the hashes of known words, and an encoder's head."""
    try:
        manifest = json.loads((folder / "freshness.json").read_text(encoding="utf-8"))
        files = dict(manifest.get("heads", {}))
        content = {name: (folder / name).read_bytes() for name in (*_FILES, *files.values())}
        if manifest.get("format") != FORMAT or _digest(content) != manifest.get("sha256"):
            raise ArtifactError("The freshness weights are not those of their manifest. Reinstall Unisono.")
        table, marks = (np.load(BytesIO(content[name]), allow_pickle=False) for name in _FILES)
        head = np.load(BytesIO(content[files[encoder]]), allow_pickle=False) if encoder in files else None
    except (OSError, ValueError) as exc:
        raise ArtifactError("The freshness weights cannot be read. Reinstall Unisono.") from exc
    if table.shape != (N_BUCKETS + 1, len(CLASSES)) or marks.ndim != 1:
        raise ArtifactError("The freshness weights have another shape than this version reads. Reinstall Unisono.")
    return table.astype(np.float32), marks, head
