"""Watches the policy that is tried, or was put in force lately, by the guardrails: it reads the record, moves nothing.

A canary is compared with the live policy over the same time; a policy that took over, with the one before it over the
week until then. A policy that decides for some callers is compared on their answers: what came before each caller's
turn. The watch over a promotion ends after so many answers, or a week: then it is what is usual.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from unisono.evaluate.guardrails import Broken, Foreseen, Measured, Name, broken
from unisono.evaluate.together import among_many, fair, standing
from unisono.record.policies import Event, Known, Policy
from unisono.record.reader import Reader
from unisono.record.tallies import MAX_ANSWERS, Sums, sums
from unisono.types import Json

WATCHED_FOR = timedelta(days=7)
NAMES: tuple[Name, ...] = ("quality", "complaints", "errors", "deep", "cost", "first_token")
UNBOUNDED = ("cost", "first_token")
"""Measures that are no shares of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A policy that breaks a guardrail."""

    policy: Policy
    broken: Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    policy: str
    other: str
    event: Event
    beside: bool
    since: datetime
    callers: frozenset[str] | None = None


def look(reader: Reader, known: Known, *, deep: Collection[str], now: datetime) -> Watched | None:
    """Return the policy that breaks a guardrail, if there is one to watch and it does.

    Args:
        reader: of the record.
        known: what happened to policies.
        deep: names of the models whose role is deep or pro.
        now: the moment.

    Raises:
        StoreError: the record cannot be read.
    """
    pair = _pair(known)
    if pair is None or (not pair.beside and now - pair.event.at > WATCHED_FOR):
        return None
    began, callers = pair.since, pair.callers
    of_policy = sums(reader, policy=pair.policy, deep=deep, since=began, until=now, callers=callers)
    if not pair.beside and of_policy.n >= MAX_ANSWERS:
        return None
    before = began - WATCHED_FOR, began if callers is None else now  # a caller's turn may have come later
    since, until = (began, now) if pair.beside else before
    of_other = sums(reader, policy=pair.other, deep=deep, since=since, until=until, callers=callers)
    measures = {name: _side_by_side(name, of_policy, of_other) for name in NAMES}
    one, two = ({name: pair[place] for name, pair in measures.items()} for place in (0, 1))
    found = broken(one, two, _foreseen(pair.event.verdict))
    return None if found is None else Watched(policy=known.policies[pair.policy], broken=found)


def _pair(known: Known) -> _Pair | None:
    """Return what is watched beside what, since which event."""
    state = known.state()
    if state.canary is not None:
        event = next(e for e in reversed(known.events) if e.kind == "canary")
        return _Pair(policy=state.canary.id, other=state.live.policy.id, event=event, beside=True, since=event.at)
    moves = [e for e in known.events if e.kind in ("promoted", "rolled_back", "released")]
    if not moves or moves[-1].kind != "promoted" or state.before is None:
        return None
    turns = [e for e in known.events if e.kind in ("promoted", "entered")]
    return _Pair(
        policy=state.live.policy.id,
        other=state.before.policy.id,
        event=turns[-1],
        beside=False,
        since=moves[-1].at,
        callers=None if state.live.within is None else state.live.within.callers,
    )


def _side_by_side(name: Name, one: Sums, two: Sums) -> tuple[Measured, Measured]:
    """Return a measure of both, a group of answers at the same place in each."""
    talks = one.of[name] + two.of[name]
    whose = [(caller, talk) for caller, talk, *_ in talks]
    places = standing(whose)
    figures = np.zeros((2, 3, int(places.max(initial=-1)) + 1))
    for talk, (place, (*_, n, total, squares)) in enumerate(zip(places, talks, strict=True)):
        figures[int(talk >= len(one.of[name])), :, place] += (n, total, squares)
    if among_many(whose):
        figures *= np.array([fair(counts) for counts in figures[:, 0]])[:, np.newaxis]
    first, second = (Measured(*of, share=name not in UNBOUNDED) for of in figures)
    return first, second


def _foreseen(verdict: Json | None) -> Foreseen:
    """Return what the gate expected of the policy, from its verdict as it is kept."""
    expected = None if verdict is None else verdict.get("expected")
    if not isinstance(expected, dict):
        return Foreseen()
    usd, deep = (_both(expected.get(name)) for name in ("expected_usd", "deep_share"))
    return Foreseen(usd_ratio=usd[0] / usd[1] if usd[1] > 0 else 1.0, deep=deep[0] - deep[1])


def _both(figures: object) -> tuple[float, float]:
    if not isinstance(figures, dict):
        return 0.0, 0.0
    return float(figures["policy"]), float(figures["against"])
