"""`unisono log`: what was asked, which model answered and why; read from the record, with or without a server.

It only reads, but for `purge` and `copy`. The same facts as JSON: `--json`, or `GET /v1/decisions` of a running server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.copying import copy
from unisono.cli.moment import parse_since
from unisono.cli.purge import purge
from unisono.cli.record import AS_JSON, CONFIG, STORE, console, one_id, open_reader, print_json, with_outer
from unisono.cli.replay import replay
from unisono.cli.spending import spending
from unisono.terms import STATUSES

if TYPE_CHECKING:
    from rich.table import Table

    from unisono.types import Json, JsonValue


_MIN_ID_CHARS = 13  # of a UUIDv7: its millisecond
_STYLE = {"ok": "green", "failed": "red", "cut": "red", "cancelled": "yellow", "interrupted": "yellow"}

app = typer.Typer(invoke_without_command=True, rich_markup_mode="markdown")
app.command()(replay)
app.command()(copy)
app.command()(purge)
app.command()(spending)


@app.callback()
def log(
    context: typer.Context,
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=1000, help="At most so many."),
    model: str = typer.Option("", "--model", "-m", help="Only those that this model answered."),
    status: str = typer.Option("", "--status", "-s", help=f"Only those that are: {', '.join(STATUSES)}."),
    key: str = typer.Option("", "--key", help="Only those of the key of this name."),
    user: str = typer.Option("", "--user", help="Only what this end user asked."),
    since: str = typer.Option(
        "", "--since", help="Only younger ones: 90s, 10m, 2h, 3d, or a stamp like 2026-05-01T12:00."
    ),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Show the latest decisions: which model answered, at what cost, and why.

    Examples:

    - `unisono log`
    - `unisono log --model small --since 2h`
    - `unisono log --status failed --json`
    - `unisono log --key red-ann --user ann@example.com`
    - `unisono log show 01a20a97-7854`
    """
    from datetime import UTC

    if context.invoked_subcommand is not None:
        context.obj = (config, store, as_json)
        return
    if status and status not in STATUSES:
        raise typer.BadParameter(f"{status!r} is none of {', '.join(STATUSES)}.", param_hint="--status")
    start = parse_since(since, now=datetime.now(UTC)) if since else None
    with closing(open_reader(config, store)) as reader:
        rows = reader.decisions(
            limit=limit,
            model=model or None,
            status=status or None,
            since=start,
            key=key or None,
            user=user or None,
        )
    if as_json:
        print_json(cast("JsonValue", rows))
        return
    if not rows:
        print(
            "No decision is recorded that fits."
            if model or status or since or key or user
            else "No decision is recorded yet."
        )
        return
    console().print(_decisions_table(rows))


@app.command()
def show(
    context: typer.Context,
    decision: str = typer.Argument(..., help="The decision's id, or a beginning of it that no other one has."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Show one decision whole: the ranking, why, why not the others, each attempt, the cost.

    Example: `unisono log show 01a20a97-7854`
    """
    config, store, as_json = with_outer(context, config=config, store=store, as_json=as_json)
    with closing(open_reader(config, store)) as reader:
        whole = reader.decision(one_id(reader, decision), examples=True)
    assert whole is not None  # noqa: S101  (its id was just read from the same record)
    if as_json:
        print_json(whole)
        return
    show_decision(whole)


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


# ------------------------------------------------------------------------------------------ tables


def _decisions_table(rows: Sequence[Json]) -> Table:
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
