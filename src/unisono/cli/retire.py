"""`unisono models retire`: a model goes on a date, with a successor, after saying who still relies on it.

It writes the configuration file; a running server follows. It takes nothing away at once unless it is forced to.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.change import checked, note, put_in_force, tell
from unisono.cli.ending import MOVE, ON, day, ending, known, lines, moved, serving, who
from unisono.cli.record import AS_JSON, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.evaluate.dependents import Dependents
    from unisono.types import JsonValue

FORCE = typer.Option(False, "--force", help="Go on although keys are left without a model.")


def retire(
    name: str = typer.Argument(..., help="The model that goes."),
    on: str = ON,
    successor: str = typer.Option("", "--successor", help="Who answers to its name afterwards."),
    move_default: bool = MOVE,
    now: bool = typer.Option(False, "--now", help="Take it away today, without notice; needs --force."),
    force: bool = FORCE,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say who relies on it, and change nothing."),
    config: Path = CONFIG,
    as_json: bool = AS_JSON,
) -> None:
    """Give a model a last day and a successor, and say who still pins it.

    Until that day it serves, and whoever pins it is told. After it the successor answers to its name, with a notice.
    A default or a judge is never left dangling.

    Example: `unisono models retire small --on 2027-01-31 --successor small-2`
    """
    from unisono.config import load_config
    from unisono.config.edit import opened

    before = load_config(config)
    today = datetime.now(UTC).date()
    if now and not force:
        raise typer.BadParameter("--now breaks whoever relies on it: give --force as well.", param_hint="--now")
    if now and on:
        raise typer.BadParameter("--now and --on exclude each other.", param_hint="--on")
    known(before, name)
    if successor:
        serving(before, successor, today=today)
    last = today if now else day(on, today=today)
    found = who(before, name)
    if dry_run:
        _print(found, name, as_json=as_json, more={"until": last.isoformat(), "successor": successor or None})
        return
    _refuse(found, name, successor=successor, move=move_default, force=force)
    draft = moved(opened(config), before, name, successor, wanted=move_default)
    draft = ending(draft, before, name, last=last, successor=successor, at_once=now)
    checked(draft, before, today=today)
    taken = put_in_force(draft, before)
    note(before, "retired", name, successor=successor or None, known={"until": last.isoformat(), "forced": force})
    more: dict[str, JsonValue] = {"until": last.isoformat(), "successor": successor or None, "server": taken}
    _print(found, name, as_json=as_json, more=more)
    if not as_json:
        then = "and" if now else "then"
        after = f"{then} {successor} answers to its name" if successor else f"{then} its name leads to nothing"
        serves = "serves no more" if now else f"serves until {last}"
        print(f"{name} {serves}, {after} ({taken}).")
    tell(taken)


def _refuse(found: Dependents, name: str, *, successor: str, move: bool, force: bool) -> None:
    from unisono.errors import StartError

    if found.parts and not (move and successor):
        raise StartError(
            f"{name} is `{'` and `'.join(found.parts)}` of the configuration, which would be left dangling: give "
            "--move-default with --successor, or name another model there first."
        )
    if found.only and not force:
        raise StartError(
            f"{name} is the only serving model of the keys {', '.join(found.only)}: widen their `models`"
            f"{' to ' + successor if successor else ''} first, or give --force."
        )


def _print(found: Dependents, name: str, *, as_json: bool, more: dict[str, JsonValue]) -> None:
    if as_json:
        told = asdict(found)
        told["pins"] = [{**asdict(pin), "last": pin.last.isoformat()} for pin in found.pins]
        print_json(cast("JsonValue", {"model": name, **told, **more}))
        return
    for line in lines(found, name):
        print(line)
