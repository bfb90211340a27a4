"""A model's end, as `retire` and `replace` bring it about: who relies on it, its last day, its successor.

It returns a changed text of the configuration's file; `change` puts that in place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.config.edit import Draft
    from unisono.evaluate.dependents import Dependents

NOTICE_DAYS = 30
LOOK_BACK_DAYS = 30
ON = typer.Option("", "--on", help=f"Its last day, such as 2027-01-31. Default: {NOTICE_DAYS} days from now.")
MOVE = typer.Option(False, "--move-default", help="Make the successor `default` (and judge) where this model is.")


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
