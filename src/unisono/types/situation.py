"""What a decision depends on besides the request, the configuration and the artifact: all that moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unisono.terms import Counted, Health
from unisono.types.caller import NO_WISHES, Wishes
from unisono.types.estimate import Estimate
from unisono.values import value


@value
class Cached:
    """What a model's provider may still hold of a conversation: so many tokens of its prefix, since when."""

    model: str
    tokens: int
    at: datetime


@value
class Past:
    """A conversation until now, as the router remembers it. It holds no words.

    Attributes:
        model: who answered last.
        n_turns: how many answers there were.
        n_switches: how often the model changed.
        caches: what providers may still hold, at most one entry per model.
        raised: steps by which the next turns are taken more seriously, after dissatisfaction.
        wishes: the preference stored with `PUT /v1/sessions/{id}`.
        wished_us: when it was stored or taken back, in microseconds since 1970; the later one counts.
        decision: whose answer was the last one: what the user does next says something about it.
    """

    model: str | None = None
    at: datetime | None = None
    n_turns: int = 0
    n_switches: int = 0
    caches: tuple[Cached, ...] = ()
    raised: int = 0
    wishes: Wishes = NO_WISHES
    wished_us: int = 0
    decision: str | None = None


@value
class Spent:
    """A limit that a model stands under for this caller: how much is used, and when it returns.

    Attributes:
        used: settled and reserved, in the limit's unit.
        near: `warn_at` is passed.
        returns: when something fits again; None where that is as soon as a request in flight has ended.
    """

    limit: str
    counts: Counted
    model: str
    used: float
    amount: float
    near: bool
    returns: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The decision that a caller wants taken again, and how."""

    decision: str
    model: str
    how: str | None


@value
class Situation:
    """What a decision depends on besides the request, the configuration and the artifact: all that moves.

    Attributes:
        health: of every model of the pool.
        past: the conversation until now.
        spent: the limits that the caller's models stand under.
        anchor: the model that a nearly equal prompt of the same caller went to.
        retry: what the caller wants taken again.
        estimates: what was expected of each eligible model, before freshness was taken into account.
        scores: generation of the measured scores that the quality predictor had taken in.
        unrecorded: the record could not be written at that moment.
        limited: of the models that are down, those whose hosts have said until when they would refuse.
    """

    health: tuple[tuple[str, Health], ...] = ()
    past: Past | None = None
    spent: tuple[Spent, ...] = ()
    anchor: str | None = None
    retry: Retry | None = None
    estimates: tuple[Estimate, ...] = ()
    scores: int = 0
    unrecorded: bool = False
    limited: tuple[tuple[str, datetime], ...] = ()
