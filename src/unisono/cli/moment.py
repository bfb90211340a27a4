"""Reads a moment as people write it on a command line: so long ago, or a stamp."""

from __future__ import annotations

from datetime import datetime, timedelta

import typer


def parse_since(text: str, *, now: datetime, option: str = "--since") -> datetime:
    """Return the moment that `90s`, `10m`, `2h`, `3d` before `now`, or an ISO date or stamp, means.

    Raises:
        typer.BadParameter: it is neither.
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
    number, unit = text[:-1], text[-1:]
    try:
        if unit in units and number.replace(".", "", 1).isdecimal():
            return now - timedelta(seconds=float(number) * units[unit])
        stamp = datetime.fromisoformat(text)
        return stamp if stamp.tzinfo else stamp.astimezone()
    except (ValueError, OverflowError) as exc:
        raise typer.BadParameter(
            f"{text!r} is no time; write 90s, 10m, 2h, 3d, 2026-05-01 or 2026-05-01T12:00.", param_hint=option
        ) from exc
