"""What a policy would have done beside another: how often it differs, what it costs, what is expected of it, and where.

Expected quality is what the predictors say of themselves: it shows what would change, and proves nothing (`gate` does).
It reads no record: rows in, figures out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unisono.evaluate.rechosen import Row
from unisono.types import Json, JsonValue

MIN_SLICE = 20
"""Kinds of request with fewer decisions are not told."""
MAX_MOVES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Two policies on some decisions; each pair holds the first policy's figure and the second's.

    Attributes:
        n: decisions.
        differ: share that would have gone to another model (by their chances, where they explore).
        usd: expected cost of an answer.
        expected: expected quality.
        deep: share of the roles deep and pro.
    """

    n: int
    differ: float
    usd: tuple[float, float]
    expected: tuple[float, float]
    deep: tuple[float, float]

    def as_json(self) -> Json:
        """Return it as JSON."""
        pairs = {"expected_usd": self.usd, "expected_quality": self.expected, "deep_share": self.deep}
        told: Json = {name: {"policy": pair[0], "against": pair[1]} for name, pair in pairs.items()}
        return {"n": self.n, "differ": self.differ, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """The whole, each kind of request, and the most frequent moves from one model to another with their number."""

    whole: Beside
    slices: Mapping[tuple[str, str], Beside]
    moves: tuple[tuple[str, str, int], ...]

    def as_json(self) -> Json:
        """Return it as JSON."""
        slices: list[JsonValue] = [
            {"by": by, "name": name, **part.as_json()} for (by, name), part in self.slices.items()
        ]
        moves: list[JsonValue] = [{"from": two, "to": one, "n": n} for two, one, n in self.moves]
        return {**self.whole.as_json(), "slices": slices, "moves": moves}


def shadow(rows: Sequence[Row]) -> Shadow | None:
    """Return the figures; None without rows."""
    if not rows:
        return None
    kinds: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for pair in row.slices.items():
            kinds[pair].append(row)
    moves = Counter((_first(row.two), _first(row.one)) for row in rows)
    return Shadow(
        whole=beside(rows),
        slices={pair: beside(own) for pair, own in sorted(kinds.items()) if MIN_SLICE <= len(own) < len(rows)},
        moves=tuple((two, one, n) for (two, one), n in moves.most_common() if two != one)[:MAX_MOVES],
    )


def apart(row: Row) -> float:
    """Return the chance that the two policies choose differently (total variation): no reward can differ by more."""
    models = {*row.one, *row.two}
    return 0.5 * sum(abs(row.one.get(model, 0.0) - row.two.get(model, 0.0)) for model in models)


def mean_over(chances: Mapping[str, float], values: Mapping[str, float]) -> float:
    """Return the mean of a model's value over the chances of a choice."""
    return sum(chance * values[model] for model, chance in chances.items() if chance > 0.0)


def deep_share(chances: Mapping[str, float], deep: frozenset[str]) -> float:
    """Return the chance that a choice falls on a model for deep thought."""
    return sum(chance for model, chance in chances.items() if model in deep)


def beside(rows: Sequence[Row]) -> Beside:
    """Return the figures of at least one decision."""
    return Beside(
        n=len(rows),
        differ=float(np.mean([apart(row) for row in rows])),
        usd=_pair([(mean_over(row.one, row.usd), mean_over(row.two, row.usd)) for row in rows]),
        expected=_pair([(mean_over(row.one, row.quality), mean_over(row.two, row.quality)) for row in rows]),
        deep=_pair([(deep_share(row.one, row.deep), deep_share(row.two, row.deep)) for row in rows]),
    )


def _pair(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    one, two = np.mean(pairs, axis=0)
    return float(one), float(two)


def _first(chances: Mapping[str, float]) -> str:
    return max(chances, key=lambda model: chances[model])
