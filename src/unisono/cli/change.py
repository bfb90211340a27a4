"""Puts a changed configuration file in place, and waits until the server that runs over it has taken it up.

It edits nothing: `config.edit` does. Without a running server the file is what the next start will read.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import typer

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.config.edit import Draft
    from unisono.record.lineage import Deed
    from unisono.types import Json

TAKEN_UP_S = 30.0
"""A server looks at its file five times a second, and starts new providers before it says that they serve: seconds
on a busy machine."""
_LOOK_S = 0.1

Taken = Literal["in force", "no server runs", "not taken up"]


def checked(draft: Draft, before: Config, *, today: date) -> Config:
    """Return what the new text means, as a server that runs by the old one would see it.

    Raises:
        ConfigError: it holds mistakes.
        StartError: it takes a model from callers without notice.
    """
    from unisono.catalog.removal import removals
    from unisono.errors import StartError

    config = draft.checked()
    if lost := [*removals(before.models, config.models, today=today, forced=config.removed)]:
        raise StartError(" ".join(lost))
    return config


def put_in_force(draft: Draft, before: Config) -> Taken:
    """Write the file, and wait for the server over it.

    Raises:
        ConfigError: the file cannot be written, or has changed meanwhile.
    """
    served_by = _served_by(before)
    after = draft.put_in_place()
    if served_by is None:
        return "no server runs"
    end_s = time.monotonic() + TAKEN_UP_S
    while time.monotonic() < end_s:
        if _served_by(after) == after.hash:
            return "in force"
        time.sleep(_LOOK_S)
    return "not taken up" if served_by == before.hash else "no server runs"


def tell(taken: Taken) -> None:
    """Say what a server made of the change; exit 1 when one runs and did not take it up."""
    if taken == "not taken up":
        print(
            f"unisono: the running server has not taken the file up within {TAKEN_UP_S:g} s; /readyz says why.",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def note(config: Config, event: Deed, name: str, *, successor: str | None = None, known: Json | None = None) -> None:
    """Keep in the record what became of a model."""
    from unisono.catalog.fingerprint import fingerprint
    from unisono.record.lineage import Event, note_event

    model = next(m for m in config.models if m.name == name)
    note_event(
        config.store.path,
        Event(
            at=datetime.now(UTC),
            event=event,
            model=name,
            fingerprint=fingerprint(model),
            successor=successor,
            known=known or {},
        ),
    )


def value_of(text: str) -> Any:
    """Return what `text` means as a TOML value; a bare word is a text."""
    import tomllib

    try:
        return tomllib.loads(f"x = {text}")["x"]
    except ValueError:
        return text


def _served_by(config: Config) -> str | None:
    """Return the hash of the configuration that a living server last said to serve by; None when none lives."""
    from unisono.errors import StoreError
    from unisono.record.reader import Reader
    from unisono.record.runs import is_alive

    if not config.store.path.exists():
        return None
    reader = Reader(config.store.path)
    try:
        runs = reader.rows("SELECT pid FROM runs WHERE ended IS NULL AND pid <> ?", (os.getpid(),))
        if not any(isinstance(pid, int) and is_alive(pid) for (pid,) in runs):
            return None
        kept = reader.in_force()
        return None if kept is None else kept.hash
    except StoreError:
        return None
    finally:
        reader.close()
