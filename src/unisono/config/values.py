"""The frozen values that a configuration becomes.

They are not checked here: `load` builds them from a file that has been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from unisono.types import Caller, EmbeddingModel, HouseRule, Limit, Mode, Model, Proxy, Secret, Timeouts, Tls

DEFAULT_MEMBERS = 3
"""How many models `auto:pro` asks at once."""
StoredText = Literal["none", "hash", "text"]


@dataclass(frozen=True, slots=True, repr=False)
class NamedSecret(Secret):
    """A secret that knows where it came from, `env:NAME` or `file:PATH`, and shows only that."""

    source: str

    def __repr__(self) -> str:
        return f"Secret({self.source})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where the server listens, who may call it, and how much a body may hold."""

    host: str
    port: int
    keys: tuple[Secret, ...]
    max_body_bytes: int
    max_requests: int = 1000
    console: bool | None = None
    origins: tuple[str, ...] = ()
    grace_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Where the record is kept, what of the text goes into it, and how long a row may wait in memory."""

    path: Path
    text: StoredText
    flush_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsConfig:
    """How often and how many at a time upstreams are called; `hedge` holds the modes that ask two models."""

    retries: int = 2
    hedge: tuple[Mode, ...] = ()
    max_in_flight: int = 256
    max_wait_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingConfig:
    """The dial of `auto`, what protects the default and a conversation's model, what is explored, the note on voice.

    Attributes:
        cascade: the modes in which a cheaper model may answer first.
        members: how many models `auto:pro` asks at once at most.
        judge: who writes from the answers of several; None for the best.
        handoff: quality that a conversation loses from one model to another.
        compare: what compares the answers of several; it changes no decision.
        run_code: whether code in answers may be run.
        artifact: holds the trained parts; None for the built-in ones.
        in_domain: when to trust that requests are of the kinds of the table that the artifact was fitted on: always,
            never, or when they are seen to be alike; then the guard puts a policy that says always in force.
        predictor: what expects quality: Unisono's own, or a plug-in's.
    """

    dial: float
    margin: float
    switch_margin: float
    explore: float
    explore_loss: float
    style_note: str | None
    artifact: Path | None
    encoder: str = "static"
    cascade: tuple[str, ...] = ()
    members: int = DEFAULT_MEMBERS
    judge: str | None = None
    compare: str = "claims"
    handoff: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    run_code: bool = False
    predictor: str = "unisono"
    in_domain: str = "when_alike"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Which encoder reads the prompts, and what it needs: files, a hub, or an endpoint.

    It decides nothing by itself: the artifact is bound to the encoder's own name, which stands for its contents.
    """

    name: str = "static"
    path: Path | None = None
    hub: str | None = None
    sha256: str | None = None
    base_url: str | None = None
    model: str | None = None
    api_key: Secret | None = None
    budget_s: float = 0.2
    proxy: Proxy | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingConfig:
    """Where spans go (None: nowhere), and which share of the traces that begin here."""

    endpoint: str | None = None
    sample: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CanariesConfig:
    """How often each model is asked some of its probe questions again (0: never), how many, and a file of more."""

    every_s: float = 0.0
    questions: int = 5
    own: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration.

    Attributes:
        hash: 12 hex digits over everything that can change a decision: the models with their prices, the
            default, the routing and the rules; neither secrets nor host, port, store or timeouts.
        file: where it came from; None for a text without a file.
        mark: what the file and its secrets held when it was read, see `marks`; None where it was not read from them.
    """

    default: str
    models: tuple[Model, ...]
    server: ServerConfig
    store: StoreConfig
    routing: RoutingConfig
    timeouts: Timeouts
    hash: str
    calls: CallsConfig = CallsConfig()
    callers: tuple[Caller, ...] = ()
    limits: tuple[Limit, ...] = ()
    rules: tuple[HouseRule, ...] = ()
    encoder: EncoderConfig = EncoderConfig()
    embeddings: tuple[EmbeddingModel, ...] = ()
    tracing: TracingConfig = TracingConfig()
    canaries: CanariesConfig = CanariesConfig()
    file: Path | None = None
    mark: bytes | None = field(default=None, repr=False, compare=False)
    prices_file: Path | None = None
    removed: tuple[str, ...] = ()
