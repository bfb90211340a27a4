"""Sums over a policy's answers to `auto`, for the guardrails: how many failed, what they cost, what was said of them.

Only the first model's roles are counted as deep. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from unisono.record.reader import Reader
from unisono.record.rows import Value, as_float, as_int, to_us

MAX_ANSWERS = 20_000
"""The latest answers that are looked at: 50 ms of SQLite, outside the interpreter's lock."""
MAX_FIRST_S = 30.0
"""A first token that comes later counts as so late."""

_ANSWERS = """
SELECT count(*) AS n, sum(deep) AS deep, sum(bad) AS bad, sum(sad) AS sad,
    count(usd) AS n_usd, sum(usd) AS usd, sum(usd * usd) AS usd2,
    count(first_s) AS n_first, sum(first_s) AS first_s, sum(first_s * first_s) AS first_s2
FROM (
    SELECT d.model IN (SELECT value FROM json_each(:deep)) AS deep, o.status IN ('failed', 'cut') AS bad,
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
)
"""
_JUDGED = """
SELECT count(*) AS n, sum(reward) AS reward, sum(reward * reward) AS reward2
FROM (
    SELECT avg(CASE s.kind WHEN 'score' THEN CAST(s.value AS REAL) ELSE s.value = 'true' END) AS reward
    FROM decisions d JOIN signals s ON s.decision = d.id
    WHERE d.at >= :since AND d.at < :until AND d.policy = :policy AND d.mode IS NOT NULL AND d.degraded = 0
        AND (:callers IS NULL OR d.key IN (SELECT value FROM json_each(:callers)))
        AND (s.kind = 'score' OR s.kind LIKE 'correct:%')
    GROUP BY d.id ORDER BY d.at DESC LIMIT :limit
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A count, and for each measure the sum and the sum of squares over so many answers."""

    n: int
    of: Mapping[str, tuple[int, float, float]]


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
    row = reader.dicts(_ANSWERS, {**place, "deep": names, "most_s": MAX_FIRST_S})[0]
    said = reader.dicts(_JUDGED, place)[0]
    n = as_int(row["n"])
    return Sums(
        n=n,
        of={
            "quality": (as_int(said["n"]), _sum(said["reward"]), _sum(said["reward2"])),
            "complaints": (n, _sum(row["sad"]), _sum(row["sad"])),
            "errors": (n, _sum(row["bad"]), _sum(row["bad"])),
            "deep": (n, _sum(row["deep"]), _sum(row["deep"])),
            "cost": (as_int(row["n_usd"]), _sum(row["usd"]), _sum(row["usd2"])),
            "first_token": (as_int(row["n_first"]), _sum(row["first_s"]), _sum(row["first_s2"])),
        },
    )


def _sum(value: Value) -> float:
    """NULL is the sum of nothing."""
    return as_float(value) or 0.0
