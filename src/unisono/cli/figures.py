"""`unisono models figures`: what public benchmarks and published lengths say of a model, and who said it."""

from __future__ import annotations

from dataclasses import asdict
from math import exp
from typing import TYPE_CHECKING

import typer

from unisono.cli.record import AS_JSON, console, print_json

if TYPE_CHECKING:
    from unisono.catalog.benchmarks import Figure
    from unisono.catalog.lengths import Sourced
    from unisono.predict.benchmarks import Benchmarks
    from unisono.predict.verbosity import Verbosity
    from unisono.types import Json, JsonValue

N_NEAR = 3
Z_80 = 1.2816
ENOUGH = 3
"""Neighbours have at least so many figures."""


def figures(
    name: str = typer.Argument(..., help="Any name of a model, such as gpt-5-mini or qwen3:8b."),
    as_json: bool = AS_JSON,
) -> None:
    """Show what the package knows of a model from public benchmarks, with sources, and which models stand near it.

    The index sums the figures up: mean 0 and deviation 1 over the models of the table. It says what to expect of a
    model before anything was measured here. Below stands how much it writes and thinks: what its cost rests on before
    its first answers.

    Example: `unisono models figures gpt-5-mini`
    """
    from unisono.catalog.benchmarks import figures_of
    from unisono.catalog.lengths import lengths_of
    from unisono.catalog.names import nearest
    from unisono.learn.benchmarks import public_benchmarks
    from unisono.predict.names import lookup
    from unisono.predict.verbosity import published_verbosities

    benchmarks, verbosities = public_benchmarks(), published_verbosities()
    model = lookup((name,), {known: known for known in benchmarks.known}, benchmarks.aliases)
    writes = verbosities.of((name,))
    if model is None and writes is None:
        near = nearest(name, [*benchmarks.known, *benchmarks.aliases])
        hint = f" (nearest: {', '.join(near)})" if near else ""
        raise typer.BadParameter(
            f"No public figures of {name!r} are known{hint}. Say them yourself: "
            "benchmarks = { mmlu_pro = 81.2 } in its [[models]].",
            param_hint="name",
        )
    told = [] if model is None else figures_of(model)
    lengths = [] if writes is None else lengths_of(writes.model)
    above, below = ([], []) if model is None else _near(benchmarks, model)
    if as_json:
        rows: list[JsonValue] = [asdict(figure) for figure in told]
        print_json(
            {
                "model": model or (name if writes is None else writes.model or name),
                "index": None if model is None else asdict(benchmarks.known[model]),
                "figures": rows,
                "above": [*above],
                "below": [*below],
                "writes": None if writes is None else _times(writes),
                "lengths": [asdict(length) for length in lengths],
            }
        )
        return
    if model is None:
        print(f"{name}: no figures of benchmarks")
    else:
        index = benchmarks.known[model]
        print(f"{model}: index {index.mean:+.2f} ± {index.sd:.2f}, from {index.n_figures} benchmarks")
        _print_figures(told)
        print(f"Next above: {', '.join(above) or '–'}. Next below: {', '.join(below) or '–'}.")
    if writes is not None:
        _print_lengths(writes, lengths)


def _print_figures(told: list[Figure]) -> None:
    from rich.table import Table

    from unisono.catalog.benchmarks import BENCHMARKS

    table = Table("benchmark", "score", "source", "date")
    for figure in told:
        source = f"{figure.title}{' (as recalled)' if figure.recalled else ''}"
        table.add_row(BENCHMARKS[figure.benchmark].title, f"{figure.score:g}", source, figure.date)
    console().print(table)


def _print_lengths(writes: Verbosity, lengths: list[Sourced]) -> None:
    from rich.table import Table

    from unisono.catalog.lengths import BOARDS

    times, effort = f"{exp(writes.mean):.1f} times", writes.effort
    print(f"Writes {times} what a plain model of 2025 does, with effort {effort}: {writes.evidence}.")
    if not lengths:
        return
    table = Table("answers to", "effort", "length", "source", "date")
    for length in lengths:
        source = f"{length.title}{' (as recalled)' if length.recalled else ''}"
        table.add_row(BOARDS[length.board], length.effort, f"{length.length:g}", source, length.date)
    console().print(table)


def _times(writes: Verbosity) -> Json:
    """Return a verbosity as JSON: times what a plain model writes, and what holds four times in five."""
    return {
        "times": exp(writes.mean),
        "low": exp(writes.mean - Z_80 * writes.sd),
        "high": exp(writes.mean + Z_80 * writes.sd),
        "effort": writes.effort,
        "evidence": writes.evidence,
    }


def _near(benchmarks: Benchmarks, model: str) -> tuple[list[str], list[str]]:
    """Return the models next above and next below, nearest first, of which enough figures are known."""
    here = benchmarks.known[model].mean
    others = [(i.mean, name) for name, i in benchmarks.known.items() if i.n_figures >= ENOUGH and name != model]
    above = [name for mean, name in sorted(others) if mean >= here][:N_NEAR]
    return above, [name for mean, name in sorted(others, reverse=True) if mean < here][:N_NEAR]
