"""What a request needs that a model does not have: tools, JSON, pictures, an API, a window long enough for the prompt.

It does not weigh anything: a model that lacks a need cannot serve, however good it is.
"""

from __future__ import annotations

from unisono.types import Candidate, Capability, Features, Request

ANTHROPIC = "anthropic"
"""The provider that speaks Anthropic's Messages API."""
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
        missing = sorted(features.needs - candidate.model.capabilities - {Capability.ANTHROPIC})
        if not missing:
            return None
        return f"cannot {' or '.join(_NAMES[need] for need in missing)} (capabilities lack {', '.join(missing)})"


class DialectRule:
    """Against models that are not reached by the one API which knows the request's tools, blocks or servers."""

    name = "dialect"

    def against(self, request: Request, features: Features, candidate: Candidate) -> str | None:
        """See `protocols.Rule`."""
        if Capability.ANTHROPIC not in features.needs or candidate.model.upstream == ANTHROPIC:
            return None
        return (
            "the request has tools or blocks that only Anthropic's API knows, and this model is reached by another "
            f"(upstream = {candidate.model.upstream!r})"
        )


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
