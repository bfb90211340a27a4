"""Texts to unit vectors with a static encoder: the mean of fixed token vectors, in under a millisecond.

It does not import the `wordllama` package (which pulls a web client and a validation library) but reads the two
data files inside it, and it does not download anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from unisono.errors import ArtifactError
from unisono.types import Vector
from unisono.understand.surface import clip
from unisono.understand.token_ids import Ids, TokenReader

if TYPE_CHECKING:
    from io import BufferedReader

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

NAME = "wordllama-l2-256"
DIM = 256
WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
SHA256 = {
    WEIGHTS: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
    TOKENIZER: "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
}
MAX_CHARS = 4_000
"""Of a longer text only the first and the last half of this are read; the middle is not."""
MAX_ROWS = 8_192
"""Token vectors kept in single precision, 8 MB."""
BLOCK = 256
"""So many vectors are added at once: they stay in the processor's cache meanwhile."""


class StaticEncoder:
    """wordllama's 256 dimensions (MIT), mean pooled: mainly English, weak but not blind elsewhere.

    A text is read up to `MAX_CHARS` characters: the first 2,000 and the last 2,000 of a longer one, where task and
    question usually stand. Every text is encoded on its own, so a batch gives the same bits as single calls, and the
    tokenizer's thread pool (the one that warns about `TOKENIZERS_PARALLELISM` after a fork) is never started.

    The vectors stay in half precision in their file, which is mapped (16 MB, shared by all workers); those of tokens
    that were met lately are in memory in single precision, in which sums are made.

    Source: D. L. Miller, WordLlama 0.4 (token vectors distilled from language models' input embeddings).
    Not for: word order, negation, long documents whose middle matters.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Load and verify the weights.

        Args:
            folder: the folder of the installed `wordllama` package; found by itself when None.

        Raises:
            ArtifactError: a file is missing, is not the pinned one, or cannot be read.
        """
        place = _package_folder() if folder is None else folder
        self._rows = _Rows(_mapped_table(place / WEIGHTS))
        self._tokens = TokenReader(_read_tokenizer(place / TOKENIZER))

    @property
    def name(self) -> str:
        """Identity that artifacts are bound to."""
        return NAME

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return DIM

    def encode(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (len(texts), 256), float32. Empty text gives zeros."""
        vectors = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in enumerate(texts):
            self._encode_into(vectors[row], text)
        return vectors

    def _encode_into(self, row: Vector, text: str) -> None:
        ids = self._ids(text)
        if ids.size == 0:
            return
        total = self._rows.sum(ids)
        length = float(np.sqrt(np.dot(total, total)))
        if length > 0.0:
            np.divide(total, np.float32(length), out=row)

    def _ids(self, text: str) -> Ids:
        readable = clip(text, MAX_CHARS)
        if not readable.isascii():
            readable = _without_surrogates(readable)
        return self._tokens.ids(readable) if readable.strip() else np.empty(0, dtype=np.int64)


def _without_surrogates(text: str) -> str:
    """Return a text that the tokenizer can read: lone surrogates can come out of JSON escapes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


class _Kept:
    """Rows in single precision with their places by token id, -1 for tokens that have none."""

    def __init__(self, n_ids: int) -> None:
        self.place = np.full(n_ids, -1, dtype=np.int32)
        self.rows: Vector = np.empty((MAX_ROWS, DIM), dtype=np.float32)
        self.n = 0


class _Rows:
    """The vectors of tokens in single precision, made when first met: to make them anew each time costs most of all."""

    def __init__(self, half: NDArray[np.float16]) -> None:
        self._half = half
        self._kept = _Kept(len(half))
        self._lock = Lock()  # scores are read in a thread beside the event loop

    def sum(self, ids: Ids) -> Vector:
        """Return the sum of the vectors of at least one and at most `MAX_ROWS` tokens, one after the other."""
        kept = self._kept
        places = kept.place.take(ids)
        if places.min() < 0:
            with self._lock:
                kept = self._made(ids)
            places = kept.place.take(ids)
        total: Vector = np.add.reduce(kept.rows.take(places[:BLOCK], axis=0), axis=0)
        if places.size > BLOCK:
            block: Vector = np.empty((BLOCK + 1, DIM), dtype=np.float32)
            for begin in range(BLOCK, places.size, BLOCK):
                some = places[begin : begin + BLOCK]
                rows = block[: some.size + 1]
                rows[0] = total
                kept.rows.take(some, axis=0, out=rows[1:], mode="clip")
                np.add.reduce(rows, axis=0, out=total)
        return total

    def _made(self, ids: Ids) -> _Kept:
        """Return rows with these tokens among them; when there is no more room, begin anew."""
        kept = self._kept
        new = _distinct(ids[kept.place[ids] < 0])
        if kept.n + new.size > MAX_ROWS:
            kept = self._kept = _Kept(len(self._half))  # who still reads the old ones keeps them
            new = _distinct(ids)
        until = kept.n + new.size
        kept.rows[kept.n : until] = self._half[new]
        kept.place[new] = np.arange(kept.n, until, dtype=np.int32)
        kept.n = until
        return kept


def _distinct(ids: Ids) -> Ids:
    """Return each id once: of a few ids in a third of the time of `np.unique`."""
    return np.array(list(set(ids.tolist())), dtype=np.int64)


def _package_folder() -> Path:
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ArtifactError("The encoder's weights are missing: the package wordllama is not installed. Install it.")
    return Path(next(iter(spec.submodule_search_locations)))


def _mapped_table(file: Path) -> NDArray[np.float16]:
    """Return the vectors of all tokens as they lie in the file: memory that the workers of a machine share."""
    try:
        with file.open("rb") as content:
            _verify(content, WEIGHTS)
            content.seek(0)
            n_header = int.from_bytes(content.read(8), "little")
            place = json.loads(content.read(n_header))["embedding.weight"]
            offset = 8 + n_header + place["data_offsets"][0]
            table = np.memmap(content, dtype="<f2", mode="r", offset=offset, shape=tuple(place["shape"]))
    except OSError as exc:
        raise _unreadable(WEIGHTS, exc) from exc
    return np.asarray(table)


def _read_tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        with file.open("rb") as content:
            _verify(content, TOKENIZER)
            content.seek(0)
            tokenizer: Tokenizer = Tokenizer.from_buffer(content.read())
    except OSError as exc:
        raise _unreadable(TOKENIZER, exc) from exc
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _verify(content: BufferedReader, name: str) -> None:
    if hashlib.file_digest(content, "sha256").hexdigest() != SHA256[name]:
        raise ArtifactError(f"The encoder's file {name} is not the pinned one. Reinstall wordllama==0.4.0.post1.")


def _unreadable(name: str, exc: OSError) -> ArtifactError:
    return ArtifactError(f"The encoder's file {name} cannot be read: {exc.strerror}. Reinstall wordllama.")
