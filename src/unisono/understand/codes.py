"""A text's characters as numbers, which are counted in a tenth of the time of a search for each."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint32]
"""Code points in their order, shape (n_chars,)."""


def codes_of(text: str) -> Codes:
    """Return the code points of a text; lone surrogates count as characters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def within(codes: Codes, *ranges: tuple[int, int]) -> NDArray[np.bool_]:
    """Say of each whether it lies in any of some ranges, first and last included; shape (n_chars,)."""
    found = np.zeros(codes.shape, dtype=np.bool_)
    for low, high in ranges:
        found |= codes - np.uint32(low) <= high - low
    return found


def n_within(codes: Codes, *ranges: tuple[int, int]) -> int:
    """Return how many lie in any of some ranges."""
    return int(np.count_nonzero(within(codes, *ranges)))
