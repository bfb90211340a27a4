"""Turns LiteLLM's configuration into one of ours: models, keys of hosts, prices, retries and limits in seconds.

It reads what a YAML reader made of the file, and nothing else. What has no counterpart is told in a note, never dropped
silently; keys themselves are never written, for they stand in no configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from unisono.config.describe import toml
from unisono.config.hosts import OPENAI, base_url_of
from unisono.config.kinds import is_name

_Table: TypeAlias = Mapping[str, Any]
_ENV = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")
_OWN = ("openai", "text-completion-openai", "openai_like", "custom_openai", "litellm_proxy")
_KEYLESS = ("ollama", "ollama_chat", "hosted_vllm", "vllm", "lm_studio", "llamacpp", "sglang")
_KEY_OF = {"xai": "XAI_API_KEY", "together_ai": "TOGETHERAI_API_KEY", "fireworks_ai": "FIREWORKS_AI_API_KEY"}
_CAN = {
    "supports_function_calling": "tools",
    "supports_response_schema": "json",
    "supports_vision": "vision",
    "supports_audio_input": "audio",
    "supports_pdf_input": "files",
}
_BY_NAME = re.compile(
    r"(?P<embedding>embed|(^|/)(bge|gte|e5)-(?!rerank))|(?P<rerank>rerank)|(?P<audio_transcription>whisper|transcribe)|(?P<audio_speech>(^|-)tts(-|$))|"
    r"(?P<image_generation>dall-e|gpt-image|imagen)|(?P<moderation>moderation)"
)
"""What a model is for where LiteLLM's file does not say it, for LiteLLM itself knows it by the name."""
_READ = frozenset({"model", "api_key", "api_base", "base_url", "api_version"})
_HARMLESS = frozenset({"drop_params", "set_verbose", "json_logs", "database_url", "store_model_in_db"})
"""What ours does by itself, or needs not."""
_ELSEWHERE = {
    "fallbacks": "`auto` tries the next model by itself; a pin does with `allow_fallback`",
    "context_window_fallbacks": "`auto` goes on to a model that reads more by itself",
    "default_fallbacks": "`auto` tries the next model by itself",
    "routing_strategy": "`routing.dial` and the modes of `auto` choose",
    "max_budget": 'write a [[limits]] table with counts = "usd"',
}


@dataclass(slots=True)
class Imported:
    """A configuration in our form, and what is to be done by hand."""

    tables: list[str] = field(default_factory=list)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    vectors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The file: the notes as comments, then the tables."""
        notes = "".join(f"# - {note}\n" for note in self.notes)
        head = f"# From LiteLLM's configuration. To look at:\n{notes}\n" if notes else ""
        settings = [_written(f"[{section}]", keys) for section, keys in self.settings.items()]
        return f"{head}default = {toml(self.names[0])}\n\n" + "\n".join([*self.tables, *settings])


def from_litellm(document: _Table) -> Imported | None:
    """Return LiteLLM's configuration in our form; None where it has no model that can be taken over."""
    made = Imported()
    aliases = _aliases(document)
    for place, entry in enumerate(_list(document.get("model_list"))):
        _add_model(made, _table(entry), place=place, aliases=aliases)
    for section in ("litellm_settings", "router_settings", "general_settings"):
        _add_settings(made, _table(document.get(section)), section=section)
    made.notes += [f"{name} is not taken over" for name in document if name not in _SECTIONS]
    return made if made.names else None


_SECTIONS = ("model_list", "litellm_settings", "router_settings", "general_settings")


def _add_model(made: Imported, entry: _Table, *, place: int, aliases: Mapping[str, list[str]]) -> None:
    asked, params, info = (
        str(entry.get("model_name")),
        _table(entry.get("litellm_params")),
        _table(entry.get("model_info")),
    )
    what = f"model_list[{place}] ({asked})"
    if not is_name(asked) or not isinstance(params.get("model"), str):
        made.notes.append(f"{what} is no model with a name of its own; left out")
        return
    provider, upstream_model = _parted(str(params["model"]))
    keys = _address(provider, upstream_model, params)
    if keys is None:
        made.notes.append(f"{what}: no upstream here speaks to {provider}; left out")
        return
    serves = _serves(info.get("mode"), upstream_model)
    if serves not in ("chat", "embedding"):
        made.notes.append(f"{what}: {serves} is not served here; left out")
        return
    made.notes += _to_be_addressed(provider, params, what=what)
    if serves == "embedding":
        _add_embedding(made, asked, keys, params, provider, what=what)
    else:
        _add_chat(made, asked, keys, params, info, provider, own=aliases.get(asked, ()), what=what)


def _add_chat(
    made: Imported,
    asked: str,
    keys: dict[str, Any],
    params: _Table,
    info: _Table,
    provider: str,
    *,
    own: Sequence[str],
    what: str,
) -> None:
    name = _free(asked, made.names)
    if name != asked:
        made.notes.append(
            f"{what} is {name} here: each deployment is a model of its own, and a pin of {asked} is the first"
        )
    base = info.get("base_model")
    if isinstance(base, str) and (behind := base.rpartition("/")[2]) not in ("", keys["upstream_model"]):
        keys["reports"] = [behind]
    keys = {"name": name, **keys, **_figures({**info, **params})}
    key = _key(made, params.get("api_key"), provider, what=what)
    if key is not None:
        keys["api_key"] = key
    known_as = [alias for alias in own if name == asked and is_name(alias)]
    if known_as:
        keys["aliases"] = known_as
    if left := sorted(params.keys() - _READ - _PRICED):
        made.notes.append(f"{what}: {', '.join(left)} is not taken over")
    made.names.append(name)
    made.tables.append(_written("[[models]]", keys))


def _serves(mode: object, upstream_model: str) -> str:
    """Return `chat`, `embedding`, or what else a model is for, by its `mode` or, where there is none, by its name."""
    if isinstance(mode, str):
        return "chat" if mode in ("chat", "responses", "completion") else mode
    known = _BY_NAME.search(upstream_model.lower())
    return "chat" if known is None or known.lastgroup is None else known.lastgroup


def _add_embedding(made: Imported, asked: str, keys: _Table, params: _Table, provider: str, *, what: str) -> None:
    if provider == "anthropic":
        made.notes.append(f"{what}: no upstream here speaks to {provider} for vectors; left out")
        return
    written = {
        "name": _free(asked, made.vectors),
        "base_url": keys["base_url"],
        "upstream_model": keys["upstream_model"],
    }
    if written["name"] != asked:
        made.notes.append(f"{what} is {written['name']} here: each deployment is a model of its own")
    key = _key(made, params.get("api_key"), provider, what=what)
    if key is not None:
        written["api_key"] = key
    price = _number(params.get("input_cost_per_token"))
    if price is not None:
        written["usd_per_mtok_in"] = round(price * 1e6, 9)
    if left := sorted(params.keys() - _READ - _PRICED):
        made.notes.append(f"{what}: {', '.join(left)} is not taken over")
    made.vectors.append(written["name"])
    made.tables.append(_written("[[embeddings]]", written))


def _parted(model: str) -> tuple[str, str]:
    provider, slash, rest = model.partition("/")
    if slash and (
        provider in (*_OWN, "anthropic", "azure", "azure_ai", *_KEYLESS) or base_url_of(provider) is not None
    ):
        return provider, rest
    return ("anthropic" if model.startswith("claude") else provider if slash else "openai"), rest if slash else model


def _address(provider: str, upstream_model: str, params: _Table) -> dict[str, Any] | None:
    """Return upstream, address and name there; None for a provider that is reached by an API of its own."""
    given = _given_address(params)
    base = given.rstrip("/") if given is not None and not _ENV.fullmatch(given) else None
    if provider == "anthropic":
        return {
            "upstream": "anthropic",
            **({} if base is None else {"base_url": base}),
            "upstream_model": upstream_model,
        }
    if provider in _OWN:
        base = base or OPENAI
    elif provider in ("azure", "azure_ai"):
        base = _azure(base or "https://RESOURCE.openai.azure.com", upstream_model, params.get("api_version"))
        upstream_model = upstream_model.removeprefix("responses/")
    elif base is not None and provider in ("ollama", "ollama_chat"):
        base = base if base.endswith("/v1") else f"{base}/v1"
    else:
        base = base or base_url_of(provider)
    return None if base is None else {"upstream": "openai", "base_url": base, "upstream_model": upstream_model}


def _to_be_addressed(provider: str, params: _Table, *, what: str) -> list[str]:
    """Return the note that an address is missing, where it is."""
    given = _given_address(params)
    hidden = None if given is None else _ENV.fullmatch(given)
    if hidden is not None:
        return [f"{what}: its address stands in the environment as {hidden[1]}: write it as `base_url`"]
    if given is None and provider in ("azure", "azure_ai"):
        return [f"{what}: write the name of its resource into `base_url`"]
    return []


def _given_address(params: _Table) -> str | None:
    given = params.get("api_base") or params.get("base_url")
    return given if isinstance(given, str) else None


def _azure(base: str, name: str, version: object) -> str:
    root = base.split("/openai", 1)[0]
    dated = isinstance(version, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", version)
    return f"{root}/openai/deployments/{name}?api-version={version}" if dated else f"{root}/openai/v1"


def _key(made: Imported, given: object, provider: str, *, what: str) -> str | None:
    found = _ENV.fullmatch(given) if isinstance(given, str) else None
    if found is not None:
        return f"env:{found[1]}"
    if provider in _KEYLESS:
        return None
    usual = _KEY_OF.get(provider, f"{provider.upper()}_API_KEY" if provider not in _OWN else "OPENAI_API_KEY")
    if given is not None:
        made.notes.append(f"{what}: put its key into the environment as {usual}; no key stands in a configuration")
    return f"env:{usual}"


_PRICED = frozenset({"input_cost_per_token", "output_cost_per_token", "max_input_tokens", "max_output_tokens", *_CAN})


def _figures(told: _Table) -> dict[str, Any]:
    """Return prices, windows and capabilities, as far as they are told."""
    figures: dict[str, Any] = {}
    prices = [_number(told.get(f"{part}_cost_per_token")) for part in ("input", "output")]
    if None not in prices:
        figures["usd_per_mtok_in"], figures["usd_per_mtok_out"] = (round((price or 0.0) * 1e6, 9) for price in prices)
    for name, theirs in (("context_tokens", "max_input_tokens"), ("max_output_tokens", "max_output_tokens")):
        if isinstance(n := told.get(theirs), int) and n > 0:
            figures[name] = n
    if any(name in told for name in _CAN):
        figures["capabilities"] = [ours for name, ours in _CAN.items() if told.get(name) is True]
    return figures


def _add_settings(made: Imported, settings: _Table, *, section: str) -> None:
    for name, value in settings.items():
        what = f"{section}.{name}"
        number = _number(value)
        if name == "num_retries" and number is not None:
            made.settings.setdefault("calls", {"retries": min(int(number), 10)})
        elif name in ("request_timeout", "timeout") and number:
            made.settings.setdefault("timeouts", {"total_s": number})
        elif name == "master_key":
            found = _ENV.fullmatch(value) if isinstance(value, str) else None
            variable = "UNISONO_MASTER_KEY" if found is None else found[1]
            made.tables.append(_written("[[keys]]", {"name": "master", "key": f"env:{variable}", "admin": True}))
            if found is None:
                made.notes.append(
                    f"{what}: put it into the environment as {variable}; no key stands in a configuration"
                )
        elif name not in _HARMLESS and name != "model_group_alias":
            made.notes.append(f"{what}: {_ELSEWHERE.get(name, 'is not taken over')}")


def _aliases(document: _Table) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for alias, target in _table(_table(document.get("router_settings")).get("model_group_alias")).items():
        name = target.get("model") if isinstance(target, Mapping) else target
        named.setdefault(str(name), []).append(str(alias))
    return named


def _free(name: str, taken: list[str]) -> str:
    names: Iterator[str] = (name if n == 1 else f"{name}-{n}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in names if candidate not in taken)


def _written(head: str, keys: _Table) -> str:
    return head + "\n" + "".join(f"{key} = {toml(value)}\n" for key, value in keys.items())


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def _table(value: object) -> _Table:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
