"""The table of policies and of what happened to them, as every process over the record sees it.

How things stand is the last row of the events, so that all agree. It does not decide by a policy.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

from unisono.errors import PolicyRefused, RequestError
from unisono.record.database import settled_stamp, transaction, writing
from unisono.record.policies.policy import CONFIG_ALONE, Policy
from unisono.record.policies.standing import Event, Kind, Known, Standing, State
from unisono.record.reader import Reader
from unisono.record.rows import Value, as_int, as_text, from_us, to_us
from unisono.types import FIRST_POLICY, Json

MAX_POLICIES = 1000
MAX_CALLERS = 1000
"""Callers that one policy decides for where it does not for all."""
_POLICIES = "SELECT id, name, at, parent, settings, artifact, scores FROM policies ORDER BY at, id"
_EVENTS = "SELECT * FROM policy_events ORDER BY n"
_LAST = "SELECT n FROM policy_events ORDER BY n DESC LIMIT 1"
_LATEST = "SELECT * FROM policy_events ORDER BY n DESC LIMIT 1"
_BEGINNING = "SELECT min(at) AS at FROM configs"
_GENERATION = "SELECT value FROM settings WHERE name = 'scores_generation'"
_CREATE = "INSERT INTO policies VALUES (?, ?, ?, ?, ?, ?, ?)"
_HAPPENED = "INSERT INTO policy_events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Policies:
    """Reads and moves them. Each method takes milliseconds: call it with `asyncio.to_thread`."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet.

        Args:
            path: the record, which exists.
        """
        self._path = path
        self._reader = Reader(path)
        self._seen: tuple[tuple[int, ...] | None, int] = None, 0

    def latest(self) -> int:
        """Return the number of the last event; 0 when there is none. It looks at the files first: most looks end there.

        Raises:
            StoreError: the record cannot be read.
        """
        stamp = settled_stamp(self._path)
        if stamp is None or stamp != self._seen[0]:
            rows = self._reader.rows(_LAST)
            self._seen = stamp, as_int(rows[0][0]) if rows else 0
        return self._seen[1]

    def known(self) -> Known:
        """Return all policies and events.

        Raises:
            StoreError: the record cannot be read.
        """
        events = tuple(_event(row) for row in self._reader.dicts(_EVENTS))  # first: policies come before their events
        began = self._reader.dicts(_BEGINNING)[0]["at"]
        first = replace(CONFIG_ALONE, at=None if began is None else from_us(as_int(began)))
        policies = [first, *(_policy(row) for row in self._reader.dicts(_POLICIES))]
        return Known(policies={policy.id: policy for policy in policies}, events=events)

    def close(self) -> None:
        """Close the idle connections."""
        self._reader.close()

    def create(self, policy: Policy, *, by: str, now: datetime) -> Policy:
        """Keep a policy; one with the same contents that is there already is returned as it is.

        Raises:
            RequestError: another policy has the name, or there are too many.
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now) as move:
            same = move.known.policies.get(policy.id)
            if same is not None:
                return same
            if any(policy.name == other.name for other in move.known.policies.values()):
                raise RequestError(f"A policy is called {policy.name!r} already; choose another name.", param="name")
            if len(move.known.policies) > MAX_POLICIES:
                raise RequestError(f"There are {MAX_POLICIES} policies, as many as are kept.")
            kept = replace(policy, at=now)
            move.add(kept)
            move.happened("created", kept.id, after=move.state)
            return kept

    def refuse(self, policy: Policy, *, verdict: Json, why: str, by: str, now: datetime) -> None:
        """Keep that the gate did not let a policy pass.

        Raises:
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now, why=why) as move:
            move.happened("refused", policy.id, after=move.state, verdict=verdict)

    def promote(
        self,
        policy: Policy,
        *,
        live: Standing,
        verdict: Json | None,
        why: str,
        by: str,
        now: datetime,
        caller: str | None = None,
    ) -> State:
        """Put a policy in force; a canary ends. One that is in force with held scores follows them again.

        Args:
            policy: the policy.
            live: what was in force when it was judged.
            verdict: what the gate said.
            why: in spite of the gate.
            by: who does it.
            now: the moment.
            caller: the first one for whom it decides; for the others what was in force goes on. None: everybody.

        Raises:
            PolicyRefused: it is in force already, or another one is by now.
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now, why=why) as move:
            _is_still(live, move.state)
            before = move.state.live
            if policy.id == before.policy.id:
                if before.held is None:
                    raise PolicyRefused(f"{policy.name} is in force already.")
                after = replace(move.state, live=replace(before, held=None))
                return move.happened("released", policy.id, after=after, verdict=verdict)
            move.end_another_canary(policy)
            left_at = move.generation() if before.scores is None else before.scores
            after = State(n=move.state.n, live=Standing(policy=policy))
            move.happened("promoted", policy.id, after=after, verdict=verdict, left_at=left_at, caller=caller)
            return replace(after, before=replace(before, held=left_at))

    def enter(self, caller: str, *, live: Standing, why: str, by: str, now: datetime) -> None:
        """Have the live policy decide for one caller more.

        Raises:
            PolicyRefused: it decides for everybody, for as many as may be, or another one is in force by now.
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now, why=why) as move:
            callers = _callers_of(live, move.state)
            if len(callers) >= MAX_CALLERS:
                raise PolicyRefused(f"{live.policy.name} decides for {MAX_CALLERS} callers already.")
            if caller not in callers:
                move.happened("entered", live.policy.id, after=move.state, caller=caller)

    def leave(self, caller: str, *, live: Standing, why: str, by: str, now: datetime) -> None:
        """Have the live policy decide for one caller less.

        Raises:
            PolicyRefused: it decides for everybody, or another one is in force by now.
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now, why=why) as move:
            if caller in _callers_of(live, move.state):
                move.happened("left", live.policy.id, after=move.state, caller=caller)

    def try_on(
        self,
        policy: Policy,
        *,
        live: Standing,
        share: float,
        verdict: Json | None,
        why: str,
        by: str,
        now: datetime,
    ) -> State:
        """Give a policy a share of the conversations; it takes the place of another that was tried.

        Args:
            policy: the policy.
            live: what was in force when it was judged.
            share: of the conversations, in (0, 1).
            verdict: what the gate said.
            why: in spite of the gate.
            by: who does it.
            now: the moment.

        Raises:
            PolicyRefused: it is in force already, or another one is by now.
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now, why=why) as move:
            _is_still(live, move.state)
            if policy.id == move.state.live.policy.id:
                raise PolicyRefused(f"{policy.name} is in force already: every conversation is its own.")
            move.end_another_canary(policy)
            after = replace(move.state, canary=policy, share=share)
            return move.happened("canary", policy.id, after=after, verdict=verdict)

    def roll_back(self, *, why: str, by: str, now: datetime, of: str | None = None) -> Event:
        """End the canary, or where there is none return to what was in force before, with the scores it had then.

        Args:
            why: for the list of events.
            by: who does it.
            now: the moment.
            of: do it only while this policy is the one that would go.

        Raises:
            PolicyRefused: there is nothing to return to.
            StoreError: the record cannot be written.
        """
        with self._moving(by=by, now=now, why=why) as move:
            state = move.state
            going = state.canary or state.live.policy
            if of is not None and going.id != of:
                raise PolicyRefused(f"{of} is not in force any more.")
            if state.canary is not None:
                move.end_canary()
            elif state.before is None:
                went = _went(move.latest()) if state.n else ""
                raise PolicyRefused(f"No policy was in force before this one: there is nothing to return to.{went}")
            else:
                move.happened("rolled_back", going.id, after=State(n=state.n, live=state.before))
            return move.latest()

    @contextmanager
    def _moving(self, *, by: str, now: datetime, why: str = "") -> Iterator[_Move]:
        """Lend a write transaction: nobody else moves a policy meanwhile."""
        with writing(self._path) as connection, transaction(connection):
            yield _Move(connection, self.known(), by=by, now=now, why=why)


class _Move:
    """One transaction over the policies: what is known in it, who moves them, and the rows that come of it."""

    def __init__(self, connection: sqlite3.Connection, known: Known, *, by: str, now: datetime, why: str) -> None:
        self.known = known
        self.state = known.state()
        self._connection = connection
        self._by = by
        self._now = now
        self._why = why

    def add(self, policy: Policy) -> None:
        """Keep a policy."""
        settings = json.dumps(policy.settings, sort_keys=True)
        parent = policy.parent or FIRST_POLICY
        row = (policy.id, policy.name, to_us(self._now), parent, settings, policy.artifact, policy.scores)
        self._connection.execute(_CREATE, row)

    def happened(
        self,
        kind: Kind,
        policy: str,
        *,
        after: State,
        verdict: Json | None = None,
        left_at: int | None = None,
        caller: str | None = None,
        why: str | None = None,
    ) -> State:
        """Keep an event and how things stand after it; returns that with the event's number."""
        row = (
            to_us(self._now),
            kind,
            policy,
            self._by,
            self._why if why is None else why,
            after.live.policy.id,
            after.live.held,
            None if after.canary is None else after.canary.id,
            after.share,
            left_at,
            None if verdict is None else json.dumps(verdict),
            caller,
        )
        n = self._connection.execute(_HAPPENED, row).lastrowid
        self.state = replace(after, n=n or 0)
        return self.state

    def end_canary(self, *, why: str | None = None) -> None:
        """End what is tried on a share."""
        assert self.state.canary is not None  # noqa: S101 - the caller has looked
        after = replace(self.state, canary=None, share=0.0)
        self.happened("canary_ended", self.state.canary.id, after=after, why=why)

    def end_another_canary(self, policy: Policy) -> None:
        """End what is tried on a share if it is another policy: an event of its own."""
        if self.state.canary is not None and self.state.canary.id != policy.id:
            self.end_canary(why=f"{policy.name} takes its place.")

    def generation(self) -> int:
        """Return the number of the latest scores."""
        return as_int(self._connection.execute(_GENERATION).fetchone()[0])

    def latest(self) -> Event:
        """Return the last event."""
        found = self._connection.execute(_LATEST)
        names = [column[0] for column in found.description]
        return _event(dict(zip(names, found.fetchone(), strict=True)))


def _went(last: Event) -> str:
    """Say so where what somebody wants back was just taken back by itself."""
    if last.kind != "rolled_back":
        return ""
    return (
        f" {last.policy} was rolled back at {last.at:%Y-%m-%d %H:%M:%S} UTC by {last.by} already. {last.why}".rstrip()
    )


def _is_still(live: Standing, state: State) -> None:
    if state.live.key != live.key:
        raise PolicyRefused("Another policy was put in force meanwhile; judge against that one, by doing this again.")


def _callers_of(live: Standing, state: State) -> frozenset[str]:
    """Return the callers for whom this policy, which must still be live, decides."""
    _is_still(live, state)
    if state.live.within is None:
        raise PolicyRefused(f"{live.policy.name} decides for everybody.")
    return state.live.within.callers


def _policy(row: Mapping[str, Value]) -> Policy:
    return Policy(
        id=str(row["id"]),
        name=str(row["name"]),
        at=from_us(as_int(row["at"])),
        parent=str(row["parent"]),
        settings=json.loads(str(row["settings"])),
        artifact=as_text(row["artifact"]),
        scores=None if row["scores"] is None else as_int(row["scores"]),
    )


def _event(row: Mapping[str, Value]) -> Event:
    return Event(
        n=as_int(row["n"]),
        at=from_us(as_int(row["at"])),
        kind=cast("Kind", str(row["kind"])),
        policy=str(row["policy"]),
        by=str(row["by"]),
        why=str(row["why"]),
        live=str(row["live"]),
        held=None if row["held"] is None else as_int(row["held"]),
        canary=as_text(row["canary"]),
        share=float(row["share"] or 0.0),
        left_at=None if row["left_at"] is None else as_int(row["left_at"]),
        verdict=None if row["verdict"] is None else json.loads(str(row["verdict"])),
        caller=as_text(row["caller"]),
    )
