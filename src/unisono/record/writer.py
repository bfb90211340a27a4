"""The one thread that writes requests and outcomes: takes them from a bounded queue, in batches, in transactions.

It never blocks who records, and it never gives up on a row by itself: while the database is locked, full or
read-only the rows wait and are tried again. It does not read the record: `reader.py` does.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from unisono.errors import StoreError
from unisono.record.database import connect_to_write, explain, file_identity, read_salt, transaction
from unisono.record.decisions import Asked, KeepText, decision_rows
from unisono.record.rows import Ended, Value, of_a_decision, outcome_rows
from unisono.record.runs import begin_run, end_run
from unisono.values import value

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Encoded rows that wait for a locked or full database take at most this much memory."""
ROW_BYTES = 512
"""Of these a row takes about so many without what may be long in it, which is counted."""

_BUSY_S = 0.25  # short: a lock shows in `health` soon, and the retry below does the waiting
_BATCH = 1000
_MAX_OPEN = 10_000
_FIRST_RETRY_S = 0.1
_LAST_RETRY_S = 1.0

_DECISION = "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DETAIL = "INSERT INTO details VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_OUTCOME = of_a_decision("outcomes", n_columns=9)
_ATTEMPT = of_a_decision("attempts", n_columns=18)
_SURELY = {
    _OUTCOME: "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    _ATTEMPT: "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING",
}
"""The same where the decision is surely there."""
_POISON = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
)

_log = logging.getLogger("unisono.record")


_NO_DECISION = "-"
"""What the log calls a row beside the decisions."""


@value
class Upkeep:
    """One row of a table beside the decisions, as a statement and its values."""

    sql: str
    values: tuple[Value, ...]


Entry: TypeAlias = "Asked | Ended | Upkeep"
Statement: TypeAlias = "tuple[str, tuple[Value, ...]]"
Connect: TypeAlias = Callable[[Path], sqlite3.Connection]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """Whether the record can be written; `reason` says why not and what to do, and is empty when it can."""

    ok: bool
    reason: str
    n_waiting: int
    n_lost: int


@value
class _Rows:
    """One entry as statements; they go in together or not at all."""

    decision: str
    statements: tuple[Statement, ...]
    n_bytes: int


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the writer's own connection."""
    return connect_to_write(path, busy_s=_BUSY_S)


class Writer:
    """Owns the queue, the thread and the write connection."""

    def __init__(
        self,
        path: Path,
        *,
        run: str,
        capacity: int,
        flush_s: float,
        text: KeepText,
        salt: bytes,
        now: Callable[[], datetime],
        connect: Connect = connect_writer,
    ) -> None:
        self._path = path
        self._run_id = run
        self._capacity = capacity
        self._flush_s = flush_s
        self._text: KeepText = text
        self._salt = salt
        self._now = now
        self._connect = connect

        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # the thread waits here
        self._settled = threading.Condition(self._lock)  # who flushes waits here
        self._inbox: list[Entry] = []
        self._sums: dict[str, dict[tuple[Value, ...], int]] = {}  # by statement and place
        self._n_new = 0  # of the rows that the thread has not taken yet
        self._n_accepted = 0
        self._n_settled = 0
        self._n_lost = 0
        self._fault = ""
        self._hurry = False
        self._closing = False

        # Below: the thread's own.
        self._ready: deque[_Rows] = deque()
        self._ready_bytes = 0
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._open: set[Value] = set()  # decisions without an outcome, written here; nobody else has written since
        self._version = 0
        self._retry_at = 0.0
        self._retry_s = _FIRST_RETRY_S
        self._give_up_at: float | None = None
        self._thread = threading.Thread(target=self._live, name="unisono-record", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> bool:
        """Accept an entry, or count it as lost and say False when the queue is full. Takes a microsecond or two."""
        with self._lock:
            if not self._accept():
                return False
            self._inbox.append(entry)
        return True

    def add(self, sql: str, amounts: Sequence[tuple[tuple[Value, ...], int]]) -> bool:
        """Accept amounts to add to the rows of their places, or say False as `put`. Until they are written they sum up.

        Args:
            sql: a statement on a table beside the decisions, of which the last value adds to what is there.
            amounts: each with the other values.
        """
        with self._lock:
            sums = self._sums.get(sql)
            if sums is None:
                sums = self._sums[sql] = {}
            for place, amount in amounts:
                known = sums.get(place)
                if known is not None:
                    sums[place] = known + amount
                elif self._accept():
                    sums[place] = amount
                else:
                    return False
        return True

    def _accept(self) -> bool:
        """Count one more row as accepted, and wake the thread; say False where it is lost. Under the lock."""
        n_waiting = self._n_accepted - self._n_settled
        if self._closing or n_waiting >= self._capacity or self._ready_bytes > MAX_WAITING_BYTES:
            self._n_lost += 1
            return False
        self._n_accepted += 1
        self._n_new += 1
        if self._n_new == 1:
            self._work.notify()
        return True

    def flush(self, *, timeout_s: float, through_faults: bool) -> bool:
        """Wait until everything accepted before this call is in the database.

        Args:
            timeout_s: longest wait.
            through_faults: wait even while the database cannot be written.

        Returns:
            False when rows still wait.
        """
        with self._lock:
            target = self._n_accepted
            self._hurry = True
            self._work.notify()
            self._settled.wait_for(
                lambda: self._n_settled >= target or (bool(self._fault) and not through_faults), timeout=timeout_s
            )
            return self._n_settled >= target

    @property
    def ok(self) -> bool:
        """Can what is put now be written? The short form of `health`, for every request."""
        return not self._fault and self._n_accepted - self._n_settled < self._capacity

    def health(self) -> StoreHealth:
        """Return how the writer is."""
        with self._lock:
            n_waiting = self._n_accepted - self._n_settled
            reason = self._fault
            if not reason and n_waiting >= self._capacity:
                reason = f"The record's queue of {self._capacity} rows is full: the disk is slower than the requests."
            return StoreHealth(ok=not reason, reason=reason, n_waiting=n_waiting, n_lost=self._n_lost)

    def close(self, *, timeout_s: float) -> None:
        """Write what waits, then end the thread. What cannot be written within `timeout_s` is counted as lost."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._give_up_at = time.monotonic() + timeout_s
            self._work.notify()
        self._thread.join()

    # ------------------------------------------------------------------------------- in the thread

    def _live(self) -> None:
        try:
            while True:
                self._encode(self._take())
                self._write()
                if self._closing and self._is_done():
                    break
        finally:
            self._end()

    def _take(self) -> list[Entry]:
        """Sleep until there is work, gather for one flush interval, and return what came."""
        with self._lock:
            if self._ready:  # a fault: sleep until the next try, but take what comes so that no body is held in memory
                wait_s = max(0.0, self._retry_at - time.monotonic())
                self._work.wait_for(lambda: bool(self._n_new) or self._closing, timeout=wait_s)
                if self._closing:
                    self._work.wait(timeout=min(_FIRST_RETRY_S, self._left_s()))
            else:
                self._work.wait_for(lambda: bool(self._n_new) or self._closing)
                self._work.wait_for(lambda: self._hurry or self._closing, timeout=self._flush_s)
            taken, self._inbox = self._inbox, []
            for sql, sums in self._sums.items():
                taken += [Upkeep(sql=sql, values=(*place, amount)) for place, amount in sums.items()]
            self._sums = {}
            self._n_new = 0
            self._hurry = False
            return taken

    def _left_s(self) -> float:
        return math.inf if self._give_up_at is None else max(0.0, self._give_up_at - time.monotonic())

    def _is_done(self) -> bool:
        with self._lock:
            return not self._n_new and (not self._ready or self._left_s() <= 0)

    def _encode(self, taken: Sequence[Entry]) -> None:
        for entry in taken:
            try:
                rows = self._rows_of(entry)
            except Exception as exc:  # noqa: BLE001  the recorder's border: one strange value must not end the record
                self._lose(_named(entry), exc)
                continue
            self._ready.append(rows)
            self._ready_bytes += rows.n_bytes

    def _rows_of(self, entry: Entry) -> _Rows:
        if isinstance(entry, Asked):
            thin, detail = decision_rows(entry, run=self._run_id, text=self._text, salt=self._salt)
            n_bytes = 2 * ROW_BYTES + _n_bytes(detail)
            return _Rows(decision=entry.decision.id, statements=((_DECISION, thin), (_DETAIL, detail)), n_bytes=n_bytes)
        if isinstance(entry, Upkeep):
            n_bytes = ROW_BYTES + _n_bytes(entry.values)
            return _Rows(decision=_NO_DECISION, statements=((entry.sql, entry.values),), n_bytes=n_bytes)
        row, attempts = outcome_rows(entry, at=self._now())
        statements = ((_OUTCOME, row), *[(_ATTEMPT, attempt) for attempt in attempts])
        return _Rows(decision=entry.outcome.decision, statements=statements, n_bytes=ROW_BYTES * len(statements))

    def _write(self) -> None:
        """Write all that is ready; on a fault keep it and set the time of the next try."""
        if not self._closing and time.monotonic() < self._retry_at:
            return
        try:
            while self._ready:
                self._write_batch()
        except (sqlite3.Error, StoreError, OSError) as exc:
            self._fail(exc)
            return
        self._recover()

    def _write_batch(self) -> None:
        connection = self._connected()
        batch = [*islice(self._ready, _BATCH)]
        by_statement = _by_statement(batch)
        fresh = {row[0] for row in by_statement[_DECISION]}
        try:
            with transaction(connection):
                self._look_for_others(connection)
                for sql, rows_of in by_statement.items():
                    surely = _SURELY.get(sql)
                    if surely is None or {row[0] for row in rows_of}.difference(fresh, self._open):
                        connection.executemany(sql, rows_of)
                    else:
                        connection.executemany(surely, rows_of)
        except _POISON:
            if not self._write_singly(connection, batch):
                return
        self._open |= fresh
        self._open -= {row[0] for row in by_statement.get(_OUTCOME, ())}
        for _ in batch:
            self._ready_bytes -= self._ready.popleft().n_bytes
        self._recover()  # before anybody who waits for these rows looks
        self._settle(len(batch))

    def _look_for_others(self, connection: sqlite3.Connection) -> None:
        """Forget what is surely there when another connection has written: it may have purged."""
        version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version or len(self._open) > _MAX_OPEN:
            self._version = version
            self._open.clear()

    def _write_singly(self, connection: sqlite3.Connection, batch: list[_Rows]) -> bool:
        """Write a batch that holds a poisoned entry, if it still does: that one is lost, and the rest tried again."""
        current = batch[0]
        try:
            with transaction(connection):
                for current in batch:
                    for sql, values in current.statements:
                        connection.execute(sql, values)
        except _POISON as exc:
            self._ready.remove(current)
            self._ready_bytes -= current.n_bytes
            self._lose(current.decision, exc)
            return False
        return True

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity == file_identity(self._path):
            return self._connection
        if self._connection is not None:
            _log.error(
                "record=replaced path=%s text=%r", self._path, "The file was removed or replaced; a new one is made."
            )
            self._disconnect()
        connection = self._connect(self._path)
        try:
            begin_run(connection, run=self._run_id, at=self._now())
            self._salt = read_salt(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._identity = connection, file_identity(self._path)
        self._open.clear()
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _settle(self, n: int) -> None:
        with self._lock:
            self._n_settled += n
            self._settled.notify_all()

    def _lose(self, decision: str, exc: Exception) -> None:
        _log.error("record=lost decision=%s error=%s", decision, type(exc).__name__)
        with self._lock:
            self._n_lost += 1
            self._n_settled += 1
            self._settled.notify_all()

    def _fail(self, exc: Exception) -> None:
        reason = str(exc) if isinstance(exc, StoreError) else explain(exc, self._path)
        reason = f"The record {str(self._path)!r} cannot be written: {reason}"
        if _is_locked(exc):  # by a process that writes too: our turn comes soon, and a new connection needs one more
            self._retry_at = time.monotonic() + _FIRST_RETRY_S
        else:
            self._disconnect()
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
        with self._lock:
            is_new, self._fault = not self._fault, reason
            self._settled.notify_all()
        if is_new:
            _log.error("record=failing waiting=%d text=%r", len(self._ready), reason)

    def _recover(self) -> None:
        self._retry_at, self._retry_s = 0.0, _FIRST_RETRY_S
        with self._lock:
            had_fault, self._fault = bool(self._fault), ""
        if had_fault:
            _log.warning("record=recovered")

    def _end(self) -> None:
        """Give up on what is left, counted; mark the run as ended."""
        with self._lock:
            if not self._closing:  # not asked to end: a fault in this file
                self._fault = "The record's writer ended by an error (see the log); restart Unisono."
            self._closing = True
            n_left = self._n_accepted - self._n_settled
            self._n_lost += n_left
            self._n_settled += n_left
            self._inbox.clear()
            self._sums.clear()
            self._n_new = 0
            self._settled.notify_all()
        if n_left:
            _log.error("record=lost rows=%d text=%r", n_left, self._fault)
        if self._connection is not None:
            with suppress(sqlite3.Error):
                end_run(self._connection, run=self._run_id, at=self._now())
        self._disconnect()


def _by_statement(batch: Sequence[_Rows]) -> dict[str, list[tuple[Value, ...]]]:
    """Return the rows of a batch by what is done with them: decisions first; those of one table stay in order."""
    found: defaultdict[str, list[tuple[Value, ...]]] = defaultdict(list, {_DECISION: [], _DETAIL: []})
    for rows in batch:
        for sql, values in rows.statements:
            found[sql].append(values)
    return found


def _is_locked(exc: Exception) -> bool:
    """Say whether another connection has the database at this moment, and nothing is wrong with ours."""
    code: int = getattr(exc, "sqlite_errorcode", None) or 0
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # the rest of it says more, as BUSY_RECOVERY


def _n_bytes(values: tuple[Value, ...]) -> int:
    return sum(map(sys.getsizeof, values))


def _named(entry: Entry) -> str:
    """Return what the log calls an entry."""
    if isinstance(entry, Asked):
        return entry.decision.id
    return _NO_DECISION if isinstance(entry, Upkeep) else entry.outcome.decision
