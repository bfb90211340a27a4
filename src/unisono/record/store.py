"""The record as one object: requests and outcomes go in without waiting, decisions and scores come out.

It does not decide what to record, and it does not serve HTTP. The parts: `writer.py` (queue and thread),
`reader.py` (queries), `migrations.py` (schema), `decisions.py` and `rows.py` (values to rows).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

from unisono.config.kept import KeptConfig, pack_config
from unisono.errors import StoreError
from unisono.record import deletion
from unisono.record.database import connect_to_write, read_salt, told_plainly, transaction, writing
from unisono.record.decisions import Asked, KeepText
from unisono.record.joining import join, replace_scores
from unisono.record.reader import Reader, Stored
from unisono.record.rows import SET, Ended, Value, to_us
from unisono.record.writer import Connect, StoreHealth, Upkeep, Writer, connect_writer
from unisono.types import Decision, Features, Json, Outcome, Request, Score, Signal

__all__ = ["KeepText", "Reader", "Store", "StoreHealth", "Stored"]

T = TypeVar("T")
READ_WAIT_S = 2.0
"""How long a read waits for rows that were accepted before it. It does not wait while the database has a fault."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The record of one Unisono process. Safe to use from several threads and event loops.

    `record_*` never wait; everything else may take milliseconds: call it with `asyncio.to_thread`.

    Attributes:
        run: name of this run of the server.
        text: what is kept of prompts.
        reader: the same queries, and more, without a wait for what this process accepted and has not written yet.
    """

    def __init__(
        self,
        path: Path,
        *,
        run: str | None = None,
        capacity: int = 10_000,
        flush_s: float = 0.05,
        text: KeepText = "none",
        now: Callable[[], datetime] = _utc_now,
        connect: Connect = connect_writer,
    ) -> None:
        """Open the database, made or upgraded if need be, and start the writer.

        Args:
            path: the SQLite file; its folder must exist.
            run: name of this run of the server; default: a random one.
            capacity: most rows that may wait; further ones are refused and counted.
            flush_s: how long rows are gathered before they are written: what a kill -9 may lose.
            text: what to keep of prompts.
            now: the clock for stamps.
            connect: opens the writer's connection.

        Raises:
            StoreError: the file cannot be used; the message says why and what to do.
        """
        self._path = path
        self._now = now
        with told_plainly(path), closing(connect_to_write(path)) as connection:
            salt = read_salt(connection)
        run = run or token_hex(8)
        self.run = run
        self.text = text
        self.reader = Reader(path, run=run)
        self._writer = Writer(
            path, run=run, capacity=capacity, flush_s=flush_s, text=text, salt=salt, now=now, connect=connect
        )

    def record_request(self, request: Request, features: Features | bytes | None, decision: Decision) -> bool:
        """Accept a request at the time of its decision.

        Args:
            request: its facts are kept; its text as `text` says.
            features: what the decision was made from, or that packed by `packed.pack_features`; None: no replay.
            decision: as made.

        Returns:
            False when the queue is full: the row is lost, and counted in `health().n_lost`.
        """
        return self._writer.put(Asked(request=request, features=features, decision=decision))

    def record_outcome(self, outcome: Outcome, *, baseline_usd: float | None = None) -> bool:
        """Accept how a request ended.

        Args:
            outcome: the first one of a decision counts.
            baseline_usd: what the same tokens would have cost at the baseline model, where that is known.

        Returns:
            False when the queue is full, as `record_request`.
        """
        return self._writer.put(Ended(outcome=outcome, baseline_usd=baseline_usd))

    def record_rows(self, sql: str, values: tuple[Value, ...]) -> bool:
        """Accept one statement on a table beside the decisions: the sessions, limits and incidents of this package.

        Returns:
            False when the queue is full, as `record_request`.
        """
        return self._writer.put(Upkeep(sql=sql, values=values))

    def record_sums(self, sql: str, amounts: Sequence[tuple[tuple[Value, ...], int]]) -> bool:
        """Accept amounts for such a statement whose last value adds to what is there; each with the other values.

        Returns:
            False when the queue is full, as `record_request`.
        """
        return self._writer.add(sql, amounts)

    def record_signal(self, decision: str, kind: str, value: str | None, *, by: str) -> bool:
        """Accept what a caller said or did about an earlier decision. Of a kind and key the last counts.

        Returns:
            False when the queue is full, as `record_request`.
        """
        return self.record_rows(_SIGNAL, (decision, kind, value, by, to_us(self._now())))

    def signals(self, decision: str) -> tuple[Signal, ...]:
        """Return what was said about a decision. See `Reader.signals`."""
        self._settle()
        return self.reader.signals(decision)

    def join(self, signals: Sequence[Signal], scores: Sequence[Score], fingerprints: Sequence[str]) -> int:
        """Take in what signals have come to. See `joining.join`.

        Raises:
            StoreError: the record cannot be written; the signals stay pending.
        """
        with writing(self._path) as connection, transaction(connection):
            return join(connection, signals, scores, fingerprints, at=self._now())

    def rows(self, sql: str, values: tuple[Value, ...] = ()) -> list[tuple[Value, ...]]:
        """Return the rows of a query on such a table, what was accepted before included.

        Raises:
            StoreError: the record cannot be read.
        """
        self._settle()
        return self.reader.rows(sql, values)

    def decision(self, decision: str, *, examples: bool = False) -> Json | None:
        """Return the whole record of one decision, or None. See `Reader.decision`.

        Raises:
            StoreError: the record cannot be read, or it does not hold the decision and rows wait to be written.
        """
        settled = self._settle()
        return _found(self.reader.decision(decision, examples=examples), settled=settled)

    def decisions(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        model: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        key: str | None = None,
        user: str | None = None,
    ) -> list[Json]:
        """Return one short JSON per decision, newest first. See `Reader.decisions`."""
        self._settle()
        return self.reader.decisions(
            limit=limit, before=before, model=model, status=status, since=since, key=key, user=user
        )

    def stored(self, decision: str) -> Stored | None:
        """Return the values behind one decision, for a replay. See `Reader.stored`.

        Raises:
            StoreError: as `decision`.
        """
        settled = self._settle()
        return _found(self.reader.stored(decision), settled=settled)

    def add_scores(self, scores: Sequence[Score], fingerprints: Mapping[str, str]) -> None:
        """Keep scores; a newer score of the same model definition on the same item takes the older one's place.

        The older one is kept for `scores_at`.

        Args:
            scores: of any models.
            fingerprints: fingerprint of the definition of each model that has a score, by name.

        Raises:
            StoreError: a model has no fingerprint, or the record cannot be written.
        """
        if missing := sorted({score.model for score in scores} - set(fingerprints)):
            raise StoreError(f"No fingerprint was given for {', '.join(missing)}; its scores were not kept.")
        with writing(self._path) as connection, transaction(connection):
            replace_scores(connection, scores, [fingerprints[score.model] for score in scores], at=self._now())

    def keep_config(self, config: KeptConfig) -> bool:
        """Accept the configuration that is in force from now on, so that its decisions can be recomputed later.

        Returns:
            False when the queue is full, as `record_request`.
        """
        return self.record_rows(_CONFIG, (config.hash, to_us(self._now()), pack_config(config)))

    def note_in_force(self, config: KeptConfig) -> bool:
        """Accept that a server serves by this configuration from now on. Returns False as `keep_config`."""
        return self.record_rows(SET, ("config_in_force", config.hash))

    def in_force(self) -> KeptConfig | None:
        """Return the configuration that a server last served by. See `Reader.in_force`."""
        self._settle()
        return self.reader.in_force()

    def config(self, hash: str) -> KeptConfig | None:  # noqa: A002  (`Config.hash`)
        """Return a configuration that was once in force. See `Reader.config`."""
        self._settle()
        return self.reader.config(hash)

    @property
    def ok(self) -> bool:
        """Say whether the record can be written: the short form of `health`."""
        return self._writer.ok

    def health(self) -> StoreHealth:
        """Return whether the record can be written, how many rows wait, how many were lost. Takes a microsecond."""
        return self._writer.health()

    def flush(self, *, timeout_s: float = 60.0) -> bool:
        """Wait until all that was accepted is in the database, through faults too. Returns False when it is not."""
        return self._writer.flush(timeout_s=timeout_s, through_faults=True)

    def purge(
        self,
        *,
        older_than: datetime | None = None,
        user: str | None = None,
        rest: Callable[[float], None] = time.sleep,
        told: Callable[[int], None] = lambda n_purged: None,
    ) -> int:
        """Delete requests for good: those before a stamp, those of a user, or, with both, those of the user before it.

        What else names the user goes too: conversations, signals, and what limits per user have counted. Conversations
        that nobody has gone on with since the stamp go with a purge by age. The freed places of the file are
        overwritten. What was learned from signals about them goes too; the probes' scores stay.

        It works in short transactions and rests after each for as long as it took, so that who writes gets half of the
        time; the log beside the file is folded into it as it grows.

        Args:
            older_than: only requests before this aware stamp.
            user: only those of this end user.
            rest: waits so many seconds; called between two transactions, with no lock held.
            told: hears after each transaction how many decisions are deleted.

        Returns:
            How many decisions were deleted.

        Raises:
            StoreError: neither was given, the record cannot be written, or somebody reads its log so that it could not
                be emptied.
        """
        if older_than is None and user is None:
            raise StoreError("Say what to purge: `older_than`, `user`, or both.")
        self._settle()
        return deletion.purge(self._path, older_than=older_than, user=user, rest=rest, told=told)

    def erase(self, *, key: str, session: str) -> int:
        """Delete what a conversation of a key has left of its words; figures and what was learned of votes stay.

        Prompts or their hashes, whole conversations kept for an export, the prompts' vectors and upstreams' error texts
        go; such a decision cannot be recomputed any more. The freed places of the file are overwritten.

        Returns:
            How many decisions the conversation has.

        Raises:
            StoreError: the record cannot be written, or what was accepted before still waits to be.
        """
        if not self._settle():
            raise StoreError("The record cannot be written now, so nothing was deleted. Try again later.")
        return deletion.erase(self._path, key=key, session=session)

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Write what waits and end the writer; what cannot be written in this time is logged and counted as lost."""
        self.reader.close()  # first: the last to leave folds the WAL into the file, and a reader may not
        self._writer.close(timeout_s=timeout_s)

    def _settle(self) -> bool:
        """Wait for what was accepted, but not through faults; say whether all of it is in the database."""
        return self._writer.flush(timeout_s=READ_WAIT_S, through_faults=False)


def _found(row: T | None, *, settled: bool) -> T | None:
    """Return what was found. Nobody may say that a decision does not exist while it may wait to be written."""
    if row is None and not settled:
        raise StoreError("The record cannot be written now and may not hold this decision yet. Ask again later.")
    return row


_CONFIG = "INSERT INTO configs VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_SIGNAL = (
    "INSERT INTO signals (decision, kind, value, by, at)"
    " SELECT * FROM (VALUES (?, ?, ?, ?, ?)) WHERE EXISTS (SELECT 1 FROM decisions WHERE id = column1)"
    " ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at, joined = 0"
    " WHERE value IS NOT excluded.value"
)
