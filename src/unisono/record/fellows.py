"""What the other processes over the same record did since the last look: the record is what workers share.

It reads and decides nothing; `compose` hands the news to those who keep state. One look takes 1 to 4 ms, off the event
loop. How late a fellow's deed is known: its flush interval, plus the time between two looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unisono.errors import (
    OutOfFiles,
    UpstreamCut,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUntrusted,
)
from unisono.record.lessons import lessons_of
from unisono.record.limits import used_elsewhere
from unisono.record.reader import Stored
from unisono.record.rows import SET, Value, as_bytes, as_int, attempt_from_row
from unisono.record.store import Store
from unisono.types import Attempt, Features

OVERLAP_US = 2_000_000
"""Rows are looked for this far back again: a row is stamped when it is written, and seen when it is committed.

And no further ahead: after a clock that was set back, what bears a later time is not news, and may be much.
"""

_ATTEMPTS = """
SELECT a.* FROM outcomes o JOIN decisions d ON d.id = o.decision JOIN attempts a ON a.decision = o.decision
WHERE o.at BETWEEN ? AND ? AND d.run <> ? ORDER BY o.at, a.n
"""
MAX_DECIDED = 16
"""The latest decisions, and the latest answers to learn lengths from, that one look takes in: each takes .1 to .3 ms to
read. Where the others decide more than eighty times a second, it is a sample."""
_DECIDED = """
SELECT id FROM decisions WHERE at BETWEEN ? AND ? AND run <> ? AND pin IS NULL AND degraded = 0 AND mode IS NOT NULL
ORDER BY id DESC LIMIT ?
"""
_SESSIONS = "SELECT key, session, body FROM sessions WHERE at BETWEEN ? AND ?"
_HELD = """
SELECT h.name, h.holder, sum(h.amount) FROM held h JOIN runs r ON r.id = h.run
WHERE h.run <> ? AND r.ended IS NULL GROUP BY 1, 2
"""
_KEYS = "SELECT id, expires, revoked FROM keys ORDER BY id"
_HOLD = "INSERT INTO held VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount"
_LET_GO = "DELETE FROM held WHERE run = ? AND name = ? AND holder = ?"
_PAGES = "SELECT name, value FROM settings WHERE name LIKE 'metrics %' ORDER BY name"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is new: each fellow's attempts and choices, conversations that went on, and what is used of the limits.

    `lessons` are complete answers among the attempts, with what was known of their requests.
    """

    attempts: tuple[Attempt, ...]
    lessons: tuple[tuple[Features, Attempt], ...]
    decided: tuple[Stored, ...]
    sessions: tuple[tuple[str, str, bytes], ...]
    spending: tuple[tuple[str, str, int, int], ...]
    held: tuple[tuple[str, str, int], ...]
    keys: int


class Fellows:
    """Looks at what the others wrote, and writes what they must know of this process."""

    def __init__(self, store: Store, *, since_us: int) -> None:
        """Look from a moment on; what was before is known from the start."""
        self._store = store
        self._since_us = since_us
        self._seen: dict[tuple[str, int], int] = {}
        self._heard: dict[str, int] = {}
        self._told: dict[tuple[str, str], int] = {}

    def look(self, *, now_us: int, windows: Mapping[str, int]) -> News:
        """Return the news. It blocks.

        Args:
            now_us: microseconds since 1970.
            windows: what of each limit counts, as `limits.Ledger.windows` says.

        Raises:
            StoreError: the record cannot be read; nothing is lost, the next look goes as far back.
        """
        since_us, until_us = self._since_us - OVERLAP_US, now_us + OVERLAP_US
        rows = self._store.reader.dicts(_ATTEMPTS, (since_us, until_us, self._store.run))
        fresh = [row for row in rows if (str(row["decision"]), as_int(row["n"])) not in self._seen]
        sessions = self._store.rows(_SESSIONS, (since_us // 1_000_000, until_us // 1_000_000))
        spending = used_elsewhere(self._store.reader, windows, run=self._store.run)
        held = self._store.rows(_HELD, (self._store.run,))
        keys = hash(tuple(self._store.rows(_KEYS)))
        self._seen |= {(str(row["decision"]), as_int(row["n"])): now_us for row in fresh}
        self._seen = {place: at for place, at in self._seen.items() if at >= now_us - 4 * OVERLAP_US}
        decided = self._decided(now_us)
        self._since_us = now_us
        return News(
            attempts=tuple(attempt_from_row(row) for row in fresh),
            lessons=self._lessons(fresh),
            decided=decided,
            sessions=tuple((str(key), str(session), as_bytes(body)) for key, session, body in sessions),
            spending=spending,
            held=tuple((str(name), str(who), as_int(n)) for name, who, n in held),
            keys=keys,
        )

    def _lessons(self, fresh: Sequence[Mapping[str, Value]]) -> tuple[tuple[Features, Attempt], ...]:
        ids = dict.fromkeys(str(row["decision"]) for row in fresh if row["status"] == "ok")
        latest = list(ids)[-MAX_DECIDED:]
        return tuple((features, attempt) for _, features, attempt in lessons_of(self._store.reader, latest))

    def _decided(self, now_us: int) -> tuple[Stored, ...]:
        """Return the latest choices of the router elsewhere that were not heard of, oldest first."""
        window = (self._since_us - OVERLAP_US, now_us + OVERLAP_US)
        rows = self._store.rows(_DECIDED, (*window, self._store.run, MAX_DECIDED))
        fresh = [str(id_) for (id_,) in reversed(rows) if str(id_) not in self._heard]
        self._heard |= dict.fromkeys(fresh, now_us)
        self._heard = {id_: at for id_, at in self._heard.items() if at >= now_us - 4 * OVERLAP_US}
        found = (self._store.stored(id_) for id_ in fresh)
        return tuple(stored for stored in found if stored is not None and stored.features is not None)

    def tell_held(self, held: Sequence[tuple[str, str, int]]) -> None:
        """Say what requests in flight hold here; only what changed is written."""
        now = {(name, holder): amount for name, holder, amount in held}
        for (name, holder), amount in now.items():
            if self._told.get((name, holder)) != amount:
                self._store.record_rows(_HOLD, (self._store.run, name, holder, amount))
        for name, holder in self._told.keys() - now.keys():
            self._store.record_rows(_LET_GO, (self._store.run, name, holder))
        self._told = now

    def begin_metrics(self) -> None:
        """Forget the metrics of earlier workers; each tells its own within a second."""
        self._store.record_rows("DELETE FROM settings WHERE name LIKE 'metrics %'", ())

    def tell_metrics(self, worker: int, page: bytes) -> None:
        """Say what this worker's metrics are, for whichever worker Prometheus asks."""
        self._store.record_rows(SET, (f"metrics {worker}", page))

    def metrics(self) -> list[tuple[int, bytes]]:
        """Return the metrics of every worker, by its number. It blocks."""
        return [(int(str(name).rpartition(" ")[2]), as_bytes(page)) for name, page in self._store.rows(_PAGES)]


def error_of(attempt: Attempt) -> UpstreamError | None:
    """Return the error behind a recorded attempt, as far as health depends on it."""
    if attempt.status in ("ok", "cancelled"):
        return None
    text = attempt.error_text or attempt.error_code or "failed"
    if attempt.http_status is not None:
        return UpstreamRefused(text, http_status=attempt.http_status)
    kinds: tuple[type[UpstreamError], ...] = (
        UpstreamUnreachable,
        UpstreamUntrusted,
        UpstreamTimeout,
        UpstreamMalformed,
        UpstreamCut,
        OutOfFiles,
    )
    kind = next((kind for kind in kinds if kind.code == attempt.error_code), UpstreamError)
    return kind(text)
