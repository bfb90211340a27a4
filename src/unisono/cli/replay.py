"""`unisono log replay`: recomputes a recorded decision and says whether anything differs.

It asks no upstream and needs no server; it changes nothing.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.record import AS_JSON, CONFIG, STORE, one_id, open_reader, print_json, with_outer

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.recompute import Replayed
    from unisono.types import Json, JsonValue

MAX_SHOWN = 20


def replay(
    context: typer.Context,
    decision: str = typer.Argument(..., help="The decision's id, or a beginning of it that no other one has."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Recompute one decision from the record, bit for bit, and say what differs; exit code 1 when anything does.

    Example: `unisono log replay 01a20a97-7854`
    """
    from unisono.config import EncoderConfig
    from unisono.config.kept import kept_of
    from unisono.evaluate.recompute import Recomputer
    from unisono.plugins import load

    config, store, as_json = with_outer(context, config=config, store=store, as_json=as_json)
    with closing(open_reader(config, store)) as reader:
        today = _todays(config)
        now, encoder = (None, EncoderConfig()) if today is None else (kept_of(today), today.encoder)
        recomputer = Recomputer(reader, registry=load(), now=now, encoder=encoder)
        replayed = recomputer.replay(one_id(reader, decision))
    if as_json:
        print_json(_as_json(replayed))
    else:
        print("\n".join(_lines(replayed)))
    if replayed.verdict != "same":
        raise typer.Exit(1)


def _todays(config: Path) -> Config | None:
    """Return the file's configuration, for records that hold none; a broken file is no reason not to replay."""
    from unisono.config import load_config
    from unisono.errors import ConfigError

    if not config.exists():
        return None
    try:
        return load_config(config)
    except ConfigError:
        return None


def _lines(replayed: Replayed) -> list[str]:
    if replayed.verdict == "impossible":
        return [f"{replayed.decision}: cannot be recomputed. {replayed.why}"]
    if replayed.verdict == "same":
        return [f"{replayed.decision}: same. Recomputed bit for bit: ranking, reasons, estimates, notices."]
    found = replayed.differences
    lines = [f"{replayed.decision}: differs in {len(found)} {'field' if len(found) == 1 else 'fields'}."]
    lines += [f"  {d.field}: recorded {d.recorded!r}, recomputed {d.recomputed!r}" for d in found[:MAX_SHOWN]]
    if len(found) > MAX_SHOWN:
        lines.append(f"  and {len(found) - MAX_SHOWN} more; --json lists all")
    return lines


def _as_json(replayed: Replayed) -> JsonValue:
    found: list[JsonValue] = [
        cast("Json", {"field": d.field, "recorded": d.recorded, "recomputed": d.recomputed})
        for d in replayed.differences
    ]
    return {
        "decision": replayed.decision,
        "verdict": replayed.verdict,
        "why": replayed.why or None,
        "differences": found,
    }
