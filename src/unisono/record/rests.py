"""Until when hosts limit models, in the record: one knowledge of several workers, and a restart forgets nothing.

A row a model, by its name and by what it is: two names may stand for two accounts. What is short is told to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from unisono.catalog.fingerprint import fingerprint
from unisono.record.rows import SET
from unisono.types import Model

if TYPE_CHECKING:
    from unisono.record.store import Store

TOLD_FROM_S = 5.0
"""Rests that are shorter stay with the process that was told of them."""
_ALL = "SELECT name, value FROM settings WHERE name >= 'limited ' AND name < 'limited!'"
_FORGET = "DELETE FROM settings WHERE name = ?"


class Rests:
    """The rows of the models that a process knows."""

    def __init__(self, store: Store) -> None:
        """Write and read in this record."""
        self._store = store

    def tell(self, model: Model, *, since: datetime, until: datetime) -> None:
        """Say that a host limits a model."""
        if (until - since).total_seconds() >= TOLD_FROM_S:
            self._store.record_rows(SET, (_place(model), f"{since.timestamp()} {until.timestamp()}"))

    def forget(self, model: Model) -> None:
        """Say that it does no more."""
        self._store.record_rows(_FORGET, (_place(model),))

    def read(self, models: Mapping[str, Model]) -> dict[str, tuple[datetime, datetime]]:
        """Return since and until when each of these models is limited, by its name. It blocks.

        Raises:
            StoreError: the record cannot be read.
        """
        told = {str(name): str(value).split() for name, value in self._store.rows(_ALL)}
        found = {name: told[place] for name, model in models.items() if (place := _place(model)) in told}
        return {name: (_moment(since), _moment(until)) for name, (since, until) in found.items()}


def _place(model: Model) -> str:
    return f"limited {fingerprint(model)} {model.name}"


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)
