"""Model files are found, verified and put together; a wrong one is one line that says what to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from unisono.errors import StartError
from unisono.upstream import packaged
from unisono.upstream.packaged import Packaged, locate


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
    monkeypatch.setattr(packaged, "PACKAGED", {"unisono_test_model_c": known})
    path = locate("package:unisono_test_model_c")
    path.write_bytes(b"evil")
    with pytest.raises(StartError, match=r"sha256.*pip install c==1"):
        locate("package:unisono_test_model_c")
