"""`unisono advise`: is routing worth it on your own traffic? Read from the record; no model is asked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.record import AS_JSON, CONFIG, STORE, console, open_reader, print_json

if TYPE_CHECKING:
    from unisono.evaluate.advice import Advice, Single
    from unisono.evaluate.in_domain import Domain
    from unisono.evaluate.offpolicy import Estimated
    from unisono.record.reader import Reader
    from unisono.types import Json, JsonValue

MAX_SHOWN = 5
MAX_CALLERS = 10
"""Callers that are told of in words."""


def advise(
    config: Path = CONFIG,
    store: Path | None = STORE,
    last: int = typer.Option(20_000, min=1, max=1_000_000, help="Look at so many of the latest judged answers."),
    tolerance: float = typer.Option(0.01, min=0.0, max=0.5, help="A loss of mean quality that counts as none."),
    as_json: bool = AS_JSON,
) -> None:
    """Say from the feedback in the record whether routing pays, beside always using each single model.

    Where the artifact in use was fitted on a table, it says too whose requests are like that table's prompts.

    Doubly robust estimates from the chances that each decision had; brackets hold 19 times in 20. Without exploration
    (`routing.explore`) and feedback nothing can be shown, and it says so.

    Example: `unisono advise`
    """
    from unisono.evaluate.advice import advise as consider
    from unisono.evaluate.judged import judged

    with closing(open_reader(config, store)) as reader:
        found = consider(tuple(judged(reader, limit=last)), tolerance=tolerance)
        domains = _domains(reader, config)
    if as_json:
        print_json({**_as_json(found), "domain": [domain.as_json() for domain in domains]})
        return
    _print(found)
    for domain in domains[:MAX_CALLERS]:
        console().print(f"\n{domain.sentence}", markup=False)
    if len(domains) > MAX_CALLERS:
        console().print(f"\n{len(domains) - MAX_CALLERS} more callers: --json.", markup=False)


def _domains(reader: Reader, config: Path) -> list[Domain]:
    """Return what is known of the table that the configuration's artifact was fitted on, beside each caller's traffic.

    Who asked most comes first.
    """
    from unisono import plugins
    from unisono.compose.trained import read_trained
    from unisono.config import load_config
    from unisono.errors import StartError
    from unisono.evaluate.in_domain import asked, told

    if not config.exists():
        return []
    try:
        settings = load_config(config)
        trained = read_trained(settings, plugins.load())
    except StartError:  # `unisono doctor` tells of it; the record can be read all the same
        return []
    if trained.artifact is None or trained.artifact.domain is None:
        return []
    found = [told(reader, trained.artifact, caller) for caller in asked(reader)]
    return [domain for domain in found if domain is not None]


def _print(found: Advice) -> None:
    from rich.table import Table

    out = console()
    out.print(found.sentence)
    if found.router is None:
        return
    out.print(
        f"\n{found.n:,} judged answers to auto; the router: quality {_interval(found.router)}"
        f", expected to cost ${1000 * found.expected_usd:.3g} per 1,000 answers"
        + ("" if found.spent_usd is None else f"; they did cost ${1000 * found.spent_usd:.3g}")
    )
    table = Table("always", "quality", "against the router", "$ per 1,000, expected", "the router saves", "rests on")
    for single in found.singles:
        table.add_row(*_cells(single, found))
    out.print(table)
    if found.never:
        out.print(f"Never first: {', '.join(found.never)}.")
    if found.unserved:
        ids = ", ".join(found.unserved[:MAX_SHOWN])
        out.print(f"{len(found.unserved)} judged questions are served by no model, such as {ids}.")


def _cells(single: Single, found: Advice) -> tuple[str, ...]:
    marks = [m for m, name in (("strongest", found.strongest), ("cheapest", found.cheapest)) if name == single.model]
    name = f"{single.model} ({', '.join(marks)})" if marks else single.model
    if not single.quality.enough:
        return name, "–", single.quality.why_not, f"{1000 * single.usd:.3g}", f"{single.saved:.0%}", "–"
    points = [100 * part for part in (single.gained.value, single.gained.low, single.gained.high)]
    return (
        name,
        _interval(single.quality),
        f"{points[0]:+.1f} [{points[1]:+.1f}, {points[2]:+.1f}] points",
        f"{1000 * single.usd:.3g}",
        f"{single.saved:.0%}",
        f"{single.quality.n_effective:.0f} of {single.quality.n}",
    )


def _interval(estimated: Estimated) -> str:
    return f"{estimated.value:.3f} [{estimated.low:.3f}, {estimated.high:.3f}]"


def _as_json(found: Advice) -> Json:
    return {
        "kind": found.kind,
        "sentence": found.sentence,
        "n": found.n,
        "router": None if found.router is None else _estimated(found.router),
        "expected_usd": found.expected_usd,
        "spent_usd": found.spent_usd,
        "cheapest": found.cheapest,
        "strongest": found.strongest,
        "singles": [
            {
                "model": single.model,
                "quality": _estimated(single.quality),
                "against_router": _estimated(single.gained),
                "usd": single.usd,
                "router_usd": single.router_usd,
                "saved": single.saved,
            }
            for single in found.singles
        ],
        "never_first": list(found.never),
        "unserved": list(found.unserved),
    }


def _estimated(estimated: Estimated) -> JsonValue:
    return {
        "value": estimated.value,
        "low": estimated.low,
        "high": estimated.high,
        "n": estimated.n,
        "n_effective": estimated.n_effective,
        "not_enough": estimated.why_not or None,
    }
