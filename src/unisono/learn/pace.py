"""How often a model's attempts teach: each at first and at an everyday load, a sample of them under a heavy one.

What is learnt from attempts remembers some twenty. A model that answers a thousand times a second would forget all that
is older than 20 ms, and learning would cost as much as answering. Which attempts teach depends on the time alone, never
on how they went.
"""

from __future__ import annotations

PER_S = 20.0
BURST = 64.0


class Pace:
    """A bucket of lessons for each model: `BURST` at most, `PER_S` more each second."""

    def __init__(self) -> None:
        """Begin with full buckets."""
        self._left: dict[str, tuple[float, float]] = {}  # lessons, and when that was

    def take(self, model: str, now_s: float) -> bool:
        """Take a lesson of a model, if there is one; `now_s` is monotonic."""
        left, at_s = self._left.get(model, (BURST, now_s))
        left = min(left + PER_S * (now_s - at_s), BURST)
        if left < 1.0:
            return False
        self._left[model] = (left - 1.0, now_s)
        return True
