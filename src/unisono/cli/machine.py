"""What `unisono doctor` says of this machine: Python, packages, the port, open files, and the record with its disk.

It writes nothing and mends nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from unisono.cli.finding import Finding
from unisono.config.files import files_for

LOOK_S = 1.5
"""How long the record's file is looked at: some hundred megabytes."""
OLDEST_PYTHON = (3, 11)
_MIB = 1024 * 1024
_LITTLE_BYTES = 1024 * _MIB
_NO_SPACE_BYTES = 64 * _MIB
_SQLITE_MAGIC = b"SQLite format 3\x00"
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (where a server on every address is asked)


def python_version(version: tuple[int, ...]) -> Finding:
    """Say whether this Python is new enough."""
    named = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return Finding(
            check="python", state="fail", text=f"this is Python {named}", todo="install Python 3.11 or newer"
        )
    return Finding(check="python", state="ok", text=named)


def demo_packages() -> Finding:
    """Say whether `unisono demo` has its models; only the demo needs them."""
    from unisono.demo.pool import missing_packages

    missing = missing_packages()
    if missing:
        text = "the packages of `unisono demo` are not installed; nothing else needs them"
        return Finding(check="demo", state="warn", text=text, todo=" && ".join(missing))
    return Finding(check="demo", state="ok", text="the models of `unisono demo` are installed")


def port(host: str, number: int) -> Finding:
    """Say whether the server can listen there, or does so already."""
    address = f"{host}:{number}"
    if number == 0:
        return Finding(check="port", state="ok", text=f"{host}, a free port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as exc:
            if (version := _unisono_at(host, number)) is not None:
                return Finding(check="port", state="ok", text=f"a Unisono serves at {address} already ({version})")
            what = exc.strerror or str(exc)
            todo = "stop what uses it, or set another server.port"
            return Finding(check="port", state="fail", text=f"cannot listen on {address}: {what}", todo=todo)
    return Finding(check="port", state="ok", text=f"{address} is free")


def _unisono_at(host: str, number: int, *, limit_s: float = 1.0) -> str | None:
    """Return the version of the Unisono that answers there; None where something else or nothing does."""
    import http.client

    asked = http.client.HTTPConnection(_ANY.get(host, host), number, timeout=limit_s)
    try:
        asked.request("GET", "/")
        told = json.loads(asked.getresponse().read(_MIB))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        asked.close()
    return str(told.get("version")) if isinstance(told, dict) and told.get("name") == "unisono" else None


def open_files(max_requests: int, *, allowed: int | None) -> Iterator[Finding]:
    """Warn where this user may have too few files open for as many requests as may be in hand."""
    needed = files_for(max_requests)
    if allowed is not None and allowed < needed:
        text = f"{allowed} files may be open; {max_requests} requests in hand (server.max_requests) need about {needed}"
        todo = "raise the limit (ulimit -Hn, LimitNOFILE= of systemd), or lower server.max_requests"
        yield Finding(check="open files", state="warn", text=text, todo=todo)


def store(path: Path) -> Iterator[Finding]:
    """Say whether the record can be written, has room, and is not open to every user of the machine."""
    folder = path.parent
    if not folder.is_dir():
        yield Finding(check="store", state="fail", text=f"there is no folder {folder}", todo=f"mkdir -p {folder}")
        return
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK) or not os.access(folder, os.W_OK):
        todo = "give this user the right to write the file and its folder, or set another store.path"
        yield Finding(check="store", state="fail", text=f"{path} cannot be written", todo=todo)
        return
    yield _store_file(path)
    yield disk_space(shutil.disk_usage(folder).free, folder=folder)


def _store_file(path: Path) -> Finding:
    from unisono.record.database import damage

    if not path.exists() or path.stat().st_size == 0:
        return Finding(check="store", state="ok", text=f"{path} will be made")
    if not is_record(path):
        text, todo = f"{path} is not a SQLite file", "set another store.path; that file is something else"
        return Finding(check="store", state="fail", text=text, todo=todo)
    if (why := damage(path, limit_s=LOOK_S)) is not None:
        todo = "stop the server, then as it says; or put a copy from before in its place"
        return Finding(check="store", state="fail", text=f"{path} is damaged: {why}", todo=todo)
    if (found := _version(path)) is not None:
        return found
    if path.stat().st_mode & stat.S_IROTH:
        text = f"{path} can be read by every user of this machine"
        return Finding(check="store", state="warn", text=text, todo=f"chmod 600 {path}")
    return Finding(check="store", state="ok", text=str(path))


def _version(path: Path) -> Finding | None:
    """Say that the record is another version's, if it is."""
    from unisono.errors import StoreError
    from unisono.record.database import version_in
    from unisono.record.migrations import VERSION

    try:
        version = version_in(path)
    except StoreError as exc:
        return Finding(check="store", state="fail", text=str(exc), todo="as it says")
    if version == VERSION:
        return None
    text = f"{path} is of an older Unisono (schema {version}); the start of `unisono serve` upgrades it to {VERSION}"
    return Finding(check="store", state="warn", text=text, todo="make a copy first: `unisono log copy FILE`")


def disk_space(free_bytes: int, *, folder: Path) -> Finding:
    """Say whether the record has room to grow."""
    text = f"{free_bytes / _MIB:,.0f} MiB free at {folder}"
    if free_bytes < _NO_SPACE_BYTES:
        return Finding(check="disk", state="fail", text=text, todo="free some space, or move store.path")
    if free_bytes < _LITTLE_BYTES:
        return Finding(check="disk", state="warn", text=text, todo="the record grows; plan for more space")
    return Finding(check="disk", state="ok", text=text)


def is_record(path: Path) -> bool:
    """Say whether a SQLite file is there, and can be read."""
    try:
        with path.open("rb") as opened:
            return opened.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError:
        return False
