"""What happened to policies, and how things stand after it. It opens nothing and judges nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from unisono.errors import NotFound
from unisono.record.policies.policy import Policy
from unisono.types import FIRST_POLICY, Json

Kind = Literal["created", "refused", "promoted", "canary", "canary_ended", "rolled_back", "released", "entered", "left"]


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
