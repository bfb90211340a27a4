"""What went through in a period, summed up by SQLite: counts, money, times and judgements, over time and per model.

It hands out sums, never rows of callers, and the event loop goes on while SQLite counts. It judges nothing: the
interval of what was saved is the business of `evaluate.savings`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from unisono.record.rows import Value, to_us

MOST = 200_000
"""So many of the latest decisions are looked at, at most."""

_SEEN = """
WITH seen AS MATERIALIZED (
    SELECT min((d.at - ?) / ?, ?) AS slot, d.mode, coalesce(o.model, d.model) AS model,
        coalesce(o.status, 'open') AS status, o.cost_usd, o.baseline_usd, o.total_s,
        (SELECT a.first_content_s FROM attempts a WHERE a.decision = d.id ORDER BY a.n DESC LIMIT 1) AS first_s
    FROM (SELECT id, at, mode, model FROM decisions WHERE at >= ? ORDER BY at DESC LIMIT ?) d
    LEFT JOIN outcomes o ON o.decision = d.id
)
"""
_MIDDLES = """
SELECT '%(name)s' AS what, part AS slot, part AS model, NULL AS status, count(*) AS n,
    max(CASE WHEN place = (n + 1) / 2 THEN took END) AS a, max(CASE WHEN place = (19 * n + 19) / 20 THEN took END) AS b,
    NULL AS aa, NULL AS bb, NULL AS ab
FROM (
    SELECT %(part)s AS part, %(took)s AS took, row_number() OVER (PARTITION BY %(part)s ORDER BY %(took)s) AS place,
        count(*) OVER (PARTITION BY %(part)s) AS n
    FROM seen WHERE status = 'ok' AND %(took)s IS NOT NULL
) GROUP BY part
"""
_SUMS = f"""{_SEEN}
SELECT 'counts' AS what, slot, model, status, count(*) AS n, total(cost_usd) AS a, total(baseline_usd) AS b,
    NULL AS aa, NULL AS bb, NULL AS ab
FROM seen GROUP BY slot, model, status
UNION ALL
SELECT 'pairs', NULL, NULL, NULL, count(*), total(cost_usd), total(baseline_usd), total(cost_usd * cost_usd),
    total(baseline_usd * baseline_usd), total(cost_usd * baseline_usd)
FROM seen WHERE mode IS NOT NULL AND status = 'ok' AND cost_usd IS NOT NULL AND baseline_usd IS NOT NULL
UNION ALL {_MIDDLES % {"name": "first", "part": "slot", "took": "first_s"}}
UNION ALL {_MIDDLES % {"name": "first_of", "part": "model", "took": "first_s"}}
UNION ALL {_MIDDLES % {"name": "whole_of", "part": "model", "took": "total_s"}}
"""  # noqa: S608 - our own words
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
    """Sums over the answers to `auto` of which both the cost and the baseline's are known."""

    n: int
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
        whole: every decision of the period was looked at.
    """

    counts: list[dict[str, Value]]
    first: list[dict[str, Value]]
    first_of: list[dict[str, Value]]
    whole_of: list[dict[str, Value]]
    said: list[dict[str, Value]]
    pairs: Pairs
    whole: bool


def traffic(ask: Ask, *, since: datetime, width_s: float, n_slots: int, most: int = MOST) -> Traffic:
    """Return what went through since a moment.

    Args:
        ask: reads the record.
        since: aware.
        width_s: length of a slot.
        n_slots: how many there are; what is newer than the last counts with it.
        most: how many decisions are looked at.

    Raises:
        StoreError: the record cannot be read.
    """
    start, width = to_us(since), max(1, round(width_s * 1e6))
    parts: dict[str, list[dict[str, Value]]] = defaultdict(list)
    for row in ask(_SUMS, (start, width, n_slots - 1, start, most)):
        parts[str(row["what"])].append(row)
    (sums,) = parts["pairs"]
    return Traffic(
        counts=parts["counts"],
        first=parts["first"],
        first_of=parts["first_of"],
        whole_of=parts["whole_of"],
        said=ask(_SAID, (start, width, n_slots - 1, start)),
        pairs=Pairs(
            n=int(sums["n"] or 0),
            cost=float(sums["a"] or 0),
            base=float(sums["b"] or 0),
            cost_cost=float(sums["aa"] or 0),
            base_base=float(sums["bb"] or 0),
            cost_base=float(sums["ab"] or 0),
        ),
        whole=sum(int(row["n"] or 0) for row in parts["counts"]) < most,
    )


def latest_balanced(ask: Ask, *, limit: int) -> list[str]:
    """Return the ids of the latest decisions of plain `auto`, newest first.

    Raises:
        StoreError: the record cannot be read.
    """
    return [str(row["id"]) for row in ask(_LATEST, (limit,))]
