"""`unisono models`: the pool as it is, and what it can do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from unisono.cli.probing import (
    JUDGE,
    PER_KIND,
    QUESTIONS,
    YES,
    asks_first,
    bank,
    judge_for,
    known_scores,
    left_out,
    own_bank,
    prices,
    probe_pool,
)
from unisono.cli.record import AS_JSON, cell, console, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.probe.price import ProbePrice
    from unisono.evaluate.probe.run import Row
    from unisono.types import Json, JsonValue

PER_KIND_QUICK = 5

app = typer.Typer(help="List the models, and measure what they can do.", no_args_is_help=True)


@app.command("list")
def list_models(config: Path = CONFIG, as_json: bool = AS_JSON) -> None:
    """List the models of the configuration with prices, windows and what was measured of them.

    Example: `unisono models list`
    """
    from unisono.config import load_config

    settings = load_config(config)
    rows = _rows(settings)
    if as_json:
        print_json(cast("JsonValue", rows))
        return
    from rich.table import Table

    table = Table("model", "role", "upstream", "window", "$/Mtok in", "out", "cut-off", "life", "probes", "right")
    for row in rows:
        table.add_row(
            *(cell(row[key]) for key in _COLUMNS[:-3]), _life(row), *(cell(row[key]) for key in _COLUMNS[-2:])
        )
    console().print(table)
    for row in rows:
        if isinstance(changed := row["changed"], dict):
            print(f"{row['model']} answers unlike before (noticed {changed['at']}): {changed['text']}")


_COLUMNS = (
    "model",
    "role",
    "upstream",
    "context_tokens",
    "usd_per_mtok_in",
    "usd_per_mtok_out",
    "knowledge_cutoff",
    "lifecycle",
    "n_probes",
    "accuracy",
)


def _rows(settings: Config) -> list[Json]:
    from datetime import UTC, datetime

    from unisono.evaluate.roster import NEWS, roster
    from unisono.record.incidents import changes
    from unisono.record.lineage import events
    from unisono.record.reader import Reader

    if not settings.store.path.exists():
        return roster(settings.models, ())
    scores = known_scores(settings)  # opens the record for writing, which upgrades it
    with closing(Reader(settings.store.path)) as reader:
        changed = changes(reader.rows, since=datetime.now(UTC) - NEWS)
        return roster(settings.models, scores, events(reader.rows), changed)


def _life(row: Json) -> str:
    """Return where a model stands: `sunset until 2027-01-31, then big`; or whom it follows."""
    state = str(row["lifecycle"])
    if row["until"] is not None and state == "sunset":
        state += f" until {row['until']}"
    if row["successor"] is not None:
        state += f", then {row['successor']}"
    follows = row["follows"]
    return f"{state}, follows {', '.join(map(str, follows))}" if isinstance(follows, list) and follows else state


@app.command("probe")
def probe_models(
    names: list[str] = typer.Argument(None, help="Which models; default: all of the configuration."),
    config: Path = CONFIG,
    per_kind: int = typer.Option(PER_KIND, min=1, max=50, help="Questions of each kind."),
    quick: bool = typer.Option(False, "--quick", help=f"{PER_KIND_QUICK} questions of each kind, about 65 in all."),
    n: int = typer.Option(0, "--n", min=0, help="Only so many of them, chosen one after the other for what they tell."),
    questions: Path | None = QUESTIONS,
    judge: str = JUDGE,
    again: bool = typer.Option(False, "--again", help="Ask also what was answered before."),
    extra_tokens: int = typer.Option(0, min=0, help="Room beside the short answer, for models that think first."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what it would cost at most, and ask nothing."),
    yes: bool = YES,
    as_json: bool = typer.Option(False, "--json", help="Print the table and every score as JSON."),
) -> None:
    """Ask each model 456 short questions with known answers, and keep the scores for routing.

    A running server takes the scores in within a second. What is answered is kept when this is interrupted, and
    questions that have a score are skipped. `--quick` shows large gaps between models, and is too few to tell kinds of
    task apart; `--n 100` asks each model what tells most about it.

    The price is shown first, a bound. At a terminal you are asked before money is spent, unless `--yes` is given; in a
    script the command goes on.

    `--questions FILE` asks your own questions instead, one JSON object a line: `prompt`, and how an answer is scored
    (docs/explanation/probes.md).

    Examples:

    - `unisono models probe --questions own.jsonl --judge big --dry-run`
    - `unisono models probe small --n 100`

    Example: `unisono models probe --config unisono.toml`
    """
    from unisono.config import load_config
    from unisono.evaluate.probe.run import summarise

    settings = load_config(config)
    models = [m for m in settings.models if not names or m.name in names]
    if unknown := sorted(set(names or ()) - {m.name for m in settings.models}):
        raise typer.BadParameter(f"no such model: {', '.join(unknown)}")
    asked = own_bank(questions) if questions else bank(PER_KIND_QUICK if quick else per_kind)
    by = judge_for(settings, asked, judge)
    notes = left_out(models, asked, by)
    if not as_json:
        for note in notes:
            print(note, file=sys.stderr)
    told = prices(settings, models, asked, n=n or None, extra_tokens=extra_tokens, again=again, judge=by)
    if dry_run:
        _print_prices(told, as_json=as_json)
        return
    asks_first(told, yes=yes, as_json=as_json)
    options: Any = {"n": n or None, "again": again, "extra_tokens": extra_tokens, "silent": as_json, "judge": by}
    failures = asyncio.run(probe_pool(settings, models, asked, **options))
    scores = [s for s in known_scores(settings) if s.model in {m.name for m in models}]
    rows = summarise(scores)
    if as_json:
        import msgspec

        found = {"models": rows, "scores": scores, "failures": failures, "left_out": notes}
        print_json(msgspec.to_builtins(found))
    else:
        if rows:
            _print_rows(rows)
        for failure in failures:
            print(failure, file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def _print_prices(told: Sequence[ProbePrice], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(line) for line in told])
        return
    for line in told:
        print(line.sentence)
    if not told:
        print("Everything has been asked already.")


def _print_rows(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    kinds = sorted({kind for row in rows for kind in row.by_kind})
    table = Table("kind", *(row.model for row in rows), title="Share of right answers")
    for kind in kinds:
        table.add_row(kind, *(cell(row.by_kind.get(kind)) for row in rows))
    table.add_section()
    table.add_row("all", *(f"{row.accuracy:.2f} [{row.low:.2f}, {row.high:.2f}] of {row.n}" for row in rows))
    table.add_row("seconds", *(cell(row.seconds) for row in rows))
    table.add_row("output tokens", *(cell(row.output_tokens) for row in rows))
    Console().print(table)
