"""How many of some requests can be told from the prompts of the table that an artifact was fitted on.

A linear classifier is fitted between the table and some of the requests, and judged on the others: the share of them on
its far side, less the share of the table's prompts there. That is nothing where requests are like the table's prompts,
half where every second one is of a kind that the table lacks and that words give away, one where all are. Of the table
only means and covariances of its prompts' vectors are kept, of two halves: the classifier sees one half and is judged
on the other, so that a small table is not taken for a strange one. It decides nothing, and sees no scores.

Source: D. Lopez-Paz and M. Oquab 2017 (1610.06545), classifier two-sample tests; J. Friedman 1989, regularised
discriminant analysis. The share is a lower bound on the total variation between the two.
Not for: kinds that are a tenth of the requests, and strangeness that the encoder does not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

from unisono.types import Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FEWEST = 100
"""Requests below which nothing is said."""
FEWEST_PROMPTS = 100
"""Prompts of a table below which its moments are not kept."""
ALIKE, UNLIKE = 0.2, 0.1
"""Requests are alike where the share that can be told is shown to lie below the first, unlike where it is shown to lie
above the second. In between neither is shown."""
SHOWN = 2.0
"""By so many standard errors."""
_FOLDS = 4
_SHRINKAGE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The prompts of a table, as two halves.

    Attributes:
        means: shape (2, dim).
        covariances: shape (2, dim, dim).
    """

    means: Array
    covariances: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How many of `n` requests can be told from a table.

    Attributes:
        share: of them; chance makes it vary around nothing where they are alike.
        error: its standard error.
    """

    n: int
    share: float
    error: float

    @property
    def alike(self) -> bool:
        """Whether it is shown that most requests are like the table's prompts."""
        return self.share + SHOWN * self.error < ALIKE

    @property
    def unlike(self) -> bool:
        """Whether it is shown that some are not."""
        return self.share - SHOWN * self.error > UNLIKE

    def __str__(self) -> str:
        """Say it as a share."""
        low, high = (min(max(self.share + sign * SHOWN * self.error, 0.0), 1.0) for sign in (-1, 1))
        return f"{max(self.share, 0.0):.0%} [{low:.0%}, {high:.0%}] of {self.n:,}"


def domain_of(embeddings: Array, *, seed: int) -> Domain | None:
    """Return what is kept of a table's prompts; None where they are too few.

    Args:
        embeddings: shape (n, dim).
        seed: of the halves.
    """
    if len(embeddings) < FEWEST_PROMPTS:
        return None
    place = np.random.default_rng(seed).permutation(len(embeddings))
    halves = [embeddings[place[: len(place) // 2]], embeddings[place[len(place) // 2 :]]]
    return Domain(
        means=np.stack([half.mean(axis=0) for half in halves]),
        covariances=np.stack([np.cov(half.T) for half in halves]),
    )


def told_apart(domain: Domain, embeddings: Sequence[Vector]) -> Apart | None:
    """Return how many requests can be told from a table's prompts; None where they are too few to say.

    Args:
        domain: of the table.
        embeddings: of the requests, each of shape (dim,); their order does not matter but for chance.
    """
    if len(embeddings) < FEWEST:
        return None
    rows = np.array(embeddings, dtype=np.float64)
    fold = np.random.default_rng(len(rows)).permutation(len(rows)) % _FOLDS
    hits, alarms = [], []
    for known, other in ((0, 1), (1, 0)):
        for part in range(_FOLDS):
            way, border = _classifier(domain, known, rows[fold != part])
            hits.append(float((rows[fold == part] @ way > border).mean()))
            far = (border - way @ domain.means[other]) / sqrt(way @ domain.covariances[other] @ way)
            alarms.append(0.5 * erfc(far / sqrt(2.0)))
    hit = float(np.mean(hits))
    share = hit - float(np.mean(alarms))
    return Apart(n=len(rows), share=share, error=sqrt((hit * (1.0 - hit) + 0.25 / len(rows)) / len(rows)))


def _classifier(domain: Domain, half: int, rows: Array) -> tuple[Array, float]:
    """Return the direction, shape (dim,), in which requests lie beyond the border, and the border."""
    mean, centre = domain.means[half], rows.mean(axis=0)
    off = rows - centre
    within = (domain.covariances[half] + off.T @ off / len(rows)) / 2.0
    within += (_SHRINKAGE * np.trace(within) / len(within) + 1e-12) * np.eye(len(within))
    way: Array = np.linalg.solve(within, centre - mean)
    return way, float(way @ (mean + centre)) / 2.0
