"""What is known of hosts: where they serve chat completions, by which names they are found, what their models can do.

It knows no single model.
"""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from unisono.types import Capability, Model

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com"
_ADDRESSES = {
    "anthropic": ANTHROPIC,
    "azure": "https://RESOURCE.openai.azure.com/openai/v1",
    "cerebras": "https://api.cerebras.ai/v1",
    "deepseek": "https://api.deepseek.com",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
    "lmstudio": "http://127.0.0.1:1234/v1",
    "mistral": "https://api.mistral.ai/v1",
    "moonshot": "https://api.moonshot.ai/v1",
    "ollama": "http://127.0.0.1:11434/v1",
    "openai": OPENAI,
    "openrouter": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "sglang": "http://127.0.0.1:30000/v1",
    "together": "https://api.together.xyz/v1",
    "vllm": "http://127.0.0.1:8000/v1",
    "xai": "https://api.x.ai/v1",
}
_OLLAMA = 11434
_ALSO = {
    "azure_openai": "azure",
    "deep_seek": "deepseek",
    "fireworks_ai": "fireworks",
    "google": "gemini",
    "grok": "xai",
    "hosted_vllm": "vllm",
    "lm_studio": "lmstudio",
    "llamacpp": "llama.cpp",
    "mistralai": "mistral",
    "ollama_chat": "ollama",
    "together_ai": "together",
}


_DOMAINS = {
    **{str(urlsplit(url).hostname): name for name, url in _ADDRESSES.items() if url.startswith("https:")},
    "openai.azure.com": "azure",
    "openai.azure.us": "azure",
    "azure.com": "azure_ai",
    "azure.us": "azure_ai",
    "azure.cn": "azure_ai",
    "azure-api.net": "azure_ai",
    "ollama.com": "ollama",
    "ollama": "ollama",
}
"""Domains, each with all below it. `azure` serves OpenAI's own models, `azure_ai` is whatever else Azure serves."""
_OWN_DOMAINS = (".local", ".localhost", ".localdomain", ".internal", ".lan", ".intranet", ".home.arpa", ".svc")
"""Ends of names that are no names of the internet."""
_EYES = ("openai", "anthropic", "gemini")
"""Hosts whose models nearly all see pictures."""


@cache  # of the few addresses of a configuration
def host_at(base_url: str) -> str | None:
    """Return the usual name of the host at a base address; None for one that is not known."""
    parts = urlsplit(base_url)
    labels = (parts.hostname or "").split(".")
    domains = (".".join(labels[n:]) for n in range(len(labels)))
    known = next((_DOMAINS[domain] for domain in domains if domain in _DOMAINS), None)
    return "ollama" if known is None and parts.port == _OLLAMA else known


def usual_capabilities(base_url: str | None, *, upstream: str) -> frozenset[Capability]:
    """Return what a model can do of which a file does not say it: nothing of a server of one's own.

    A host that refuses such a request all the same sends `auto` to the next model.
    """
    if upstream == "anthropic" and base_url is None:
        return frozenset({Capability.TOOLS, Capability.JSON, Capability.VISION})
    parts = urlsplit(base_url or "")
    if parts.scheme != "https" or upstream not in ("openai", "anthropic"):
        return frozenset()
    sees = {Capability.VISION} if host_at(base_url or "") in _EYES else set()
    return frozenset({Capability.TOOLS, Capability.JSON, *sees})


@cache  # of the few addresses of a configuration
def _is_public(base_url: str) -> bool:
    """Return whether a base address is one of the internet, as far as it tells: no address or name of a house's own."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_OWN_DOMAINS)


def is_hosted(model: Model) -> bool:
    """Return whether a model is served by a host of the internet, so that its answers cost money until told otherwise.

    Of a plug-in's models nothing is known.
    """
    return model.upstream in ("openai", "anthropic") and _is_public(served_at(model))


def served_at(model: Model) -> str:
    """Return the base address of a model of a hosted API: its maker's own where none is named."""
    return model.base_url or (ANTHROPIC if model.upstream == "anthropic" else OPENAI)


def base_url_of(host: str) -> str | None:
    """Return the base address of a host by its usual name, LiteLLM's included; None for one that is not known."""
    name = host.lower()
    return _ADDRESSES.get(_ALSO.get(name, name))


def instead_of(upstream: str) -> str:
    """Return, as a message ends, what to write instead of an upstream that is a host and no provider; else nothing."""
    address = base_url_of(upstream)
    return "" if address is None else f'; for {upstream} write upstream = "openai" and base_url = "{address}"'


def amiss(base_url: str) -> str | None:
    """Return what is wrong with a base address that cannot serve, as a message says it; None: nothing is known to be.

    Args:
        base_url: a sound address without a slash at its end.
    """
    parts = urlsplit(base_url)
    host, path = parts.hostname or "", parts.path.rstrip("/")
    for end in ("/chat/completions", "/messages"):
        if path.endswith(end):
            return f"must be the base address, without {end}: that is added"
    if path:
        return None
    if host.endswith(".openai.azure.com"):
        return f"needs the path: https://{host}/openai/v1 (or /openai/deployments/NAME?api-version=… of older ones)"
    if parts.port == _OLLAMA:
        return f"needs the path: {base_url}/v1"
    hosted = (known for known in _ADDRESSES.values() if known.startswith("https:"))
    whole = next((known for known in hosted if urlsplit(known).hostname == host), base_url)
    return None if urlsplit(whole).path == "" or parts.scheme == "http" else f"needs the path: {whole}"
