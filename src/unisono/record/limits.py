"""The accounts behind usage limits: reserved before a call, settled after it, kept over restarts.

Memory is the authority, so that a request never waits for the disk; what is settled goes through the record's writer.
It does not say what a used-up limit means: `eligible.limits` does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from unisono.errors import StoreError
from unisono.record.accounts import Account, Stand, charge
from unisono.record.reader import Reader
from unisono.record.rows import to_us
from unisono.record.store import Store
from unisono.record.view import stamp
from unisono.record.windows import opening_us
from unisono.types import (
    Decision,
    Features,
    JsonValue,
    Limit,
    Model,
    Outcome,
    Planned,
    Request,
    Spent,
)
from unisono.values import value

SPENDING_KEPT = timedelta(days=400)
"""No window is longer; older amounts are deleted at the start."""

_ADD = "INSERT INTO spending VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
USED_ELSEWHERE = """
SELECT s.name, s.holder, s.bucket, sum(s.amount)
FROM json_each(?) AS w JOIN spending AS s ON s.name = w.key AND s.bucket >= w.value
WHERE s.run <> ? GROUP BY 1, 2, 3
"""
_PURGE = "DELETE FROM spending WHERE bucket < ?"
_PURGE_HELD = "DELETE FROM held WHERE run IN (SELECT id FROM runs WHERE ended IS NOT NULL)"

log = logging.getLogger("unisono")


@value
class Reservation:
    """What one request holds of its accounts until it is settled."""

    parts: tuple[tuple[Stand, str, int], ...]


_NOTHING = Reservation(parts=())
_MAX_KNOWN = 4096
"""Of so many callers it is remembered what they stand under."""


class Ledger:
    """The accounts of one server. Nothing here waits."""

    def __init__(self, store: Store, limits: Sequence[Limit], *, now: datetime | None = None) -> None:
        """Load what is settled within the windows; a record that cannot be read begins at zero and is logged."""
        self._store = store
        self._limits = tuple(limits)
        self._accounts: dict[tuple[str, str], Account] = {}
        self._known: dict[tuple[str, str | None], tuple[Stand, ...]] = {}
        now = now or datetime.now(UTC)
        self._load(now)
        store.record_rows(_PURGE, (to_us(now - SPENDING_KEPT),))
        store.record_rows(_PURGE_HELD, ())

    def follow(self, limits: Sequence[Limit], *, now: datetime | None = None) -> None:
        """Put other limits in force; what is used stays with its limit's name."""
        if self._limits == (after := tuple(limits)):
            return
        self._limits = after
        self._known.clear()
        for account in self._accounts.values():
            account.used = None
        self._load(now or datetime.now(UTC))

    def windows(self, now: datetime) -> dict[str, int]:
        """Return from when on what was used counts, by limit in microseconds since 1970: what others must tell."""
        now_us = to_us(now)
        found: dict[str, int] = {}
        for limit in self._limits:
            if limit.window is not None:
                begin = opening_us(limit.window, now_us)
                found[limit.name] = min(begin, found.get(limit.name, begin))
        return found

    def _load(self, now: datetime) -> None:
        """Take in what earlier runs and other processes have used within the windows."""
        if not self._limits:
            return
        try:
            used = used_elsewhere(self._store.reader, self.windows(now), run=self._store.run)
        except StoreError:
            log.warning("limits=unknown reason=record")
            return
        for name, holder, bucket, amount in used:
            self._account(name, holder).elsewhere[bucket] = amount

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
            account.elsewhere, account.reserved_elsewhere, account.used = {}, 0, None
        for name, holder, bucket, amount in spending:
            self._account(name, holder).elsewhere[bucket] = amount
        for name, holder, amount in held:
            self._account(name, holder).reserved_elsewhere = amount

    def spent(self, *, key: str, user: str | None, models: Sequence[Model], now: datetime) -> tuple[Spent, ...]:
        """Return every limit that a model stands under for this caller."""
        found = []
        now_us = to_us(now)
        for stand in self._of(key, user):
            limit = stand.limit
            used, returns = stand.used(now_us)
            for model in models:
                if stand.is_about(model):
                    spent = Spent(
                        limit=limit.name,
                        counts=limit.counts,
                        model=model.name,
                        used=used / stand.unit,
                        amount=limit.amount,
                        near=used >= stand.near,
                        returns=returns,
                    )
                    found.append(spent)
        return tuple(found)

    def reserve(
        self, request: Request, features: Features, decision: Decision, *, models: Mapping[str, Model]
    ) -> Reservation:
        """Hold what the decision's first model, or every call of its plan, is expected to take, until `settle`."""
        if not self._limits:
            return _NOTHING
        parts = []
        calls = _calls(decision)
        for stand in self._of(request.key, request.user):
            for call in calls:
                if not stand.is_about(models[call.model]):
                    continue
                amount = stand.need(call, features)
                stand.account.reserved += amount
                parts.append((stand, call.model, amount))
                if stand.by_request:
                    break  # one message, however many models answer it
        return Reservation(parts=tuple(parts))

    def settle(
        self,
        reservation: Reservation,
        request: Request,
        outcome: Outcome,
        *,
        models: Mapping[str, Model],
        now: datetime,
        n_input_tokens: int = 0,
    ) -> None:
        """Give back what was held, and charge what was used; a call that failed with nothing used costs nothing.

        Args:
            reservation: what was held.
            request: whose.
            outcome: how it ended.
            models: by name.
            now: aware UTC.
            n_input_tokens: about how many the prompt has, for calls of which no usage is known.
        """
        if not self._limits and not reservation.parts:
            return
        held: dict[tuple[str, str], int] = {}
        for stand, model, amount in reservation.parts:
            stand.account.give_back(amount)
            place = stand.limit.name, model
            held[place] = held.get(place, 0) + amount
        charged = []
        for stand in self._of(request.key, request.user):
            if stand.limit.window is None:
                continue  # what was in flight has ended
            charges = [charge(stand, attempt, outcome, models, held, n_input_tokens) for attempt in outcome.attempts]
            if charges:  # of messages there is one, however many models were asked
                charged.append((stand, max(charges) if stand.by_request else sum(charges)))
        self._book(charged, to_us(now))

    def hold(
        self, model: str, *, key: str, user: str | None, tokens: int, usd: float, now: datetime
    ) -> Reservation | Spent:
        """Hold what a model outside the pool, an embedding model, will take until `charge`: no message, all else.

        Returns:
            A limit that has no room for it, where there is one; then nothing is held.
        """
        need = {"tokens": tokens, "usd": usd, "concurrent_requests": 1}
        stand_in = Model(name=model, upstream="", upstream_model=model)
        for spent in self.spent(key=key, user=user, models=(stand_in,), now=now):
            if spent.counts != "messages" and (
                spent.used >= spent.amount or spent.used + need[spent.counts] > spent.amount
            ):
                return spent
        parts = []
        for stand in self._of(key, user):
            if stand.limit.counts != "messages" and stand.is_about(stand_in):
                amount = stand.units(need[stand.limit.counts])
                stand.account.reserved += amount
                parts.append((stand, model, amount))
        return Reservation(parts=tuple(parts))

    def charge(self, reservation: Reservation, *, tokens: int, usd: float, now: datetime) -> None:
        """Give back what `hold` held, and charge what such a model used."""
        charged = []
        for stand, _, amount in reservation.parts:
            stand.account.give_back(amount)
            if stand.limit.window is not None:
                charged.append((stand, stand.units(usd) if stand.limit.counts == "usd" else tokens))
        self._book(charged, to_us(now))

    def view(self, *, key: str, user: str | None, now: datetime) -> list[JsonValue]:
        """Return what `GET /v1/limits` shows of this caller."""
        rows: list[JsonValue] = []
        now_us = to_us(now)
        for stand in self._of(key, user):
            limit = stand.limit
            used, returns = stand.used(now_us)
            rows.append(
                {
                    "limit": limit.name,
                    "per": limit.per,
                    "counts": limit.counts,
                    "amount": limit.amount,
                    "used": used / stand.unit,
                    "left": max(limit.amount - used / stand.unit, 0.0),
                    "window": limit.window,
                    "models": list[JsonValue](limit.models),
                    "roles": [role.value for role in limit.roles],
                    "returns": stamp(returns) if used and returns is not None else None,
                }
            )
        return rows

    # ------------------------------------------------------------------------------------- parts

    def _of(self, key: str, user: str | None) -> tuple[Stand, ...]:
        """Return what a caller stands under."""
        place = key, user
        found = self._known.get(place)
        if found is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
                self._accounts = {place: account for place, account in self._accounts.items() if not account.is_empty}
            holders = [(limit, _holder(limit, key, user)) for limit in self._limits if limit.is_about(key)]
            found = tuple(Stand(limit, holder, self._account(limit.name, holder)) for limit, holder in holders)
            self._known[place] = found
        return found

    def _account(self, name: str, holder: str) -> Account:
        return self._accounts.setdefault((name, holder), Account())

    def _book(self, charged: Sequence[tuple[Stand, int]], now_us: int) -> None:
        """Charge amounts, and have them recorded."""
        added, run = [], self._store.run
        for stand, amount in charged:
            if not amount:
                continue
            account, bucket = stand.account, stand.bucket(now_us)
            before = account.settled.get(bucket, 0)
            account.settled[bucket] = before + amount
            if before and account.used is not None:
                account.used.amount += amount
            else:
                account.used = None
            added.append(((stand.limit.name, stand.holder, bucket, run), amount))
        if added:
            self._store.record_sums(_ADD, added)


def used_elsewhere(reader: Reader, windows: Mapping[str, int], *, run: str) -> tuple[tuple[str, str, int, int], ...]:
    """Return what the other runs have used: limit, holder, part of the window, amount.

    Args:
        reader: of the record. It blocks for a short time, however old the record is: no other part is read.
        windows: from when on it counts, by limit, in microseconds since 1970.
        run: whose own use is left out.

    Raises:
        StoreError: the record cannot be read.
    """
    rows = reader.rows(USED_ELSEWHERE, (msgspec.json.encode(windows).decode(), run))
    return tuple((str(name), str(holder), int(part or 0), int(amount or 0)) for name, holder, part, amount in rows)


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
