"""The models of the pool: what they can, what they cost, and how they are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from unisono.terms import Capability, Health, Role
from unisono.types.json import JsonValue
from unisono.types.secret import Secret
from unisono.values import value


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in USD per million tokens. `source` says where they come from."""

    usd_per_mtok_in: float
    usd_per_mtok_out: float
    usd_per_mtok_cached_in: float | None = None
    source: str = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Where a model stands in its life; `until` is the date on which a sunset ends."""

    state: Literal["active", "legacy", "sunset", "retired"] = "active"
    until: date | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """The HTTP proxy on the way out: connections to `https` addresses are asked of it, but for hosts named in `but`.

    `but` holds names of hosts, each for what lies below it too; `*` is every host. This machine is always called
    directly.
    """

    host: str
    port: int
    login: Secret | None = None
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files for TLS with one host: authorities that are trusted in place of the system's, our certificate and its key.

    `mark` differs when the files hold something else.
    """

    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of the pool, as the catalogue describes it.

    `upstream` names the provider plug-in, `options` are the keys that only this provider reads
    (for `local`: `file`, `threads`, ...; for `scripted`: the script).
    """

    name: str
    upstream: str
    upstream_model: str
    base_url: str | None = None
    api_key: Secret | None = None
    reports: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    role: Role = Role.FAST
    capabilities: frozenset[Capability] = frozenset()
    context_tokens: int = 8192
    max_output_tokens: int | None = None
    prices: Prices | None = None
    knowledge_cutoff: date | None = None
    quality: float | None = None
    benchmarks: Mapping[str, float] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()
    cache_ttl_s: float = 300.0
    proxy: Proxy | None = None
    tls: Tls | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    """A model that turns texts into vectors. No router chooses it; callers name it."""

    name: str
    upstream_model: str
    base_url: str | None = None
    api_key: Secret | None = None
    usd_per_mtok_in: float | None = None
    proxy: Proxy | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds for one upstream call."""

    connect_s: float = 5.0
    first_content_s: float = 60.0
    gap_s: float = 60.0
    total_s: float = 600.0


@value
class Candidate:
    """A model together with what is known about its upstream right now.

    Attributes:
        limited_until: it is down until then because its host has said that a limit of its own is used up.
    """

    model: Model
    health: Health = Health.UP
    limited_until: datetime | None = None
