"""`unisono models figures`: what public benchmarks and published lengths say of a model, and who said it."""

from __future__ import annotations

from dataclasses import asdict
from math import exp
from typing import TYPE_CHECKING

import typer

from unisono.cli.record import AS_JSON, console, print_json

if TYPE_CHECKING:
    from unisono.predict.benchmarks import Benchmarks
    from unisono.predict.verbosity import Verbosity
    from unisono.types import Json

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
    from unisono.learn.benchmarks import public_benchmarks
    from unisono.predict.verbosity import published_verbosities

    benchmarks, writes = public_benchmarks(), published_verbosities().of((name,))
    model = _benchmarked(benchmarks, name, is_known=writes is not None)
    if as_json:
        found = _indexed(benchmarks, model) | _lengths(writes)
        print_json({"model": model or (name if writes is None else writes.model or name), **found})
        return
    if model is None:
        print(f"{name}: no figures of benchmarks")
    else:
        _print_figures(benchmarks, model)
    if writes is not None:
        _print_lengths(writes)


def _benchmarked(benchmarks: Benchmarks, name: str, *, is_known: bool) -> str | None:
    """Return what the table of benchmarks calls a model; None for one that is not in it but known otherwise.

    Raises:
        typer.BadParameter: nothing is known of the model.
    """
    from unisono.catalog.names import nearest
    from unisono.predict.names import lookup

    model = lookup((name,), {known: known for known in benchmarks.known}, benchmarks.aliases)
    if model is None and not is_known:
        near = nearest(name, [*benchmarks.known, *benchmarks.aliases])
        hint = f" (nearest: {', '.join(near)})" if near else ""
        raise typer.BadParameter(
            f"No public figures of {name!r} are known{hint}. Say them yourself: "
            "benchmarks = { mmlu_pro = 81.2 } in its [[models]].",
            param_hint="name",
        )
    return model


def _indexed(benchmarks: Benchmarks, model: str | None) -> Json:
    """Return as JSON what benchmarks say of a model, and who stands near it."""
    from unisono.catalog.benchmarks import figures_of

    if model is None:
        return {"index": None, "figures": [], "above": [], "below": []}
    above, below = _near(benchmarks, model)
    return {
        "index": asdict(benchmarks.known[model]),
        "figures": [asdict(figure) for figure in figures_of(model)],
        "above": [*above],
        "below": [*below],
    }


def _lengths(writes: Verbosity | None) -> Json:
    """Return as JSON how much a model writes, and who measured it."""
    from unisono.catalog.lengths import lengths_of

    if writes is None:
        return {"writes": None, "lengths": []}
    return {"writes": _times(writes), "lengths": [asdict(length) for length in lengths_of(writes.model)]}


def _print_figures(benchmarks: Benchmarks, model: str) -> None:
    from rich.table import Table

    from unisono.catalog.benchmarks import BENCHMARKS, figures_of

    index = benchmarks.known[model]
    print(f"{model}: index {index.mean:+.2f} ± {index.sd:.2f}, from {index.n_figures} benchmarks")
    table = Table("benchmark", "score", "source", "date")
    for figure in figures_of(model):
        source = f"{figure.title}{' (as recalled)' if figure.recalled else ''}"
        table.add_row(BENCHMARKS[figure.benchmark].title, f"{figure.score:g}", source, figure.date)
    console().print(table)
    above, below = _near(benchmarks, model)
    print(f"Next above: {', '.join(above) or '–'}. Next below: {', '.join(below) or '–'}.")


def _print_lengths(writes: Verbosity) -> None:
    from rich.table import Table

    from unisono.catalog.lengths import BOARDS, lengths_of

    lengths = lengths_of(writes.model)
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
