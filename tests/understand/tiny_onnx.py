"""A whole sentence encoder of four words on disk: a real ONNX model and a real tokenizer, written byte by byte."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

WORDS = ("[UNK]", "sum", "poem", "code")
_FLOAT, _INT64 = 1, 7


def _varint(n: int) -> bytes:
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def _number(field: int, n: int) -> bytes:
    return _varint(field << 3) + _varint(n)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _info(name: str, kind: int, dims: list[str | int]) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, d.encode()) if isinstance(d, str) else _number(1, d)) for d in dims)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, shape)))


def _model(table: np.ndarray) -> bytes:
    """Return an ONNX model that looks token ids up in `table`, shape (n, dim)."""
    rows = b"".join(_number(1, n) for n in table.shape) + _number(2, _FLOAT) + _bytes(8, b"table")
    rows += _bytes(9, table.astype("<f4").tobytes())
    node = _bytes(1, b"table") + _bytes(1, b"input_ids") + _bytes(2, b"last_hidden_state") + _bytes(4, b"Gather")
    graph = _bytes(1, node) + _bytes(2, b"tiny") + _bytes(5, rows)
    graph += _bytes(11, _info("input_ids", _INT64, ["batch", "n"]))
    graph += _bytes(12, _info("last_hidden_state", _FLOAT, ["batch", "n", table.shape[1]]))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, 13))


def tiny_encoder(folder: Path, *, pooling: str = "mean", prefix: str = "") -> Path:
    """Write a folder as sentence-transformers does, with vectors that tell its words apart."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").write_bytes(_model(np.eye(4, dtype=np.float32)))
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": pooling == "cls"}))
    if prefix:
        prompts = {"prompts": {"query": prefix}, "default_prompt_name": "query"}
        (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    return folder
