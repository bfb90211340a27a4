"""What an operator must know of: a host refuses a key, another model answered, a guardrail broke, the router failed.

One row per kind and subject within an hour, with a count; it goes through the record's writer. It alarms nobody by
itself: `unisono_incidents_total` and `GET /admin/incidents` do.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from unisono.record.lineage import Rows
from unisono.record.rows import Value, from_us, to_us
from unisono.record.store import Store
from unisono.record.view import stamp
from unisono.types import Json

Kind = Literal[
    "model_mismatch",
    "model_refused",
    "share_alarm",
    "router_failed",
    "policy_rolled_back",
    "model_changed",
    "traffic_changed",
    "out_of_domain",
    "out_of_files",
]

_MERGE = timedelta(hours=1)
_KEPT = 200
_PUT = (
    "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET last = excluded.last, n = excluded.n"
)
_CHANGED = (
    "SELECT id, kind, subject, at, last, n, policy, text FROM incidents WHERE kind = 'model_changed' AND last >= ?"
    " ORDER BY last LIMIT 1000"
)
_LATEST = "SELECT id, kind, subject, at, last, n, policy, text FROM incidents ORDER BY at DESC LIMIT ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that happened to a subject (a model, a role, a part), `n` times between `at` and `last`."""

    kind: Kind
    subject: str
    at: datetime
    last: datetime
    n: int
    policy: str
    text: str


class Incidents:
    """Raises and lists incidents. `note` takes microseconds; `latest` reads the record."""

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        self._store = store
        self._open: OrderedDict[tuple[str, str], Incident] = OrderedDict()

    def note(self, kind: Kind, subject: str, text: str, *, policy: str, now: datetime) -> Incident:
        """Take in one occurrence; returns the incident it belongs to. `n == 1` says that it is a new one."""
        known = self._open.get((kind, subject))
        if known is not None and now - known.at < _MERGE:
            incident = replace(known, last=now, n=known.n + 1)
        else:
            incident = Incident(kind=kind, subject=subject, at=now, last=now, n=1, policy=policy, text=text)
        self._open[kind, subject] = incident
        if len(self._open) > _KEPT:
            self._open.popitem(last=False)
        place = f"{kind}/{subject}/{to_us(incident.at)}"
        self._store.record_rows(
            _PUT,
            (place, kind, subject, to_us(incident.at), to_us(incident.last), incident.n, policy, incident.text),
        )
        return incident

    def latest(self, limit: int = 50) -> list[Json]:
        """Return the latest incidents as JSON, newest first.

        Raises:
            StoreError: the record cannot be read.
        """
        return [_view(row) for row in self._store.rows(_LATEST, (limit,))]


def changes(rows: Rows, *, since: datetime) -> dict[str, Json]:
    """Return the latest change that was noticed of each model since a moment, by the model's name.

    Raises:
        StoreError: the record cannot be read.
    """
    found = rows(_CHANGED, (to_us(since),))
    return {str(row[2]): {"at": stamp(from_us(int(row[4] or 0))), "text": str(row[7])} for row in found}


def _view(row: tuple[Value, ...]) -> Json:
    _, kind, subject, at, last, n, policy, text = row
    return {
        "kind": str(kind),
        "subject": str(subject),
        "at": stamp(from_us(int(at or 0))),
        "last": stamp(from_us(int(last or 0))),
        "n": int(n or 0),
        "policy": str(policy),
        "text": str(text),
    }
