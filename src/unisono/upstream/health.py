"""What attempts say about each model's upstream: a circuit breaker per model. Pure of clocks.

States: `up`; `down` until a time, after failures or because a 429 asked to be left alone; `probing` when that time has
come and one attempt may find out. It does not choose or exclude models, and makes no call of its own.

Which failures open the breaker: no connection, and a key, an account or an address that is refused (401, 402, 403,
404), at once, for the next call would meet the same; others after `n_failures` in a row. A 429 never counts as a
failure: the model is down until the upstream's `Retry-After` (or a back-off). What the caller did wrong, and what the
caller cancelled, says nothing. Back-off doubles with each failed probe, from `base_s` to `cap_s`.
"""

from __future__ import annotations

from dataclasses import dataclass

from unisono.errors import LASTING, UpstreamError, UpstreamRefused, UpstreamUnreachable
from unisono.types import Attempt, Health

_MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """When a breaker opens and for how long; a probe that tells nothing for `probe_s` is forgotten."""

    n_failures: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0
    probe_s: float = 30.0


class Breaker:
    """The health of one upstream."""

    __slots__ = ("_limits", "_n_failures", "_n_opened", "_open_until_s", "_probe_until_s")

    def __init__(self, limits: BreakerLimits) -> None:
        self._limits = limits
        self._n_failures = 0
        self._n_opened = 0
        self._open_until_s: float | None = None
        self._probe_until_s = float("-inf")

    def state(self, now_s: float) -> tuple[Health, float | None]:
        """Return the health, and when a model that is down may be tried again."""
        if self._open_until_s is None:
            return Health.UP, None
        if now_s < self._open_until_s:
            return Health.DOWN, self._open_until_s
        if now_s < self._probe_until_s:
            return Health.DOWN, self._probe_until_s
        return Health.PROBING, None

    @property
    def is_closed(self) -> bool:
        """Is the model up, whatever the time?"""
        return self._open_until_s is None

    def begin(self, now_s: float) -> None:
        """Say that an attempt starts: if the breaker is half open, it is the one probe."""
        if self.state(now_s)[0] is Health.PROBING:
            self._probe_until_s = now_s + self._limits.probe_s

    def succeeded(self) -> None:
        """Close: the upstream answered."""
        self._n_failures = 0
        self._n_opened = 0
        self._open_until_s = None
        self._probe_until_s = float("-inf")

    def learned_nothing(self) -> None:
        """Let another attempt probe: this one ended without telling."""
        self._probe_until_s = float("-inf")

    def failed(self, now_s: float, *, at_once: bool, retry_after_s: float | None = None) -> None:
        """Count a failure; open when it is enough. Attempts that fail together open it once."""
        asked_s = None if retry_after_s is None else min(retry_after_s, _MAX_RETRY_AFTER_S)
        self._n_failures += 1
        if self._open_until_s is not None and now_s < self._open_until_s:
            self._open_until_s = max(self._open_until_s, now_s + (asked_s or 0.0))
            return
        half_open = self._open_until_s is not None
        if at_once or half_open or self._n_failures >= self._limits.n_failures:
            backoff_s = min(self._limits.base_s * 2.0 ** min(self._n_opened, 30), self._limits.cap_s)
            self._n_opened += 1
            self._open_until_s = now_s + (backoff_s if asked_s is None else asked_s)
        self._probe_until_s = float("-inf")


class HealthBook:
    """A breaker per model name; a name that was never seen is up."""

    def __init__(self, limits: BreakerLimits | None = None) -> None:
        self._limits = limits or BreakerLimits()
        self._breakers: dict[str, Breaker] = {}
        self._resting: dict[str, float] = {}

    def rest(self, model: str, until_s: float) -> None:
        """Leave a model alone until its upstream's rate limit is renewed: it would refuse, and is not broken."""
        self._resting[model] = max(until_s, self._resting.get(model, until_s))

    def state(self, model: str, now_s: float) -> tuple[Health, float | None]:
        """Return a model's health, and when a model that is down may be tried again."""
        if self._resting and (rests_until_s := self._resting.get(model)) is not None:
            if now_s < rests_until_s:
                return Health.DOWN, rests_until_s
            del self._resting[model]
        breaker = self._breakers.get(model)
        return (Health.UP, None) if breaker is None else breaker.state(now_s)

    def all_up(self) -> bool:
        """Say whether every model is up: the short form of `state` for all of them, without a look at the clock."""
        return not self._resting and (
            not self._breakers or all(breaker.is_closed for breaker in self._breakers.values())
        )

    def begin(self, model: str, now_s: float) -> None:
        """Say that an attempt at a model starts, so that a half-open breaker lets only one through."""
        breaker = self._breakers.get(model)
        if breaker is not None:
            breaker.begin(now_s)

    def observe(self, attempt: Attempt, error: UpstreamError | None, now_s: float) -> None:
        """Take in how an attempt ended; `error` is None when it was ok or cancelled."""
        breaker = self._breakers.get(attempt.model)
        if attempt.status == "ok":
            if breaker is not None:
                breaker.succeeded()
            return
        if attempt.status == "cancelled" or error is None or _callers_fault(error):
            if breaker is not None:
                breaker.learned_nothing()
            return
        if breaker is None:
            breaker = self._breakers[attempt.model] = Breaker(self._limits)
        status = error.http_status if isinstance(error, UpstreamRefused) else None
        at_once = isinstance(error, UpstreamUnreachable) or status == 429 or status in LASTING
        breaker.failed(now_s, at_once=at_once, retry_after_s=error.retry_after_s)

    def forget(self, models: frozenset[str]) -> None:
        """Drop what is known about every model that is not in `models` (after a reload)."""
        self._resting = {name: until_s for name, until_s in self._resting.items() if name in models}
        self._breakers = {name: breaker for name, breaker in self._breakers.items() if name in models}


def _callers_fault(error: UpstreamError) -> bool:
    return isinstance(error, UpstreamRefused) and error.status not in (429, 502)
