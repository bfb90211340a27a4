"""Decisions on a terminal: a table of many, or one whole. It reads no record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from unisono.cli.record import console

if TYPE_CHECKING:
    from rich.table import Table

    from unisono.types import Json, JsonValue

_MIN_ID_CHARS = 13  # of a UUIDv7: its millisecond
_STYLE = {"ok": "green", "failed": "red", "cut": "red", "cancelled": "yellow", "interrupted": "yellow"}


def show_decision(decision: Json) -> None:
    """Print a decision for a person: as recorded, or as `POST /v1/route` returns it."""
    out = console()
    for line in _head(decision):
        out.print(line, soft_wrap=True)
    out.print(_ranking_table(_objects(decision["ranking"])))
    excluded = _objects(decision["excluded"])
    if excluded:
        out.print(_excluded_table(excluded))
    attempts = _objects(decision.get("attempts") or [])
    if attempts:
        out.print(_attempts_table(attempts))
    for line in _foot(decision):
        out.print(line, soft_wrap=True)


def decisions_table(rows: Sequence[Json]) -> Table:
    """Return a row for each decision of a list."""
    table = _table("when", "decision", "model", "mode", "status", "cost", "seconds", "why", right=("cost", "seconds"))
    n_chars = _id_chars([str(row["decision"]) for row in rows])
    for row in rows:
        status = str(row["status"])
        table.add_row(
            _local(row["at"]),
            str(row["decision"])[:n_chars],
            _plain(row["model"]),
            _mode(row),
            f"[{_STYLE.get(status, 'default')}]{status}[/]" + (" degraded" if row["degraded"] else ""),
            _usd(row["cost_usd"]),
            _seconds(row["total_s"]),
            _plain(row["reason"]),
        )
    return table


def _ranking_table(places: Sequence[Json]) -> Table:
    names = ("", "model", "quality", "cost", "first token", "answer", "utility", "share", "why")
    table = _table(*names, title="Ranking", right=names[2:-1])
    for n, place in enumerate(places, start=1):
        quality, cost, latency = (cast("Json", place[name]) for name in ("quality", "cost_usd", "latency"))
        table.add_row(
            str(n),
            _plain(place["model"]),
            f"{_number(quality['mean'], '.2f')} ± {_number(quality['spread'], '.2f')}",
            _usd(cost["usd"]),
            _seconds(latency["first_token_s"]),
            _seconds(latency["total_s"]),
            _number(place["utility"], ".3f"),
            _number(place["propensity"], ".0%"),
            _plain(place["reason"]),
        )
    return table


def _excluded_table(excluded: Sequence[Json]) -> Table:
    table = _table("model", "rule", "why not", title="May not serve it")
    for row in excluded:
        table.add_row(_plain(row["model"]), _plain(row["rule"]), _plain(row["reason"]))
    return table


def _attempts_table(attempts: Sequence[Json]) -> Table:
    names = ("", "model", "status", "first content", "seconds", "tokens in", "out", "cost", "error")
    table = _table(*names, title="Attempts", right=names[3:-1])
    for n, attempt in enumerate(attempts, start=1):
        usage = cast("Mapping[str, JsonValue]", attempt["usage"] or {})
        error = " ".join(_plain(part) for part in (attempt["error_code"], attempt["error_text"]) if part)
        status = str(attempt["status"])
        table.add_row(
            str(n),
            _plain(attempt["model"]),
            f"[{_STYLE.get(status, 'default')}]{status}[/]",
            _seconds(attempt["first_content_s"]),
            _seconds(attempt["total_s"]),
            _plain(usage.get("input_tokens")),
            _plain(usage.get("output_tokens")),
            _usd(attempt["cost_usd"]),
            error,
        )
    return table


def _table(*names: str, title: str | None = None, right: Sequence[str] = ()) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for name in names:
        fold = name in {"why", "why not", "error"}
        table.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=not fold)
    return table


def _head(decision: Json) -> list[str]:
    status = f" · {decision['status']}" if "status" in decision else ""
    degraded = " · [red]degraded[/]" if decision["degraded"] else ""
    lines = [
        f"[bold]{_plain(decision['model'])}[/]{status}{degraded}: {_plain(decision['reason'])}",
        f"[dim]{_plain(decision['decision'])} · {_local(decision['at'])} · {_mode(decision)} · {decision['pattern']}"
        f" · decided in {_seconds(decision['decide_s'])}[/]",
    ]
    return lines + [
        f"[yellow]{_plain(notice['code'])}[/]: {_plain(notice['text'])}" for notice in _objects(decision["notices"])
    ]


def _foot(decision: Json) -> list[str]:
    lines = []
    if decision.get("cost_usd") is not None:
        lines.append(f"Cost: {_usd(decision['cost_usd'])} in {_seconds(decision.get('total_s'))}")
    elif decision.get("total_s") is not None:
        lines.append(f"Took {_seconds(decision['total_s'])}; its cost is not known")
    if decision["baseline"]:
        lines.append(f"Baseline: {_plain(decision['baseline'])}, {_usd(decision['baseline_usd'])}")
    request = cast("Json", decision.get("request") or {})
    if (like := cast("Json | None", request.get("like"))) is not None:
        lines.append(f"Rule {_plain(request.get('rule'))}: {_like(like)}")
        request = {name: value for name, value in request.items() if name not in ("rule", "like")}
    facts = ", ".join(f"{name} {_fact(value)}" for name, value in request.items() if value not in (None, [], {}))
    if facts:
        lines.append(f"[dim]Request: {facts}[/]")
    lines.append(
        f"[dim]Artifact {_plain(decision['artifact'])}, configuration {_plain(decision['config_hash'])},"
        f" policy {_plain(decision.get('policy', 'config'))},"
        f" seed {decision['seed']}[/]"
    )
    return lines


# ------------------------------------------------------------------------------------------- cells


def _objects(value: JsonValue) -> list[Json]:
    return cast("list[Json]", value)


def _fact(value: JsonValue) -> str:
    import orjson

    return _plain(value) if isinstance(value, (str, int, float)) else _plain(orjson.dumps(value).decode())


def _like(like: Json) -> str:
    """Return which example a request was like, and how much."""
    from unisono.cli.rules import how_near

    text = f", “{_plain(like['text'])}”" if "text" in like else ""
    return f"like its example {_plain(like['example'])}{text}; {how_near(cast('float', like['chance']))}"


def _plain(value: JsonValue) -> str:
    """Return text for a terminal: no markup, and no control characters that an upstream may have sent."""
    from rich.markup import escape

    if value is None:
        return "–"
    return escape("".join(c if c.isprintable() else " " for c in str(value)))


def _mode(row: Json) -> str:
    return f"pin {_plain(row['pin'])}" if row["pin"] else _plain(row["mode"])


def _usd(value: JsonValue) -> str:
    if not isinstance(value, (int, float)):
        return "–"
    from unisono.notices import usd

    return usd(value)


def _seconds(value: JsonValue) -> str:
    if not isinstance(value, (int, float)):
        return "–"
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def _number(value: JsonValue, form: str) -> str:
    return format(value, form) if isinstance(value, (int, float)) else "–"


def _local(at: JsonValue) -> str:
    return f"{datetime.fromisoformat(str(at)).astimezone():%Y-%m-%d %H:%M:%S}"


def _id_chars(ids: Sequence[str]) -> int:
    """Return how much of these ids tells them apart."""
    longest = max((len(i) for i in ids), default=_MIN_ID_CHARS)
    return next((n for n in range(_MIN_ID_CHARS, longest) if len({i[:n] for i in ids}) == len(set(ids))), longest)
