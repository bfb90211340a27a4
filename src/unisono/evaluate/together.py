"""Which answers stand together, and how sure a mean is then.

Answers of one conversation are alike, and so are those of one caller: a hundred of them tell less than a hundred of as
many callers, and an interval that takes each for itself is too narrow. Where there are so many callers that some may
be hostile, each stands for itself with all its answers, and none counts more than a few others do.

Source: K.-Y. Liang and S. Zeger 1986, "Longitudinal data analysis using generalized linear models", for the deviation
of a mean over groups.
Not for: what is alike between callers, such as an outage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from unisono.learn.voters import MOST, is_crowd

Array: TypeAlias = NDArray[np.float64]
Groups: TypeAlias = NDArray[np.intp]
Whose: TypeAlias = "tuple[str, str]"
"""To whom an answer was given: the caller, a key with its end user, and the conversation."""
MIN_GROUPS = 10
"""With fewer the deviation between them is a guess."""


def groups(whose: Sequence[Whose]) -> Groups | None:
    """Return the place of each answer's group, shape (n,), as `standing` does.

    None where there are too few groups to tell anything by; then each answer stands for itself.
    """
    places = standing(whose)
    return places if places.max(initial=-1) + 1 >= MIN_GROUPS else None


def standing(whose: Sequence[Whose]) -> Groups:
    """Return the place of each answer's group, shape (n,): its caller in a crowd, else its conversation."""
    names = [caller for caller, _ in whose] if among_many(whose) else [f"{c}\n{s}" for c, s in whose]
    return np.unique(np.array(names, dtype=object), return_inverse=True)[1]


def among_many(whose: Sequence[Whose]) -> bool:
    """Say whether these callers are so many that some may be hostile."""
    return is_crowd(len({caller for caller, _ in whose}))


def fair(counts: Array) -> Array:
    """Return the factor for each caller that lets none count more than `MOST` times the median one.

    Args:
        counts: answers of each, shape (callers,).
    """
    asked = counts[counts > 0]
    most = MOST * float(np.median(asked)) if len(asked) else 0.0
    return np.minimum(1.0, most / np.maximum(counts, 1.0))


def fairly(whose: Sequence[Whose]) -> list[int]:
    """Return the places of the answers to judge by, in order: in a crowd no more of a caller than `fair`, the last."""
    if not among_many(whose):
        return list(range(len(whose)))
    callers = np.array([caller for caller, _ in whose])
    _, of, counts = np.unique(callers, return_inverse=True, return_counts=True)
    left = np.ceil(counts * fair(counts.astype(np.float64))).astype(int)
    kept = []
    for place in range(len(whose) - 1, -1, -1):
        if left[of[place]] > 0:
            left[of[place]] -= 1
            kept.append(place)
    return kept[::-1]


def n_groups(of: Groups) -> int:
    """Return how many groups there are."""
    return int(np.count_nonzero(np.bincount(of)))


def variance_of_sum(terms: Array, of: Groups | None) -> float:
    """Return the variance of a sum, where the terms of one group may be alike.

    Args:
        terms: deviations from the mean, shape (n,).
        of: the group of each, shape (n,); None: each stands for itself.
    """
    sums, n = (terms, len(terms)) if of is None else (np.bincount(of, weights=terms), n_groups(of))
    return float((sums * sums).sum()) * n / max(n - 1, 1)
