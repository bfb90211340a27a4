"""Local evidence: how models did on prompts like this one, relative to what was expected of them.

    correction = share sum w_i (y_i - p_i) / (sum w_i + shrinkage),   w_i falls with the distance of the prompts

The share is what the scores themselves bear out: how well each is foretold by those near it. It keeps the latest scores
of each model in a ring and searches them by brute force. It knows nothing of training: with no scores near by the
correction is zero and `ability` stands as it is.

Source: Nadaraya-Watson regression of residuals, shrunk to the parametric fit (as in semiparametric "boosted" kernels).
Not for: more than some thousands of scores a model; an index belongs here then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unisono.predict.paired import UNTOLD, Told
from unisono.types import Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPACITY = 768
"""Scores kept per model, so that a full probe and the feedback that `record` keeps fit; the oldest goes first."""
SHRINKAGE = 1.5
"""How many scores on the very same kind of prompt it takes to believe them more than the ability model."""
HALF_WEIGHT_COSINE = 0.4
WIDTH = 0.07
"""Chosen on simulated newcomers that differ by kind of probe question; see `lab/LOG.md`."""


DOUBTED_FOR = 1.0
"""How long corrections are doubted: until what they foretold sums, in squares, to several times this. Many models do
not differ by kind of question beyond what is expected of them, and then the scores near by are noise."""
N_COMPARED = 256
"""The latest scores that are compared with those near them: milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What the neighbourhood says: the correction of the expected score, and the scores near by (a sum of weights)."""

    correction: float
    n_near: float

    @property
    def unmeasured(self) -> float:
        """The share in [0, 1] of what the ability model cannot say that the scores near by leave open."""
        return SHRINKAGE / (self.n_near + SHRINKAGE)


class Ring:
    """The latest measured scores of one model, with their prompts."""

    def __init__(self, *, dim: int, k: int, capacity: int = CAPACITY) -> None:
        """Hold up to `capacity` scores of prompts with embeddings (dim,) and profiles (k,)."""
        self.n_seen = 0
        self._capacity = capacity
        self._embeddings = np.zeros((8, dim), dtype=np.float32)
        self._profiles = np.zeros((8, k), dtype=np.float64)
        self._difficulties = np.zeros(8, dtype=np.float64)
        self._scores = np.zeros(8, dtype=np.float64)
        self._weights = np.zeros(8, dtype=np.float64)
        self._told = np.zeros((8, 2), dtype=np.float64)

    def __len__(self) -> int:
        return min(self.n_seen, self._capacity)

    def add(
        self,
        embedding: Vector | None,
        profile: NDArray[np.float64],
        *,
        difficulty: float,
        score: float,
        weight: float = 1.0,
        told: Told = UNTOLD,
    ) -> None:
        """Take in one score that counts as `weight` measured answers; beyond the capacity it replaces the oldest.

        What others `told` about the question counts for the ability, not for prompts near by: how hard those are beyond
        what is expected is what the scores near them show, for one model as for the others.
        """
        if self.n_seen < self._capacity and self.n_seen == len(self._scores):
            self._grow()
        place = self.n_seen % self._capacity
        self._embeddings[place] = 0.0 if embedding is None else embedding
        self._profiles[place] = profile
        self._difficulties[place] = difficulty
        self._scores[place] = score
        self._weights[place] = weight
        self._told[place] = told
        self.n_seen += 1

    def _grow(self) -> None:
        more = min(2 * len(self._scores), self._capacity) - len(self._scores)
        self._embeddings = np.pad(self._embeddings, ((0, more), (0, 0)))
        self._profiles = np.pad(self._profiles, ((0, more), (0, 0)))
        self._difficulties = np.pad(self._difficulties, (0, more))
        self._scores = np.pad(self._scores, (0, more))
        self._weights = np.pad(self._weights, (0, more))
        self._told = np.pad(self._told, ((0, more), (0, 0)))

    @property
    def embeddings(self) -> Vector:
        """Shape (n, dim); zeros where a prompt had none."""
        return self._embeddings[: len(self)]

    @property
    def profiles(self) -> NDArray[np.float64]:
        """Shape (n, k)."""
        return self._profiles[: len(self)]

    @property
    def difficulties(self) -> NDArray[np.float64]:
        """Shape (n,)."""
        return self._difficulties[: len(self)]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Shape (n,)."""
        return self._scores[: len(self)]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Shape (n,)."""
        return self._weights[: len(self)]

    @property
    def told(self) -> NDArray[np.float64] | None:
        """Shape (n, 2): `paired.Told` of each; None where nothing was told about any."""
        told = self._told[: len(self)]
        return told if (told != UNTOLD).any() else None


def local(
    embedding: Vector | None, ring: Ring, residuals: NDArray[np.float64], *, shrinkage: float = SHRINKAGE
) -> Local:
    """Return what the scores near a prompt say.

    Args:
        embedding: shape (dim,), unit length, or None.
        ring: a model's scores.
        residuals: shape (len(ring),): each score less what `ability` expects of the model on its prompt.
        shrinkage: weight of the ability model, in scores.
    """
    if embedding is None or len(ring) == 0:
        return Local(correction=0.0, n_near=0.0)
    weights = ring.weights * _nearness(ring.embeddings @ embedding)
    n_near = float(weights.sum())
    return Local(correction=float(weights @ residuals) / (n_near + shrinkage), n_near=n_near)


def borne_out(ring: Ring, residuals: NDArray[np.float64], *, shrinkage: float = SHRINKAGE) -> float:
    """Return the share in [0, 1] of local corrections that a model's own scores bear out.

    Each score is foretold by those near it, itself left out; the share is the slope of what came over what was
    foretold, shrunk to nothing.

    Args:
        ring: a model's scores.
        residuals: as for `local`.
        shrinkage: as for `local`.

    Source: W. James and C. Stein 1961, shrinkage by the data's own evidence; leave-one-out as in stacking
    (L. Breiman 1996).
    """
    latest = slice(max(len(ring) - N_COMPARED, 0), None)
    embeddings, came = ring.embeddings[latest], residuals[latest]
    weights = ring.weights[latest] * _nearness(embeddings @ embeddings.T)
    np.fill_diagonal(weights, 0.0)
    foretold = weights @ came / (weights.sum(axis=1) + shrinkage)
    counted = ring.weights[latest] * foretold
    slope = float(counted @ came) / (float(counted @ foretold) + DOUBTED_FOR)
    return min(max(slope, 0.0), 1.0)


def _nearness(cosines: Vector) -> NDArray[np.float64]:
    near: NDArray[np.float64] = 1.0 / (1.0 + np.exp((HALF_WEIGHT_COSINE - cosines.astype(np.float64)) / WIDTH))
    return near
