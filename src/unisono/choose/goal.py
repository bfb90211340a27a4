"""What a request aims at: its mode, its dial and the user's own words turned into one Goal.

It does not rank anything.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from unisono.types import Effort, Features, Goal, Mode, Request

DIALS: dict[Mode, float] = {Mode.FAST: 0.35, Mode.DEEP: 0.8, Mode.PRO: 1.0}
"""The dial of each mode that has one of its own; `balanced` takes the configured dial."""
WORDS: dict[Effort, Mode] = {Effort.LESS: Mode.FAST, Effort.MORE: Mode.DEEP}
"""What the user's own words turn plain `auto` into."""
STEP = 0.1
"""How much each step of dissatisfaction raises the dial."""


def goal_of(request: Request, *, dial: float, features: Features | None = None, raised: int = 0) -> Goal:
    """Return the goal of a request.

    The caller's own dial wins, then the mode's, then the configured one. Words that ask for effort count only where the
    caller wrote plain `auto` and no dial; dissatisfaction raises the dial by `STEP` for each of `raised` steps, and
    never above 1.

    Args:
        request: what the caller wrote.
        dial: the configured one.
        features: what was understood; None where nothing could be.
        raised: steps of dissatisfaction, this turn's included.
    """
    wishes = request.wishes
    mode = request.mode or Mode.BALANCED
    if mode is Mode.BALANCED and wishes.dial is None and features is not None and features.effort is not None:
        mode = WORDS[features.effort]
    chosen = wishes.dial
    if chosen is None:
        chosen = min(1.0, DIALS.get(mode, dial) + STEP * raised)
    bounds = (wishes.max_cost_usd, wishes.max_first_token_s, wishes.min_quality)
    return _goal(mode, chosen, bounds, "en" if features is None else features.language)


@lru_cache(maxsize=256)  # most requests aim at one of a few
def _goal(
    mode: Mode, dial: float, bounds: tuple[float | None, float | None, float | None], language: Literal["en", "zh"]
) -> Goal:
    usd, first_token_s, quality = bounds
    return Goal(
        mode=mode, dial=dial, max_cost_usd=usd, max_first_token_s=first_token_s, min_quality=quality, language=language
    )
