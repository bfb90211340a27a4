"""What an upstream's headers say about its rate limits: from when until when it would refuse.

Known: `x-ratelimit-remaining` with `x-ratelimit-reset`, each with the same ending or none (OpenAI, Groq, Cerebras,
OpenRouter), the same of the IETF's draft without `x-`, and the `anthropic-ratelimit-*` family. It counts nothing itself
and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

LONGEST_S = 600.0
"""A header of a good answer that asks for more is believed for so long only: the next call tells again."""
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_LEFT = re.compile(r"((?:x-)?ratelimit)-remaining((?:-[\w-]+)?)|(anthropic-ratelimit-[\w-]+)-remaining")


def used_up_for_s(
    headers: Mapping[str, str], *, now: datetime | None = None, longest_s: float = LONGEST_S
) -> float | None:
    """Return for how many seconds the upstream would refuse; None where something is left, or nothing is said.

    Args:
        headers: by lower-case name.
        now: for headers that name a moment.
        longest_s: they are not believed for longer.
    """
    waits = []
    for name, value in headers.items():
        if (found := _LEFT.fullmatch(name)) is not None and _number(value) == 0.0:
            reset = f"{found[1]}-reset{found[2]}" if found[1] else f"{found[3]}-reset"
            waits.append(span_s(headers.get(reset, ""), now=now))
    known = [wait for wait in waits if wait is not None and wait > 0.0]
    return min(max(known), longest_s) if known else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def span_s(text: str, *, now: datetime | None = None) -> float | None:
    """Read `6m0s`, `20ms`, a number of seconds, or a moment such as `2026-11-25T18:00:00Z`; None: it is none of these.

    A great number is a moment in seconds since 1970, a greater one in milliseconds.
    """
    text, now = text.strip(), now or datetime.now(UTC)
    if (seconds := _number(text)) is not None:
        if seconds < 1e8:
            return seconds
        return (seconds if seconds < 1e11 else seconds / 1000) - now.timestamp()
    found = _SPAN.fullmatch(text)
    if found is not None and any(found.groups()):
        days, hours, minutes, rest, thousandths = (float(part) if part else 0.0 for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + rest + thousandths / 1000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
