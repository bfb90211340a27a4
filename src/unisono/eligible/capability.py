"""What a request needs that a model does not have: tools, JSON, pictures, a window long enough for the prompt.

It does not weigh anything: a model that lacks a need cannot serve, however good it is.
"""

from __future__ import annotations

from unisono.types import Candidate, Capability, Features, Request

_NAMES = {
    Capability.TOOLS: "call tools",
    Capability.JSON: "give structured output",
    Capability.VISION: "see pictures",
    Capability.AUDIO: "hear or speak",
    Capability.FILES: "read attached files",
    Capability.SEARCH: "search",
}


class CapabilityRule:
    """Against models that lack a capability that the request needs."""

    name = "capability"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        if features.needs <= candidate.model.capabilities:
            return None
        missing = sorted(features.needs - candidate.model.capabilities)
        return f"cannot {' or '.join(_NAMES[need] for need in missing)} (capabilities lack {', '.join(missing)})"


class WindowRule:
    """Against models whose context window is shorter than the prompt."""

    name = "window"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`. How long the answer may be does not count: clients ask for more room than they need."""
        window = candidate.model.context_tokens
        wanted = features.n_input_tokens
        if wanted <= window:
            return None
        return f"window of {window} tokens is shorter than the prompt of about {wanted}"
