"""Who calls: what a key may do, and what its holder wishes."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.terms import Mode, OnLimit
from unisono.types.secret import Secret
from unisono.values import value


@value
class Wishes:
    """What the caller asked of the router: the `unisono` object or the `x-unisono-*` headers."""

    dial: float | None = None
    max_cost_usd: float | None = None
    max_first_token_s: float | None = None
    min_quality: float | None = None
    models: tuple[str, ...] = ()
    ban: tuple[str, ...] = ()
    session: str | None = None
    allow_fallback: bool | None = None
    on_limit: OnLimit | None = None
    explain: bool = False
    retry_of: str | None = None
    how: str | None = None


NO_WISHES = Wishes()
"""Of most callers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a key may do. No request can lift it, unlike a wish.

    Attributes:
        admin: may read everybody's record and `/admin`.
        models: the only models that may answer; empty means all.
        ban: the models that may not.
        modes: the only modes of `auto` that may be asked for; empty means all. A pin is the models' affair.
        export: its holder agrees that words are kept and exported, for training.
    """

    admin: bool = False
    models: tuple[str, ...] = ()
    ban: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    export: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One key of the configuration that has a name: what it may, what its holder wishes where a request is silent."""

    name: str
    key: Secret
    wishes: Wishes = NO_WISHES
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who calls, as the edge has authenticated it: the name in limits and record, what it may, what it wishes."""

    name: str
    scope: Scope = Scope()
    wishes: Wishes = NO_WISHES
