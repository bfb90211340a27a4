"""The accounts behind usage limits: reserved before a call, settled after it, kept over restarts.

Memory is the authority, so that a request never waits for the disk; what is settled goes through the record's writer.
It does not say what a used-up limit means: `eligible.limits` does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from unisono.errors import StoreError
from unisono.record.rows import from_us, to_us
from unisono.record.store import Store
from unisono.record.view import stamp
from unisono.types import Attempt, Decision, Features, JsonValue, Limit, Model, Outcome, Planned, Request, Spent

N_BUCKETS = 60
"""A sliding window is counted in so many parts; a part counts whole until its last moment has left the window."""
NANO = 1_000_000_000
"""Money is kept in whole nano-dollars, so that sums are exact."""
SPENDING_KEPT = timedelta(days=400)
"""No window is longer; older amounts are deleted at the start."""

_ADD = "INSERT INTO spending VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
_LOAD = "SELECT name, holder, bucket, sum(amount) FROM spending WHERE run <> ? AND bucket >= ? GROUP BY 1, 2, 3"
_PURGE = "DELETE FROM spending WHERE bucket < ?"
_PURGE_HELD = "DELETE FROM held WHERE run IN (SELECT id FROM runs WHERE ended IS NOT NULL)"

log = logging.getLogger("unisono")


@dataclass(slots=True)
class _Account:
    """One limit of one holder: settled amounts by the start of their part, and what is reserved, here and elsewhere.

    Elsewhere are earlier runs and the other processes over the same record.
    """

    settled: dict[int, int] = field(default_factory=dict)
    reserved: int = 0
    elsewhere: dict[int, int] = field(default_factory=dict)
    reserved_elsewhere: int = 0

    def forget_before(self, since: int) -> None:
        """Drop the parts that have left the window."""
        for parts in (self.settled, self.elsewhere):
            for start in [start for start in parts if start < since]:
                del parts[start]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one request holds of its accounts until it is settled."""

    parts: tuple[tuple[Limit, str, str, int], ...]


_NOTHING = Reservation(())


class Ledger:
    """The accounts of one server. Nothing here waits."""

    def __init__(self, store: Store, limits: Sequence[Limit], *, now: datetime | None = None) -> None:
        """Load what is settled within the windows; a record that cannot be read begins at zero and is logged."""
        self._store = store
        self._limits = tuple(limits)
        self._accounts: dict[tuple[str, str], _Account] = {}
        since = to_us((now or datetime.now(UTC)) - SPENDING_KEPT)
        try:
            for name, holder, bucket, amount in store.rows(_LOAD, (store.run, since)):
                self._account(str(name), str(holder)).elsewhere[int(bucket or 0)] = int(amount or 0)
        except StoreError:
            log.warning("limits=unknown reason=record")
        store.record_rows(_PURGE, (since,))
        store.record_rows(_PURGE_HELD, ())

    def follow(self, limits: Sequence[Limit]) -> None:
        """Put other limits in force; what is used stays with its limit's name."""
        self._limits = tuple(limits)

    @property
    def has_limits(self) -> bool:
        """Say whether there is anything to keep to."""
        return bool(self._limits)

    def held(self) -> list[tuple[str, str, int]]:
        """Return what requests in flight hold here: limit, holder, amount."""
        return [(name, who, account.reserved) for (name, who), account in self._accounts.items() if account.reserved]

    def take_in(self, spending: Sequence[tuple[str, str, int, int]], held: Sequence[tuple[str, str, int]]) -> None:
        """Take in what earlier runs and other processes have used and hold: all of it, instead of what was known.

        Args:
            spending: limit, holder, part of the window, amount.
            held: limit, holder, amount.
        """
        for account in self._accounts.values():
            account.elsewhere, account.reserved_elsewhere = {}, 0
        for name, holder, bucket, amount in spending:
            self._account(name, holder).elsewhere[bucket] = amount
        for name, holder, amount in held:
            self._account(name, holder).reserved_elsewhere = amount

    def spent(self, *, key: str, user: str | None, models: Sequence[Model], now: datetime) -> tuple[Spent, ...]:
        """Return every limit that a model stands under for this caller."""
        found = []
        for limit in self._of(key):
            used, returns = self._used(limit, _holder(limit, key, user), now)
            amount = _units(limit, limit.amount)
            found += [
                Spent(
                    limit=limit.name,
                    counts=limit.counts,
                    model=model.name,
                    used=_shown(limit, used),
                    amount=limit.amount,
                    near=used >= amount * limit.warn_at,
                    returns=returns,
                )
                for model in models
                if _is_about(limit, model)
            ]
        return tuple(found)

    def reserve(
        self, request: Request, features: Features, decision: Decision, *, models: Mapping[str, Model]
    ) -> Reservation:
        """Hold what the decision's first model, or every call of its plan, is expected to take, until `settle`."""
        if not self._limits:
            return _NOTHING
        parts = []
        for limit in self._of(request.key):
            holder = _holder(limit, request.key, request.user)
            for n, call in enumerate(c for c in _calls(decision) if _is_about(limit, models[c.model])):
                if limit.counts == "messages" and n > 0:
                    break  # one message, however many models answer it
                need = {"messages": 1.0, "usd": call.high_usd, "tokens": features.n_input_tokens + call.tokens}
                amount = _units(limit, need[limit.counts])
                self._account(limit.name, holder).reserved += amount
                parts.append((limit, holder, call.model, amount))
        return Reservation(tuple(parts))

    def settle(
        self,
        reservation: Reservation,
        request: Request,
        outcome: Outcome,
        *,
        models: Mapping[str, Model],
        now: datetime,
    ) -> None:
        """Give back what was held, and charge what was used; a call that failed with nothing used costs nothing."""
        if not self._limits and not reservation.parts:
            return
        held: dict[tuple[str, str], int] = {}
        for limit, holder, model, amount in reservation.parts:
            account = self._account(limit.name, holder)
            account.reserved = max(account.reserved - amount, 0)
            held[limit.name, model] = held.get((limit.name, model), 0) + amount
        for limit in self._of(request.key):
            charges = [
                _charge(limit, a, outcome, models, held.pop((limit.name, a.model), 0) if a.usage is None else 0)
                for a in outcome.attempts
            ]
            amount = max(charges, default=0) if limit.counts == "messages" else sum(charges)
            if amount:
                self._add(limit, _holder(limit, request.key, request.user), amount, now)

    def used_up(self, model: str, *, key: str, user: str | None, now: datetime) -> list[Spent]:
        """Return the limits on tokens and money that are used up for a model outside the pool: an embedding model."""
        stand_in = Model(name=model, upstream="", upstream_model=model)
        found = self.spent(key=key, user=user, models=(stand_in,), now=now)
        return [spent for spent in found if spent.counts != "messages" and spent.used >= spent.amount]

    def charge(self, model: str, *, key: str, user: str | None, tokens: int, usd: float, now: datetime) -> None:
        """Charge what such a model used."""
        stand_in = Model(name=model, upstream="", upstream_model=model)
        for limit in self._of(key):
            if limit.counts == "messages" or not _is_about(limit, stand_in):
                continue
            amount = _units(limit, usd) if limit.counts == "usd" else tokens
            if amount:
                self._add(limit, _holder(limit, key, user), amount, now)

    def view(self, *, key: str, user: str | None, now: datetime) -> list[JsonValue]:
        """Return what `GET /v1/limits` shows of this caller."""
        rows: list[JsonValue] = []
        for limit in self._of(key):
            used, returns = self._used(limit, _holder(limit, key, user), now)
            rows.append(
                {
                    "limit": limit.name,
                    "per": limit.per,
                    "counts": limit.counts,
                    "amount": limit.amount,
                    "used": _shown(limit, used),
                    "left": max(limit.amount - _shown(limit, used), 0.0),
                    "window": limit.window,
                    "models": list[JsonValue](limit.models),
                    "roles": [role.value for role in limit.roles],
                    "returns": stamp(returns) if used else None,
                }
            )
        return rows

    # ------------------------------------------------------------------------------------- parts

    def _of(self, key: str) -> list[Limit]:
        return [limit for limit in self._limits if limit.is_about(key)]

    def _account(self, name: str, holder: str) -> _Account:
        return self._accounts.setdefault((name, holder), _Account())

    def _used(self, limit: Limit, holder: str, now: datetime) -> tuple[int, datetime]:
        """Return what is used and reserved now, and when the oldest part of it returns."""
        account = self._account(limit.name, holder)
        since, length_us = _window(limit, now)
        account.forget_before(since)
        used = sum(account.settled.values()) + sum(account.elsewhere.values())
        used += account.reserved + account.reserved_elsewhere
        starts = [start for parts in (account.settled, account.elsewhere) for start, amount in parts.items() if amount]
        oldest = min(starts, default=_bucket(limit, now))
        return used, _returns(limit, from_us(oldest), length_us)

    def _add(self, limit: Limit, holder: str, amount: int, now: datetime) -> None:
        bucket = _bucket(limit, now)
        settled = self._account(limit.name, holder).settled
        settled[bucket] = settled.get(bucket, 0) + amount
        self._store.record_rows(_ADD, (limit.name, holder, bucket, self._store.run, amount))


def user_of(key: str, user: str | None) -> str:
    """Return what the end user of a key is called in the record: the first / ends the key, so no other is called so."""
    return f"{key.replace('/', '%2F')}/{user or ''}"


def _calls(decision: Decision) -> tuple[Planned, ...]:
    """Return the calls that a decision foresees."""
    if decision.plan is not None:
        return decision.plan.calls
    first = decision.ranking[0]
    cost = first.estimate.cost
    return (Planned(model=first.model, part="member", usd=cost.usd, high_usd=cost.high_usd, tokens=cost.output_tokens),)


def _holder(limit: Limit, key: str, user: str | None) -> str:
    match limit.per:
        case "all":
            return ""
        case "key":
            return key
        case "user":
            return user_of(key, user)


def _is_about(limit: Limit, model: Model) -> bool:
    return (not limit.models or model.name in limit.models) and (not limit.roles or model.role in limit.roles)


def _units(limit: Limit, amount: float) -> int:
    return round(amount * NANO) if limit.counts == "usd" else round(amount)


def _shown(limit: Limit, units: int) -> float:
    return units / NANO if limit.counts == "usd" else float(units)


def _charge(limit: Limit, attempt: Attempt, outcome: Outcome, models: Mapping[str, Model], held: int) -> int:
    """Return what one attempt costs a limit, in its units.

    Where an upstream that answered reported no usage, as when the caller left, what was held is charged.
    """
    model = models.get(attempt.model)
    if model is None or not _is_about(limit, model):
        return 0
    # A member that was not needed any more is charged once it had begun to answer; before that nobody knows.
    took_part = attempt.model == outcome.model or (attempt.part is not None and attempt.first_content_s is not None)
    answered = took_part and attempt.status != "failed"
    if limit.counts == "messages":
        return 1 if answered else 0
    if attempt.usage is None:
        return held if answered else 0
    if limit.counts == "tokens":
        return attempt.usage.input_tokens + attempt.usage.output_tokens
    return _units(limit, attempt.cost_usd or 0.0)


def _bucket(limit: Limit, now: datetime) -> int:
    """Return the start of the part of the window that a moment belongs to, in microseconds since 1970."""
    if isinstance(limit.window, str):
        return to_us(_calendar(limit.window, now))
    width = max(int(limit.window * 1e6 / N_BUCKETS), 1)
    return to_us(now) // width * width


def _window(limit: Limit, now: datetime) -> tuple[int, int]:
    """Return the earliest start of a part that counts, and the length of the window in microseconds."""
    if isinstance(limit.window, str):
        return to_us(_calendar(limit.window, now)), 0
    length = int(limit.window * 1e6)
    width = max(length // N_BUCKETS, 1)
    return to_us(now) - length - width + 1, length + width


def _returns(limit: Limit, oldest: datetime, length_us: int) -> datetime:
    if not isinstance(limit.window, str):
        return oldest + timedelta(microseconds=length_us)
    match limit.window:
        case "hour":
            return oldest + timedelta(hours=1)
        case "day":
            return oldest + timedelta(days=1)
        case "week":
            return oldest + timedelta(days=7)
        case "month":
            return oldest.replace(year=oldest.year + oldest.month // 12, month=oldest.month % 12 + 1)


def _calendar(window: str, now: datetime) -> datetime:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if window == "hour":
        return hour
    day = hour.replace(hour=0)
    if window == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if window == "month" else day
