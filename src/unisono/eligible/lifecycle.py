"""Where a model stands in its life: a retired one serves nobody.

Sunset models still serve; their notices are the edge's business.
"""

from __future__ import annotations

from unisono.types import Candidate, Features, Request


class LifecycleRule:
    """Against retired models, and against models past the end of their sunset."""

    name = "lifecycle"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`. The date is the request's own, so that a replay says the same."""
        life = candidate.model.lifecycle
        if life.state == "retired":
            return "retired"
        if life.state == "sunset" and life.until is not None and request.received.date() > life.until:
            return f"retired since {life.until.isoformat()}"
        return None
