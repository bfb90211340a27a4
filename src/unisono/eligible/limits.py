"""What a used-up limit does to a choice: a declared mini answers and says so, or the request is refused.

Pure: what is used comes in as values; `record.limits` keeps the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from unisono.errors import LimitReached
from unisono.notices import usd
from unisono.types import Choice, Excluded, Features, Model, Notice, Ranked, Request, Role, Spent

MINIS: Mapping[Role, tuple[Role, ...]] = {
    Role.FAST: (Role.FAST_MINI,),
    Role.DEEP: (Role.DEEP_MINI,),
    Role.PRO: (Role.DEEP, Role.DEEP_MINI),
    Role.FAST_MINI: (),
    Role.DEEP_MINI: (),
}
"""Which roles stand in for a role whose limit is used up, best first."""


def within_limits(
    choice: Choice,
    *,
    request: Request,
    features: Features,
    spent: Sequence[Spent],
    models: Mapping[str, Model],
    language: Literal["en", "zh"],
) -> tuple[Choice, tuple[Notice, ...]]:
    """Return the choice within the limits, and what must be said about it.

    The first of the ranking is blocked when what the request is expected to take no longer fits. Then, with `on_limit`
    `downgrade` (the default for `auto`), the mini of its role answers, or else the next of the ranking that has room;
    with `block` (the default for a pin), the request is refused.

    Raises:
        LimitReached: nothing that may answer has room.
    """
    if not spent or not choice.ranking:
        return choice, ()
    over = {r.model: bar for r in choice.ranking if (bar := _bar(r, spent, features)) is not None}
    first = choice.ranking[0]
    near = _near(first.model, spent, language)
    if not over:
        return choice, near
    left = [r for r in choice.ranking if r.model not in over]
    excluded = (*choice.excluded, *(_excluded(name, bar) for name, bar in over.items()))
    if first.model not in over:
        return replace(choice, ranking=tuple(left), excluded=excluded), near
    bar = over[first.model]
    stand_in = _stand_in(models[first.model].role, left, models, pinned=request.pin is not None)
    wish = request.wishes.on_limit or ("block" if request.pin is not None else "downgrade")
    if wish == "block" or stand_in is None:
        bars = over.values() if wish != "block" else (bar,)
        raise _reached(bar, returns=min(b.returns for b in bars), now=request.received)
    reason = _why(first.model, stand_in.model, bar, language)
    rest = [r for r in left if r.model != stand_in.model] if request.pin is None or request.allow_fallback else []
    ranking = (
        replace(stand_in, propensity=1.0, reason=reason),
        *(replace(r, propensity=0.0) for r in rest),
    )
    notice = Notice(code="limit_downgrade", text=reason)
    return Choice(ranking=ranking, excluded=excluded, reason=reason), (notice, *_near(stand_in.model, spent, language))


def _bar(ranked: Ranked, spent: Sequence[Spent], features: Features) -> Spent | None:
    """Return the limit that has no room for what this model is expected to take; of several the last to return."""
    bars = [s for s in spent if s.model == ranked.model and s.used + _need(ranked, s, features) > s.amount]
    return max(bars, key=lambda s: s.returns, default=None)


def _need(ranked: Ranked, spent: Spent, features: Features) -> float:
    if spent.counts == "messages":
        return 1.0
    cost = ranked.estimate.cost
    return cost.high_usd if spent.counts == "usd" else features.n_input_tokens + cost.output_tokens


def _stand_in(role: Role, left: Sequence[Ranked], models: Mapping[str, Model], *, pinned: bool) -> Ranked | None:
    for mini in MINIS[role]:
        found = next((r for r in left if models[r.model].role is mini), None)
        if found is not None:
            return found
    return None if pinned or not left else left[0]


def _near(model: str, spent: Sequence[Spent], language: Literal["en", "zh"]) -> tuple[Notice, ...]:
    return tuple(Notice(code="limit_near", text=_near_text(s, language)) for s in spent if s.model == model and s.near)


def _near_text(spent: Spent, language: Literal["en", "zh"]) -> str:
    used, amount = _amount(spent.used, spent.counts), _amount(spent.amount, spent.counts)
    if language == "zh":
        return f"限额 {spent.limit} 已用 {used}，共 {amount}；{_clock(spent.returns)} 起恢复。"
    return f"{used} of {amount} of the limit {spent.limit} are used; it returns from {_clock(spent.returns)} on."


def _why(before: str, after: str, bar: Spent, language: Literal["en", "zh"]) -> str:
    amount = _amount(bar.amount, bar.counts)
    if language == "zh":
        return f"{before} 的限额 {bar.limit}（{amount}）已用完，{_clock(bar.returns)} 恢复；在此之前由 {after} 回答。"
    return (
        f"The limit {bar.limit} ({amount}) of {before} is used up until {_clock(bar.returns)}; "
        f"{after} answers until then."
    )


def _excluded(model: str, bar: Spent) -> Excluded:
    reason = f"its limit {bar.limit} ({_amount(bar.amount, bar.counts)}) is used up until {_clock(bar.returns)}"
    return Excluded(model=model, rule="limit", reason=reason)


def _reached(bar: Spent, *, returns: datetime, now: datetime) -> LimitReached:
    amount = _amount(bar.amount, bar.counts)
    return LimitReached(
        f"The limit {bar.limit} ({amount}) is used up; it returns at {_clock(returns)}. Wait, or ask another model.",
        retry_after_s=max((returns - now).total_seconds(), 1.0),
    )


def _amount(value: float, counts: str) -> str:
    return usd(value) if counts == "usd" else f"{value:,.0f} {counts}"


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
