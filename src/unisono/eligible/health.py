"""Models whose upstream has just failed repeatedly or asked to be left alone.

A pin is let through: its caller asked for this model and gets its honest error.
"""

from __future__ import annotations

from unisono.types import Candidate, Features, Health, Request


class HealthRule:
    """Against models whose upstream is down."""

    name = "health"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        if candidate.health is not Health.DOWN or request.pin == candidate.model.name:
            return None
        return "its upstream is failing or at its rate limit; it will be asked again soon"
