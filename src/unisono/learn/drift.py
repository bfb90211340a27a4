"""Notices that the mean of a stream has moved: one chart per model and stream, of a bounded size, that forgets slowly.

It knows neither models nor the record. A chart holds the past as sums over stretches that get longer the further back
they lie. At each look every boundary between two stretches is tried as the moment of a change: the mean before against
the mean after it, by a likelihood ratio with Bernstein's correction, so that a run of rare events in a short stretch is
not taken for a change.

Source: A. Bifet and R. Gavalda 2007, "Learning from time-changing data with adaptive windowing", for the stretches;
S. Bernstein's inequality (S. Boucheron et al. 2013, "Concentration inequalities", section 2.8) for the ratio.
Not for: changes of the spread or the shape alone, nor changes that are slower than `HORIZON` observations: those are
followed and never told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLD = 10.0
"""Log likelihood ratio of an alarm: none in 1.6 million observations of four steady streams, three at a threshold of 8.
On real outcomes `lab/drift.py` measures it."""
HORIZON = 4_000
"""Observations that are remembered; older ones are forgotten a stretch at a time."""
PER_LEVEL = 5
"""Stretches of one length; the two oldest of six become one of twice the length."""
LOOK_EVERY = 4
FEWEST_BEFORE = 60
FEWEST_AFTER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A change: the means before and after it, over so many observations each; `error` of their difference."""

    before: float
    after: float
    n_before: int
    n_after: int
    error: float = 0.0


@dataclass(slots=True)
class Chart:
    """The past of one stream.

    Attributes:
        reach: largest distance of an observation from the mean that counts; what lies farther is cut.
        least_reach: where four deviations are less than `reach`, they are the reach, but no less than this.
        least: a smaller change of the mean is no news.
        rows: per stretch, oldest first: n, sum, sum of squares.
        n_seen: observations in all.
        told_at: how many there were at the last alarm (0: there was none), and how far the mean had moved.
    """

    reach: float = 1.0
    least_reach: float = 1.0
    least: float = 0.0
    rows: list[tuple[float, float, float]] = field(default_factory=list)
    n_seen: int = 0
    told_at: tuple[int, float] = (0, 0.0)

    @classmethod
    def seeded(cls, *, mean: float, variance: float, n: int, least: float = 0.0) -> Chart:
        """Return a chart that believes in a mean as after `n` observations, for streams whose rest is known."""
        return cls(least=least, rows=[(float(n), n * mean, n * (variance + mean * mean))])

    def add(self, x: float) -> Shift | None:
        """Take in an observation; return the change that is certain now. The chart begins anew after one."""
        n, total, squares = (sum(row[part] for row in self.rows) for part in range(3))
        if n >= FEWEST_AFTER:
            mean = total / n
            reach = self._reach(squares / n - mean * mean)
            x = min(max(x, mean - reach), mean + reach)
        self.rows.append((1.0, x, x * x))
        self.n_seen += 1
        self._merge()
        if self.n_seen % LOOK_EVERY:
            return None
        found = self.look()
        if found is not None:
            self.rows = self.rows[-_n_rows(self.rows, found.n_after) :]
            self.told_at = (self.n_seen, float(found.after - found.before))
        return found

    def look(self) -> Shift | None:
        """Return the most certain change, when it is certain enough."""
        if len(self.rows) < 2:
            return None
        table = np.array(self.rows)
        before = table.cumsum(axis=0)[:-1]
        after = table.sum(axis=0) - before
        fair = (before[:, 0] >= FEWEST_BEFORE) & (after[:, 0] >= FEWEST_AFTER)
        if not fair.any():
            return None
        ratios = np.where(fair, self._ratios(before, after), 0.0)
        best = int(ratios.argmax())
        if ratios[best] < THRESHOLD:
            return None
        (n0, sum0, squares0), (n1, sum1, squares1) = before[best], after[best]
        m0, m1 = sum0 / n0, sum1 / n1
        variance = max(squares0 / n0 - m0 * m0, 0.0) / n0 + max(squares1 / n1 - m1 * m1, 0.0) / n1
        return Shift(before=float(m0), after=float(m1), n_before=int(n0), n_after=int(n1), error=sqrt(variance))

    def moved(self, n_after: int) -> float | None:
        """Return by how much the mean of the last observations lies off those before; None where they are too few.

        A chart that told of a change within them says how large that was, whatever it has learned since.
        """
        told, gap = self.told_at
        if told and self.n_seen - told <= n_after:
            return gap
        split = len(self.rows) - _n_rows(self.rows, n_after)
        table = np.array(self.rows).reshape(-1, 3)
        before, after = table[:split].sum(axis=0), table[split:].sum(axis=0)
        if before[0] < FEWEST_BEFORE or after[0] < FEWEST_AFTER:
            return None
        return float(after[1] / after[0] - before[1] / before[0])

    def _reach(self, variance: float) -> float:
        return max(self.least_reach, min(self.reach, 4.0 * sqrt(max(variance, 0.0))))

    def _ratios(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
        n0, n1 = before[:, 0], after[:, 0]
        means = before[:, 1] / n0, after[:, 1] / n1
        gap = np.abs(means[1] - means[0])
        within = (before[:, 2] - n0 * means[0] ** 2) + (after[:, 2] - n1 * means[1] ** 2)
        variance = np.maximum(within, 0.0) / np.maximum(n0 + n1 - 2.0, 1.0)
        n, total, squares = before[0] + after[0]
        reach = self._reach(squares / n - (total / n) ** 2)
        apart = n0 * n1 / (n0 + n1) * gap**2 / (2.0 * (variance + reach * gap / 3.0) + 1e-12)
        found: NDArray[np.float64] = np.where(gap >= self.least, apart, 0.0)
        return found

    def _merge(self) -> None:
        """Keep at most `PER_LEVEL` stretches of a length, and no more than the horizon."""
        place = len(self.rows)
        while place > PER_LEVEL:
            size = self.rows[place - 1][0]
            same = [n for n in range(place - 1, max(place - PER_LEVEL - 2, -1), -1) if self.rows[n][0] == size]
            if len(same) <= PER_LEVEL:
                break
            a, b = self.rows[same[-1]], self.rows[same[-2]]
            self.rows[same[-1] : same[-2] + 1] = [(a[0] + b[0], a[1] + b[1], a[2] + b[2])]
            place = same[-1] + 1
        while len(self.rows) > 1 and sum(row[0] for row in self.rows[1:]) >= HORIZON:
            del self.rows[0]


def packed(chart: Chart) -> bytes:
    """Return a chart as JSON."""
    return msgspec.json.encode(chart)


def unpacked(body: bytes) -> Chart:
    """Return the chart that `packed` was given.

    Raises:
        msgspec.DecodeError: it was written by another version.
    """
    return msgspec.json.decode(body, type=Chart)


def _n_rows(rows: list[tuple[float, float, float]], n: int) -> int:
    """Return how many of the last rows hold `n` observations."""
    found, total = 0, 0.0
    for row in reversed(rows):
        if total >= n:
            break
        total += row[0]
        found += 1
    return found
