"""Writes a Config in the form of the file again, as data and as TOML, and takes its hash.

It never reads a secret: a key is shown as the `env:NAME` or `file:PATH` it came from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from unisono.config.keys import ARRAYS, SECTIONS
from unisono.config.tls import FILES
from unisono.config.values import (
    DEFAULT_MEMBERS,
    CallsConfig,
    CanariesConfig,
    Config,
    EncoderConfig,
    NamedSecret,
    RoutingConfig,
    ServerConfig,
)
from unisono.types import Caller, EmbeddingModel, HouseRule, JsonValue, Limit, Model, Secret, Tls

Table = dict[str, "JsonValue | date"]
_HASH_DIGITS = 12
_NOT_HASHED = ("api_key", *FILES)
"""Of a model: how it is reached decides nothing."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x7f]")


def config_hash(
    *,
    default: str,
    models: tuple[Model, ...],
    routing: RoutingConfig,
    folder: Path,
    rules: tuple[HouseRule, ...] = (),
) -> str:
    """Return 12 hex digits over all that can change a decision.

    Paths below `folder` count as relative, so that the same files elsewhere have the same hash.
    """
    described = {
        "default": default,
        "models": [{key: part for key, part in model_table(m).items() if key not in _NOT_HASHED} for m in models],
        "routing": _routing_table(routing),
        **({"rules": [_rule_table(rule) for rule in rules]} if rules else {}),
    }
    text = json.dumps(described, sort_keys=True, default=str, ensure_ascii=True)
    base = json.dumps(f"{folder}/")[1:-1]
    return hashlib.sha256(text.replace(f'"{base}', '"').encode()).hexdigest()[:_HASH_DIGITS]


def as_tables(config: Config) -> dict[str, Any]:
    """Return the effective configuration with the file's own names; what is unknown or unset is left out.

    Read again by `parse_tables` it gives the same Config but for where prices come from.
    """
    tables: dict[str, Any] = {
        "default": config.default,
        "removed": list(config.removed),
        "prices_file": None if config.prices_file is None else str(config.prices_file),
        "server": _server_table(config.server),
        "store": {"path": str(config.store.path), "text": config.store.text, "flush_s": config.store.flush_s},
        "routing": _routing_table(config.routing),
        "encoder": _encoder_table(config.encoder),
        "timeouts": asdict(config.timeouts),
        "tracing": None if config.tracing.endpoint is None else asdict(config.tracing),
        "canaries": _canaries_table(config.canaries) if config.canaries.every_s > 0 else None,
        "calls": _calls_table(config.calls),
        "keys": [_caller_table(caller) for caller in config.callers],
        "limits": [_limit_table(limit) for limit in config.limits],
        "rules": [_rule_table(rule) for rule in config.rules],
        "embeddings": [_embedding_table(model) for model in config.embeddings],
        "models": [model_table(model) for model in config.models],
    }
    return {name: table for name, table in tables.items() if table is not None and table != []}


def shown_secret(secret: Secret) -> str:
    """Return how a secret may be shown."""
    return secret.source if isinstance(secret, NamedSecret) else "env:…"


def _files(tls: Tls | None) -> dict[str, JsonValue]:
    return {} if tls is None else {name: getattr(tls, name) for name in FILES}


def _server_table(server: ServerConfig) -> Table:
    table: Mapping[str, JsonValue | date] = {
        "host": server.host,
        "port": server.port,
        "keys": [shown_secret(key) for key in server.keys],
        "max_body_bytes": server.max_body_bytes,
        "console": server.console,
        "origins": [*server.origins] or None,
        "max_requests": server.max_requests,
        "grace_s": server.grace_s,
    }
    return _given(table)


def _canaries_table(canaries: CanariesConfig) -> Table:
    own = None if canaries.own is None else str(canaries.own)
    return _given({"every_s": canaries.every_s, "questions": canaries.questions, "own": own})


def _calls_table(calls: CallsConfig) -> Table:
    return {
        "retries": calls.retries,
        "hedge": [mode.value for mode in calls.hedge],
        "max_in_flight": calls.max_in_flight,
        "max_wait_s": calls.max_wait_s,
    }


def _caller_table(caller: Caller) -> Table:
    wishes, scope = caller.wishes, caller.scope
    table: Mapping[str, JsonValue | date] = {
        "name": caller.name,
        "key": shown_secret(caller.key),
        "dial": wishes.dial,
        "max_cost_usd": wishes.max_cost_usd,
        "max_first_token_s": wishes.max_first_token_s,
        "min_quality": wishes.min_quality,
        "admin": scope.admin,
        "export": True if scope.export else None,
        "models": list(scope.models),
        "ban": list(scope.ban),
        "modes": [str(mode) for mode in scope.modes],
        "allow_fallback": wishes.allow_fallback,
        "on_limit": wishes.on_limit,
    }
    return _given(table)


def _embedding_table(model: EmbeddingModel) -> Table:
    table: Mapping[str, JsonValue | date] = {
        "name": model.name,
        "base_url": model.base_url,
        "upstream_model": model.upstream_model,
        "api_key": None if model.api_key is None else shown_secret(model.api_key),
        **_files(model.tls),
        "usd_per_mtok_in": model.usd_per_mtok_in,
    }
    return _given(table)


def _limit_table(limit: Limit) -> Table:
    return {
        "name": limit.name,
        "per": limit.per,
        "counts": limit.counts,
        "amount": limit.amount,
        **({} if limit.window is None else {"window" if isinstance(limit.window, str) else "window_s": limit.window}),
        "models": list(limit.models),
        "roles": [str(role) for role in limit.roles],
        "keys": list(limit.keys),
        "warn_at": limit.warn_at,
    }


def _rule_table(rule: HouseRule) -> Table:
    table: Mapping[str, JsonValue | date] = {
        "name": rule.name,
        "models": list(rule.models),
        "modes": [str(mode) for mode in rule.modes],
        "keys": list(rule.keys),
        "tasks": list(rule.tasks),
        "at_least": rule.at_least if rule.tasks else None,
        "words": list(rule.words),
        "like": list(rule.like),
        "unlike": list(rule.unlike),
        "false_alarms": rule.false_alarms if rule.like else None,
        "scripts": list(rule.scripts),
        "needs": [str(need) for need in rule.needs],
        "min_tokens": rule.min_tokens,
        "max_tokens": rule.max_tokens,
    }
    return {key: value for key, value in _given(table).items() if value != []}


def _routing_table(routing: RoutingConfig) -> Table:
    table: Table = {
        "dial": routing.dial,
        "margin": routing.margin,
        "switch_margin": routing.switch_margin,
        "explore": routing.explore,
        "explore_loss": routing.explore_loss,
    }
    if routing.style_note is not None:
        table["style_note"] = routing.style_note
    if routing.artifact is not None:
        table["artifact"] = str(routing.artifact)
    if routing.encoder != "static":
        table["encoder"] = routing.encoder
    # Left out while they have their defaults, so that the hash of older configurations stays what it was.
    if routing.cascade:
        table["cascade"] = [*routing.cascade]
    if routing.members != DEFAULT_MEMBERS:
        table["members"] = routing.members
    if routing.judge is not None:
        table["judge"] = routing.judge
    if routing.handoff:
        table["handoff"] = {before: dict(after) for before, after in routing.handoff.items()}
    for name, usual in (
        ("compare", "claims"),
        ("predictor", "unisono"),
        ("run_code", False),
        ("in_domain", "when_alike"),
    ):
        if (value := getattr(routing, name)) != usual:
            table[name] = value
    return table


def _encoder_table(encoder: EncoderConfig) -> Table:
    table: Mapping[str, JsonValue | date] = {
        "path": None if encoder.path is None else str(encoder.path),
        "hub": encoder.hub,
        "sha256": encoder.sha256,
        "base_url": encoder.base_url,
        "model": encoder.model,
        "api_key": None if encoder.api_key is None else shown_secret(encoder.api_key),
        **_files(encoder.tls),
        "budget_s": encoder.budget_s,
    }
    return _given(table)


def model_table(model: Model) -> Table:
    """Return one model with the file's own names."""
    prices, life = model.prices, model.lifecycle
    table: Mapping[str, JsonValue | date] = {
        "name": model.name,
        "upstream": model.upstream,
        "base_url": model.base_url,
        "upstream_model": model.upstream_model,
        "reports": list(model.reports),
        "aliases": list(model.aliases),
        "api_key": None if model.api_key is None else shown_secret(model.api_key),
        **_files(model.tls),
        "role": str(model.role),
        "context_tokens": model.context_tokens,
        "max_output_tokens": model.max_output_tokens,
        "capabilities": [str(name) for name in sorted(model.capabilities)],
        "usd_per_mtok_in": None if prices is None else prices.usd_per_mtok_in,
        "usd_per_mtok_out": None if prices is None else prices.usd_per_mtok_out,
        "usd_per_mtok_cached_in": None if prices is None else prices.usd_per_mtok_cached_in,
        "cache_ttl_s": model.cache_ttl_s,
        "knowledge_cutoff": model.knowledge_cutoff,
        "quality": model.quality,
        "benchmarks": dict(model.benchmarks) or None,
        "lifecycle": life.state,
        "until": life.until,
        "successor": life.successor,
        **model.options,
    }
    return _given(table)


def _given(table: Mapping[str, JsonValue | date]) -> Table:
    return {key: value for key, value in table.items() if value is not None}


def as_toml(config: Config) -> str:
    """Return the effective configuration as a file that could be used instead; prices say where they come from."""
    return "\n".join(_toml_lines(config)) + "\n"


def _toml_lines(config: Config) -> Iterator[str]:
    tables = as_tables(config)
    yield f"# config hash {config.hash}"
    yield from _pairs({name: value for name, value in tables.items() if name not in SECTIONS})
    for name in SECTIONS:
        if name in ARRAYS and name != "models":
            for row in tables.get(name, ()):
                yield from ("", f"[[{name}]]", *_pairs(row))
        elif name in tables and name != "models":
            yield from ("", f"[{name}]", *_pairs(tables[name]))
    for model in config.models:
        yield from ("", "[[models]]")
        for key, part in model_table(model).items():
            source = f"  # {_comment(model)}" if key.startswith("usd_per_mtok") else ""
            yield f"{_toml_key(key)} = {toml(part)}{source}"
        if model.prices is None:
            yield "# no price is known: costs of this model are shown as unknown"


def _pairs(table: Mapping[str, object]) -> Iterator[str]:
    return (f"{_toml_key(key)} = {toml(value)}" for key, value in table.items())


def _comment(model: Model) -> str:
    source = model.prices.source if model.prices else ""
    return "".join(mark if mark.isprintable() else "?" for mark in source)


def toml(value: object) -> str:
    """Return a value as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for the one control character that JSON leaves as it is.
        return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(toml(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_toml_key(key)} = {toml(part)}' for key, part in value.items())} }}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _toml_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else toml(key)
