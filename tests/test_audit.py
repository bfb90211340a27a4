"""The audit of what an installation brings finds what it is there to find."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "audit.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def installed(
    folder: Path, *, version: str = "1.0", licence: str = "MIT", more: str = ""
) -> dict[str, metadata.Distribution]:
    """Write a package of one file as an installer would, and return it by name."""
    about = folder / f"thing-{version}.dist-info"
    about.mkdir(parents=True)
    (folder / "thing.py").write_bytes(b"x = 1\n")
    (about / "METADATA").write_text(f"Name: thing\nVersion: {version}\nLicense-Expression: {licence}\n")
    (about / "RECORD").write_text(f"thing.py,sha256=nia_NpkRxFwkPGhBR7I_yeHc_PJX0pmhxjIBam_NM_Q,6\n{more}")
    return {"thing": metadata.Distribution.at(about)}


def test_a_release_known_to_be_bad_is_found(audit: ModuleType, tmp_path: Path) -> None:
    found = installed(tmp_path, version="1.82.8")
    assert list(audit.known_bad(found, listed="# a comment\nthing ==1.82.8: a trojan\n")) != []
    assert list(audit.known_bad(found, listed="thing <1.82.8: an advisory\nother <9: another\n")) == []


def test_a_licence_that_does_not_fit_is_found(audit: ModuleType, tmp_path: Path) -> None:
    for n, (licence, n_found) in enumerate({"MIT": 0, "AGPL-3.0": 1, "MIT OR GPL-2.0": 0, "": 1}.items()):
        assert len(list(audit.bad_licences(installed(tmp_path / str(n), licence=licence)))) == n_found, licence


def test_a_file_that_was_changed_or_taken_away_is_found(audit: ModuleType, tmp_path: Path) -> None:
    found = installed(tmp_path)
    assert list(audit.changed_files(found)) == []
    (tmp_path / "thing.py").write_bytes(b"x = 2\n")
    assert "changed" in next(audit.changed_files(found))
    (tmp_path / "thing.py").unlink()
    assert "missing" in next(audit.changed_files(found))


def test_code_that_starts_with_every_python_is_found(audit: ModuleType, tmp_path: Path) -> None:
    found = installed(tmp_path, more="start.pth,,\n")
    (tmp_path / "start.pth").write_text("import os; os.getcwd()\n")
    assert "every start" in next(audit.self_starters(found))
    (tmp_path / "start.pth").write_text("/only/a/path\n")
    assert list(audit.self_starters(found)) == []


def test_a_dependency_with_an_address_of_its_own_is_found(audit: ModuleType) -> None:
    assert list(audit.loose_pins('dependencies = ["thing @ https://example.org/thing.whl", "other>=1"]')) != []


def test_what_this_project_brings_is_looked_at_whole(audit: ModuleType) -> None:
    found = audit.closure()
    assert {"unisono", "aiohttp", "starlette", "numpy", "yarl"} <= set(found)
