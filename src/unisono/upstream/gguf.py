"""Reads the header of a GGUF model file: the shape of the model in it. It loads no model."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from unisono.errors import StartError

_BLOCK_BYTES = 1 << 20
_LONGEST_LIST = 4096
"""Lists beyond this are the vocabulary: nothing that we read comes after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a GGUF file's header says about the model; None where it says nothing."""

    architecture: str
    n_layers: int | None
    n_kv_heads: int | None
    key_length: int | None
    value_length: int | None
    context_tokens: int | None


def read_shape(path: Path) -> Shape:
    """Read the header of a GGUF file, up to its vocabulary.

    Raises:
        StartError: it cannot be read, or is no GGUF file.

    Source: the GGUF specification, versions 2 and 3 (in the ggml project's documentation).
    """
    try:
        with path.open("rb") as file:
            facts = _facts(file)
    except (OSError, struct.error, UnicodeDecodeError, KeyError, MemoryError, OverflowError) as exc:
        raise StartError(f"{path} cannot be read as a GGUF model: {exc}. Name another file in `file`.") from exc
    if facts is None:
        raise StartError(f"{path} is not a GGUF model. Name a file in llama.cpp's format in `file`.")
    return _shape(facts)


def _facts(file: BinaryIO) -> dict[str, object] | None:
    magic, version = struct.unpack("<4sI", file.read(8))
    if magic != b"GGUF" or version < 2:
        return None
    _, n_pairs = struct.unpack("<QQ", file.read(16))
    facts: dict[str, object] = {}
    for _ in range(n_pairs):
        key = _text(file)
        (kind,) = struct.unpack("<I", file.read(4))
        value = _value(file, kind)
        if value is _TooLong:
            break
        facts[key] = value
    return facts


class _TooLong:
    """Stands for a list that is not read."""


_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _LIST = 8, 9


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _TEXT:
        return _text(file)
    if kind == _LIST:
        inner, length = struct.unpack("<IQ", file.read(12))
        return _TooLong if length > _LONGEST_LIST else [_value(file, inner) for _ in range(length)]
    form = _FORMATS[kind]
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    return file.read(min(length, _BLOCK_BYTES)).decode()


def _shape(facts: Mapping[str, object]) -> Shape:
    architecture = str(facts.get("general.architecture", "unknown"))

    def number(key: str) -> int | None:
        value = facts.get(f"{architecture}.{key}")
        if isinstance(value, list):  # one per layer: the largest is safe
            value = max((v for v in value if isinstance(v, int)), default=None)
        return value if isinstance(value, int) else None

    n_heads = number("attention.head_count")
    width = number("embedding_length")
    head = width // n_heads if width and n_heads else None
    return Shape(
        architecture=architecture,
        n_layers=number("block_count"),
        n_kv_heads=number("attention.head_count_kv") or n_heads,
        key_length=number("attention.key_length") or head,
        value_length=number("attention.value_length") or head,
        context_tokens=number("context_length"),
    )
