"""Whether a conversation keeps its model: it does, unless a switch pays for itself.

Pure: the past comes in as a value. It does not estimate; the caches that a switch would lose are already in the costs
that the ranking was made of (`cached`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from unisono.notices import switched
from unisono.types import (
    Cached,
    Choice,
    Cost,
    Excluded,
    Features,
    Goal,
    Model,
    Notice,
    Outcome,
    Past,
    Ranked,
    Request,
    Usage,
)

DRIFT = 0.02
"""Quality that a change of voice in mid-conversation costs: one hand-off moved strict success by -8 to +13 points
(2603.03111), so a small expected gain is not worth one. A table per pair of models may say more (`models handoff`)."""
MAX_RAISED = 3
"""Steps of dissatisfaction that are remembered; each satisfied turn takes one back."""
MAX_CACHES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """How much better another model must be in mid-conversation, in quality after costs, beside the drift.

    Attributes:
        margin: for the change itself.
        drift: for the change of voice, where the pair was not measured.
        handoff: the drift of measured pairs, by the model before and the model after.
    """

    margin: float = 0.03
    drift: float = DRIFT
    handoff: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def drift_of(self, before: str, after: str) -> float:
        """Return what is lost from one model to another: measured where it was, else the general drift."""
        return self.handoff.get(before, {}).get(after, self.drift)


def cached(cost: Cost, model: Model, past: Past | None, *, n_input_tokens: int, now: datetime) -> Cost:
    """Return the cost with the prefix at the cached price, where the model's provider should still hold it.

    Source: providers' own rules: a prefix that was read less than `cache_ttl_s` ago is billed at the cached price.
    """
    prices = model.prices
    if past is None or prices is None or prices.usd_per_mtok_cached_in is None:
        return cost
    held = next((c for c in past.caches if c.model == model.name), None)
    if held is None or now - held.at > timedelta(seconds=model.cache_ttl_s):
        return cost
    n_tokens = min(held.tokens, n_input_tokens)
    saved_usd = n_tokens * max(prices.usd_per_mtok_in - prices.usd_per_mtok_cached_in, 0.0) / 1e6
    return replace(
        cost,
        usd=max(cost.usd - saved_usd, 0.0),
        low_usd=max(cost.low_usd - saved_usd, 0.0),
        high_usd=max(cost.high_usd - saved_usd, 0.0),
    )


def keep_or_switch(
    choice: Choice,
    *,
    request: Request,
    features: Features,
    goal: Goal,
    past: Past | None,
    excluded: Sequence[Excluded],
    rules: Continuity,
) -> tuple[Choice, tuple[Notice, ...]]:
    """Put the conversation's model first unless another is better by more than margin and drift.

    Between a tool call and its result, and while the messages carry state of the provider that answered (signed
    reasoning, files), the model stays as long as it may serve at all. A rejected answer has no claim to stay: then
    neither margin nor drift protects it. A pin is the user's own switch and is left alone.

    Returns:
        The choice, and a notice `switch` when another model will answer than before.
    """
    current = None if past is None else past.model
    if current is None or request.pin is not None or not choice.ranking or choice.ranking[0].model == current:
        return choice, ()
    held = next((r for r in choice.ranking if r.model == current), None)
    leader = choice.ranking[0]
    if held is None:
        lost = next((e.reason for e in excluded if e.model == current), None)
        return choice, (_switch(current, leader.model, lost or choice.reason, goal.language),)
    if features.in_tool_loop or features.bound:
        return _kept(choice, held, _why_bound(current, goal.language)), ()
    threshold = 0.0 if features.dissatisfied else rules.margin + rules.drift_of(current, leader.model)
    gain = leader.utility - held.utility
    if gain <= threshold and not features.dissatisfied:
        return _kept(choice, held, _why_kept(current, leader.model, gain, threshold, goal.language)), ()
    return choice, (_switch(current, leader.model, choice.reason, goal.language),)


def switched_by_hand(request: Request, past: Past) -> bool:
    """Say whether the user takes another model than the one that spoke before, by its name or as a retry."""
    if request.wishes.how in ("deeper", "other"):
        return True
    return request.pin is not None and past.model not in (None, request.pin)


def moved_on(
    past: Past | None,
    *,
    outcome: Outcome,
    features: Features,
    now: datetime,
    prefix_tokens: int | None = None,
    by_hand: bool = False,
) -> Past:
    """Return the conversation after an answer.

    Args:
        past: before it; None for a first turn.
        outcome: how the request ended; only an answered one changes who speaks.
        features: of the request.
        now: aware.
        prefix_tokens: what the provider may hold now; default: the usage of the last attempt, else the estimate.
        by_hand: the user took another model than the one that spoke before, which says as much as "that is wrong".
    """
    before = past or _NOTHING_BEFORE
    raised = before.raised
    if features.dissatisfied or by_hand:
        raised = min(raised + 1, MAX_RAISED)
    elif not features.in_tool_loop:  # a tool's result is no turn of the user's: nobody was satisfied by it
        raised = max(raised - 1, 0)
    if outcome.model is None:
        return replace(before, raised=raised)
    usage = outcome.attempts[-1].usage if outcome.attempts else None
    tokens = prefix_tokens if prefix_tokens is not None else _prefix(usage, features)
    caches: tuple[Cached, ...] = (Cached(model=outcome.model, tokens=tokens, at=now),)
    if before.caches:
        caches += tuple([c for c in before.caches if c.model != outcome.model])
    # A model that only stood in at a limit does not take the conversation over: its own one comes back by itself.
    stood_in = before.model is not None and any(notice.code == "limit_downgrade" for notice in outcome.notices)
    home = before.model if stood_in else outcome.model
    switched = before.model is not None and before.model != home
    return Past(
        model=home,
        decision=outcome.decision,
        at=now,
        n_turns=before.n_turns + 1,
        n_switches=before.n_switches + switched,
        caches=caches if len(caches) <= MAX_CACHES else caches[:MAX_CACHES],
        raised=raised,
        wishes=before.wishes,
        wished_us=before.wished_us,
    )


_NOTHING_BEFORE = Past()


def _prefix(usage: Usage | None, features: Features) -> int:
    return features.n_input_tokens if usage is None else usage.input_tokens + usage.output_tokens


def _kept(choice: Choice, held: Ranked, reason: str) -> Choice:
    first = replace(held, propensity=1.0, reason=reason)
    rest = [replace(r, propensity=0.0, reason=_behind(r, held)) for r in choice.ranking if r.model != held.model]
    return Choice(ranking=(first, *rest), excluded=choice.excluded, reason=reason)


def _behind(ranked: Ranked, held: Ranked) -> str:
    if ranked.utility <= held.utility:
        return ranked.reason
    gain = ranked.utility - held.utility
    return f"better here by {gain:.2f} (cost and time counted), which does not pay for a switch"


def _why_kept(current: str, leader: str, gain: float, threshold: float, language: Literal["en", "zh"]) -> str:
    if language == "zh":
        return f"{current} 继续本次对话：{leader} 只好 {gain:.2f}（已计费用和时间），不到切换所需的 {threshold:.2f}。"
    return (
        f"{current} goes on with this conversation: {leader} is better here by only {gain:.2f} (cost and time "
        f"counted), and a switch needs {threshold:.2f}."
    )


def _why_bound(current: str, language: Literal["en", "zh"]) -> str:
    if language == "zh":
        return f"{current} 继续：工具调用或服务商状态尚未完成，此时不能切换模型。"
    return f"{current} goes on: a tool call or its provider's state is still open, and no model may change in between."


def _switch(before: str, after: str, why: str, language: Literal["en", "zh"]) -> Notice:
    return switched(before, after, why=why, language=language)
