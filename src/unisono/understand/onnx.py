"""Texts to unit vectors with any ONNX sentence encoder on disk: a sentence-transformers folder, or a model file.

Beside the model it needs `tokenizer.json`. A folder with weights but no ONNX model must be exported first; the error
says how. It downloads nothing: `hub` does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from unisono.errors import ArtifactError
from unisono.types import Vector
from unisono.understand.ends import readable
from unisono.understand.session import Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODELS = ("onnx/model.onnx", "model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
MAX_TOKENS = 128
"""Of a longer text the first and the last half of this are read."""
CHARS_A_TOKEN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What lies on disk: the model, its tokenizer, how token vectors become one, what is put in front of a text."""

    model: Path
    tokenizer: Path
    pooling: Literal["mean", "cls"]
    prefix: str


def find(place: Path) -> Files:
    """Find the parts of an encoder.

    Args:
        place: a folder as sentence-transformers saves it, or a model's file with the tokenizer beside or above it.

    Raises:
        ArtifactError: a part is missing; says what to do.
    """
    if place.is_dir():
        model = next((place / name for name in MODELS if (place / name).is_file()), None)
        if model is None:
            raise ArtifactError(
                f"The encoder {place.name!r} holds no ONNX model. Export it once: "
                f"optimum-cli export onnx --task feature-extraction --model {place.name} {place.name}/onnx"
            )
        folders = [place, model.parent]
    elif place.is_file():
        model, folders = place, [place.parent, place.parent.parent]
    else:
        raise ArtifactError(f"The encoder {place} is not there. Mend `path` under [encoder].")
    tokenizer = next((f / "tokenizer.json" for f in folders if (f / "tokenizer.json").is_file()), None)
    if tokenizer is None:
        raise ArtifactError(f"The encoder {place.name!r} has no tokenizer.json beside its model; save it there.")
    pooling = _read_json(next((f / "1_Pooling" / "config.json" for f in folders if (f / "1_Pooling").is_dir()), None))
    prompts = _read_json(folders[0] / "config_sentence_transformers.json")
    named = prompts.get("prompts") or {}
    return Files(
        model=model,
        tokenizer=tokenizer,
        pooling="cls" if pooling.get("pooling_mode_cls_token") else "mean",
        prefix=str(named.get(prompts.get("default_prompt_name") or "query") or ""),
    )


class OnnxEncoder:
    """An ONNX model that takes token ids and gives token vectors, or one vector under the name `sentence_embedding`.

    Its name holds a hash of model, tokenizer, pooling and prefix, so an artifact knows the encoder it was trained with.
    Every text is encoded on its own, so a batch gives the same bits as single calls.
    """

    def __init__(self, place: Path, *, sha256: str | None = None) -> None:
        """Load an encoder.

        Args:
            place: see `find`.
            sha256: what the model's file must have; None takes any.

        Raises:
            StartError: onnxruntime is not installed.
            ArtifactError: a part is missing, not the pinned one, or cannot be read.
        """
        from tokenizers import Tokenizer

        files = find(place)
        digest = _digest(files.model)
        if sha256 is not None and digest != sha256.lower():
            raise ArtifactError(
                f"The encoder {files.model.name!r} has the SHA-256 {digest}, `sha256` under [encoder] says {sha256}."
            )
        try:
            self._tokenizer = Tokenizer.from_buffer(files.tokenizer.read_bytes())
        except (OSError, ValueError) as exc:
            raise ArtifactError(f"The file tokenizer.json of {place.name!r} is no tokenizer: {exc}") from exc
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._prefix, self._pooling = files.prefix, files.pooling
        self._session = Session(files.model)
        self._output = next((o for o in self._session.outputs if o == "sentence_embedding"), self._session.outputs[0])
        whole = f"{digest} {_digest(files.tokenizer)} {files.pooling} {files.prefix} {MAX_TOKENS}"
        self._name = f"onnx-{hashlib.sha256(whole.encode()).hexdigest()[:16]}"
        self._dim = int(self._vector("a").size)

    @property
    def name(self) -> str:
        """Identity that artifacts are bound to."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def encode(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (len(texts), dim), float32. Empty text gives zeros."""
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        for row, text in enumerate(texts):
            if text.strip():
                vector = self._vector(text)
                vectors[row] = vector / max(float(np.sqrt(np.dot(vector, vector))), 1e-12)
        return vectors

    def _vector(self, text: str) -> Vector:
        ids = self._ids(text)
        inputs: dict[str, NDArray[np.generic]] = {}
        for name in self._session.inputs:
            inputs[name] = np.zeros_like(ids) if name == "token_type_ids" else np.ones_like(ids)
        inputs["input_ids"] = ids
        found: Vector = self._session.run(self._output, inputs)[0].astype(np.float32)
        if found.ndim == 1:
            return found
        pooled: Vector = found[0] if self._pooling == "cls" else found.mean(axis=0)
        return pooled

    def _ids(self, text: str) -> NDArray[np.int64]:
        head, tail = readable(text, MAX_TOKENS * CHARS_A_TOKEN)
        ids = self._tokenizer.encode(self._prefix + (f"{head}\n{tail}" if tail else head)).ids
        half = MAX_TOKENS // 2
        return np.array([ids if len(ids) <= MAX_TOKENS else ids[:half] + ids[-half:]], dtype=np.int64)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_json(file: Path | None) -> dict[str, Any]:
    try:
        read = {} if file is None else json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
