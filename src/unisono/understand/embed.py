"""Texts to unit vectors with a static encoder: the mean of fixed token vectors, in under a millisecond.

It does not import the `wordllama` package (which pulls a web client and a validation library) but reads the two
data files inside it, and it does not download anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from unisono.errors import ArtifactError
from unisono.types import Vector
from unisono.understand.codes import codes_of, within
from unisono.understand.kept import Kept
from unisono.understand.surface import clip

if TYPE_CHECKING:
    from io import BufferedReader

    from numpy.typing import NDArray
    from tokenizers import Encoding, Token, Tokenizer

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
_BLANK = "▁"
"""A blank inside the tokenizer."""
_ODD = re.compile(r"[^\S \n]|▁")
"""Blanks other than the plain one and a line's end, and the mark that stands for one."""
_ODD_ASCII = "".join(mark for mark in map(chr, range(128)) if _ODD.match(mark))
_WIDE_RANGES = (0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFFEF)
_WIDE = re.compile(f"([{''.join(f'{chr(low)}-{chr(high)}' for low, high in _WIDE_RANGES)}])")
"""A character of a script without blanks between words."""
_ID_BYTES = 8
MAX_ROWS = 8_192
"""Token vectors kept in single precision, 8 MB."""
MAX_TOKENS = 1_536
"""A bound for scripts with several tokens a character: again the first and the last half count."""


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
        tokenizer = _read_tokenizer(place / TOKENIZER)
        self._encode = partial(tokenizer.encode, add_special_tokens=False)
        self._words = _Words(self._encode, tokenizer.model.tokenize)

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
        total = np.add.reduce(self._rows.of(ids), axis=0)
        length = float(np.sqrt(np.dot(total, total)))
        if length > 0.0:
            np.divide(total, np.float32(length), out=row)

    def _ids(self, text: str) -> NDArray[np.int64]:
        readable = clip(text, MAX_CHARS)
        if not readable.isascii():  # lone surrogates can come out of JSON escapes and are no text to the tokenizer
            readable = _without_middle(readable.encode("utf-8", "replace").decode("utf-8"))
        if not readable.strip():
            return np.empty(0, dtype=np.int64)
        ids = self._word_by_word(readable)
        if ids.size > MAX_TOKENS:
            half = MAX_TOKENS // 2
            ids = np.concatenate((ids[:half], ids[-half:]))
        return ids

    def _word_by_word(self, text: str) -> NDArray[np.int64]:
        """Return a text's token ids. Every token of this vocabulary lies within one word, so words are read once."""
        if _is_odd(text):
            return np.array(self._encode(text).ids, dtype=np.int64)
        text = text.replace("\n", " \n")  # a line's end begins a word
        parts: Iterable[str] = text.split(" ")
        if "  " in text or text[0] == " " or text[-1] == " ":
            parts = _with_blanks(parts)
        return np.frombuffer(b"".join(map(self._words.__getitem__, parts)), dtype=np.int64)


def _without_middle(text: str) -> str:
    """Return a text without what stands behind the first and before the last `MAX_TOKENS // 2` wide characters.

    Each of them is a token at least, and no token reaches over one: what is left out would not be read.
    """
    half = MAX_TOKENS // 2
    if len(text) <= MAX_TOKENS:
        return text
    wide = np.flatnonzero(within(codes_of(text), *_WIDE_RANGES))
    return text if wide.size <= MAX_TOKENS else text[: wide[half - 1] + 1] + text[wide[-half] :]


def _is_odd(text: str) -> bool:
    """Say whether a text has blanks other than the plain one and a line's end, or the mark inside the tokenizer."""
    if text.isascii():
        return any(map(text.__contains__, _ODD_ASCII))  # a twentieth of the time of a search
    if text.replace("\n", "").isprintable():  # then it has no such blank
        return _BLANK in text
    return _ODD.search(text) is not None


def _with_blanks(parts: Iterable[str]) -> Iterable[str]:
    """Yield words; one with further blanks before it, empty parts here, has all its blanks in front."""
    n_more = 0
    for part in parts:
        if not part:
            n_more += 1
            continue
        yield part if n_more == 0 else " " * (n_more + (part[0] != "\n")) + part
        n_more = 0
    if n_more:
        yield " " * n_more


class _Words(Kept[bytes]):
    """The token ids of words, eight bytes each."""

    max_words = 32_768

    def __init__(self, encode: Callable[[str], Encoding], cut: Callable[[str], list[Token]]) -> None:
        """Read with a tokenizer.

        Args:
            encode: the whole of it.
            cut: its model alone, which takes half of the time.
        """
        super().__init__()
        self._encode = encode
        self._pieces = _Pieces(cut)

    def _made(self, word: str) -> bytes:
        # The tokenizer puts a blank before a text: a line's end has none before it, and of several one is that.
        ids = self._ids(word[1:] if word[0] == " " else word)
        if word[0] == "\n":
            return ids[_ID_BYTES:]
        return self._ids("\n")[:_ID_BYTES] if word == " " else ids

    def _ids(self, word: str) -> bytes:
        if "<" in word or not word:  # it may be a mark of the tokenizer's own, such as "<s>"
            return array("q", self._encode(word).ids).tobytes()
        return self._pieces.ids(f"{_BLANK}{word.replace(' ', _BLANK)}")


class _Pieces(Kept[bytes]):
    """The token ids of single wide characters and of what stands between them: no token of this vocabulary has two."""

    def __init__(self, cut: Callable[[str], list[Token]]) -> None:
        super().__init__()
        self._cut = cut

    def ids(self, word: str) -> bytes:
        """Return the token ids of a word, which is read character by character where its script has no blanks."""
        if word.isascii() or _WIDE.search(word) is None:
            return self._made(word)
        return b"".join(map(self.__getitem__, _WIDE.split(word)))

    def _made(self, word: str) -> bytes:
        return array("q", [token.id for token in self._cut(word)]).tobytes()


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

    def of(self, ids: NDArray[np.int64]) -> Vector:
        """Return the vectors of at least one and at most `MAX_ROWS` tokens, shape (len(ids), DIM)."""
        kept = self._kept
        places = kept.place.take(ids)
        if places.min() < 0:
            with self._lock:
                kept = self._made(ids)
            places = kept.place.take(ids)
        found: Vector = kept.rows.take(places, axis=0)  # three quarters of the time of kept.rows[places]
        return found

    def _made(self, ids: NDArray[np.int64]) -> _Kept:
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


def _distinct(ids: NDArray[np.int64]) -> NDArray[np.int64]:
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
