"""How far what training says is believed, by how familiar the prompt is.

Measured by cross-validation: prompts held out one by one, and whole tasks held out. On unfamiliar prompts the maps of
difficulty and skill say less than they seem to, and models deviate more from what is expected of them. It measures
nothing itself: `learn.trust` does.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EDGES = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
"""Bounds of the bins of familiarity in which trust is measured; between their middles it is interpolated."""
MIDDLES = tuple((low + high) / 2 for low, high in pairwise(EDGES))


class Trusted(NamedTuple):
    """Trust in one prompt's expectations.

    Attributes:
        skill: factor in [0, 1] on what its skills say.
        difficulty: factor in [0, 1] on what its difficulty says.
        own: deviation of one model's logit from what is expected, not shared with other models.
        shared: deviation that all models share: the prompt's difficulty misjudged.
    """

    skill: float
    difficulty: float
    own: float
    shared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """`table` has shape (len(MIDDLES), 4): a row for each bin, the columns as the fields of `Trusted`."""

    table: NDArray[np.float64]
    _rows: list[list[float]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the rows as plain numbers too."""
        object.__setattr__(self, "_rows", self.table.tolist())

    def at(self, familiar: float) -> Trusted:
        """Return the trust at a familiarity in [0, 1]."""
        above = bisect_left(MIDDLES, familiar)
        if above in (0, len(MIDDLES)):
            return Trusted(*self._rows[min(above, len(MIDDLES) - 1)])
        low, high = MIDDLES[above - 1], MIDDLES[above]
        share = (familiar - low) / (high - low)
        rows = zip(self._rows[above - 1], self._rows[above], strict=True)
        return Trusted(*[(1.0 - share) * below + share * over for below, over in rows])
