"""What a request aims at: its mode and its dial turned into one Goal.

It does not rank anything.
"""

from __future__ import annotations

from unisono.types import Goal, Mode, Request

DIALS: dict[Mode, float] = {Mode.FAST: 0.35, Mode.DEEP: 0.8, Mode.PRO: 1.0}
"""The dial of each mode that has one of its own; `balanced` takes the configured dial."""


def goal_of(request: Request, *, dial: float) -> Goal:
    """Return the goal of a request: the caller's own dial wins, then the mode's, then the configured one."""
    wishes = request.wishes
    mode = request.mode or Mode.BALANCED
    chosen = wishes.dial if wishes.dial is not None else DIALS.get(mode, dial)
    return Goal(
        mode=mode,
        dial=chosen,
        max_cost_usd=wishes.max_cost_usd,
        max_first_token_s=wishes.max_first_token_s,
        min_quality=wishes.min_quality,
    )
