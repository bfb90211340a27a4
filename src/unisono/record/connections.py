"""Read-only connections to one record, lent to threads and kept for the next."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from unisono.errors import StoreError
from unisono.record.database import connect_to_read, file_identity, told_plainly

_MAX_IDLE = 4


class ReadConnections:
    """Connections to one file; those to a file that was replaced by another are closed. Safe to use from threads."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._idle: deque[tuple[tuple[int, int] | None, sqlite3.Connection]] = deque()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one read transaction: all queries of the body see the same moment.

        Raises:
            StoreError: the record, or one of its rows, cannot be read.
        """
        with _translated(self._path):
            connection, identity = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            if len(self._idle) < _MAX_IDLE:
                self._idle.append((identity, connection))
            else:
                connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[1].close()

    def _borrow(self) -> tuple[sqlite3.Connection, tuple[int, int] | None]:
        now = file_identity(self._path)
        while self._idle:
            try:
                identity, connection = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if identity == now and now is not None:
                return connection, identity
            connection.close()
        connection = connect_to_read(self._path)
        connection.row_factory = sqlite3.Row
        return connection, now


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        with told_plainly(path):
            yield
    except msgspec.MsgspecError as exc:
        raise StoreError(
            f"A row of the record {str(path)!r} cannot be read: {exc}. Update Unisono to read it."
        ) from exc
