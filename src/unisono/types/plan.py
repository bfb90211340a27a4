"""How several models work together on one request."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.terms import PartKind
from unisono.values import value


@value
class Planned:
    """One call that a plan foresees: whom it asks, as what, and what it is expected to take.

    Attributes:
        max_tokens: the longest answer that the request's bound on cost leaves; None without a bound.
        agrees: the odds that the lead is right where this model gives its answer too.
        differs: the same where it gives another one.
    """

    model: str
    part: PartKind
    usd: float
    high_usd: float
    tokens: float
    max_tokens: int | None = None
    agrees: float = 1.0
    differs: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How several models work together on one request; it is decided before any of them is asked.

    Attributes:
        members: of a cascade the lead and those who are to give its answer too; of a fusion all that are asked at once.
        closer: of a cascade the model that takes over; of a fusion the one that writes or chooses. None: nobody.
        calls: what may be asked in all, for limits and bounds.
        evidence: what is looked at in an answer.
        accept: of a cascade, the probability of being right from which the lead's answer is taken.
        right: the probability, before any is asked, that the first member is right.
        enough: of a fusion, how many equal final answers end the asking.
        split: of a fusion, the question has parts that a planner may hand to different models.
        utility: expected, in quality after money and time.
        single_utility: the same of the best model alone.
    """

    members: tuple[str, ...]
    closer: str | None
    calls: tuple[Planned, ...]
    evidence: tuple[str, ...] = ()
    accept: float = 1.0
    right: float = 0.5
    enough: int = 0
    split: bool = False
    utility: float = 0.0
    single_utility: float = 0.0
