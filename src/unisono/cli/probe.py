"""`unisono models probe`: asks models questions whose answers are known, and keeps the scores for routing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.prices import YES, asks_first, prices
from unisono.cli.probing import probe_pool
from unisono.cli.questions import JUDGE, PER_KIND, QUESTIONS, bank, judge_for, left_out, own_bank
from unisono.cli.record import cell, known_scores, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.evaluate.probe.price import ProbePrice
    from unisono.evaluate.probe.run import Row

PER_KIND_QUICK = 5


def probe(
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
    failures = asyncio.run(
        probe_pool(
            settings, models, asked, n=n or None, again=again, extra_tokens=extra_tokens, silent=as_json, judge=by
        )
    )
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
