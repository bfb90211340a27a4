"""What the caller allowed: pins, allow-lists, bans, and no bill that cannot be foretold where he bounds it.

Names are catalogue names here; the edge has resolved aliases.
"""

from __future__ import annotations

from unisono.types import Candidate, Features, Request


class PinRule:
    """Against every other model than a pinned one, unless the caller allowed a fallback or a downgrade at a limit."""

    name = "pin"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        if request.pin is None or request.pin == candidate.model.name:
            return None
        if request.allow_fallback or request.wishes.on_limit == "downgrade":
            return None
        return f"you asked for {request.pin} and for no other"


class AllowRule:
    """Against models outside the caller's allow-list."""

    name = "allow"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        allowed = request.wishes.models
        if not allowed or candidate.model.name in allowed:
            return None
        return "not among the models that you allowed"


class BanRule:
    """Against models that the caller banned."""

    name = "ban"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        return "you banned it" if candidate.model.name in request.wishes.ban else None


class PriceRule:
    """Against models whose price nobody knows, where the caller bounds what the request may cost.

    Whether a known price stays below the bound is not said here: that is known once the tokens are expected.
    """

    name = "price"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        if request.wishes.max_cost_usd is None or candidate.model.prices is not None:
            return None
        return "its price is unknown (no usd_per_mtok_in), so it cannot be held to your max_cost_usd"
