"""Sums over a policy's answers to `auto`, by conversation, for the guardrails: what failed, cost, and was said of it.

Only the first model's roles are counted as deep. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import msgspec

from unisono.record.limits import user_of
from unisono.record.reader import Reader
from unisono.record.rows import Value, as_float, as_int, to_us

MAX_ANSWERS = 20_000
"""The latest answers that are looked at: 50 ms of SQLite, outside the interpreter's lock."""
MAX_FIRST_S = 30.0
"""A first token that comes later counts as so late."""

_ANSWERS = """
SELECT key, user, session, count(*), sum(deep), sum(bad), sum(sad), count(usd), sum(usd), sum(usd * usd),
    count(first_s), sum(first_s), sum(first_s * first_s)
FROM (
    SELECT d.key, d.user, d.session,
        d.model IN (SELECT value FROM json_each(:deep)) AS deep, o.status IN ('failed', 'cut') AS bad,
        EXISTS (SELECT 1 FROM signals s WHERE s.decision = d.id AND s.kind IN
            ('rejected', 'retry_deeper', 'retry_other', 'retry_model', 'retry_same', 'switched', 'abandoned')) AS sad,
        o.cost_usd AS usd,
        (SELECT min(a.first_content_s, :most_s) FROM attempts a
            WHERE a.decision = d.id AND a.first_content_s IS NOT NULL ORDER BY a.n DESC LIMIT 1) AS first_s
    FROM decisions d JOIN outcomes o ON o.decision = d.id
    WHERE d.at >= :since AND d.at < :until AND d.policy = :policy AND d.mode IS NOT NULL AND d.degraded = 0
        AND (:callers IS NULL OR d.key IN (SELECT value FROM json_each(:callers)))
        AND o.status <> 'cancelled'
    ORDER BY d.at DESC LIMIT :limit
) GROUP BY 1, 2, 3
"""
_JUDGED = """
SELECT key, user, session, count(*), sum(reward), sum(reward * reward)
FROM (
    SELECT d.key, d.user, d.session,
        avg(CASE s.kind WHEN 'score' THEN CAST(s.value AS REAL) ELSE s.value = 'true' END) AS reward
    FROM decisions d JOIN signals s ON s.decision = d.id
    WHERE d.at >= :since AND d.at < :until AND d.policy = :policy AND d.mode IS NOT NULL AND d.degraded = 0
        AND (:callers IS NULL OR d.key IN (SELECT value FROM json_each(:callers)))
        AND (s.kind = 'score' OR s.kind LIKE 'correct:%')
    GROUP BY d.id ORDER BY d.at DESC LIMIT :limit
) GROUP BY 1, 2, 3
"""


Talk: TypeAlias = "tuple[str, str, int, float, float]"
"""Caller, conversation, number of its answers, sum of a measure over them, and sum of its squares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """How many answers there are, and the sums of each measure by conversation."""

    n: int
    of: Mapping[str, tuple[Talk, ...]]


def sums(
    reader: Reader,
    *,
    policy: str,
    deep: Collection[str],
    since: datetime,
    until: datetime,
    limit: int = MAX_ANSWERS,
    callers: Collection[str] | None = None,
) -> Sums:
    """Return the sums over a policy's latest answers in a time.

    Args:
        reader: of the record.
        policy: its id.
        deep: names of the models that count as deep.
        since: from here on.
        until: up to here.
        limit: at most so many answers.
        callers: to whom; None: to anybody.

    Raises:
        StoreError: the record cannot be read.
    """
    names = msgspec.json.encode(sorted(deep)).decode()
    whom = None if callers is None else msgspec.json.encode(sorted(callers)).decode()
    place: dict[str, Value] = {
        "policy": policy,
        "since": to_us(since),
        "until": to_us(until),
        "limit": limit,
        "callers": whom,
    }
    answers = reader.rows(_ANSWERS, {**place, "deep": names, "most_s": MAX_FIRST_S})
    said = reader.rows(_JUDGED, place)
    return Sums(
        n=sum(as_int(row[3]) for row in answers),
        of={
            "quality": _talks(said, 3, 4, 5),
            "complaints": _talks(answers, 3, 6, 6),
            "errors": _talks(answers, 3, 5, 5),
            "deep": _talks(answers, 3, 4, 4),
            "cost": _talks(answers, 7, 8, 9),
            "first_token": _talks(answers, 10, 11, 12),
        },
    )


def _talks(rows: Sequence[tuple[Value, ...]], n: int, total: int, squares: int) -> tuple[Talk, ...]:
    """Return a measure by conversation from the places of its sums in a row; where it has one."""
    return tuple(
        (
            user_of(str(row[0]), None if row[1] is None else str(row[1])),
            str(row[2]),
            as_int(row[n]),
            as_float(row[total]) or 0.0,
            as_float(row[squares]) or 0.0,
        )
        for row in rows
        if row[n]
    )
