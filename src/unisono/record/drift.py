"""The charts of how models answer, in the record: one result for several workers, and a restart forgets nothing.

It reads what has been answered and judged since the last look, and keeps charts as they are given; what a chart is, and
what a change is, `learn.drift` knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from unisono.record.database import transaction, writing
from unisono.record.rows import SET, to_us
from unisono.record.store import Store

SETTLED = timedelta(seconds=3)
"""What is younger is left for the next look: a fellow's rows may have been stamped and not yet be seen."""

_CURSOR = "drift_seen"
_CANARIES = "canaries_at"
_GET = "SELECT value FROM settings WHERE name = ?"
_ANSWERS = (
    "SELECT decision, at FROM outcomes WHERE at > ? AND at <= ? AND status = 'ok' AND model IS NOT NULL"
    " ORDER BY at DESC LIMIT ?"
)
_JUDGED = (
    "SELECT fingerprint, item, kind, score, at FROM scores WHERE features IS NOT NULL AND kind IN ('measured', 'said')"
    " AND at > ? AND at <= ? AND NOT EXISTS (SELECT 1 FROM old_scores o WHERE o.fingerprint = scores.fingerprint"
    " AND o.item = scores.item) ORDER BY at DESC LIMIT ?"
)
_ARE_JUDGED = (
    "SELECT DISTINCT item FROM scores JOIN json_each(?) AS asked ON item = asked.value WHERE features IS NOT NULL"
)
_CHARTS = "SELECT fingerprint, stream, body FROM drift"
_PUT = "INSERT INTO drift VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, body = excluded.body"
_OLD = "DELETE FROM drift WHERE at < ?"
KEPT = timedelta(days=90)
"""A chart that nothing has come to for so long is of a model that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of the signals about one answer of a model definition: a score of one kind."""

    fingerprint: str
    decision: str
    kind: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What came between two looks: decisions that were answered, and judgements, each oldest first."""

    since_us: int
    until_us: int
    answered: tuple[str, ...]
    judged: tuple[Judgement, ...]


def fresh(store: Store, *, now: datetime, limit: int) -> Fresh:
    """Return what came since the last look, of each sort the latest `limit`: what is more than that is left out.

    Raises:
        StoreError: the record cannot be read.
    """
    until_us = to_us(now - SETTLED)
    seen = store.reader.dicts(_GET, (_CURSOR,))
    since_us = int(seen[0]["value"] or 0) if seen else until_us  # the first look sees nothing
    answers = store.reader.dicts(_ANSWERS, (since_us, until_us, limit))
    judged = store.reader.dicts(_JUDGED, (since_us, until_us, limit))
    return Fresh(
        since_us=since_us,
        until_us=until_us,
        answered=tuple(str(row["decision"]) for row in reversed(answers)),
        judged=tuple(
            Judgement(
                fingerprint=str(row["fingerprint"]),
                decision=str(row["item"]),
                kind=str(row["kind"]),
                score=float(row["score"] or 0.0),
            )
            for row in reversed(judged)
        ),
    )


def judged_among(store: Store, decisions: Collection[str]) -> set[str]:
    """Return those of these decisions whose answers were judged.

    Raises:
        StoreError: the record cannot be read.
    """
    asked = msgspec.json.encode(sorted(decisions)).decode()
    return {str(row["item"]) for row in store.reader.dicts(_ARE_JUDGED, (asked,))}


def charts(store: Store) -> dict[tuple[str, str], bytes]:
    """Return every chart by fingerprint and stream.

    Raises:
        StoreError: the record cannot be read.
    """
    rows = store.reader.dicts(_CHARTS)
    return {
        (str(row["fingerprint"]), str(row["stream"])): row["body"] for row in rows if isinstance(row["body"], bytes)
    }


def keep_charts(path: Path, changed: Mapping[tuple[str, str], bytes], seen: Fresh | None, *, now: datetime) -> bool:
    """Keep charts, and how far was looked; False when another process has looked as far before: then nothing is kept.

    Args:
        path: of the record.
        changed: by fingerprint and stream.
        seen: what they have taken in; None for what did not come from the record.
        now: for stamps.

    Raises:
        StoreError: the record cannot be written.
    """
    at = to_us(now)
    with writing(path) as connection, transaction(connection):
        if seen is not None:
            row = connection.execute(_GET, (_CURSOR,)).fetchone()
            if row is not None and int(row[0]) != seen.since_us:
                return False
            connection.execute(SET, (_CURSOR, seen.until_us))
        connection.executemany(_PUT, [(*place, at, body) for place, body in changed.items()])
        connection.execute(_OLD, (to_us(now - KEPT),))
    return True


def claim_canaries(path: Path, *, every_s: float, now: datetime) -> bool:
    """Say whether canaries are due, and take them on: of several processes one alone gets True.

    Raises:
        StoreError: the record cannot be written.
    """
    with writing(path) as connection, transaction(connection):
        row = connection.execute(_GET, (_CANARIES,)).fetchone()
        if row is not None and to_us(now) - int(row[0]) < every_s * 1_000_000:
            return False
        connection.execute(SET, (_CANARIES, to_us(now)))
    return True
