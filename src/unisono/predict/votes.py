"""What votes say of a model, less all that a twentieth of the voters could have made of it.

    shift = sign(d) max(|d| - sway, 0),   d = expected with the votes - expected without them

In a house of many voters some may be hostile, and nothing in a few votes tells them from others. So a vote moves a
model's ability only, never the estimates of prompts near by, where two or three votes would decide; and of the move
twice as much is left out as the weightiest twentieth of its voters could have made up. Votes about a model that is
as good as expected therefore move nothing, whoever casts them.

Source: contamination neighbourhoods (P. Huber 1964); soft thresholding (D. Donoho 1995).
Not for: small houses, where a twentieth of the voters is nobody; there votes count as measured scores do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unisono.predict.ability import Belief, Demand, expected, updated
from unisono.predict.neighbors import Ring

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PRUDENCE = 2.0
"""Times the sway that is left out. Once holds for models that were measured before; for strangers, whose order votes
alone decide, twice was the least that held on the training parts; see `lab/LOG.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One model's votes as of now.

    Attributes:
        belief: of its ability, the votes taken in.
        pull: shape (k,): how far the ability goes when all votes go from 0 to 1.
        share: of that, what a twentieth of its voters hold.
        n_votes: that count.
    """

    belief: Belief
    pull: NDArray[np.float64]
    share: float
    n_votes: int

    def shift(self, demand: Demand, mean: float) -> float:
        """Return by how much the votes move an expected score that is `mean` without them."""
        told, _, _ = expected(self.belief, demand)
        sway = PRUDENCE * self.share * abs(float(self.pull @ demand.profile)) * told * (1.0 - told)
        moved = told - mean
        return max(moved - sway, 0.0) if moved > 0 else min(moved + sway, 0.0)


def heard(belief: Belief, ring: Ring, share: float) -> Heard:
    """Return what votes come to.

    Args:
        belief: without them.
        ring: the votes on one model.
        share: of their weight that a twentieth of the voters hold.
    """
    told = updated(belief, ring.profiles, ring.difficulties, ring.scores, weights=ring.weights)
    return Heard(belief=told, pull=told.covariance @ (ring.profiles.T @ ring.weights), share=share, n_votes=len(ring))
