"""Opens the record's SQLite file for writing or for reading, and says in plain words what is wrong with it.

It does not know tables: `migrations.py` does.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import NoneType
from urllib.parse import quote

from unisono.errors import StoreError
from unisono.record.migrations import VERSION, migrate, version_of

BUSY_S = 5.0
"""How long opening, reading and rare writes (scores, purge) wait for a lock of another program."""

SETTLED_NS = 50_000_000
"""A file that was written to before so long would get another stamp by the next write."""
COARSE_NS = 2_100_000_000
"""The same where the stamp is a whole second: some file systems know no finer ones, or whole pairs of seconds."""
_PAGE_BYTES = 8192  # several decisions of about 2 kB a page; at 4096 a larger pool would leave a third of each empty
_WAL_LIMIT_BYTES = 64 * 1024 * 1024
_FOLD_PAGES = 4000
"""The log is folded into the file when it holds so many pages, 32 MB: by then most have been written several times."""


FOLD_BYTES = _FOLD_PAGES * _PAGE_BYTES
"""The same for a long job, which sees to it that the log begins anew: while others write it would grow without end."""
_FOLD_WAIT_MS = 100
_TURN_S = 0.05
"""So long a transaction of a long job is to take: who writes waits for it."""
_ROWS = (10, 100, 500)

_NO_SPACE_BYTES = 1024 * 1024
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def connect_to_write(path: Path, *, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """Open a connection in WAL mode with the current schema; the file is made if it is missing.

    Raises:
        StoreError: the file belongs to another program or to a newer Unisono.
        sqlite3.Error: SQLite refused; see `explain`.
    """
    _create(path)
    _take_as_they_are()
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        version_of(connection)  # before the next line, which would change a file that is not ours
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # counts only while the file is empty
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_FOLD_PAGES}")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path, *, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """Open a connection that can only read. The database must have the current schema.

    Raises:
        StoreError: there is no such file, or its schema is not the current one.
        sqlite3.Error: SQLite refused; see `explain`.
    """
    if not path.exists():
        raise StoreError("there is no such file. It is made by the first start of `unisono serve`.")
    connection = sqlite3.connect(
        _read_only(path), uri=True, timeout=busy_s, isolation_level=None, check_same_thread=False
    )
    try:
        version = version_of(connection)
        if version < VERSION:
            raise StoreError(f"it has the old schema version {version}. Start `unisono serve` once: that upgrades it.")
    except BaseException:
        connection.close()
        raise
    return connection


def copy_to(path: Path, to: Path) -> int:
    """Write what a record holds at this moment into a new file, readable by its owner only.

    It reads one state of the file from beginning to end, so that a busy writer neither waits nor makes it begin again.

    Returns:
        The copy's size in bytes.

    Raises:
        StoreError: there is something at `to`, or the record or the copy's folder cannot be used; nothing is left.
    """
    with told_plainly(path), closing(sqlite3.connect(_read_only(path), uri=True, timeout=BUSY_S)) as connection:
        connection.isolation_level = None
        version_of(connection)
        try:
            os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as exc:
            raise StoreError(f"no copy can be made at {str(to)!r}: {exc.strerror}. Name a new file.") from exc
        try:
            connection.execute("VACUUM INTO ?", (str(to),))
        except BaseException:
            to.unlink()
            raise
        return to.stat().st_size


def version_in(path: Path) -> int:
    """Return the schema version of a record; see `version_of`.

    Raises:
        StoreError: the file cannot be read, belongs to another program or to a newer Unisono.
    """
    with told_plainly(path), closing(sqlite3.connect(_read_only(path), uri=True, timeout=BUSY_S)) as connection:
        return version_of(connection)


def read_salt(connection: sqlite3.Connection) -> bytes:
    """Return the random bytes that this database keys its prompt hashes with."""
    return bytes.fromhex(connection.execute("SELECT value FROM settings WHERE name = 'salt'").fetchone()[0])


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro"


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells this file from another of the same name; None when it is gone.

    SQLite goes on writing to a file that was deleted under it, so an open connection alone proves nothing.
    """
    with suppress(OSError):
        stat = path.stat()
        return stat.st_dev, stat.st_ino
    return None


def settled_stamp(path: Path, *, still_ns: int = SETTLED_NS) -> tuple[int, ...] | None:
    """Return what moves with every change of a record, here or elsewhere; None where a change may still hide in it.

    File systems stamp in steps of milliseconds: two changes within one step look like one.

    Args:
        path: the record.
        still_ns: how long it must not have changed.
    """
    stamp: list[int] = []
    newest_ns = 0
    for name in (os.fspath(path), f"{path}-wal"):
        try:
            found = os.stat(name)  # noqa: PTH116  looked at several times a second
        except OSError:
            stamp += (0, 0, 0)
            continue
        stamp += (found.st_ino, found.st_size, found.st_mtime_ns)
        newest_ns = max(newest_ns, found.st_mtime_ns)
    needed_ns = max(still_ns, SETTLED_NS if newest_ns % 1_000_000_000 else COARSE_NS)
    return tuple(stamp) if time.time_ns() - newest_ns > needed_ns else None


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn every SQLite error in the body, and a `StoreError` without a subject, into one that names the file."""
    try:
        yield
    except StoreError as exc:
        raise StoreError(f"The record {str(path)!r} cannot be used: {exc}") from exc
    except (sqlite3.Error, OSError) as exc:
        raise StoreError(f"The record {str(path)!r} cannot be used: {explain(exc, path)}") from exc


def damage(path: Path, *, limit_s: float) -> str | None:
    """Return what is wrong inside a record's file; None where nothing was found within the time.

    Args:
        path: a SQLite file.
        limit_s: how long to look at most; a large file is looked at in part.
    """
    try:
        with closing(sqlite3.connect(_read_only(path), uri=True, check_same_thread=False)) as connection:
            ending = threading.Timer(limit_s, connection.interrupt)  # the check of a table is one step to SQLite
            ending.start()
            try:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()
            finally:
                ending.cancel()
                ending.join()  # it must not meet a closed connection
    except sqlite3.Error as exc:
        return explain(exc, path) if exc.sqlite_errorcode & 0xFF in _DAMAGED else None  # looked at in part, or locked
    if found is None or found[0] == "ok":
        return None
    return explain(sqlite3.DatabaseError("database disk image is malformed"), path)


def _free_bytes(path: Path) -> int:
    """Return how much may still be written beside a file; much where that cannot be told."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return _NO_SPACE_BYTES


def explain(error: Exception, path: Path, *, free_bytes: Callable[[Path], int] = _free_bytes) -> str:
    """Say in one sentence what a SQLite or file error means and what to do."""
    text = str(error)
    if "disk i/o" in text.lower() and free_bytes(path) < _NO_SPACE_BYTES:  # its index of the log finds no room
        text = f"no space is left in {path.parent}"
    for sign, advice in _ADVICE:
        if sign in text.lower():
            return f"{text}. {advice.format(path=path)}"
    return f"{text}. Look at the file and its folder."


_ADVICE = (
    ("locked", "Another program holds it; end that program, or wait."),
    ("busy", "Another program holds it; end that program, or wait."),
    ("is full", "Free disk space, or lower what is kept."),
    ("no space", "Free disk space, or lower what is kept."),
    ("readonly", "Give this user the right to write the file and its folder."),
    ("permission denied", "Give this user the right to read and write the file and its folder."),
    ("unable to open", "Make sure that the folder exists and that this user may write in it."),
    ("no such file", "Make the folder, or set `store.path` to one that exists."),
    ("not a database", "Move it away (mv {path} {path}.broken) and start again: a new one is made."),
    (
        "malformed",
        "Move it away (mv {path} {path}.broken) and start again; `sqlite3 {path}.broken .recover` saves rows.",
    ),
    ("disk i/o", "Look at the disk; if the file was put back under a running Unisono, start that again."),
)


def _create(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its side files the same rights."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _take_as_they_are() -> None:
    """Tell Python's SQLite that nothing is to be made of None and bytes before they are stored.

    It looks for a way to adapt each such value of a row, and looks longest where there is none: a twelfth of a row.
    """
    for kind in (NoneType, bytes):
        sqlite3.register_adapter(kind, _itself)


def _itself(value: bytes | None) -> bytes | None:
    return value


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the body inside one write transaction: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class Turns:
    """The write transactions of a long job, one after the other: others write in between, and the log stays short.

    Attributes:
        n_rows: so many rows the next transaction is to change, by how long the last one took; ten to five hundred.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        rest: Callable[[float], None],
        clock_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Write through `connection` to the record at `path`; `rest` waits so many seconds."""
        self._connection = connection
        self._log = path.with_name(f"{path.name}-wal")
        self._rest = rest
        self._clock_s = clock_s
        self.n_rows = _ROWS[1]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the body inside a transaction, then rest for as long as it took: SQLite keeps no queue of who waits."""
        began_s = self._clock_s()
        with transaction(self._connection):
            yield
        took_s = self._clock_s() - began_s
        fitting = round(self.n_rows * min(max(_TURN_S / took_s, 0.5), 2.0)) if took_s else self.n_rows
        self.n_rows = min(max(fitting, _ROWS[0]), _ROWS[2])
        self._fold()
        self._rest(took_s)

    def _fold(self) -> None:
        """Begin the log anew where it has grown long, unless somebody reads it: then after the next transaction."""
        if not self._log.exists() or self._log.stat().st_size <= FOLD_BYTES:
            return
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # most of it, while others write
        before_ms = self._connection.execute("PRAGMA busy_timeout").fetchone()[0]
        self._connection.execute(f"PRAGMA busy_timeout = {_FOLD_WAIT_MS}")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.execute(f"PRAGMA busy_timeout = {before_ms}")


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a short-lived write connection for a rare job; errors come out as `StoreError`."""
    with told_plainly(path), closing(connect_to_write(path)) as connection:
        yield connection
