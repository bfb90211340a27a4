"""`unisono models figures`: what public benchmarks say of a model, and who said it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from unisono.cli.record import AS_JSON, console, print_json

if TYPE_CHECKING:
    from unisono.predict.benchmarks import Benchmarks
    from unisono.types import JsonValue

N_NEAR = 3
ENOUGH = 3
"""Neighbours have at least so many figures."""


def figures(
    name: str = typer.Argument(..., help="Any name of a model, such as gpt-5-mini or qwen3:8b."),
    as_json: bool = AS_JSON,
) -> None:
    """Show what the package knows of a model from public benchmarks, with sources, and which models stand near it.

    The index sums the figures up: mean 0 and deviation 1 over the models of the table. It says what to expect of a
    model before anything was measured here.

    Example: `unisono models figures gpt-5-mini`
    """
    from unisono.catalog.benchmarks import BENCHMARKS, figures_of
    from unisono.catalog.names import nearest
    from unisono.learn.benchmarks import public_benchmarks
    from unisono.predict.names import lookup

    benchmarks = public_benchmarks()
    model = lookup((name,), {known: known for known in benchmarks.known}, benchmarks.aliases)
    if model is None:
        near = nearest(name, [*benchmarks.known, *benchmarks.aliases])
        hint = f" (nearest: {', '.join(near)})" if near else ""
        raise typer.BadParameter(
            f"No public figures of {name!r} are known{hint}. Say them yourself: "
            "benchmarks = { mmlu_pro = 81.2 } in its [[models]].",
            param_hint="name",
        )
    index = benchmarks.known[model]
    told = figures_of(model)
    above, below = _near(benchmarks, model)
    if as_json:
        rows: list[JsonValue] = [asdict(figure) for figure in told]
        print_json({"model": model, "index": asdict(index), "figures": rows, "above": [*above], "below": [*below]})
        return
    from rich.table import Table

    print(f"{model}: index {index.mean:+.2f} ± {index.sd:.2f}, from {index.n_figures} benchmarks")
    table = Table("benchmark", "score", "source", "date")
    for figure in told:
        source = f"{figure.title}{' (as recalled)' if figure.recalled else ''}"
        table.add_row(BENCHMARKS[figure.benchmark].title, f"{figure.score:g}", source, figure.date)
    console().print(table)
    print(f"Next above: {', '.join(above) or '–'}. Next below: {', '.join(below) or '–'}.")


def _near(benchmarks: Benchmarks, model: str) -> tuple[list[str], list[str]]:
    """Return the models next above and next below, nearest first, of which enough figures are known."""
    here = benchmarks.known[model].mean
    others = [(i.mean, name) for name, i in benchmarks.known.items() if i.n_figures >= ENOUGH and name != model]
    above = [name for mean, name in sorted(others) if mean >= here][:N_NEAR]
    return above, [name for mean, name in sorted(others, reverse=True) if mean < here][:N_NEAR]
