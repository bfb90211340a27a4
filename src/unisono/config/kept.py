"""The part of a configuration that decides, kept so that a decision can be recomputed after the file has changed.

It holds neither secrets nor addresses nor a provider's own options: of those only a fingerprint, by which scores are
found. Whatever is kept here is in `Config.hash` too, so one hash means one content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from unisono.catalog.fingerprint import fingerprint
from unisono.config.keys import section_keys
from unisono.config.values import Config, RoutingConfig
from unisono.errors import StoreError
from unisono.types import Capability, HouseRule, Lifecycle, Model, Prices, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConfig:
    """What of a configuration can change a decision.

    Attributes:
        hash: `Config.hash`.
        default: name of the model that serves when the router is broken.
        models: without `api_key`, `base_url` and `options`, which decide nothing.
        routing: whole.
        fingerprints: what ties measured scores to each model, by its name.
        rules: of the house.
    """

    hash: str
    default: str
    models: tuple[Model, ...]
    routing: RoutingConfig
    fingerprints: Mapping[str, str]
    rules: tuple[HouseRule, ...] = ()


class _Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model as JSON; the fields have the names and defaults of `types.Model`."""

    name: str
    upstream: str
    upstream_model: str
    fingerprint: str
    reports: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    role: Role = Role.FAST
    capabilities: tuple[Capability, ...] = ()
    context_tokens: int = 8192
    max_output_tokens: int | None = None
    prices: Prices | None = None
    knowledge_cutoff: date | None = None
    quality: float | None = None
    benchmarks: dict[str, float] = {}
    lifecycle: Lifecycle = Lifecycle()
    cache_ttl_s: float = 300.0


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    default: str
    models: list[_Model]
    routing: dict[str, Any]
    rules: tuple[HouseRule, ...] = ()


_SAME = tuple(name for name in _Model.__struct_fields__ if name not in ("fingerprint", "capabilities"))
_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder(_Body).decode


def kept_of(config: Config) -> KeptConfig:
    """Return what is kept of a configuration."""
    return KeptConfig(
        hash=config.hash,
        default=config.default,
        models=tuple(_bare(model) for model in config.models),
        routing=config.routing,
        fingerprints={model.name: fingerprint(model) for model in config.models},
        rules=config.rules,
    )


def pack_config(config: KeptConfig) -> bytes:
    """Return it as JSON."""
    models = [
        _Model(
            fingerprint=config.fingerprints[model.name],
            capabilities=tuple(sorted(model.capabilities)),
            **{name: getattr(model, name) for name in _SAME},
        )
        for model in config.models
    ]
    routing = {field.name: _plain(getattr(config.routing, field.name)) for field in fields(RoutingConfig)}
    return _to_json(_Body(default=config.default, models=models, routing=routing, rules=config.rules))


def unpack_config(body: bytes, *, hash: str) -> KeptConfig:  # noqa: A002  (the column's name, and the attribute's)
    """Return what `pack_config` was given.

    Raises:
        StoreError: the JSON is not of this form.
    """
    try:
        kept = _from_json(body)
        routing = _routing(kept.routing)
    except (msgspec.MsgspecError, TypeError) as exc:
        raise StoreError(f"The stored configuration {hash} cannot be read: {exc}. Update Unisono to read it.") from exc
    return KeptConfig(
        hash=hash,
        default=kept.default,
        models=tuple(
            Model(capabilities=frozenset(model.capabilities), **{name: getattr(model, name) for name in _SAME})
            for model in kept.models
        ),
        routing=routing,
        fingerprints={model.name: model.fingerprint for model in kept.models},
        rules=kept.rules,
    )


def _bare(model: Model) -> Model:
    return Model(capabilities=model.capabilities, **{name: getattr(model, name) for name in _SAME})


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _routing(stored: Mapping[str, Any]) -> RoutingConfig:
    """Return the routing; a key that a later version has added takes its default."""
    names = [field.name for field in fields(RoutingConfig)]
    defaults = {key.name: key.default for key in section_keys("routing")}
    values = {name: stored.get(name, defaults.get(name)) for name in names}
    values["handoff"] = values["handoff"] or {}
    values["cascade"] = tuple(values["cascade"] or ())
    if values["artifact"] is not None:
        values["artifact"] = Path(values["artifact"])
    return RoutingConfig(**values)
