"""The header of a model file is read; a damaged one is one line that says what to do."""

from __future__ import annotations

import struct
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from unisono.errors import StartError
from unisono.upstream.gguf import Shape, read_shape


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def number(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", 4, value)


def model_bytes(*more: bytes) -> bytes:
    pairs = [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        number("llama.block_count", 30),
        number("llama.context_length", 2048),
        number("llama.embedding_length", 576),
        number("llama.attention.head_count", 9),
        number("llama.attention.head_count_kv", 3),
        *more,
    ]
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs)


def test_the_shape_is_read_and_reading_stops_at_the_vocabulary(tmp_path: Path) -> None:
    vocabulary = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 50_000)
    path = tmp_path / "m.gguf"
    path.write_bytes(model_bytes(vocabulary))
    shape = read_shape(path)
    assert shape == Shape(
        architecture="llama", n_layers=30, n_kv_heads=3, key_length=64, value_length=64, context_tokens=2048
    )


def test_layers_with_different_heads_count_as_the_largest(tmp_path: Path) -> None:
    heads = text("llama.attention.head_count_kv") + struct.pack("<IIQ3I", 9, 4, 3, 2, 8, 4)
    path = tmp_path / "m.gguf"
    path.write_bytes(model_bytes(heads))
    assert read_shape(path).n_kv_heads == 8


@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_damaged_file_is_always_a_start_error(noise: bytes, cut: int) -> None:
    import tempfile

    whole = model_bytes()
    with tempfile.TemporaryDirectory() as folder:
        for content in (noise, whole[:cut], whole[:24] + noise):
            path = Path(folder) / "m.gguf"
            path.write_bytes(content)
            try:
                read_shape(path)
            except StartError as exc:
                assert "m.gguf" in str(exc)
