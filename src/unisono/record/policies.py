"""The table of policies and of what happened to them: which one is live, which is tried on a share, which were.

A policy is what decides besides the request: settings over `[routing]`, trained parts by their id, and the scores that
it follows or is frozen at. It never changes; a change is another policy. How things stand is the last row of the
events, so that every process over the record agrees. It judges nothing, and it does not decide by a policy.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from unisono.errors import NotFound, PolicyRefused, RequestError
from unisono.record.database import settled_stamp, transaction, writing
from unisono.record.reader import Reader
from unisono.record.rows import Value, as_int, as_text, from_us, to_us
from unisono.types import FIRST_POLICY, Json

Kind = Literal["created", "refused", "promoted", "canary", "canary_ended", "rolled_back", "released", "entered", "left"]

MAX_POLICIES = 1000
MAX_CALLERS = 1000
"""Callers that one policy decides for where it does not for all."""
_DIGITS = 10
_POLICIES = "SELECT id, name, at, parent, settings, artifact, scores FROM policies ORDER BY at, id"
_EVENTS = "SELECT * FROM policy_events ORDER BY n"
_LAST = "SELECT n FROM policy_events ORDER BY n DESC LIMIT 1"
_BEGINNING = "SELECT min(at) AS at FROM configs"
_GENERATION = "SELECT value FROM settings WHERE name = 'scores_generation'"
_CREATE = "INSERT INTO policies VALUES (?, ?, ?, ?, ?, ?, ?)"
_HAPPENED = "INSERT INTO policy_events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy.

    Attributes:
        id: a hash of all that it decides by; `config` is the configuration alone.
        name: for people; no two have the same.
        at: when it was made.
        parent: the policy that its settings were changed from.
        settings: over `[routing]`, with the file's own names.
        artifact: id of the trained parts that `settings` names; None where it names none.
        scores: generation of the measured scores that it is frozen at; None where it follows what is learned.
    """

    id: str = FIRST_POLICY
    name: str = FIRST_POLICY
    at: datetime | None = None
    parent: str | None = None
    settings: Json
    artifact: str | None = None
    scores: int | None = None


CONFIG_ALONE = Policy(settings={})
"""What decides before any policy was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The callers for whom a policy decides, and what decides for all others."""

    callers: frozenset[str]
    others: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a policy stands.

    Attributes:
        policy: the policy.
        held: the generation at which its scores are held after a rollback (None: they are not).
        within: for whom it decides; None: for everybody.
    """

    policy: Policy
    held: int | None = None
    within: Within | None = None

    @property
    def key(self) -> tuple[str, int | None]:
        """What tells it from others."""
        return self.policy.id, self.scores

    @property
    def scores(self) -> int | None:
        """The generation that it decides with; None for the latest."""
        return self.policy.scores if self.held is None else self.held

    def for_caller(self, caller: str) -> Standing:
        """Return what decides for a caller."""
        return self if self.within is None or caller in self.within.callers else self.within.others


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a policy, and what is in force since.

    Attributes:
        n: counts up.
        by: the key, `command line`, `guardrail`, or `domain guard`.
        live, held: the policy in force, and where its scores are held.
        canary, share: the policy that is tried, and the share of conversations that it gets.
        left_at: of a promotion, the generation of scores that the policy before had.
        verdict: what the gate said, if it was asked.
        caller: whose requests it is about; None: everybody's.
    """

    n: int
    at: datetime
    kind: Kind
    policy: str
    by: str
    why: str
    live: str
    held: int | None
    canary: str | None
    share: float
    left_at: int | None
    verdict: Json | None
    caller: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How things stand: who decides, who is tried on which share, and what a rollback would return to."""

    n: int
    live: Standing
    canary: Policy | None = None
    share: float = 0.0
    before: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All policies and events, oldest first, as of one moment."""

    policies: Mapping[str, Policy]
    events: Sequence[Event]

    def policy(self, named: str) -> Policy:
        """Return a policy by its id, its name, or the beginning of its id.

        Raises:
            NotFound: there is none, or several begin so.
        """
        found = self.policies.get(named) or next((p for p in self.policies.values() if p.name == named), None)
        if found is not None:
            return found
        near = [p for p in self.policies.values() if len(named) > 2 and p.id.startswith(named)]
        if len(near) == 1:
            return near[0]
        several = f"{named!r} fits several policies" if near else f"There is no policy {named[:100]!r}"
        raise NotFound(f"{several}. `unisono policies list` and GET /admin/policies list them.")

    def state(self) -> State:
        """Return how things stand after the last event."""
        if not self.events:
            return State(n=0, live=Standing(policy=self.policies[FIRST_POLICY]))
        last = self.events[-1]
        live, stack = self._standings()[-1]
        return State(
            n=last.n,
            live=live,
            canary=None if last.canary is None else self.policies[last.canary],
            share=last.share,
            before=stack[-1] if stack else None,
        )

    def lives(self) -> list[Standing]:
        """Return what was in force after each event."""
        return [live for live, _ in self._standings()]

    def _standings(self) -> list[tuple[Standing, tuple[Standing, ...]]]:
        """Return after each event what is in force, and what was before each promotion that stands.

        The scores of those are as they were left.
        """
        live, stack = Standing(policy=self.policies[FIRST_POLICY]), tuple[Standing, ...]()
        found = []
        for event in self.events:
            within = live.within
            if event.kind == "promoted":
                stack = (*stack, replace(live, held=event.left_at))
                within = None
                if event.caller is not None:
                    within = Within(callers=frozenset({event.caller}), others=replace(live, held=None))
            elif event.kind == "rolled_back" and stack:
                within, stack = stack[-1].within, stack[:-1]
            elif event.caller is not None and within is not None:
                one = frozenset({event.caller})
                callers = within.callers | one if event.kind == "entered" else within.callers - one
                within = replace(within, callers=callers)
            live = Standing(policy=self.policies[event.live], held=event.held, within=within)
            found.append((live, stack))
        return found

    def standing_of(self, policy: str) -> str:
        """Return `live`, `others` (live for the callers that it does not decide for), `canary`, `past`, `candidate`."""
        state = self.state()
        if policy == state.live.policy.id:
            return "live"
        if state.live.within is not None and policy == state.live.within.others.policy.id:
            return "others"
        if state.canary is not None and policy == state.canary.id:
            return "canary"
        was = policy == FIRST_POLICY or any(policy in (event.live, event.canary) for event in self.events)
        return "past" if was else "candidate"

    def verdict_on(self, policy: str) -> Json | None:
        """Return what the gate last said about a policy."""
        said = [event.verdict for event in self.events if event.policy == policy and event.verdict is not None]
        return said[-1] if said else None


def made(
    *, settings: Json, name: str, parent: str, artifact: str | None, scores: int | None, at: datetime | None = None
) -> Policy:
    """Return a policy under the id of its contents: the same contents are the same policy."""
    if not settings and artifact is None and scores is None:
        return CONFIG_ALONE
    content = json.dumps([settings, artifact, scores], sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
    return Policy(
        id=f"p-{digest}", name=name, at=at, parent=parent, settings=settings, artifact=artifact, scores=scores
    )


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
        with self._moving() as (connection, known):
            same = known.policies.get(policy.id)
            if same is not None:
                return same
            if any(policy.name == other.name for other in known.policies.values()):
                raise RequestError(f"A policy is called {policy.name!r} already; choose another name.", param="name")
            if len(known.policies) > MAX_POLICIES:
                raise RequestError(f"There are {MAX_POLICIES} policies, as many as are kept.")
            kept = replace(policy, at=now)
            text = json.dumps(policy.settings, sort_keys=True)
            row = (kept.id, kept.name, to_us(now), kept.parent or FIRST_POLICY, text, kept.artifact, kept.scores)
            connection.execute(_CREATE, row)
            _happened(connection, known.state(), kind="created", policy=kept.id, by=by, now=now)
            return kept

    def refuse(self, policy: Policy, *, verdict: Json, why: str, by: str, now: datetime) -> None:
        """Keep that the gate did not let a policy pass.

        Raises:
            StoreError: the record cannot be written.
        """
        with self._moving() as (connection, known):
            _happened(
                connection, known.state(), kind="refused", policy=policy.id, by=by, now=now, why=why, verdict=verdict
            )

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
        with self._moving() as (connection, known):
            state = known.state()
            _is_still(live, state)
            if policy.id == state.live.policy.id:
                if state.live.held is None:
                    raise PolicyRefused(f"{policy.name} is in force already.")
                after = replace(state, live=replace(state.live, held=None))
                return _happened(
                    connection, after, kind="released", policy=policy.id, by=by, now=now, why=why, verdict=verdict
                )
            state = _instead(connection, state, policy, by=by, now=now)
            now_at = as_int(connection.execute(_GENERATION).fetchone()[0])
            left_at = now_at if state.live.scores is None else state.live.scores
            after = State(n=state.n, live=Standing(policy=policy))
            _happened(
                connection,
                after,
                kind="promoted",
                policy=policy.id,
                by=by,
                now=now,
                why=why,
                verdict=verdict,
                left_at=left_at,
                caller=caller,
            )
            return replace(after, before=replace(state.live, held=left_at))

    def enter(self, caller: str, *, live: Standing, why: str, by: str, now: datetime) -> None:
        """Have the live policy decide for one caller more.

        Raises:
            PolicyRefused: it decides for everybody, for as many as may be, or another one is in force by now.
            StoreError: the record cannot be written.
        """
        self._turn(caller, live=live, kind="entered", why=why, by=by, now=now)

    def leave(self, caller: str, *, live: Standing, why: str, by: str, now: datetime) -> None:
        """Have the live policy decide for one caller less.

        Raises:
            PolicyRefused: it decides for everybody, or another one is in force by now.
            StoreError: the record cannot be written.
        """
        self._turn(caller, live=live, kind="left", why=why, by=by, now=now)

    def _turn(self, caller: str, *, live: Standing, kind: Kind, why: str, by: str, now: datetime) -> None:
        with self._moving() as (connection, known):
            state = known.state()
            _is_still(live, state)
            within = state.live.within
            if within is None or (kind == "entered" and len(within.callers) >= MAX_CALLERS):
                raise PolicyRefused(f"{state.live.policy.name} decides for all, or for {MAX_CALLERS} callers already.")
            if (caller in within.callers) != (kind == "entered"):
                id_ = state.live.policy.id
                _happened(connection, state, kind=kind, policy=id_, by=by, now=now, why=why, caller=caller)

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
        with self._moving() as (connection, known):
            state = known.state()
            _is_still(live, state)
            if policy.id == state.live.policy.id:
                raise PolicyRefused(f"{policy.name} is in force already: every conversation is its own.")
            after = replace(_instead(connection, state, policy, by=by, now=now), canary=policy, share=share)
            return _happened(
                connection, after, kind="canary", policy=policy.id, by=by, now=now, why=why, verdict=verdict
            )

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
        with self._moving() as (connection, known):
            state = known.state()
            going = state.canary or state.live.policy
            if of is not None and going.id != of:
                raise PolicyRefused(f"{of} is not in force any more.")
            if state.canary is not None:
                after = replace(state, canary=None, share=0.0)
                _happened(connection, after, kind="canary_ended", policy=going.id, by=by, now=now, why=why)
            elif state.before is None:
                raise PolicyRefused("No policy was in force before this one: there is nothing to return to.")
            else:
                after = State(n=state.n, live=state.before)
                _happened(connection, after, kind="rolled_back", policy=going.id, by=by, now=now, why=why)
            return _event(_dict(connection, "SELECT * FROM policy_events ORDER BY n DESC LIMIT 1"))

    @contextmanager
    def _moving(self) -> Iterator[tuple[sqlite3.Connection, Known]]:
        """Lend a connection inside a write transaction, with what is known then: nobody else moves meanwhile."""
        with writing(self._path) as connection, transaction(connection):
            yield connection, self.known()


def _is_still(live: Standing, state: State) -> None:
    if state.live.key != live.key:
        raise PolicyRefused("Another policy was put in force meanwhile; judge against that one, by doing this again.")


def _instead(connection: sqlite3.Connection, state: State, policy: Policy, *, by: str, now: datetime) -> State:
    """Return how things stand without the canary of another policy than this one; its end is an event of its own."""
    if state.canary is None or state.canary.id == policy.id:
        return state
    why = f"{policy.name} takes its place."
    after = replace(state, canary=None, share=0.0)
    return _happened(connection, after, kind="canary_ended", policy=state.canary.id, by=by, now=now, why=why)


def _happened(
    connection: sqlite3.Connection,
    after: State,
    *,
    kind: Kind,
    policy: str,
    by: str,
    now: datetime,
    why: str = "",
    verdict: Json | None = None,
    left_at: int | None = None,
    caller: str | None = None,
) -> State:
    canary = None if after.canary is None else after.canary.id
    text = None if verdict is None else json.dumps(verdict)
    live = after.live
    row = (to_us(now), kind, policy, by, why, live.policy.id, live.held, canary, after.share, left_at, text, caller)
    n = connection.execute(_HAPPENED, row).lastrowid
    return replace(after, n=n or 0)


def _dict(connection: sqlite3.Connection, sql: str) -> dict[str, Value]:
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    return dict(zip(names, found.fetchone(), strict=True))


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
