"""Models whose upstream has just failed repeatedly or asked to be left alone.

A pin is let through: its caller asked for this model and gets its honest error.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from unisono.types import Candidate, Features, Health, Request


class HealthRule:
    """Against models whose upstream is down."""

    name = "health"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        if candidate.health is not Health.DOWN or request.pin == candidate.model.name:
            return None
        if candidate.limited_until is not None:
            return limited(candidate.limited_until, now=request.received)
        return "its upstream is failing or at its rate limit; it will be asked again soon"


def limited(until: datetime, *, now: datetime) -> str:
    """Say until when a host refuses, in UTC: to the minute where it is long, with the day where it is another one."""
    if until - now > timedelta(minutes=2):
        until += timedelta(seconds=-until.second % 60 if until.second > 2 else -until.second)  # what came on the way
    time = f"{until:%H:%M:%S}" if until.second else f"{until:%H:%M}"
    day = "" if until.date() == now.date() else f"{until:%Y-%m-%d} "
    return f"limited by its host until {day}{time} UTC"
