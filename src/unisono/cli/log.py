"""`unisono log`: what was asked, which model answered and why; read from the record, with or without a server.

It only reads, but for `purge` and `copy`. The same facts as JSON: `--json`, or `GET /v1/decisions` of a running server.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.copying import copy
from unisono.cli.decisions import decisions_table, show_decision
from unisono.cli.moment import parse_since
from unisono.cli.purge import purge
from unisono.cli.record import AS_JSON, CONFIG, STORE, console, one_id, open_reader, print_json, with_outer
from unisono.cli.replay import replay
from unisono.cli.spending import spending
from unisono.terms import STATUSES

if TYPE_CHECKING:
    from unisono.types import JsonValue

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
    console().print(decisions_table(rows))


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
