"""Deletes requests, or what one conversation has left of its words, from the record for good.

The freed places of the file are overwritten. It works in short transactions, beside others who write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from unisono.errors import StoreError
from unisono.record.database import Turns, transaction, writing
from unisono.record.joining import purge_learned
from unisono.record.rows import Value, to_us

_END_OF_TIME = 2**63 - 1
_OLD = "SELECT id FROM decisions WHERE at < :before LIMIT :limit"
_OF_USER = "SELECT id FROM decisions WHERE user = :user AND at < :before LIMIT :limit"
_THEIR_SESSION = "DELETE FROM sessions WHERE (key, session) IN (SELECT key, session FROM decisions WHERE id = ?)"
_DELETIONS = (
    "DELETE FROM signals WHERE decision = ?",
    "DELETE FROM attempts WHERE decision = ?",
    "DELETE FROM outcomes WHERE decision = ?",
    "DELETE FROM details WHERE decision = ?",
    "DELETE FROM texts WHERE decision = ?",
    "DELETE FROM decisions WHERE id = ?",
)
_OF_CONVERSATION = "SELECT id FROM decisions WHERE key = ? AND session = ?"
_ERASURES = (
    "UPDATE details SET prompt = NULL, features = NULL WHERE decision = ?",
    "UPDATE attempts SET error_text = NULL WHERE decision = ?",
    "DELETE FROM texts WHERE decision = ?",
)
_LOST = "SELECT decision FROM outcomes WHERE at < :before AND decision NOT IN (SELECT id FROM decisions)"
_ORPHANS = (  # the first two of a version that kept outcomes whose decision was purged or lost
    f"DELETE FROM attempts WHERE decision IN ({_LOST})",  # noqa: S608 - our own words
    f"DELETE FROM outcomes WHERE decision IN ({_LOST})",  # noqa: S608 - our own words
    "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE at < :before / 1000000 LIMIT :limit)",
)
_OF_THE_USER = (
    "DELETE FROM spending WHERE bucket < :before AND substr(holder, instr(holder, '/') + 1) = :user"
    " AND instr(holder, '/') > 0",
)


def purge(
    path: Path,
    *,
    older_than: datetime | None,
    user: str | None,
    rest: Callable[[float], None],
    told: Callable[[int], None],
) -> int:
    """Delete requests: those before a stamp, those of a user, or, with both, those of the user before it.

    Args:
        path: the record.
        older_than: only requests before this aware stamp.
        user: only those of this end user.
        rest: waits so many seconds; called between two transactions, with no lock held.
        told: hears after each transaction how many decisions are deleted.

    Returns:
        How many decisions were deleted.

    Raises:
        StoreError: the record cannot be written, or somebody reads its log so that it could not be emptied.
    """
    values: dict[str, Value] = {"before": _END_OF_TIME if older_than is None else to_us(older_than), "user": user}
    with writing(path) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        turns = Turns(connection, path, rest=rest)
        if user is None:
            n_purged = _purge_decisions(connection, turns, _OLD, _DELETIONS, values, told=told)
        else:
            n_purged = _purge_decisions(connection, turns, _OF_USER, (_THEIR_SESSION, *_DELETIONS), values, told=told)
        for sql in _ORPHANS if user is None else _OF_THE_USER:
            _until_none_is_left(connection, turns, sql, values)
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise StoreError(
            f"The requests are deleted, but the log beside the file ({path.name}-wal) still holds them, for "
            "another program reads it. End that program, or wait, and purge again."
        )
    return n_purged


def erase(path: Path, *, key: str, session: str) -> int:
    """Delete what a conversation of a key has left of its words; figures and what was learned of votes stay.

    Returns:
        How many decisions the conversation has.

    Raises:
        StoreError: the record cannot be written.
    """
    with writing(path) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        ids = [(row[0],) for row in connection.execute(_OF_CONVERSATION, (key, session))]
        if ids:
            with transaction(connection):
                for sql in _ERASURES:
                    connection.executemany(sql, ids)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return len(ids)


def _purge_decisions(
    connection: sqlite3.Connection,
    turns: Turns,
    which: str,
    deletions: Sequence[str],
    values: Mapping[str, Value],
    *,
    told: Callable[[int], None],
) -> int:
    n_purged = 0
    while ids := [(row[0],) for row in connection.execute(which, {**values, "limit": turns.n_rows})]:
        with turns.transaction():
            purge_learned(connection, ids)
            for sql in deletions:
                connection.executemany(sql, ids)
        n_purged += len(ids)
        told(n_purged)
    return n_purged


def _until_none_is_left(connection: sqlite3.Connection, turns: Turns, sql: str, values: Mapping[str, Value]) -> None:
    n_rows = 1
    while n_rows > 0:
        with turns.transaction():
            n_rows = connection.execute(sql, {**values, "limit": turns.n_rows}).rowcount
