"""What hosts say that a call costs, as they charge it: OpenRouter and xAI tell it beside the counts of tokens.

Prices of lists are not looked at here.
"""

from __future__ import annotations

from unisono.types import Json, JsonValue

_MOST_USD = 10_000.0
"""More than any call costs."""
_TICKS_PER_USD = 1e10


def charged_usd(usage: Json, *, credits_too: bool) -> float | None:
    """Return what the host charges for one call in USD; None where it does not say.

    Args:
        usage: as the host sent it.
        credits_too: `cost` is read, too, in credits of which one is a USD. With a key of another provider's own, what
            that one charges comes on top.
    """
    if (ticks := _amount(usage.get("cost_in_usd_ticks"), most=_MOST_USD * _TICKS_PER_USD)) is not None:
        return ticks / _TICKS_PER_USD
    cost = _amount(usage.get("cost")) if credits_too else None
    if cost is None or usage.get("is_byok") is not True:
        return cost
    details = usage.get("cost_details")
    theirs = _amount(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
    return None if theirs is None else cost + theirs


def _amount(value: JsonValue, *, most: float = _MOST_USD) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= most:
        return None
    return float(value)
