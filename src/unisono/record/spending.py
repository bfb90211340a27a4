"""What was spent, and by whom: calls, tokens and money of a period, summed up by key, user, model or day.

Money stands with the model that was paid: an answer that two models worked on counts with both. It reads the record
and nothing else; what limits have counted is the business of `limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from unisono.errors import RequestError
from unisono.record.rows import Value, to_us
from unisono.record.view import stamp
from unisono.types import Json, JsonValue

Part: TypeAlias = Literal["key", "user", "model", "day"]
PARTS: tuple[Part, ...] = get_args(Part)
"""What sums can be parted by."""
MOST = 10_000
"""So many rows are told at most, the dearest; the total is of all."""

_COLUMNS: Mapping[Part, str] = {
    "key": "d.key",
    "user": "d.user",
    "model": "a.model",
    "day": "date(d.at / 1000000, 'unixepoch')",
}
_SUMS = (
    "count(*)",
    "sum(a.status IN ('failed', 'cut'))",
    "total(a.input_tokens)",
    "total(a.output_tokens)",
    "total(a.cost_usd)",
    "sum(a.cost_usd IS NULL AND a.input_tokens IS NOT NULL)",
)
_NAMES = ("n_calls", "n_failed", "input_tokens", "output_tokens", "cost_usd", "n_unpriced")

Rows: TypeAlias = Callable[[str, tuple[Value, ...]], list[tuple[Value, ...]]]
"""A query and its values to rows: `Reader.rows`."""


def spending(
    rows: Rows,
    *,
    by: Sequence[str],
    since: datetime,
    until: datetime,
    key: str | None = None,
    model: str | None = None,
    most: int = MOST,
) -> Json:
    """Return what was spent on calls of requests in a period, the dearest first, or day after day.

    Args:
        rows: reads the record.
        by: of `PARTS`, each once; none gives the total only.
        since: from here on, aware.
        until: before this, aware.
        key: only of the key of this name or, where it ends in `*`, of those whose names begin so.
        model: only of this model.
        most: so many rows at most.

    Returns:
        `since`, `until`, `by`, `total`, `n_rows` (how many there are) and `data`, each row with its parts and sums.

    Raises:
        RequestError: `by` holds something else, or something twice.
        StoreError: the record cannot be read.
    """
    parts = _parts(by)
    columns = [_COLUMNS[part] for part in parts]
    where, values = _filters(since=since, until=until, key=key, model=model)
    whole = [f"total({text}) OVER ()" for text in _SUMS]
    sql = (
        f"SELECT {', '.join([*columns, *_SUMS, *whole, 'count(*) OVER ()'])}"  # noqa: S608 - our own words
        f" FROM decisions d JOIN attempts a ON a.decision = d.id WHERE {where}"
        + (f" GROUP BY {', '.join(str(n + 1) for n in range(len(columns)))}" if columns else "")
        + f" ORDER BY {len(columns) + 5} DESC, {len(columns) + 1} DESC LIMIT ?"
    )
    found = rows(sql, (*values, most))
    n, k = len(parts), len(_NAMES)
    if "day" in parts:
        found.sort(key=lambda row: str(row[parts.index("day")]))
    return {
        "object": "spending",
        "since": stamp(since),
        "until": stamp(until),
        "by": list[JsonValue](parts),
        "total": _summed(found[0][n + k : n + 2 * k] if found else [0] * k),
        "n_rows": int(found[0][-1] or 0) if found and parts else 0,
        "data": [
            {**{part: _name(row[place]) for place, part in enumerate(parts)}, **_summed(row[n : n + k])}
            for row in found
            if parts
        ],
    }


def _parts(by: Sequence[str]) -> tuple[Part, ...]:
    found = tuple(part for name in by for part in PARTS if part == name)
    if len(found) != len(by) or len({*found}) != len(found):
        raise RequestError(f"`by` must name some of {', '.join(PARTS)}, each once.", param="by")
    return found


def _filters(*, since: datetime, until: datetime, key: str | None, model: str | None) -> tuple[str, tuple[Value, ...]]:
    where, values = ["d.at >= ? AND d.at < ?"], [to_us(since), to_us(until)]
    more: list[Value] = []
    if key is not None and key.endswith("*"):
        where.append("substr(d.key, 1, ?) = ?")
        more += [len(key) - 1, key[:-1]]
    elif key is not None:
        where.append("d.key = ?")
        more.append(key)
    if model is not None:
        where.append("a.model = ?")
        more.append(model)
    return " AND ".join(where), (*values, *more)


def _summed(values: Sequence[Value]) -> Json:
    numbers = [float(value or 0) for value in values if not isinstance(value, bytes)]
    return {name: n if name == "cost_usd" else int(n) for name, n in zip(_NAMES, numbers, strict=True)}


def _name(value: Value) -> str | None:
    return None if value is None else str(value)
