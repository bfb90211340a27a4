"""`unisono log spending`: what was spent in a period, and by whom; as a table, CSV or JSON."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.moment import parse_since
from unisono.cli.record import AS_JSON, CONFIG, STORE, console, open_reader, print_json, with_outer

if TYPE_CHECKING:
    from unisono.types import Json

_ALL = 2**31


def spending(
    context: typer.Context,
    by: list[str] = typer.Option(["model"], "--by", help="key, user, model or day (UTC); again for more."),
    since: str = typer.Option("30d", "--since", help="From here on: 30d, or a day such as 2026-10-01."),
    until: str = typer.Option("", "--until", help="Before this, such as 2026-11-01. Default: now."),
    key: str = typer.Option("", "--key", help="Only of this key; 'red-*': of all whose names begin so."),
    model: str = typer.Option("", "--model", "-m", help="Only of this model."),
    as_csv: bool = typer.Option(False, "--csv", help="Print CSV."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Sum up calls, tokens and money by key, user, model or day: who spent what, who uses a model.

    Each call of a model counts, failed ones too. What was purged is not in it, nor are probes and vectors.

    Examples:

    - `unisono log spending --key 'red-*' --since 2026-10-01 --until 2026-11-01`
    - `unisono log spending --by key --by model --csv > october.csv`
    - `unisono log spending --by key --by user --model old-model`

    Example: `unisono log spending --by key --since 30d`
    """
    from unisono.errors import RequestError
    from unisono.record.spending import spending as summed_up

    config, store, as_json = with_outer(context, config=config, store=store, as_json=as_json)
    now = datetime.now(UTC)
    with closing(open_reader(config, store)) as reader:
        try:
            found = summed_up(
                reader.rows,
                by=by,
                since=parse_since(since, now=now),
                until=parse_since(until, now=now, option="--until") if until else now,
                key=key or None,
                model=model or None,
                most=_ALL,
            )
        except RequestError as exc:
            raise typer.BadParameter(str(exc), param_hint="--by") from exc
    rows, total = cast("list[Json]", found["data"]), cast("Json", found["total"])
    if as_json:
        print_json(found)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        columns = (*by, *total)
        writer.writerow(columns)
        writer.writerows([["" if row[name] is None else row[name] for name in columns] for row in rows])
    else:
        _show(rows, total, by=by)


def _show(rows: list[Json], total: Json, *, by: list[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in by:
        table.add_column(name, overflow="fold")
    for name in ("calls", "failed", "tokens in", "out", "cost", "no price"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*["–" if row[name] is None else escape(str(row[name])) for name in by], *_figures(row, total))
    table.add_row("[bold]in all[/]", *[""] * (len(by) - 1), *_figures(total, total))
    console().print(table)


def _figures(row: Json, columns: Iterable[str]) -> list[str]:
    from unisono.notices import usd

    return [usd(cast("float", row[name])) if name == "cost_usd" else f"{row[name]:,}" for name in columns]
