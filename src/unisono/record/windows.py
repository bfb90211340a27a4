"""The windows of limits: calendar ones in UTC, and sliding ones that are counted in parts.

Moments are in microseconds since 1970. What is used within a window, `accounts` knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from unisono.record.rows import from_us, to_us

N_BUCKETS = 60
"""A sliding window is counted in so many parts; a part counts whole until its last moment has left the window."""


def opening_us(window: float | str, now_us: int) -> int:
    """Return the first moment at which a part of a window that still counts may start."""
    if isinstance(window, str):
        return calendar_us(window, now_us)[0]
    return now_us - int(window * 1e6) - width_us(window) + 1


def width_us(window: float | str) -> int:
    """Return the length of a part of a sliding window in microseconds; a calendar window has one part."""
    return 0 if isinstance(window, str) else max(int(window * 1e6) // N_BUCKETS, 1)


_SPANS: dict[str, tuple[int, int]] = {}
"""The calendar window that was last asked for, by its name."""


def calendar_us(window: str, now_us: int) -> tuple[int, int]:
    """Return the first moment of the calendar window around a moment, and that of the next, in microseconds."""
    span = _SPANS.get(window)
    if span is None or not span[0] <= now_us < span[1]:
        first = _calendar(window, from_us(now_us))
        span = _SPANS[window] = to_us(first), to_us(_next(window, first))
    return span


def _next(window: str, begin: datetime) -> datetime:
    match window:
        case "hour":
            return begin + timedelta(hours=1)
        case "day":
            return begin + timedelta(days=1)
        case "week":
            return begin + timedelta(days=7)
        case _:
            return begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)


def _calendar(window: str, now: datetime) -> datetime:
    hour = now.replace(minute=0, second=0, microsecond=0)
    if window == "hour":
        return hour
    day = hour.replace(hour=0)
    if window == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if window == "month" else day
