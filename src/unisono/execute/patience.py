"""When a model is asked again, and how long to wait before: jittered, within a budget, as the upstream asks.

It makes no call. Asking again is for what passes by itself; another model of the ranking always comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from unisono.errors import (
    OutOfFiles,
    UpstreamBusy,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamUnreachable,
)

BASE_S = 0.25
"""The first pause, on average; each further one doubles."""
LONGEST_S = 5.0
"""A pause is never longer: who is asked to wait for more than this gets the error, with its `Retry-After`."""
PASSING = frozenset({408, 429, 500, 502, 503, 504, 529})
"""Statuses that may be another one a moment later."""


class RetryBudget:
    """So many retries for so many calls, per model: where everything fails, retries must not double the load.

    Each call earns a tenth of a retry, up to `BURST`; each retry takes a whole one.
    """

    EARNED = 0.1
    BURST = 10.0

    def __init__(self) -> None:
        """Begin with a full budget."""
        self._left: dict[str, float] = {}

    def earn(self, model: str) -> None:
        """Note a call that is no retry."""
        self._left[model] = min(self._left.get(model, self.BURST) + self.EARNED, self.BURST)

    def take(self, model: str) -> bool:
        """Take a retry, if there is one."""
        left = self._left.get(model, self.BURST)
        if left < 1.0:
            return False
        self._left[model] = left - 1.0
        return True


def no_hedge(model: str) -> float | None:
    """Ask nobody beside another."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a walk over a ranking repeats and hedges.

    Attributes:
        retries: how many more attempts a request may make after every model of its ranking has failed.
        budget: shared by all requests.
        hedge_after_s: after how long without content the next model is asked beside one; None never.
        sleep: how to wait.
        rng: for the jitter.
    """

    retries: int = 0
    budget: RetryBudget = field(default_factory=RetryBudget)
    hedge_after_s: Callable[[str], float | None] = no_hedge
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    rng: Random = field(default_factory=Random)

    def pause_s(self, error: UpstreamError, *, n_before: int) -> float | None:
        """Return how long to wait before asking again after an error; None when asking again would be of no use.

        Args:
            error: how the model failed last.
            n_before: retries that this request has made already.
        """
        if not _passes(error):
            return None
        asked_s = error.retry_after_s
        if asked_s is not None and asked_s > LONGEST_S:
            return None
        jittered = BASE_S * 2.0**n_before * self.rng.uniform(0.5, 1.5)
        return min(max(jittered, (asked_s or 0.0) * self.rng.uniform(1.0, 1.1)), LONGEST_S)

    async def wait(self, seconds: float) -> None:
        """Wait before an attempt, where there is something to wait for."""
        if seconds > 0.0:
            await self.sleep(seconds)


NO_PATIENCE = Patience()
"""Every model once, none beside another."""


def _passes(error: UpstreamError) -> bool:
    """Say whether an error may pass by itself. A limit in seconds was long enough: a timeout is not asked again."""
    if error.lasting:
        return False
    if isinstance(error, UpstreamRefused):
        return error.http_status in PASSING
    return isinstance(error, (UpstreamUnreachable, UpstreamMalformed, UpstreamBusy, OutOfFiles))
