"""What a pin means: this model and no other, unless the caller allows a fallback."""

from __future__ import annotations

from unisono.choose.words import behind_pin, pinned
from unisono.types import NO_WISHES, Choice, Goal, Request
from unisono.values import changed


def is_plain_pin(request: Request) -> bool:
    """Say whether nothing can come of a request but an answer of its pinned model, or an error."""
    wishes = request.wishes
    if wishes is NO_WISHES:
        return request.pin is not None
    return (
        request.pin is not None
        and not wishes.allow_fallback
        and wishes.on_limit != "downgrade"
        and wishes.retry_of is None
        and wishes.max_cost_usd is None
        and wishes.max_first_token_s is None
        and wishes.min_quality is None
    )


def pin_first(choice: Choice, pin: str | None, goal: Goal) -> Choice:
    """Put a pinned model first; the others stay as the fallbacks that the caller allowed."""
    if pin is None:
        return choice
    held = [r for r in choice.ranking if r.model == pin]
    if not held:
        return Choice(ranking=(), excluded=choice.excluded, reason=choice.reason)
    reason = pinned(pin, goal)
    first = changed(held[0], propensity=1.0, reason=reason)
    rest = [changed(r, propensity=0.0, reason=behind_pin(pin, goal)) for r in choice.ranking if r.model != pin]
    return Choice(ranking=(first, *rest), excluded=choice.excluded, reason=reason)
