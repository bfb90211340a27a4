"""What went through in a period, summed up by SQLite: counts, money, times and judgements, over time and per model.

Counts and money are of every request, times of the latest. It hands out sums, never rows of callers, and the event loop
goes on while SQLite counts. It judges nothing: the interval of what was saved is the business of `evaluate.savings`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from unisono.record.rows import Value, to_us

MOST = 200_000
"""Times are of so many of the latest decisions, at most."""

_SEEN = """
WITH seen AS MATERIALIZED (
    SELECT min((d.at - ?) / ?, ?) AS slot, coalesce(o.model, d.model) AS model, o.status, o.total_s,
        (SELECT a.first_content_s FROM attempts a WHERE a.decision = d.id ORDER BY a.n DESC LIMIT 1) AS first_s
    FROM (SELECT id, at, model FROM decisions WHERE at >= ? ORDER BY at DESC LIMIT ?) d
    LEFT JOIN outcomes o ON o.decision = d.id
)
"""
_MIDDLES = """
SELECT '%(name)s' AS what, part AS slot, part AS model,
    max(CASE WHEN place = (n + 1) / 2 THEN took END) AS a, max(CASE WHEN place = (19 * n + 19) / 20 THEN took END) AS b
FROM (
    SELECT %(part)s AS part, %(took)s AS took, row_number() OVER (PARTITION BY %(part)s ORDER BY %(took)s) AS place,
        count(*) OVER (PARTITION BY %(part)s) AS n
    FROM seen WHERE status = 'ok' AND %(took)s IS NOT NULL
) GROUP BY part
"""
_PAIRS = """
SELECT total(n) AS n, count(*) AS n_talks, total(c) AS cost, total(b) AS base, total(c * c) AS cost_cost,
    total(b * b) AS base_base, total(c * b) AS cost_base
FROM (
    SELECT count(*) AS n, total(o.cost_usd) AS c, total(o.baseline_usd) AS b
    FROM decisions d JOIN outcomes o ON o.decision = d.id
    WHERE d.at >= ? AND d.mode IS NOT NULL AND o.status = 'ok' AND o.cost_usd IS NOT NULL AND o.baseline_usd IS NOT NULL
    GROUP BY d.key, d.session
)
"""
_TIMES = f"""{_SEEN}
{_MIDDLES % {"name": "first", "part": "slot", "took": "first_s"}}
UNION ALL {_MIDDLES % {"name": "first_of", "part": "model", "took": "first_s"}}
UNION ALL {_MIDDLES % {"name": "whole_of", "part": "model", "took": "total_s"}}
"""
_COUNTS = """
SELECT min((d.at - ?) / ?, ?) AS slot, coalesce(o.model, d.model) AS model, coalesce(o.status, 'open') AS status,
    count(*) AS n, total(o.cost_usd) AS a, total(o.baseline_usd) AS b
FROM decisions d LEFT JOIN outcomes o ON o.decision = d.id
WHERE d.at >= ? GROUP BY 1, 2, 3
"""
_SAID = """
SELECT min((s.at - ?) / ?, ?) AS slot, o.model, count(*) AS n,
    total(CASE WHEN s.kind = 'score' THEN CAST(s.value AS REAL) ELSE s.value = 'true' END) AS sum
FROM signals s JOIN outcomes o ON o.decision = s.decision
WHERE s.at >= ? AND o.model IS NOT NULL AND (s.kind = 'score' OR s.kind LIKE 'correct:%') GROUP BY 1, 2
"""
_LATEST = "SELECT id FROM decisions WHERE mode = 'balanced' AND degraded = 0 ORDER BY at DESC LIMIT ?"

Row = Mapping[str, Value]
Ask = Callable[[str, tuple[Value, ...]], list[dict[str, Value]]]
"""A query and its values to rows by their columns' names: `Store.dicts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Sums over the answers to `auto` of which both the cost and the baseline's are known.

    Attributes:
        n: answers; they are of `n_talks` conversations.
        cost, base: in USD.
        cost_cost, base_base, cost_base: sums over conversations of the products of their sums.
    """

    n: int
    n_talks: int
    cost: float
    base: float
    cost_cost: float
    base_base: float
    cost_base: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A period in `n_slots` equal parts.

    Attributes:
        counts: n, and in `a` and `b` the cost and the baseline's, by slot, model and status; `open` has no outcome yet.
        first: by slot, within `a` seconds half of the answers began, within `b` 95 of 100.
        first_of: the same by model; `whole_of` until the end.
        said: n and sum of votes and checks in [0, 1], by slot and model.
        n_timed: `first`, `first_of` and `whole_of` are of so many of the latest decisions.
        whole: these are all of the period.
    """

    counts: list[dict[str, Value]]
    first: list[dict[str, Value]]
    first_of: list[dict[str, Value]]
    whole_of: list[dict[str, Value]]
    said: list[dict[str, Value]]
    pairs: Pairs
    n_timed: int
    whole: bool


def traffic(ask: Ask, *, since: datetime, width_s: float, n_slots: int, most: int = MOST) -> Traffic:
    """Return what went through since a moment.

    Args:
        ask: reads the record.
        since: aware.
        width_s: length of a slot.
        n_slots: how many there are; what is newer than the last counts with it.
        most: of how many of the latest decisions the times are.

    Raises:
        StoreError: the record cannot be read.
    """
    start, width = to_us(since), max(1, round(width_s * 1e6))
    counts = ask(_COUNTS, (start, width, n_slots - 1, start))
    times: dict[str, list[dict[str, Value]]] = defaultdict(list)
    for row in ask(_TIMES, (start, width, n_slots - 1, start, most)):
        times[str(row["what"])].append(row)
    n = sum(int(row["n"] or 0) for row in counts)
    (pairs,) = ask(_PAIRS, (start,))
    return Traffic(
        counts=counts,
        first=times["first"],
        first_of=times["first_of"],
        whole_of=times["whole_of"],
        said=ask(_SAID, (start, width, n_slots - 1, start)),
        pairs=Pairs(
            n=int(pairs.pop("n") or 0),
            n_talks=int(pairs.pop("n_talks") or 0),
            **{name: float(sum_ or 0) for name, sum_ in pairs.items()},
        ),
        n_timed=min(n, most),
        whole=n <= most,
    )


def latest_balanced(ask: Ask, *, limit: int) -> list[str]:
    """Return the ids of the latest decisions of plain `auto`, newest first.

    Raises:
        StoreError: the record cannot be read.
    """
    return [str(row["id"]) for row in ask(_LATEST, (limit,))]
