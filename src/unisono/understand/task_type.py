"""What kind of task a text is, with calibrated probabilities: a linear map of the embedding and the surface facts.

It was trained by `lab/task_type.py` for the encoders that come with Unisono; with another encoder nothing is said. It
moves no decision: it tells people and metrics what the prompts are about.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from unisono.errors import ArtifactError
from unisono.types import TaskType, Vector

FOLDER = Path(__file__).parent / "default"
ARRAYS = "task_type.safetensors"
MANIFEST = "task_type.json"


class TaskTypes:
    """Immutable after loading."""

    def __init__(self, weights: Vector, bias: Vector, *, names: tuple[str, ...]) -> None:
        """Take weights (n_types, dim + n_surface) and bias (n_types,), with scales and temperature in them."""
        self._weights, self._bias, self._names = weights, bias, names

    def read(self, surface: Vector, embedding: Vector | None) -> TaskType | None:
        """Return the most probable type; None where the text was not encoded."""
        if embedding is None or not embedding.any():
            return None
        logits = self._weights @ np.concatenate((embedding, surface)) + self._bias
        shares = np.exp(logits - np.maximum.reduce(logits))
        place = int(shares.argmax())
        return TaskType(name=self._names[place], probability=float(shares[place] / np.add.reduce(shares)))


def load(encoder: str, folder: Path = FOLDER) -> TaskTypes | None:
    """Return the reader for an encoder's vectors; None where there is none.

    Raises:
        ArtifactError: the weights are missing, damaged, or not those of the manifest.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as unpack

    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        content = (folder / ARRAYS).read_bytes()
        arrays = unpack(content)
    except (OSError, ValueError, SafetensorError) as exc:
        raise ArtifactError("The weights for task types cannot be read. Reinstall Unisono.") from exc
    if hashlib.sha256(content).hexdigest() != manifest.get("sha256"):
        raise ArtifactError("The weights for task types are not those of their manifest. Reinstall Unisono.")
    if f"{encoder}.weights" not in arrays:
        return None
    return TaskTypes(
        arrays[f"{encoder}.weights"].astype(np.float32),
        arrays[f"{encoder}.bias"].astype(np.float32),
        names=tuple(manifest["types"]),
    )


def save(folder: Path, *, arrays: dict[str, Vector], manifest: dict[str, object]) -> None:
    """Write weights and manifest; the same numbers give the same bytes."""
    from safetensors.numpy import save as pack

    content = pack({name: np.ascontiguousarray(array.astype(np.float16)) for name, array in sorted(arrays.items())})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ARRAYS).write_bytes(content)
    body = {**manifest, "sha256": hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")
