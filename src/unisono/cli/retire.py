"""`unisono models retire`: a model goes on a date, with a successor, after saying who still relies on it.

It writes the configuration file; a running server follows. It takes nothing away at once unless it is forced to.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from unisono.cli.change import checked, note, put_in_force, tell
from unisono.cli.record import AS_JSON, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.config.edit import Draft
    from unisono.evaluate.dependents import Dependents
    from unisono.types import JsonValue

NOTICE_DAYS = 30
LOOK_BACK_DAYS = 30
ON = typer.Option("", "--on", help=f"Its last day, such as 2027-01-31. Default: {NOTICE_DAYS} days from now.")
MOVE = typer.Option(False, "--move-default", help="Make the successor `default` (and judge) where this model is.")
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


def known(config: Config, name: str) -> None:
    """Refuse a name that is not of the pool, as wrong use."""
    from unisono.catalog.names import nearest

    names = [model.name for model in config.models]
    if name not in names:
        near = ", ".join(nearest(name, names)) or ", ".join(names[:8])
        raise typer.BadParameter(f"no model {name!r} in the configuration (nearest: {near}).")


def serving(config: Config, name: str, *, today: date) -> None:
    """Refuse a name that is not of the pool, or of a model that serves no more, as wrong use."""
    from unisono.catalog.catalog import is_retired

    known(config, name)
    if is_retired(next(model for model in config.models if model.name == name), today=today):
        raise typer.BadParameter(f"{name} serves no more; name a model that does.")


def day(text: str, *, today: date) -> date:
    """Return the last day that was asked for, as wrong use when it is none or lies behind."""
    if not text:
        return today + timedelta(days=NOTICE_DAYS)
    try:
        found = date.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{text!r} is no day; write 2027-01-31.", param_hint="--on") from exc
    if found < today:
        raise typer.BadParameter(f"{text} has passed; --now takes a model away at once.", param_hint="--on")
    return found


def who(config: Config, name: str) -> Dependents:
    """Return who relies on a model, as far as configuration and record know."""
    from unisono.evaluate.dependents import dependents
    from unisono.record.keys import list_keys
    from unisono.record.reader import Reader

    now = datetime.now(UTC)
    path = config.store.path
    stored = [key for key in list_keys(path) if key.state(now) == "active"] if path.exists() else []
    reader = Reader(path) if path.exists() else None
    try:
        return dependents(
            config,
            name,
            stored=stored,
            reader=reader,
            since=now - timedelta(days=LOOK_BACK_DAYS),
            today=now.date(),
        )
    finally:
        if reader is not None:
            reader.close()


def moved(draft: Draft, config: Config, name: str, successor: str, *, wanted: bool) -> Draft:
    """Return the file with the successor as default and judge, where the model was and it is wanted."""
    from unisono.config.edit import with_keys

    if wanted and config.default == name:
        draft = with_keys(draft, "", {"default": successor})
    if wanted and config.routing.judge == name:
        draft = with_keys(draft, "routing", {"judge": successor})
    return draft


def ending(draft: Draft, config: Config, name: str, *, last: date, successor: str, at_once: bool = False) -> Draft:
    """Return the file with the model's end in it."""
    from unisono.config.edit import with_keys, with_model_keys

    life: dict[str, Any] = {"lifecycle": "sunset", "until": last, "successor": successor or None}
    if at_once:
        life |= {"lifecycle": "retired"}
        draft = with_keys(draft, "", {"removed": [*config.removed, *({name} - set(config.removed))]})
    return with_model_keys(draft, name, life)


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


def lines(found: Dependents, name: str) -> list[str]:
    """Return who relies on a model, a line each."""
    said = [] if found.ends is None else [f"it already ends: {found.ends}; this takes the place of that"]
    said += [f"it is `{part}` of the configuration: --move-default gives that to --successor" for part in found.parts]
    said += [f"the key {key} may use no other serving model: it needs --force" for key in found.only]
    said += [f"{pin.key} pinned it {pin.n} times, last {pin.last:%Y-%m-%d %H:%M}" for pin in found.pins]
    if (n_more := found.n_pinning - len(found.pins)) > 0:
        said.append(f"{n_more} more keys pinned it: `unisono log spending --by key --model {name}` names who uses it")
    if found.n_conversations:
        said.append(f"{found.n_conversations} conversations of the last {LOOK_BACK_DAYS} days go on with it")
    for what, names in (
        ("keys list it", found.keys),
        ("limits are about it", found.limits),
        ("rules have it answer", found.rules),
    ):
        if names:
            said.append(f"{what}: {', '.join(names)}")
    if found.names:
        said.append(f"these names lead to it: {', '.join(found.names)}")
    return [f"{name}: {line}" for line in said] or [f"{name}: nobody has pinned it in {LOOK_BACK_DAYS} days"]
