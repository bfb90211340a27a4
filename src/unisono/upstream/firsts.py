"""How long each model usually takes to its first content: the quantile after which it counts as slow.

It decides nothing; a model that was seen too rarely has no quantile.
"""

from __future__ import annotations

from bisect import insort
from collections import deque

N_KEPT = 64
N_NEEDED = 10
SHARE = 0.95
LEAST_S = 0.05


class FirstContents:
    """The latest times to the first content, by model."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._latest: dict[str, deque[float]] = {}
        self._sorted: dict[str, list[float]] = {}

    def note(self, model: str, first_content_s: float) -> None:
        """Take in one attempt."""
        latest = self._latest.setdefault(model, deque())
        ordered = self._sorted.setdefault(model, [])
        if len(latest) >= N_KEPT:
            ordered.remove(latest.popleft())
        latest.append(first_content_s)
        insort(ordered, first_content_s)

    def slow_after_s(self, model: str) -> float | None:
        """Return the time within which 19 of 20 attempts had content; None while too few are known."""
        ordered = self._sorted.get(model, ())
        if len(ordered) < N_NEEDED:
            return None
        return max(ordered[min(int(SHARE * len(ordered)), len(ordered) - 1)], LEAST_S)
