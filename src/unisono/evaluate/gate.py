"""Is a policy good enough to be put in force? Judged on a log beside the policy that is.

    better      the interval of the difference in quality lies above zero
    no worse    it lies above minus the tolerance, or the two differ too rarely for a greater loss
    worse       it lies below zero
    unknown     none of these is shown: not enough evidence

Only the first two pass. The interval is the doubly robust one, and holds 19 times in 20; SNIPS stands beside it. It
reads no record and puts nothing in force: rows in, a verdict out.

Source: non-inferiority by a confidence bound, as in trials; A. Agresti and B. Coull 1998 for the share that differs.
Not for: what nobody judges. Who gives feedback is not everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unisono.evaluate.offpolicy import Estimated, Log, difference, doubly_robust, effective, snips
from unisono.evaluate.rechosen import Row
from unisono.evaluate.shadow import Beside, apart, beside, mean_over
from unisono.evaluate.together import MIN_GROUPS, Groups, fairly, groups, n_groups, variance_of_sum
from unisono.types import Json, JsonValue

TOLERANCE = 0.01
"""A loss of mean reward that counts as none: one answer in a hundred."""
MIN_SLICE = 30
"""Slices with fewer judged answers are not told."""
MIN_ROWS = 100
MIN_APART = 25.0
"""Effective answers that the first policy would give and the second would not; with fewer the interval is a guess."""
_Z = 1.959964
_NINE_IN_TEN = 1.281552

Array = NDArray[np.float64]
Kind = Literal["better", "no worse", "worse", "unknown"]
PASSING: tuple[Kind, ...] = ("better", "no worse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One policy on the judged answers: its estimated reward, doubly robust and self-normalised."""

    dr: Estimated
    snips: Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A kind of request: how much more the first policy is worth there."""

    by: str
    name: str
    n: int
    gained: Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says, and what it rests on.

    Attributes:
        sentence: for people.
        gained: how much more the first policy is worth, doubly robust.
        gained_snips: the same, self-normalised.
        beside: what the two were expected to cost, and how often they choose a deep model.
        n: decisions; `n_judged` of them have a reward.
        differ: mean chance that the two choose differently; `differ_high` is its upper bound.
    """

    kind: Kind
    sentence: str
    tolerance: float
    n: int
    n_judged: int
    differ: float
    differ_high: float
    one: Side | None = None
    two: Side | None = None
    gained: Estimated | None = None
    gained_snips: Estimated | None = None
    slices: tuple[Slice, ...] = ()
    beside: Beside | None = None

    @property
    def passes(self) -> bool:
        """May the first policy be put in the second one's place?"""
        return self.kind in PASSING

    def as_json(self) -> Json:
        """Return the verdict as it is kept and shown."""
        return {
            "verdict": self.kind,
            "passes": self.passes,
            "sentence": self.sentence,
            "tolerance": self.tolerance,
            "n": self.n,
            "n_judged": self.n_judged,
            "differ": self.differ,
            "differ_high": self.differ_high,
            "expected": None if self.beside is None else self.beside.as_json(),
            "policy": None if self.one is None else _side(self.one),
            "against": None if self.two is None else _side(self.two),
            "gained": None if self.gained is None else estimated(self.gained),
            "gained_snips": None if self.gained_snips is None else estimated(self.gained_snips),
            "slices": [{"by": s.by, "name": s.name, "n": s.n, "gained": estimated(s.gained)} for s in self.slices],
        }


def judge(rows: Sequence[Row], *, tolerance: float = TOLERANCE) -> Verdict:
    """Return the verdict on the first policy of the rows against the second.

    Args:
        rows: recorded decisions, judged ones and others.
        tolerance: loss of mean reward that counts as none.
    """
    told = [row for row in rows if row.reward is not None]
    told = [told[place] for place in fairly([row.whose for row in told])]
    differ = np.array([apart(row) for row in rows], dtype=np.float64)
    one, two = _log(told, lambda row: row.one), _log(told, lambda row: row.two)
    unseen = np.array([row.unseen for row in told], dtype=np.float64)
    together = groups([row.whose for row in rows])
    kind, sentence, gained = weigh(one, two, differ=differ, unseen=unseen, tolerance=tolerance, together=together)
    plain = Verdict(
        kind=kind,
        sentence=sentence,
        tolerance=tolerance,
        n=len(rows),
        n_judged=len(told),
        differ=float(differ.mean()) if len(rows) else 0.0,
        differ_high=_upper(differ, together),
        beside=beside(rows) if rows else None,
    )
    if gained is None:
        return plain
    slices = _slices(told, one, two)
    return replace(
        plain,
        sentence=" ".join([sentence, *_harmed(slices)]),
        one=Side(dr=doubly_robust(one), snips=snips(one)),
        two=Side(dr=doubly_robust(two), snips=snips(two)),
        gained=gained,
        gained_snips=difference(one, two, name="snips"),
        slices=slices,
    )


def weigh(
    one: Log, two: Log, *, differ: Array, unseen: Array, tolerance: float, together: Groups | None = None
) -> tuple[Kind, str, Estimated | None]:
    """Return what is shown of one policy against another, a sentence, and the difference where anything was judged.

    Args:
        one: the judged answers beside the first policy.
        two: the same beside the second.
        differ: chance that the two choose differently, on judged and other decisions, shape (n,).
        unseen: chance of what the first would choose, the second would not, and the log could never hold, on the
            judged answers, shape (n_judged,): of that nothing is known, so it widens the interval.
        tolerance: loss of mean reward that counts as none.
        together: which decisions of `differ` stand together, shape (n,).
    """
    high = _upper(differ, together)
    if not len(one.rewards):
        return (*_without_rewards(len(differ), high, tolerance), None)
    gained = difference(one, two, name="dr")
    unknown = float(unseen.mean())
    gained = replace(gained, low=max(gained.low - unknown, -1.0), high=min(gained.high + unknown, 1.0))
    n_apart = effective((one.target - two.target).clip(min=0.0) / one.chances)
    if gained.enough and n_apart < MIN_APART and bool((one.target != two.target).any()):
        few = f"only {n_apart:.0f} effective answers where the two differ, and {MIN_APART:.0f} are needed"
        gained = replace(gained, why_not=f"not enough evidence: {few}")
    return (*_verdict(gained, n=len(differ), high=high, tolerance=tolerance), gained)


def estimated(found: Estimated) -> JsonValue:
    """Return an estimate as JSON."""
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "n_effective": found.n_effective,
        "not_enough": found.why_not or None,
    }


def points(found: Estimated) -> str:
    """Return a difference in points of a hundred, with its interval."""
    value, low, high = (100 * part for part in (found.value, found.low, found.high))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points"


def _verdict(gained: Estimated, *, n: int, high: float, tolerance: float) -> tuple[Kind, str]:
    if gained.enough and gained.low > 0.0:
        return "better", f"Better: quality changes by {points(gained)}."
    if gained.enough and gained.low > -tolerance:
        return "no worse", f"No worse: quality changes by {points(gained)}; {tolerance:.1%} is tolerated."
    if gained.enough and gained.high < 0.0:
        return "worse", f"Worse: quality changes by {points(gained)}."
    if n >= MIN_ROWS and high <= tolerance:
        return _without_rewards(n, high, tolerance)
    if not gained.enough:
        return "unknown", f"Not shown: {gained.why_not}."
    text = f"the interval {points(gained)} reaches below the {100 * tolerance:g} points that are tolerated"
    return "unknown", f"Not shown: not enough evidence, {text}.{_would_do(gained, tolerance)}"


def _would_do(gained: Estimated, tolerance: float) -> str:
    """Say how many judged answers like these would let an equal policy pass nine times in ten."""
    if tolerance <= 0.0:
        return ""
    aim = tolerance * _Z / (_Z + _NINE_IN_TEN)
    n = gained.n * ((gained.high - gained.low) / 2.0 / aim) ** 2
    return f" Some {float(f'{n:.1g}'):,.0f} judged answers like these would tell."


def _without_rewards(n: int, high: float, tolerance: float) -> tuple[Kind, str]:
    if n >= MIN_ROWS and high <= tolerance:
        return "no worse", f"No worse: of {n:,} decisions at most {high:.1%} would go otherwise."
    return "unknown", "Not shown: not enough evidence, no judged answers to `auto` that it has not learned from."


def _harmed(slices: Sequence[Slice]) -> list[str]:
    worse = [s for s in slices if s.gained.enough and s.gained.high < 0.0]
    if not worse:
        return []
    return [f"Worse on {', '.join(f'{s.by} {s.name} ({points(s.gained)})' for s in worse)}."]


def _upper(values: Array, together: Groups | None) -> float:
    """Return an upper bound of the mean of values in [0, 1], with one further observation at each end."""
    n = len(values) + 2
    mean = (float(values.sum()) + 1.0) / n
    variance = variance_of_sum(values - mean, together) + mean * mean + (1.0 - mean) ** 2
    return min(mean + _Z * sqrt(variance) / n, 1.0)


Chances = Callable[[Row], Mapping[str, float]]


def _log(rows: Sequence[Row], target: Chances) -> Log:
    return Log(
        rewards=np.array([row.reward for row in rows], dtype=np.float64),
        chances=np.array([row.chance for row in rows]),
        target=np.array([target(row).get(row.model, 0.0) for row in rows]),
        expected_logged=np.array([row.quality[row.model] for row in rows]),
        expected_target=np.array([mean_over(target(row), row.quality) for row in rows]),
        groups=groups([row.whose for row in rows]),
    )


def _slices(rows: Sequence[Row], one: Log, two: Log) -> tuple[Slice, ...]:
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for pair in row.slices.items():
            places[pair].append(place)
    return tuple(
        Slice(by=by, name=name, n=len(own), gained=difference(_part(one, own), _part(two, own), name="dr"))
        for (by, name), own in sorted(places.items())
        if MIN_SLICE <= len(own) < len(rows)
    )


def _part(log: Log, places: Sequence[int]) -> Log:
    arrays: dict[str, Any] = {field.name: getattr(log, field.name) for field in fields(log)}
    parts: dict[str, Any] = {name: None if array is None else array[[*places]] for name, array in arrays.items()}
    part = Log(**parts)
    few = part.groups is not None and n_groups(part.groups) < MIN_GROUPS
    return replace(part, groups=None) if few else part


def _side(side: Side) -> JsonValue:
    return {"dr": estimated(side.dr), "snips": estimated(side.snips)}
