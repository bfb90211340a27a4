"""What the operator rules: how much may be used, and who answers which requests first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unisono.terms import Capability, Counted, Mode, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much may be used in a window, or how many requests may be in flight, and by whom.

    Attributes:
        name: what errors, notices and `GET /v1/limits` show.
        per: each key, each end user, or all callers together have an account of their own.
        counts: what is counted.
        amount: how much of it fits into the window, or at once.
        window: sliding seconds (a number), or a calendar unit in UTC; None for concurrent requests, which have none.
        models, roles, keys: what the limit is about; empty means all. A key ending in `*` is every one that begins so.
        warn_at: share of the amount from which answers carry a notice.
    """

    name: str
    per: Literal["key", "user", "all"] = "key"
    counts: Counted = "messages"
    amount: float
    window: float | Literal["hour", "day", "week", "month"] | None = "day"
    models: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    keys: tuple[str, ...] = ()
    warn_at: float = 0.8

    def is_about(self, key: str) -> bool:
        """Say whether the limit is about this key."""
        return not self.keys or _is_named(key, self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRule:
    """Who answers one kind of requests to `auto` first, as the operator has it. All conditions given must hold.

    Attributes:
        name: what notices and the record call the rule.
        models: who answers; the others only where none of these can.
        modes: of `auto`, one of which is asked for; empty means all.
        keys: names of keys, one of which asks, or their beginnings with a `*` behind; empty means all.
        tasks: kinds of task, one of which it is with a probability of `at_least`; empty means all.
        words: one of these stands in the task, as a whole word; empty means no matter which.
        like: sentences that such requests are like; empty means no matter which.
        unlike: sentences that must not be nearer than the nearest of `like`.
        false_alarms: the share of ordinary prompts that may be taken for one like `like`.
        scripts: one of these most of the task's letters belong to; empty means all.
        needs: capabilities, one of which the request needs; empty means no matter which.
        min_tokens, max_tokens: bounds of the whole prompt's estimated length, both included.
    """

    name: str
    models: tuple[str, ...]
    modes: tuple[Mode, ...] = ()
    keys: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    at_least: float = 0.5
    words: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    false_alarms: float = 0.01
    scripts: tuple[str, ...] = ()
    needs: tuple[Capability, ...] = ()
    min_tokens: int | None = None
    max_tokens: int | None = None

    def is_about(self, key: str) -> bool:
        """Say whether the rule is about what this key asks."""
        return not self.keys or _is_named(key, self.keys)


def _is_named(key: str, names: tuple[str, ...]) -> bool:
    """Say whether the name of a key is one of these, or begins as one that ends in `*`."""
    return any(key == name or (name.endswith("*") and key.startswith(name[:-1])) for name in names)
