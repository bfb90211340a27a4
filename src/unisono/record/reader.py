"""Reads the record: one decision, a page of decisions, scores. Any process may, while another one writes.

It changes nothing and waits for no queue: `Store` adds that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from unisono.config.kept import KeptConfig, unpack_config
from unisono.errors import NotFound
from unisono.record.connections import ReadConnections
from unisono.record.decisions import decision_from_row, request_from
from unisono.record.packed import packed_facts, unpack_features
from unisono.record.rows import (
    Value,
    as_float,
    from_us,
    outcome_from_rows,
    score_from_row,
    signal_from_row,
    to_us,
)
from unisono.record.runs import is_alive
from unisono.record.view import decision_view, stamp
from unisono.types import Decision, Features, Json, JsonValue, Outcome, Request, Score, Signal

MAX_PAGE = 1000

# A row's status is its outcome's, or, without an outcome, whether the process that decided still lives (:live, JSON).
_LIST = """
SELECT * FROM (
    SELECT d.id, d.at, d.session, d.key, d.user, d.mode, d.pin, d.pattern, coalesce(o.model, d.model) AS model,
        d.reason, d.degraded, d.stream, d.policy, o.cost_usd, o.baseline_usd, o.total_s, o.notices,
        (SELECT count(*) FROM attempts a WHERE a.decision = d.id) AS n_attempts,
        coalesce(o.status, iif(d.run IN (SELECT value FROM json_each(:live)), 'running', 'interrupted')) AS status
    FROM decisions d LEFT JOIN outcomes o ON o.decision = d.id
)
WHERE (at, id) < (:before_at, :before) AND at >= :since
    AND (:model IS NULL OR model = :model) AND (:status IS NULL OR status = :status)
ORDER BY at DESC, id DESC LIMIT :limit
"""
_ONE = """
SELECT d.*, x.body, x.features, x.prompt, o.baseline_usd,
    coalesce(o.status, iif(d.run IN (SELECT value FROM json_each(:live)), 'running', 'interrupted')) AS status
FROM decisions d JOIN details x ON x.decision = d.id LEFT JOIN outcomes o ON o.decision = d.id
WHERE d.id = :id
"""

_ANSWERS = """
SELECT d.id, d.pattern, d.degraded, x.body, x.features, a.*
FROM json_each(?) AS asked JOIN decisions d ON d.id = asked.value JOIN details x ON x.decision = d.id
    JOIN outcomes o ON o.decision = d.id
    LEFT JOIN attempts a ON a.decision = d.id AND a.n = (SELECT max(n) FROM attempts WHERE decision = d.id)
"""

_SCORES_AT = """
SELECT * FROM scores WHERE fingerprint = :fingerprint AND generation <= :generation
UNION ALL
SELECT fingerprint, item, model, kind, prompt, score, weight, output_tokens, seconds, at, generation, features, by
    FROM old_scores WHERE fingerprint = :fingerprint AND generation <= :generation AND until > :generation
ORDER BY item
"""

_JUDGED = """
SELECT DISTINCT decision FROM signals WHERE kind IN ('score', 'preferred') OR kind LIKE 'correct:%'
ORDER BY decision DESC LIMIT :limit
"""

_AUTOMATIC = "SELECT id FROM decisions WHERE mode IS NOT NULL AND degraded = 0 ORDER BY at DESC, id DESC LIMIT :limit"

_PROBES = "SELECT * FROM scores WHERE fingerprint = :fingerprint AND features IS NULL ORDER BY item"

_PENDING = """
SELECT DISTINCT decision FROM signals s
WHERE joined = 0 AND EXISTS (SELECT 1 FROM outcomes o WHERE o.decision = s.decision) LIMIT :limit
"""

_END_OF_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A decision as it was made, with what it was made from: all but the words of the request, which are not kept."""

    decision: Decision
    request: Request
    features: Features | None
    outcome: Outcome | None


class Reader:
    """The queries of one record, shared by threads."""

    def __init__(self, path: Path, *, run: str | None = None) -> None:
        """Open nothing yet.

        Args:
            path: the SQLite file.
            run: the run of this very process, which is alive whatever the table of runs says.
        """
        self._connections = ReadConnections(path)
        self._run = run

    def decision(self, decision: str, *, examples: bool = False) -> Json | None:
        """Return the whole public record of one decision, or None when there is none.

        Args:
            decision: its id.
            examples: say which sentence of its rule the request was like: the operator's words, for operators.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            row = connection.execute(_ONE, {"id": decision, "live": self._live(connection)}).fetchone()
            if row is None:
                return None
            made, facts = decision_from_row(row, row["body"])
            if row["features"]:
                facts |= packed_facts(row["features"])
            if examples and "like" in facts:
                facts["like"] = self._with_example(facts, made.config_hash)
            if row["prompt"] is not None:
                facts["prompt"] = row["prompt"]
            outcome = _outcome(connection, decision)
            view = decision_view(made, status=row["status"], outcome=outcome, facts=facts)
            if row["baseline_usd"] is not None:
                view["baseline_usd"] = row["baseline_usd"]
            view["signals"] = [_signal_view(signal) for signal in _signals(connection, decision)]
            return view

    def _with_example(self, facts: Json, config_hash: str) -> JsonValue:
        """Return the likeness in a decision's facts with the sentence, where the record still has the rules."""
        like, config = facts["like"], self.config(config_hash)
        rule = None if config is None else next((r for r in config.rules if r.name == facts["rule"]), None)
        if rule is None or not isinstance(like, dict):
            return like
        place = like["example"]
        assert isinstance(place, int)  # noqa: S101 - it was read from its own form
        return {**like, "text": rule.like[place - 1]}

    def stored(self, decision: str) -> Stored | None:
        """Return the values behind one decision, for a replay; None when there is none.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            row = connection.execute(_ONE, {"id": decision, "live": self._live(connection)}).fetchone()
            if row is None:
                return None
            made, facts = decision_from_row(row, row["body"])
            features = unpack_features(row["features"]) if row["features"] else None
            request = request_from(made, facts)
            return Stored(decision=made, request=request, features=features, outcome=_outcome(connection, decision))

    def answers(self, decisions: Sequence[str]) -> dict[str, Mapping[str, Value]]:
        """Return rows for `rows.answer_from_row`, by decision; those that have not ended are left out.

        Many at a time: to read each with `stored` takes ten times as long.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            found = connection.execute(_ANSWERS, (msgspec.json.encode(decisions).decode(),)).fetchall()
        return {row["id"]: row for row in found}

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
        """Return one short JSON per decision, newest first.

        Args:
            limit: at most so many, and at most 1000.
            before: only those older than this decision: the last id of the page before.
            model: only those that this model answered, or, where none did, for which it was the choice.
            status: only those with this status.
            since: only those at or after this aware stamp.
            key: only those of the key with this name; others' are not read, however few its own are.
            user: only those of this end user; the same.

        Raises:
            NotFound: there is no decision `before`.
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            before_at = _END_OF_TIME
            if before is not None:
                found = connection.execute("SELECT at FROM decisions WHERE id = ?", (before,)).fetchone()
                if found is None:
                    raise NotFound(f"There is no decision {before!r} to go on from; start again at the newest.")
                before_at = found["at"]
            values = {
                "live": self._live(connection),
                "before_at": before_at,
                "before": before or "",
                "since": -_END_OF_TIME if since is None else to_us(since),
                "model": model,
                "status": status,
                "key": key,
                "user": user,
                "limit": max(0, min(limit, MAX_PAGE)),
            }
            rows = connection.execute(_list(key=key is not None, user=user is not None), values)
            return [_short(row) for row in rows]

    def ids_starting(self, prefix: str, *, limit: int = 10) -> list[str]:
        """Return ids of decisions that start with `prefix`, in order.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM decisions WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (prefix, prefix + "\x7f", limit),
            )
            return [row["id"] for row in rows]

    def scores(self, fingerprints: Mapping[str, str]) -> tuple[Score, ...]:
        """Return the newest score per probe of each model, by what the model is and not by what it is called.

        Args:
            fingerprints: fingerprint of the definition, per model name of today.

        Raises:
            StoreError: the record cannot be read.
        """
        return self._scores(_PROBES, fingerprints)

    def rows(self, sql: str, values: tuple[Value, ...] | Mapping[str, Value] = ()) -> list[tuple[Value, ...]]:
        """Return the rows of a query on a table beside the decisions.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            return [tuple(row) for row in connection.execute(sql, values)]

    def dicts(self, sql: str, values: tuple[Value, ...] | Mapping[str, Value] = ()) -> list[dict[str, Value]]:
        """Return such rows by their columns' names.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            return [{name: row[name] for name in row.keys()} for row in connection.execute(sql, values)]  # noqa: SIM118

    def scores_at(self, generation: int, fingerprints: Mapping[str, str]) -> tuple[Score, ...]:
        """Return the scores as they were at a generation, by item: what a predictor had taken in, signals included.

        Args:
            generation: as `generation` returned it then.
            fingerprints: fingerprint of the definition, per model name.

        Raises:
            StoreError: the record cannot be read.
        """
        return self._scores(_SCORES_AT, fingerprints, generation=generation)

    def _scores(self, sql: str, fingerprints: Mapping[str, str], **values: Value) -> tuple[Score, ...]:
        found: list[Score] = []
        with self._connections.reading() as connection:
            for model, fingerprint in fingerprints.items():
                rows = connection.execute(sql, {"fingerprint": fingerprint, **values})
                found += [score_from_row(row, model=model) for row in rows]
        return tuple(found)

    def signals(self, decision: str) -> tuple[Signal, ...]:
        """Return what was said and done about a decision's answer, oldest first.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            return _signals(connection, decision)

    def pending(self, *, limit: int) -> tuple[str, ...]:
        """Return at most so many decisions that have ended and have signals that no score knows of.

        Raises:
            StoreError: the record cannot be read.
        """
        return self._ids(_PENDING, limit=limit)

    def weight(self, fingerprint: str, item: str) -> float | None:
        """Return what the score of a model's definition on an item weighs; None where there is none.

        Raises:
            StoreError: the record cannot be read.
        """
        found = self.rows("SELECT weight FROM scores WHERE fingerprint = ? AND item = ?", (fingerprint, item))
        return as_float(found[0][0]) if found else None

    def judged(self, *, limit: int) -> tuple[str, ...]:
        """Return at most so many decisions about which something was said, newest first.

        Raises:
            StoreError: the record cannot be read.
        """
        return self._ids(_JUDGED, limit=limit)

    def automatic(self, *, limit: int) -> tuple[str, ...]:
        """Return the latest decisions on `auto`, at most so many, newest first.

        Raises:
            StoreError: the record cannot be read.
        """
        return self._ids(_AUTOMATIC, limit=limit)

    def _ids(self, sql: str, *, limit: int) -> tuple[str, ...]:
        with self._connections.reading() as connection:
            return tuple(id_ for (id_,) in connection.execute(sql, {"limit": limit}))

    def purged(self) -> int:
        """Return the generation up to which scores have been purged; -1 when none have.

        Raises:
            StoreError: the record cannot be read.
        """
        return int(self._setting("scores_purged") or 0)

    def config(self, hash: str) -> KeptConfig | None:  # noqa: A002  (`Config.hash`)
        """Return the configuration of a hash that was once in force here, or None.

        Raises:
            StoreError: the record cannot be read.
        """
        with self._connections.reading() as connection:
            row = connection.execute("SELECT body FROM configs WHERE hash = ?", (hash,)).fetchone()
        return None if row is None else unpack_config(row["body"], hash=hash)

    def in_force(self) -> KeptConfig | None:
        """Return the configuration that a server last served by, or None.

        Raises:
            StoreError: the record cannot be read.
        """
        hash_ = self._setting("config_in_force")
        return None if hash_ is None else self.config(str(hash_))

    def generation(self) -> int:
        """Return a number that grows when any process adds scores. Takes some ten microseconds.

        Raises:
            StoreError: the record cannot be read.
        """
        return int(self._setting("scores_generation") or 0)

    def _setting(self, name: str) -> Value:
        with self._connections.reading() as connection:
            row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else row["value"]

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.close()

    def _live(self, connection: sqlite3.Connection) -> str:
        """Return, as a JSON list, the runs whose process still lives."""
        rows = connection.execute("SELECT id, pid FROM runs WHERE ended IS NULL")
        live = {row["id"] for row in rows if is_alive(row["pid"])} | ({self._run} if self._run else set())
        return msgspec.json.encode(sorted(live)).decode()


def _list(*, key: bool, user: bool) -> str:
    """Return the query of a page; whose decisions they are is no condition but a way to find them, by its index."""
    whose = "key = :key AND " * key + "user = :user AND " * user
    return _LIST.replace("WHERE (at", f"WHERE {whose}(at")


def _outcome(connection: sqlite3.Connection, decision: str) -> Outcome | None:
    thin = connection.execute("SELECT * FROM outcomes WHERE decision = ?", (decision,)).fetchone()
    if thin is None:
        return None
    attempts: Sequence[Mapping[str, Value]] = connection.execute(
        "SELECT * FROM attempts WHERE decision = ? ORDER BY n", (decision,)
    ).fetchall()
    return outcome_from_rows(thin, attempts)


def _signals(connection: sqlite3.Connection, decision: str) -> tuple[Signal, ...]:
    rows = connection.execute("SELECT * FROM signals WHERE decision = ? ORDER BY at, kind", (decision,))
    return tuple(signal_from_row(row) for row in rows)


def _signal_view(signal: Signal) -> JsonValue:
    return {"kind": signal.kind, "value": signal.value, "at": stamp(signal.at)}


def _short(row: Mapping[str, Value]) -> Json:
    said: list[tuple[str, str]] = msgspec.json.decode(str(row["notices"] or "[]"), type=list[tuple[str, str]])
    plain: dict[str, JsonValue] = {
        name: value
        for name in (
            "session",
            "key",
            "user",
            "mode",
            "pin",
            "pattern",
            "model",
            "reason",
            "status",
            "cost_usd",
            "baseline_usd",
            "total_s",
            "policy",
        )
        if not isinstance(value := row[name], bytes)
    }
    return {
        "decision": str(row["id"]),
        "at": stamp(from_us(int(row["at"] or 0))),
        **plain,
        "degraded": bool(row["degraded"]),
        "stream": bool(row["stream"]),
        "n_attempts": int(row["n_attempts"] or 0),
        "notices": [{"code": code, "text": text} for code, text in said],
    }
