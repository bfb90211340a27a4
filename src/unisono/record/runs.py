"""The processes that write a record: each enters its run, marks its end, and ends those whose process is no more."""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import datetime
from functools import cache
from secrets import token_hex

from unisono.record.database import transaction
from unisono.record.rows import to_us

_RUN = "INSERT INTO runs VALUES (?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
_RUN_ENDED = "UPDATE runs SET ended = ? WHERE id = ?"


def begin_run(connection: sqlite3.Connection, *, run: str, at: datetime) -> None:
    """Enter this run, and end those whose process is no more."""
    pid, token = os.getpid(), _process_token()
    others: list[tuple[str, int, str]] = connection.execute(
        "SELECT id, pid, process FROM runs WHERE ended IS NULL AND id <> ?", (run,)
    ).fetchall()
    with transaction(connection):
        connection.execute(_RUN, (run, pid, token, to_us(at)))
        for other, its_pid, its_token in others:
            if its_token != token and (its_pid == pid or not is_alive(its_pid)):
                end_run(connection, run=other, at=at)


def end_run(connection: sqlite3.Connection, *, run: str, at: datetime) -> None:
    """Mark the end of a run."""
    connection.execute(_RUN_ENDED, (to_us(at), run))


def is_alive(pid: int) -> bool:
    """Is there a process with this id on this machine? Where one cannot ask safely, yes."""
    if sys.platform == "win32":  # there, signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def _process_token() -> str:
    """Tells this process from an earlier one with the same id: in a container every start is process 1."""
    return token_hex(8)
