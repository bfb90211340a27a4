"""Whether the right answer to a question changes with time.

A logistic regression over hashed words and characters, trained by `lab/freshness.py` on questions that we wrote in six
languages and on variations of them that larger encoders labelled. It does not know any model or its cut-off:
`predict.currency` does. Of a language that it cannot read it says nothing. Where the house's encoder is one of those,
the prompt's vector is read too.

Source: the approach of EverGreenQA (2505.21115), whose small classifiers use the question's text alone.
Not for: long documents; the first and the last 300 characters are read, where the question usually stands.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import exp
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unisono.errors import ArtifactError
from unisono.types import Freshness, Vector
from unisono.understand.days import asks_about
from unisono.understand.grams import HAN, N_BUCKETS, hashed, of_chars, of_words, words

FORMAT = 3
CLASSES: tuple[Literal["evergreen", "slow", "fast"], ...] = ("evergreen", "slow", "fast")
MIN_KNOWN_SHARE = 1 / 3
"""A text of which fewer words are known is in a language, or of a kind, that the training never saw."""

SHARPNESS = 1.5
"""The logits of the words and of the vector are added and divided by this: less than two, since their errors differ."""

_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")


class FreshnessReader:
    """Reads a question's freshness from its words. Immutable after loading."""

    def __init__(self, folder: Path | None = None, *, encoder: str | None = None) -> None:
        """Load the weights.

        Args:
            folder: holds `freshness.npy`, `freshness_words.npy` and `freshness.json`; the one in the package when None.
            encoder: whose vectors `read` will be given; of one without weights of its own the words alone are read.

        Raises:
            ArtifactError: a file is missing, damaged, or of another format.
        """
        place = Path(__file__).parent / "default" if folder is None else folder
        self._weights, self._bias, self._known, heads = _read(place)
        self._head = None if encoder is None else heads.get(encoder)

    def read(self, text: str, *, now: datetime, embedding: Vector | None = None) -> Freshness | None:
        """Return the freshness of a question; None when it is in no language that the reader knows and names no day.

        Such a text that names a day counts as evergreen, and the day alone speaks.

        Args:
            text: what the user wants done now.
            now: aware; "this year" is read relative to it.
            embedding: the text's vector, shape (dim,), where it is at hand.
        """
        named = asks_about(text, now=now)
        written = words(text)
        low = [word.lower() for word in written]
        hashes = [hashed(word) for word in low]
        if not self._reads(low, hashes):
            return None if named is None else Freshness(changing=0.0, pace="evergreen", asks_about=named)
        logits = self._bias
        for places in (of_words(written, hashes), of_chars(low)):
            if places.size:
                logits = logits + self._weights[places].sum(axis=0) / np.sqrt(places.size)
        if self._head is not None and embedding is not None:
            logits = (logits + self._head[:-1].T @ embedding + self._head[-1]) / SHARPNESS
        slow, fast = logits.tolist()
        highest = max(slow, fast, 0.0)
        stays = exp(-highest)
        changing = 1.0 - stays / (stays + exp(slow - highest) + exp(fast - highest))
        pace: Literal["evergreen", "slow", "fast"] = "evergreen"
        if changing >= 0.5:
            pace = "fast" if fast > slow else "slow"
        return Freshness(changing=changing, pace=pace, asks_about=named)

    def _reads(self, low: Sequence[str], hashes: Sequence[int]) -> bool:
        """Whether enough of the words are known. A Chinese character is a known word, kana and Hangul are none."""
        n_known = n_all = 0
        for word, code in zip(low, hashes, strict=True):
            if word[0].isdigit():
                continue
            n_han = 0 if word.isascii() else len(HAN.findall(word))
            foreign = 0 if word.isascii() else len(_KANA_OR_HANGUL.findall(word))
            n_known += n_han or code in self._known
            n_all += n_han + 4 * foreign if n_han or foreign else 1
        return n_known > 0 and n_known >= MIN_KNOWN_SHARE * n_all


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
        weights: how much more slow and fast than evergreen each place speaks for, shape (N_BUCKETS, 2).
        bias: shape (2,).
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
    body = {**manifest, "format": FORMAT, "heads": files, "sha256": _digest(folder, files.values())}
    (folder / "freshness.json").write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _digest(folder: Path, more: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for name in ("freshness.npy", "freshness_words.npy", *more):
        whole.update((folder / name).read_bytes())
    return whole.hexdigest()


def _read(
    folder: Path,
) -> tuple[NDArray[np.float32], NDArray[np.float32], frozenset[int], dict[str, NDArray[np.float32]]]:
    try:
        manifest = json.loads((folder / "freshness.json").read_text(encoding="utf-8"))
        files = dict(manifest.get("heads", {}))
        if manifest.get("format") != FORMAT or _digest(folder, files.values()) != manifest.get("sha256"):
            raise ArtifactError("The freshness weights are not those of their manifest. Reinstall Unisono.")
        heads = {name: np.load(folder / file, allow_pickle=False) for name, file in files.items()}
        table = np.load(folder / "freshness.npy", allow_pickle=False).astype(np.float32)
        marks = np.load(folder / "freshness_words.npy", allow_pickle=False)
    except (OSError, ValueError) as exc:
        raise ArtifactError("The freshness weights cannot be read. Reinstall Unisono.") from exc
    if table.shape != (N_BUCKETS + 1, len(CLASSES) - 1) or marks.ndim != 1:
        raise ArtifactError("The freshness weights have another shape than this version reads. Reinstall Unisono.")
    return table[:-1], table[-1], frozenset(marks.tolist()), heads
