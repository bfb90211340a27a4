"""`unisono models`: the pool as it is, and what it can do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.probe.run import Row, Step
    from unisono.types import Json, Model, Score

PER_KIND = 36
"""Few cannot tell kinds of task apart, see docs/explanation/probes.md; the predictor keeps 768 scores of a model."""
PER_KIND_QUICK = 5
KEEP_EVERY = 10
"""Scores that may be lost when the command is killed."""

app = typer.Typer(help="List the models, and measure what they can do.", no_args_is_help=True)


@app.command("list")
def list_models(config: Path = CONFIG, as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the models of the configuration with prices, windows and what was measured of them.

    Example: `unisono models list`
    """
    from unisono.config import load_config

    settings = load_config(config)
    scores = _known_scores(settings)
    rows = [_row(model, [s for s in scores if s.model == model.name]) for model in settings.models]
    if as_json:
        _print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "role", "upstream", "window", "$/Mtok in", "out", "cut-off", "probes", "right")
    for row in rows:
        table.add_row(*(_cell(row[key]) for key in _COLUMNS))
    Console().print(table)


_COLUMNS = (
    "model",
    "role",
    "upstream",
    "context_tokens",
    "usd_per_mtok_in",
    "usd_per_mtok_out",
    "knowledge_cutoff",
    "n_probes",
    "accuracy",
)


def _row(model: Model, scores: Sequence[Score]) -> Json:
    prices = model.prices
    return {
        "model": model.name,
        "role": model.role.value,
        "upstream": model.upstream,
        "upstream_model": model.upstream_model,
        "context_tokens": model.context_tokens,
        "usd_per_mtok_in": None if prices is None else prices.usd_per_mtok_in,
        "usd_per_mtok_out": None if prices is None else prices.usd_per_mtok_out,
        "knowledge_cutoff": None if model.knowledge_cutoff is None else model.knowledge_cutoff.isoformat(),
        "lifecycle": model.lifecycle.state,
        "n_probes": len(scores),
        "accuracy": sum(s.score for s in scores) / len(scores) if scores else None,
    }


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@app.command("probe")
def probe_models(
    names: list[str] = typer.Argument(None, help="Which models; default: all of the configuration."),
    config: Path = CONFIG,
    per_kind: int = typer.Option(PER_KIND, min=1, max=50, help="Questions of each kind."),
    quick: bool = typer.Option(False, "--quick", help=f"{PER_KIND_QUICK} questions of each kind, about 65 in all."),
    again: bool = typer.Option(False, "--again", help="Ask also what was answered before."),
    extra_tokens: int = typer.Option(0, help="Room beside the short answer, for models that think first."),
    as_json: bool = typer.Option(False, "--json", help="Print the table and every score as JSON."),
) -> None:
    """Ask each model about 470 short questions with known answers, and keep the scores for routing.

    A running server takes the scores in within a second. What is answered is kept when this is interrupted, and
    questions that have a score are skipped. `--quick` shows large gaps between models, and is too few to tell kinds of
    task apart.

    Example: `unisono models probe --config unisono.toml`
    """
    from unisono.config import load_config
    from unisono.evaluate.probe.run import summarise

    settings = load_config(config)
    models = [m for m in settings.models if not names or m.name in names]
    if unknown := sorted(set(names or ()) - {m.name for m in settings.models}):
        raise typer.BadParameter(f"no such model: {', '.join(unknown)}")
    n_per_kind = PER_KIND_QUICK if quick else per_kind
    failures = asyncio.run(
        _probe(settings, models, per_kind=n_per_kind, again=again, extra_tokens=extra_tokens, silent=as_json)
    )
    scores = [s for s in _known_scores(settings) if s.model in {m.name for m in models}]
    rows = summarise(scores)
    if as_json:
        import msgspec

        told = {"models": rows, "scores": scores, "failures": failures}
        print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        _print_rows(rows)
        for failure in failures:
            print(failure, file=sys.stderr)
    if failures:
        raise typer.Exit(1)


async def _probe(
    settings: Config, models: Sequence[Model], *, per_kind: int, again: bool, extra_tokens: int, silent: bool
) -> list[str]:
    from time import perf_counter

    import orjson
    from rich.console import Console
    from rich.progress import Progress

    from unisono.catalog.fingerprint import fingerprint
    from unisono.compose import ask, build
    from unisono.evaluate.probe.questions import probe_questions
    from unisono.evaluate.probe.run import Answer, probe

    live = build(settings)
    prints = {m.name: fingerprint(m) for m in models}
    failures: list[str] = []

    fresh: list[Score] = []

    def keep() -> None:
        live.store.add_scores(fresh, prints)
        fresh.clear()

    async def ask_one(model: Model, body: Json) -> Answer:
        began_s = perf_counter()
        chunk = await ask(live, model, body)
        message = orjson.loads(chunk.data)["choices"][0]["message"]
        tokens = None if chunk.usage is None else chunk.usage.output_tokens
        return Answer(text=message.get("content") or "", output_tokens=tokens, seconds=perf_counter() - began_s)

    with Progress(console=Console(stderr=True), disable=silent) as progress:
        task = progress.add_task("probing", total=None)

        def on_progress(step: Step) -> None:
            progress.update(task, completed=step.n_done, total=step.n_total, description=f"probing {step.model}")
            if step.score is not None:
                fresh.append(step.score)
            if len(fresh) >= KEEP_EVERY:
                keep()
            if step.failure is not None:
                failures.append(f"{step.model}: {step.item}: {step.failure.text}")

        try:
            await live.start(serves=False)
            done = set() if again else {(s.model, s.item) for s in live.store.scores(prints)}
            await probe(
                models,
                ask_one,
                probe_questions(n_per_kind=per_kind),
                on_progress=on_progress,
                done=done,
                extra_tokens=extra_tokens,
            )
        finally:
            keep()
            await live.close()
    return failures


def _known_scores(settings: Config) -> tuple[Score, ...]:
    from unisono.catalog.fingerprint import fingerprint
    from unisono.record.store import Store

    if not settings.store.path.exists():
        return ()
    store = Store(settings.store.path, text=settings.store.text, flush_s=settings.store.flush_s)
    try:
        return store.scores({m.name: fingerprint(m) for m in settings.models})
    finally:
        store.close()


def _print_rows(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    kinds = sorted({kind for row in rows for kind in row.by_kind})
    table = Table("kind", *(row.model for row in rows), title="Share of right answers")
    for kind in kinds:
        table.add_row(kind, *(_cell(row.by_kind.get(kind)) for row in rows))
    table.add_section()
    table.add_row("all", *(f"{row.accuracy:.2f} [{row.low:.2f}, {row.high:.2f}] of {row.n}" for row in rows))
    table.add_row("seconds", *(_cell(row.seconds) for row in rows))
    table.add_row("output tokens", *(_cell(row.output_tokens) for row in rows))
    Console().print(table)


def _print_json(value: object) -> None:
    import orjson

    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
