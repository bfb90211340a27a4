"""What became of each model of the pool: added, replaced, retired; when, and what was known of it then.

It changes no pool: the configuration file does. A model is known by its fingerprint, so that a rename breaks no line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from unisono.record.database import transaction, writing
from unisono.record.rows import Value, from_us, to_us
from unisono.record.view import stamp
from unisono.types import Json

Deed: TypeAlias = Literal["added", "replaced", "retired"]
Rows: TypeAlias = Callable[[str, tuple[Value, ...]], list[tuple[Value, ...]]]
"""`Store.rows` or `Reader.rows`."""

_PUT = "INSERT INTO lineage VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ALL = "SELECT at, event, model, fingerprint, successor, body FROM lineage ORDER BY at, id LIMIT ?"
_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that became of a model; `known` is what was measured then."""

    at: datetime
    event: Deed
    model: str
    fingerprint: str
    successor: str | None
    known: Json

    def view(self) -> Json:
        """Return it as JSON."""
        return {
            "at": stamp(self.at),
            "event": self.event,
            "model": self.model,
            "successor": self.successor,
            "known": self.known,
        }


def note_event(path: Path, event: Event) -> None:
    """Keep an event.

    Raises:
        StoreError: the record cannot be written.
    """
    at = to_us(event.at)
    row = (f"{event.model}/{event.event}/{at}", at, event.event, event.model, event.fingerprint, event.successor)
    with writing(path) as connection, transaction(connection):
        connection.execute(_PUT, (*row, msgspec.json.encode(event.known)))


def events(rows: Rows) -> tuple[Event, ...]:
    """Return every event, oldest first.

    Raises:
        StoreError: the record cannot be read.
    """
    return tuple(_event(row) for row in rows(_ALL, (_MOST,)))


def _event(row: tuple[Value, ...]) -> Event:
    at, event, model, fingerprint, successor, body = row
    return Event(
        at=from_us(int(at or 0)),
        event=msgspec.convert(event, Deed),
        model=str(model),
        fingerprint=str(fingerprint),
        successor=None if successor is None else str(successor),
        known=msgspec.json.decode(body if isinstance(body, bytes) else b"{}"),
    )
