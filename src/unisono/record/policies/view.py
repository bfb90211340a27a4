"""The public JSON of policies, as `GET /admin/policies` and `unisono policies list --json` give it.

It needs no store: values in, JSON out.
"""

from __future__ import annotations

from unisono.record.policies.policy import Policy
from unisono.record.policies.standing import Event, Known, State, Within
from unisono.record.view import stamp
from unisono.types import Json, JsonValue

MAX_EVENTS = 200
MAX_NAMED = 8
"""Callers whose names are said in a sentence."""


def overview(known: Known) -> Json:
    """Return how things stand, every policy, newest first, and the latest events, newest first."""
    state = known.state()
    policies = sorted(known.policies.values(), key=lambda p: (p.at is not None, p.at), reverse=True)
    events: list[JsonValue] = [_event(event) for event in known.events[: -MAX_EVENTS - 1 : -1]]
    return {
        "live": state.live.policy.id,
        "scores_held_at": state.live.held,
        "in_domain": within_view(state),
        "canary": canary_view(state),
        "rolls_back_to": None if state.before is None else state.before.policy.id,
        "policies": [policy_view(policy, known) for policy in policies],
        "events": events,
    }


def policy_view(policy: Policy, known: Known) -> Json:
    """Return one policy."""
    return {
        "id": policy.id,
        "name": policy.name,
        "state": known.standing_of(policy.id) if policy.id in known.policies else "candidate",
        "at": None if policy.at is None else stamp(policy.at),
        "parent": policy.parent,
        "settings": policy.settings,
        "artifact": policy.artifact,
        "scores": policy.scores,
        "verdict": known.verdict_on(policy.id),
    }


def canary_view(state: State) -> JsonValue:
    """Return the policy that is tried, and on which share."""
    return None if state.canary is None else {"id": state.canary.id, "name": state.canary.name, "share": state.share}


def within_view(state: State) -> JsonValue:
    """Return the callers for whom the live policy decides; None: for everybody."""
    return None if state.live.within is None else [*sorted(state.live.within.callers)]


def named(within: Within) -> str:
    """Say for whom a policy decides."""
    names = sorted(within.callers)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return (", ".join(names[:MAX_NAMED]) + more) or "nobody now"


def _event(event: Event) -> JsonValue:
    return {
        "n": event.n,
        "at": stamp(event.at),
        "kind": event.kind,
        "policy": event.policy,
        "by": event.by,
        "why": event.why,
        "caller": event.caller,
        "live": event.live,
        "canary": event.canary,
        "share": event.share,
        "verdict": None if event.verdict is None else event.verdict.get("verdict"),
    }
