"""One limit of one holder: what is used of it, what a call is expected to take, and what an attempt has taken.

Whose accounts there are, and when something is booked, `limits` knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from unisono.record.rows import from_us
from unisono.record.windows import calendar_us, opening_us, width_us
from unisono.types import Attempt, Counted, Features, Limit, Model, Outcome, Planned

NANO = 1_000_000_000
"""Money is kept in whole nano-dollars, so that sums are exact."""


@dataclass(slots=True)
class Used:
    """What is settled within a window, and when the oldest part of it returns; true before `until`, in microseconds."""

    amount: int
    returns: datetime
    until: int


@dataclass(slots=True)
class Account:
    """One limit of one holder: settled amounts by the start of their part, and what is reserved, here and elsewhere.

    Elsewhere are earlier runs and the other processes over the same record. `used` is what both are in the window, as
    long as nothing was added and no part has left it.
    """

    settled: dict[int, int] = field(default_factory=dict)
    reserved: int = 0
    elsewhere: dict[int, int] = field(default_factory=dict)
    reserved_elsewhere: int = 0
    used: Used | None = None

    def forget_before(self, since: int) -> None:
        """Drop the parts that have left the window."""
        for parts in (self.settled, self.elsewhere):
            for start in [start for start in parts if start < since]:
                del parts[start]

    def give_back(self, amount: int) -> None:
        """Reserve so much less."""
        left = self.reserved - amount
        self.reserved = left if left > 0 else 0

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing in it to be remembered."""
        return not (self.settled or self.elsewhere or self.reserved or self.reserved_elsewhere)

    def sum(self) -> int:
        """Return what is settled in all parts that are left."""
        return sum(self.settled.values()) + sum(self.elsewhere.values())


class Stand:
    """A limit that a caller stands under, whose account that is, and what of it is asked at every request."""

    __slots__ = ("_narrow", "account", "by_request", "holder", "limit", "near", "unit", "width", "window")

    def __init__(self, limit: Limit, holder: str, account: Account) -> None:
        self.limit = limit
        self.holder = holder
        self.account = account
        self.unit = NANO if limit.counts == "usd" else 1
        self.by_request = limit.counts in {"messages", "concurrent_requests"}
        self.near = math.inf if limit.window is None else round(limit.amount * self.unit) * limit.warn_at
        self.window = limit.window or 0.0
        self.width = width_us(self.window)
        self._narrow = bool(limit.models or limit.roles)

    def is_about(self, model: Model) -> bool:
        return not self._narrow or (
            (not self.limit.models or model.name in self.limit.models)
            and (not self.limit.roles or model.role in self.limit.roles)
        )

    def units(self, amount: float) -> int:
        """Return an amount of what the limit counts in whole units of its account."""
        return round(amount * self.unit)

    def need(self, call: Planned, features: Features) -> int:
        """Return what a call is expected to take of the limit, in units."""
        match self.limit.counts:
            case "messages" | "concurrent_requests":
                return 1
            case "usd":
                return self.units(call.high_usd)
            case "tokens":
                return self.units(features.n_input_tokens + call.tokens)

    def bucket(self, now_us: int) -> int:
        """Return the start of the part of the window that a moment belongs to, in microseconds since 1970."""
        window = self.window
        return calendar_us(window, now_us)[0] if isinstance(window, str) else now_us // self.width * self.width

    def used(self, now_us: int) -> tuple[int, datetime | None]:
        """Return what is used and reserved now, in units, and when the oldest part returns: None for any moment."""
        account = self.account
        if self.limit.window is None:
            return account.reserved + account.reserved_elsewhere, None
        used = account.used
        if used is None or now_us >= used.until:
            used = account.used = self._settled(now_us)
        return used.amount + account.reserved + account.reserved_elsewhere, used.returns

    def _settled(self, now_us: int) -> Used:
        """Forget the parts that have left the window, and add up the others."""
        account, window, width = self.account, self.window, self.width
        if isinstance(window, str):
            first, end = calendar_us(window, now_us)
            account.forget_before(first)
            return Used(account.sum(), from_us(end), end)
        length_us = int(window * 1e6) + width
        account.forget_before(opening_us(window, now_us))
        parts = [*account.settled.items(), *account.elsewhere.items()]
        bucket = self.bucket(now_us)
        oldest = min([start for start, amount in parts if amount], default=bucket)
        until = min([start for start, _ in parts]) + length_us if parts else bucket + width
        return Used(account.sum(), from_us(oldest + length_us), until)


def charge(
    stand: Stand,
    attempt: Attempt,
    outcome: Outcome,
    models: Mapping[str, Model],
    held: dict[tuple[str, str], int],
    n_input_tokens: int,
) -> int:
    """Return what one attempt costs a limit, in its units.

    Where an upstream that was asked reported no usage, as when the caller left, what was held is charged, or what has
    come of the answer if that is more.
    """
    usage, counts = attempt.usage, stand.limit.counts
    model = models.get(attempt.model)
    if model is None or not stand.is_about(model):
        return 0
    if usage is not None and counts != "messages":
        return usage.input_tokens + usage.output_tokens if counts == "tokens" else stand.units(attempt.cost_usd or 0.0)
    # A member that was not needed any more is charged once it had begun to answer; before that nobody knows.
    took_part = attempt.model == outcome.model or (attempt.part is not None and attempt.first_content_s is not None)
    n_written = attempt.written_tokens
    was_left = outcome.status == "cancelled" and n_written is not None
    if not (took_part or was_left) or attempt.status == "failed":
        return 0
    if counts == "messages":
        return 1
    kept = held.pop((stand.limit.name, attempt.model), 0)
    return max(kept, stand.units(_least(counts, model, n_input_tokens, n_written))) if n_written else kept


def _least(counts: Counted, model: Model, n_input_tokens: int, n_written_tokens: int) -> float:
    """Return what a call costs a limit of which this much of an answer has come."""
    if counts == "tokens":
        return n_input_tokens + n_written_tokens
    prices = model.prices
    if prices is None:
        return 0.0
    return (n_input_tokens * prices.usd_per_mtok_in + n_written_tokens * prices.usd_per_mtok_out) / 1e6
