"""What the router remembers of conversations: in memory, and in the record so that a restart forgets nothing.

It holds no words, only who answered, when, and what the caller prefers. A conversation belongs to the key that began
it: another key neither sees nor changes it. What a kill -9 may lose is one flush interval of the record.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from unisono.errors import StoreError
from unisono.record.rows import to_us
from unisono.record.store import Store
from unisono.types import NO_WISHES, Cached, Past, Wishes

CAPACITY = 10_000
"""Conversations kept in memory; older ones are read from the record again when they go on."""

_PUT = """INSERT INTO sessions VALUES (?, ?, ?, unixepoch())
    ON CONFLICT DO UPDATE SET at = excluded.at, body = CASE
        WHEN NOT json_valid(CAST(body AS TEXT)) OR coalesce(json_extract(CAST(body AS TEXT), '$.wished_us'), 0)
            <= coalesce(json_extract(CAST(excluded.body AS TEXT), '$.wished_us'), 0)
        THEN excluded.body
        ELSE CAST(json_set(CAST(excluded.body AS TEXT),
            '$.wishes', json(coalesce(json_extract(CAST(body AS TEXT), '$.wishes'), '{}')),
            '$.wished_us', json_extract(CAST(body AS TEXT), '$.wished_us')) AS BLOB) END"""
"""A turn that another process noted before it heard of a preference does not undo the preference."""
_GET = "SELECT body FROM sessions WHERE key = ? AND session = ?"
_FRESH = Past()
_DECODER = msgspec.json.Decoder(Past)
_encoded = msgspec.json.Encoder().encode

log = logging.getLogger("unisono")


class Sessions:
    """The conversations of one server. Its methods do not block, but for `load`, which is awaited."""

    def __init__(self, store: Store, *, capacity: int = CAPACITY) -> None:
        """Remember in `store`."""
        self._store = store
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], Past] = OrderedDict()

    def past(self, key: str, session: str) -> Past | None:
        """Return what is known in memory of a conversation; None for a new one."""
        place = (key, session)
        past = self._known.get(place)
        if past is not None:
            self._known.move_to_end(place)
        return None if past is None or _is_new(past) else past

    def holds(self, key: str, session: str) -> bool:
        """Say whether memory knows all that there is to know of a conversation."""
        return (key, session) in self._known

    async def load(self, key: str, session: str, *, before: str | None = None) -> Past | None:
        """Return what is known of a conversation, from the record if need be; a record that fails knows nothing.

        Args:
            key: whose it is.
            session: its id.
            before: the id that it may have in the record from an earlier version.
        """
        place = (key, session)
        if place not in self._known:
            try:
                rows = await asyncio.to_thread(self._store.rows, _GET, place)
                if not rows and before is not None:
                    rows = await asyncio.to_thread(self._store.rows, _GET, (key, before))
            except StoreError:
                log.warning("session=unknown reason=record")
                return None
            if place not in self._known:
                self._keep(place, _unpacked(rows[0][0]) if rows else _FRESH)
        return self.past(key, session)

    def note(self, key: str, session: str, past: Past) -> None:
        """Keep what a conversation has become."""
        self._keep((key, session), past)
        self._store.record_rows(_PUT, (key, session, _packed(past)))

    def prefer(self, key: str, session: str, wishes: Wishes) -> Past:
        """Keep what the caller prefers in this conversation; returns the conversation."""
        after = replace(self._known.get((key, session), _FRESH), wishes=wishes, wished_us=_now_us())
        self.note(key, session, after)
        return after

    def forget(self, key: str, session: str) -> None:
        """Forget a conversation, preference included."""
        self.note(key, session, Past(wished_us=_now_us()))  # a row, so that workers see it

    def take_in(self, rows: Sequence[tuple[str, str, bytes]]) -> None:
        """Take in how conversations that are known here went on in other processes.

        The longer story counts, and the later preference; what was forgotten is new.
        """
        for key, session, body in rows:
            mine = self._known.get((key, session))
            if mine is None:
                continue  # it is read when it is asked for
            theirs = _unpacked(body)
            said = max(mine, theirs, key=lambda past: past.wished_us)
            longer = theirs if _is_new(theirs) or theirs.n_turns >= mine.n_turns else mine
            self._known[key, session] = replace(longer, wishes=said.wishes, wished_us=said.wished_us)

    def _keep(self, place: tuple[str, str], past: Past) -> None:
        self._known[place] = past
        self._known.move_to_end(place)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)


def _is_new(past: Past) -> bool:
    return past.n_turns == 0 and past.model is None and replace(past, wished_us=0) == _FRESH


def _now_us() -> int:
    return to_us(datetime.now(UTC))


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation without what it has not: a fourth of what it takes in words."""

    model: str | None = None
    at: datetime | None = None
    n_turns: int = 0
    n_switches: int = 0
    caches: tuple[Cached, ...] = ()
    raised: int = 0
    wishes: Wishes | None = None
    wished_us: int = 0
    decision: str | None = None


def _packed(past: Past) -> bytes:
    return _encoded(
        _Body(
            past.model,
            past.at,
            past.n_turns,
            past.n_switches,
            past.caches,
            past.raised,
            None if past.wishes is NO_WISHES or past.wishes == NO_WISHES else past.wishes,
            past.wished_us,
            past.decision,
        )
    )


def _unpacked(body: object) -> Past:
    if not isinstance(body, bytes):
        return _FRESH
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        return _FRESH  # of a later version; a conversation is worth less than an answer
