"""Finds the names that are nearest to a mistyped one.

It does not know what the names stand for: models, keys, choices.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_LONGEST = 120
"""Longer names are compared by their beginning only, so that a hostile name costs no time."""


def nearest(name: str, known: Iterable[str], *, n: int = 3, cutoff: float = 0.6) -> tuple[str, ...]:
    """Return up to `n` of the known names that look like `name`, the most similar first.

    Args:
        name: what somebody wrote.
        known: what they could have meant.
        n: how many names at most.
        cutoff: similarity in [0, 1] below which a name is not offered.
    """
    asked = name[:_LONGEST].casefold()
    scored = []
    for place, other in enumerate(dict.fromkeys(known)):
        score = _similarity(asked, other[:_LONGEST].casefold())
        if score >= cutoff:
            scored.append((-score, place, other))
    return tuple(other for _, _, other in sorted(scored)[:n])


def _similarity(asked: str, other: str) -> float:
    """Return the similarity in [0, 1]; a part of a name (`4o-mini` of `gpt-4o-mini`) counts as near."""
    if len(asked) >= 3 and asked in other:
        return 0.9
    if len(other) >= 3 and other in asked:
        return 0.8
    return SequenceMatcher(None, asked, other, autojunk=False).ratio()
