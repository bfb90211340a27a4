"""What a limit without room does to a choice: a declared mini answers and says so, or the request is refused.

Pure: what is used comes in as values; `record.limits` keeps the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from unisono.errors import LimitReached
from unisono.notices import usd
from unisono.types import Choice, Excluded, Features, Language, Model, Notice, Ranked, Request, Role, Spent

MINIS: Mapping[Role, tuple[Role, ...]] = {
    Role.FAST: (Role.FAST_MINI,),
    Role.DEEP: (Role.DEEP_MINI,),
    Role.PRO: (Role.DEEP, Role.DEEP_MINI),
    Role.FAST_MINI: (),
    Role.DEEP_MINI: (),
}
"""Which roles stand in for a role whose limit has no room, best first."""

_SOON = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """A limit that has no room for a request.

    Attributes:
        spent: how the limit stands.
        need: what the request is expected to take of it, in what it counts.
    """

    spent: Spent
    need: float

    @property
    def fits_later(self) -> bool:
        """Say whether the request fits into the whole limit, so that waiting helps."""
        return self.need <= self.spent.amount


def within_limits(
    choice: Choice,
    *,
    request: Request,
    features: Features,
    spent: Sequence[Spent],
    models: Mapping[str, Model],
    language: Language,
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
    over = _over(choice.ranking, spent, features)
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
        raise _reached(bar, [*over.values()] if wish != "block" else [bar], now=request.received)
    reason = _why(first.model, stand_in.model, bar, language)
    rest = [r for r in left if r.model != stand_in.model] if request.pin is None or request.allow_fallback else []
    ranking = (
        replace(stand_in, propensity=1.0, reason=reason),
        *(replace(r, propensity=0.0) for r in rest),
    )
    notice = Notice(code="limit_downgrade", text=reason)
    return Choice(ranking=ranking, excluded=excluded, reason=reason), (notice, *_near(stand_in.model, spent, language))


def _over(ranking: Sequence[Ranked], spent: Sequence[Spent], features: Features) -> Mapping[str, _Bar]:
    """Return by model, in their order, the limit without room for what it is expected to take; of several the last."""
    ranked = {r.model: r for r in ranking}
    bars: dict[str, list[_Bar]] = {}
    for s in spent:
        if (r := ranked.get(s.model)) is not None and s.used + (need := _need(r, s, features)) > s.amount:
            bars.setdefault(s.model, []).append(_Bar(spent=s, need=need))
    return {r.model: max(bars[r.model], key=_lasts) for r in ranking if r.model in bars} if bars else {}


def _lasts(bar: _Bar) -> tuple[bool, datetime]:
    """Tell limits apart by when they have room: the last to have it is the greatest."""
    return not bar.fits_later, bar.spent.returns or _SOON


def _need(ranked: Ranked, spent: Spent, features: Features) -> float:
    if spent.counts in {"messages", "concurrent_requests"}:
        return 1.0
    cost = ranked.estimate.cost
    return cost.high_usd if spent.counts == "usd" else features.n_input_tokens + cost.output_tokens


def _stand_in(role: Role, left: Sequence[Ranked], models: Mapping[str, Model], *, pinned: bool) -> Ranked | None:
    for mini in MINIS[role]:
        found = next((r for r in left if models[r.model].role is mini), None)
        if found is not None:
            return found
    return None if pinned or not left else left[0]


def _near(model: str, spent: Sequence[Spent], language: Language) -> tuple[Notice, ...]:
    return tuple(
        [Notice(code="limit_near", text=_near_text(s, language)) for s in spent if s.near and s.model == model]
    )


def _near_text(spent: Spent, language: Language) -> str:
    used, amount = _amount(spent.used, spent.counts), _amount(spent.amount, spent.counts)
    if language == "zh":
        return f"限额 {spent.limit} 已用 {used}，共 {amount}；{_clock(spent.returns)} 起恢复。"
    return f"{used} of {amount} of the limit {spent.limit} are used; it returns from {_clock(spent.returns)} on."


def _why(before: str, after: str, bar: _Bar, language: Language) -> str:
    spent, whole, need, left = bar.spent, *_figures(bar)
    limit, clock = spent.limit, _clock(spent.returns)
    if not bar.fits_later:
        if language == "zh":
            return f"此请求预计需要 {need}，超过 {before} 的整个限额 {limit}（{whole}）；由 {after} 回答。"
        return (
            f"This request is expected to take {need}, more than the whole limit {limit} ({whole}) of {before}; "
            f"{after} answers."
        )
    if spent.returns is None:
        if language == "zh":
            return f"{before} 的限额 {limit}（同时 {spent.amount:,.0f} 个）已被进行中的请求占满；由 {after} 回答。"
        return f"The limit {limit} ({whole}) of {before} is taken by requests in flight; {after} answers."
    if left is not None:
        if language == "zh":
            return (
                f"{before} 的限额 {limit}（{whole}）还剩 {left}，而此请求预计需要 {need}；"
                f"该限额 {clock} 恢复，此次由 {after} 回答。"
            )
        return (
            f"The limit {limit} ({whole}) of {before} has {left} left until {clock}, and this request is expected to "
            f"take {need}; {after} answers."
        )
    if language == "zh":
        return f"{before} 的限额 {limit}（{whole}）已用完，{clock} 恢复；在此之前由 {after} 回答。"
    return f"The limit {limit} ({whole}) of {before} is used up until {clock}; {after} answers until then."


def _excluded(model: str, bar: _Bar) -> Excluded:
    spent, whole, need, left = bar.spent, *_figures(bar)
    if not bar.fits_later:
        reason = f"this request is expected to take {need}, more than its whole limit {spent.limit} ({whole})"
    elif spent.returns is None:
        reason = f"its limit {spent.limit} ({whole}) is taken by requests in flight"
    elif left is not None:
        until = _clock(spent.returns)
        reason = f"its limit {spent.limit} ({whole}) has {left} left until {until}, and this request is expected to"
        reason = f"{reason} take {need}"
    else:
        reason = f"its limit {spent.limit} ({whole}) is used up until {_clock(spent.returns)}"
    return Excluded(model=model, rule="limit", reason=reason)


def _reached(bar: _Bar, bars: Sequence[_Bar], *, now: datetime) -> LimitReached:
    """Return the refusal for want of room in `bar`, where waiting helps as soon as one of `bars` has room."""
    limit, whole, need, left = bar.spent.limit, *_figures(bar)
    later = [b.spent.returns for b in bars if b.fits_later]
    soon = None in later
    returns = None if soon else min((moment for moment in later if moment is not None), default=None)
    back = _clock(returns or bar.spent.returns)
    less = "ask for less (a shorter prompt, a lower `max_tokens`), or ask another model."
    if not bar.fits_later:
        text = f"This request is expected to take {need}, more than the whole limit {limit} ({whole}): {less}"
    elif bar.spent.returns is None:
        text = f"The limit {limit} ({whole}) is taken by requests in flight. Wait for one to end, or ask another model."
    elif left is not None:
        text = (
            f"The limit {limit} ({whole}) has {left} left, and this request is expected to take {need}; "
            f"it returns at {back}. Wait, {less}"
        )
    else:
        text = f"The limit {limit} ({whole}) is used up; it returns at {back}. Wait, or ask another model."
    return LimitReached(text, returns=returns, now=now, soon=soon)


def _figures(bar: _Bar) -> tuple[str, str, str | None]:
    """Return the whole limit, what the request needs of it, and what is left, None for nothing."""
    spent = bar.spent
    left = spent.amount - spent.used
    shown = _amount(left, spent.counts) if left > 0 else None
    return _amount(spent.amount, spent.counts), _amount(bar.need, spent.counts), shown


def _amount(value: float, counts: str) -> str:
    match counts:
        case "usd":
            return usd(value)
        case "concurrent_requests":
            return f"{value:,.0f} at once"
        case _:
            return f"{value:,.0f} {counts}"


def _clock(moment: datetime | None) -> str:
    return "any moment" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
