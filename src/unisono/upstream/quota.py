"""What an upstream's headers say about its rate limits: from when until when it would refuse.

Known: `x-ratelimit-remaining-*` with `x-ratelimit-reset-*` (OpenAI and those who follow it) and the
`anthropic-ratelimit-*` family. It counts nothing itself and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

LONGEST_S = 600.0
"""A header that asks for more is believed for so long only: the next call tells again."""
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_KINDS = ("requests", "tokens", "input-tokens", "output-tokens")


def used_up_for_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Return for how many seconds the upstream would refuse; None where something is left, or nothing is said.

    Args:
        headers: by lower-case name.
        now: for headers that name a moment.
    """
    waits = []
    for kind in _KINDS:
        for left, reset in (
            (f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"),
            (f"anthropic-ratelimit-{kind}-remaining", f"anthropic-ratelimit-{kind}-reset"),
        ):
            if left in headers and _number(headers[left]) == 0.0 and reset in headers:
                waits.append(span_s(headers[reset], now=now))
    known = [wait for wait in waits if wait is not None and wait > 0.0]
    return min(max(known), LONGEST_S) if known else None


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
