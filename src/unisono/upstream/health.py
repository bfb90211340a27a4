"""What attempts say about each model's upstream: a circuit breaker per model. Pure of clocks.

States: `up`; `down` until a time, after failures or because a 429 asked to be left alone; `probing` when that time has
come and one attempt may find out. It does not choose or exclude models, and makes no call of its own.

Which failures open the breaker: no connection, and a key, an account or an address that is refused (401, 402, 403,
404), at once, for the next call would meet the same; others after `n_failures` in a row. A 429 opens it at once too,
and where its host says until when it would refuse, the model rests until then: an answer to a later call ends that.
What the caller did wrong, and what the caller cancelled, says nothing. Back-off doubles with each failed probe, from
`base_s` to `cap_s`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from unisono.errors import LASTING, OutOfFiles, UpstreamError, UpstreamRefused, UpstreamUnreachable
from unisono.types import Attempt, Health

LONGEST_REST_S = 86_400.0
"""What a host says of its limits is believed for a day at most: then one call asks again."""
AHEAD = timedelta(minutes=1)
"""By so much the clock of another process, or an earlier one, may be ahead."""
SAME_S = 1.0
"""Two moments of one renewal, told in two refusals, differ by no more."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A host's own limit is used up: since when, and until when it would refuse, to the second."""

    since: datetime
    until: datetime


class HealthBook:
    """A breaker per model name, and until when its host limits it; a name that was never seen is up."""

    def __init__(
        self,
        limits: BreakerLimits | None = None,
        *,
        told: Callable[[str, Rest], None] = lambda model, rest: None,
        lifted: Callable[[str], None] = lambda model: None,
    ) -> None:
        """Know of nothing yet.

        Args:
            limits: of the breakers.
            told: hears of each new or longer rest that a host asked for here.
            lifted: hears of each rest that an answer ended before its time.
        """
        self._limits = limits or BreakerLimits()
        self._told = told
        self._lifted = lifted
        self._breakers: dict[str, Breaker] = {}
        self._resting: dict[str, tuple[float, Rest]] = {}
        self._answered: dict[str, datetime] = {}

    def rest(self, model: str, seconds: float, *, now_s: float, now: datetime) -> None:
        """Leave a model alone until its host's limit is renewed: it would refuse, and is not broken."""
        seconds = min(seconds, LONGEST_REST_S)
        rest = Rest(since=now, until=_whole_second(now + timedelta(seconds=seconds)))
        if self._take(model, rest, until_s=now_s + seconds, now_s=now_s):
            self._told(model, rest)

    def take_in(self, rests: Mapping[str, Rest], *, now_s: float, now: datetime) -> None:
        """Take in what hosts said elsewhere or earlier, unless the model has answered here since.

        What was noted by a clock that has been set back since counts no more: nobody knows when it would end.
        """
        for model, rest in rests.items():
            answered = self._answered.get(model)
            if rest.since <= now + AHEAD and (answered is None or answered < rest.since):
                left_s = min((rest.until - now).total_seconds(), LONGEST_REST_S)
                self._take(model, rest, until_s=now_s + left_s, now_s=now_s)

    def limited(self) -> tuple[tuple[str, datetime], ...]:
        """Return the models that rest, and until when; some may just be over."""
        return tuple([(model, rest.until) for model, (_, rest) in self._resting.items()]) if self._resting else ()

    def state(self, model: str, now_s: float) -> tuple[Health, float | None]:
        """Return a model's health, and when a model that is down may be tried again."""
        breaker = self._breakers.get(model)
        state = (Health.UP, None) if breaker is None else breaker.state(now_s)
        if self._resting and (resting := self._resting.get(model)) is not None:
            if now_s < resting[0]:
                return Health.DOWN, max(resting[0], state[1] or resting[0])
            del self._resting[model]
        return state

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
            if not (self._resting and self._still_rests(attempt, now_s)) and breaker is not None:
                breaker.succeeded()
            return
        if attempt.status == "cancelled" or error is None or _ours(error):
            if breaker is not None:
                breaker.learned_nothing()
            return
        if breaker is None:
            breaker = self._breakers[attempt.model] = Breaker(self._limits)
        status = error.http_status if isinstance(error, UpstreamRefused) else None
        at_once = isinstance(error, UpstreamUnreachable) or status == 429 or status in LASTING
        breaker.failed(now_s, at_once=at_once, retry_after_s=error.retry_after_s)
        if status == 429 and error.retry_after_s is not None:
            ended = attempt.started + timedelta(seconds=attempt.total_s)
            self.rest(attempt.model, error.retry_after_s, now_s=now_s, now=ended)

    def forget(self, models: frozenset[str]) -> None:
        """Drop what is known about every model that is not in `models` (after a reload)."""
        for name in [name for name in self._resting if name not in models]:
            self._lift(name, self._resting[name][1].since)
        self._breakers = {name: breaker for name, breaker in self._breakers.items() if name in models}

    def _take(self, model: str, rest: Rest, *, until_s: float, now_s: float) -> bool:
        """Note a rest; say whether it is new, or longer than what was known."""
        known = self._resting.get(model)
        if until_s <= now_s or (known is not None and known[0] + SAME_S >= until_s):
            return False
        self._resting[model] = (until_s, rest)
        return True

    def _still_rests(self, attempt: Attempt, now_s: float) -> bool:
        """Say whether a model's limit stands: an answer to what was asked before it was told does not end it."""
        resting = self._resting.get(attempt.model)
        if resting is None or now_s >= resting[0]:
            return False
        if attempt.started <= resting[1].since:
            return True
        self._lift(attempt.model, attempt.started)
        return False

    def _lift(self, model: str, at: datetime) -> None:
        del self._resting[model]
        self._answered[model] = at
        self._lifted(model)


def _whole_second(moment: datetime) -> datetime:
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)


def _callers_fault(error: UpstreamError) -> bool:
    return isinstance(error, UpstreamRefused) and error.status not in (429, 502)


def _ours(error: UpstreamError) -> bool:
    """Say whether an attempt failed for what lies here, or with its caller: it says nothing of the upstream."""
    return isinstance(error, OutOfFiles) or _callers_fault(error)
