"""`unisono keys`: makes, lists, replaces and revokes the keys of callers. A key is shown once and kept nowhere.

It needs no running server; a server over the same record sees each change with its next request.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.record import AS_JSON, CONFIG, STORE, console, print_json

if TYPE_CHECKING:
    from unisono.record.keys import StoredKey
    from unisono.types import JsonValue, Limit, Mode

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

_NAME = re.compile(r"[A-Za-z0-9][\w.@-]{0,63}")
_AGE = re.compile(r"(\d+)([smhdw])")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}-?\d")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LIMIT = re.compile(r"(messages|tokens|usd)=(\d+(?:\.\d+)?)/(minute|hour|day|week|month)|(concurrent_requests)=(\d+)")

NAME = typer.Argument(..., help="What limits and the record call the key.")
EXPIRES = typer.Option("", "--expires", help="When it ends: 12h, 30d, 8w, or its last day, such as 2027-01-31.")


@app.command()
def create(
    name: str = NAME,
    model: list[str] = typer.Option([], "--model", "-m", help="A model that may answer; again for more. Default: all."),
    mode: list[str] = typer.Option([], "--mode", help="A mode of auto that may be asked for. Default: all."),
    limit: list[str] = typer.Option(
        [], "--limit", help="A bound of this key, such as usd=5/day, messages=60/minute or concurrent_requests=8."
    ),
    admin: bool = typer.Option(False, "--admin", help="It may read everybody's record and /admin."),
    export: bool = typer.Option(False, "--export", help="Its holder agrees that words are kept and exported."),
    expires: str = EXPIRES,
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Make a key and show it, this once.

    Examples:

    - `unisono keys create alice --expires 90d`
    - `unisono keys create app --model small --mode fast --limit usd=5/day`
    - `unisono keys create ops --admin`

    Example: `unisono keys create alice --limit messages=200/day`
    """
    from unisono.record.keys import create_key
    from unisono.types import Scope

    if not _NAME.fullmatch(name):
        raise typer.BadParameter("letters, digits and . _ - @, at most 64", param_hint="NAME")
    now = datetime.now(UTC)
    path = _record(config, store, models=model)
    scope = Scope(admin=admin, export=export, models=tuple(model), modes=tuple(_mode(text) for text in mode))
    limits = tuple(_limit(text, key=name) for text in limit)
    made, secret = create_key(path, name, scope=scope, limits=limits, expires=_expiry(expires, now=now), now=now)
    _show_new(made, secret, as_json=as_json)


@app.command("list")
def list_(config: Path = CONFIG, store: Path | None = STORE, as_json: bool = AS_JSON) -> None:
    """List the keys that there are and were; the keys themselves cannot be shown.

    Example: `unisono keys list`
    """
    from rich.table import Table

    from unisono.record.keys import key_to_json, list_keys, written

    now = datetime.now(UTC)
    keys = list_keys(_record(config, store))
    if as_json:
        print_json(cast("JsonValue", [key_to_json(key, now=now) for key in keys]))
        return
    if not keys:
        print("No key was made yet. `unisono keys create NAME` makes one.")
        return
    table = Table("id", "name", "state", "may", "limits", "made", "ends", box=None)
    for key in keys:
        limits = ", ".join(written(limit) for limit in key.limits)
        ends = "" if key.expires is None else f"{key.expires:%Y-%m-%d %H:%M}"
        table.add_row(key.id, key.name, key.state(now), _may(key), limits, f"{key.created:%Y-%m-%d %H:%M}", ends)
    console().print(table)


@app.command()
def revoke(
    name: str = typer.Argument(..., help="The key's name (then all of that name end) or its id."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """End a key now: the next request that shows it is refused, by every worker.

    Example: `unisono keys revoke alice`
    """
    from unisono.record.keys import revoke_key

    now = datetime.now(UTC)
    ended = revoke_key(_record(config, store), name, now=now)
    if as_json:
        print_json({"revoked": [key.id for key in ended]})
    else:
        print(f"Revoked {', '.join(key.id for key in ended)} of {ended[0].name}.")


@app.command()
def rotate(
    name: str = NAME,
    keep_old: str = typer.Option("", "--keep-old", help="How long the old key still counts, such as 1d. Default: 0."),
    expires: str = EXPIRES,
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Put a new key in the place of an old one: same name, scope, limits and lifetime; shown this once.

    Example: `unisono keys rotate alice --keep-old 1d`
    """
    from unisono.record.keys import rotate_key

    now = datetime.now(UTC)
    path = _record(config, store)
    old_ends = _end(keep_old, now=now)
    made, secret = rotate_key(path, name, expires=_expiry(expires, now=now), old_ends=old_ends, now=now)
    _show_new(made, secret, as_json=as_json)


# ------------------------------------------------------------------------------------------- parts


def _record(config: Path, store: Path | None, *, models: list[str] | None = None) -> Path:
    """Return the record's file; it is made if it is missing. Names of models must be in the configuration."""
    if store is not None:
        return store
    from unisono.config import load_config
    from unisono.config.mistake import offer

    loaded = load_config(config)
    known = [*(model.name for model in loaded.models), *(model.name for model in loaded.embeddings)]
    for model in models or ():
        if model not in known:
            raise typer.BadParameter(f"{model!r} is not a model of {config}{offer(model, known)}", param_hint="--model")
    return loaded.store.path


def _mode(text: str) -> Mode:
    from unisono.types import Mode

    try:
        return Mode(text.removeprefix("auto:").replace("auto", "balanced"))
    except ValueError:
        modes = ", ".join(mode.value for mode in Mode)
        raise typer.BadParameter(f"{text!r} is none of {modes}.", param_hint="--mode") from None


def _limit(text: str, *, key: str) -> Limit:
    from unisono.record.keys import MINUTE_S
    from unisono.types import Limit

    found = _LIMIT.fullmatch(text.strip())
    counts, amount = ("", "0") if found is None else (found[1] or found[4], found[2] or found[5])
    if found is None or float(amount) <= 0 or (counts != "usd" and "." in amount):
        wanted = (
            "messages or tokens = a whole number, or usd = a number, / minute, hour, day, week or month (usd=5/day), "
            "or concurrent_requests = a whole number"
        )
        raise typer.BadParameter(f"{text!r} is not {wanted}.", param_hint="--limit")
    window = found[3]
    return Limit(
        name=f"{key}:{counts}/{window}" if window else f"{key}:{counts}",
        counts=counts,  # type: ignore[arg-type]  # one of the pattern's
        amount=float(amount),
        window=MINUTE_S if window == "minute" else window,  # type: ignore[arg-type]
        keys=(key,),
    )


def _end(text: str, *, now: datetime) -> datetime | None:
    """Return the moment that `90d` from now, a stamp, or the end of a day means; None for nothing."""
    if not text:
        return None
    try:
        if found := _AGE.fullmatch(text.strip()):
            return now + timedelta(seconds=int(found[1]) * _UNIT_S[found[2]])
        end = datetime.fromisoformat(text)
        if _DAY.fullmatch(text):  # its last day
            end += timedelta(days=1)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is neither like 12h, 30d, 8w nor a day such as 2027-01-31.") from None
    return end if end.tzinfo is not None else end.replace(tzinfo=UTC)


def _expiry(text: str, *, now: datetime) -> datetime | None:
    """Return the moment at which a new key ends, which lies ahead; None for never."""
    end = _end(text, now=now)
    if end is not None and end <= now:
        raise typer.BadParameter(f"{text} is over before the key is made.", param_hint="--expires")
    return end


def _may(key: StoredKey) -> str:
    words = [word for word, held in (("admin", key.scope.admin), ("export", key.scope.export)) if held]
    words += [f"models: {', '.join(key.scope.models)}"] if key.scope.models else []
    words += [f"modes: {', '.join(key.scope.modes)}"] if key.scope.modes else []
    return "; ".join(words) or "every model"


def _show_new(made: StoredKey, secret: str, *, as_json: bool) -> None:
    from unisono.record.keys import key_to_json

    if as_json:
        print_json({**key_to_json(made, now=made.created), "key": secret})
        return
    print(f"{made.id} for {made.name}: {_may(made)}")
    print(f"\n  {secret}\n\nThis is the only time that the key is shown. Send it as `Authorization: Bearer <key>`.")
