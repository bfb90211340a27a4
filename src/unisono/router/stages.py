"""What a router is made of: one of each stage, and the settings that a decision depends on.

In which order the stages work, `router` says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from unisono.choose.continuity import Continuity
from unisono.choose.explore import Exploration
from unisono.choose.pattern import Patterns
from unisono.consistency.comparers import Ask, ClaimsComparer, Comparer
from unisono.errors import UpstreamError
from unisono.execute.patience import NO_PATIENCE, Patience
from unisono.protocols import Chooser, CostPredictor, Evidence, LatencyPredictor, QualityPredictor, Rule
from unisono.types import FIRST_POLICY, Attempt, Call, Chunk, Features, Health, HouseRule, Mode, Request
from unisono.understand.glance import glance


class HealthView(Protocol):
    """What the router asks about upstreams."""

    def state(self, model: str, now_s: float) -> tuple[Health, float | None]:
        """Return a model's health, and when a model that is down may be tried again."""

    def observe(self, attempt: Attempt, error: UpstreamError | None, now_s: float) -> None:
        """Take in how an attempt ended."""


class Glance(Protocol):
    """Reads of a request what a plain pin needs."""

    def __call__(self, request: Request, *, dated: bool) -> Features:
        """Return the features that cost next to nothing, with the freshness where an answer's age matters."""


def _glance(request: Request, *, dated: bool) -> Features:
    return glance(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """One of each stage. `quality` is None when the trained parts are broken: then the default serves."""

    understand: Callable[[Request], Features]
    rules: Sequence[Rule]
    quality: QualityPredictor | None
    cost: CostPredictor
    latency: LatencyPredictor
    chooser: Chooser
    health: HealthView
    send: Callable[[Call], AsyncIterator[Chunk]]
    learn: Callable[[Features, Attempt], None] = lambda features, attempt: None
    anchor: Callable[[Request, Features], str | None] = lambda request, features: None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    comparer: Callable[[Ask], Comparer] = lambda ask: ClaimsComparer()
    glance: Glance = _glance
    patience: Callable[[Mode | None], Patience] = lambda mode: NO_PATIENCE
    all_up: Callable[[], bool] = lambda: False
    limited: Callable[[], tuple[tuple[str, datetime], ...]] = lambda: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a decision depends on besides the request: all of it is stored with the decision."""

    default: str
    dial: float
    config_hash: str
    artifact: str
    total_s: float
    scores: int = 0
    continuity: Continuity = field(default_factory=Continuity)
    patterns: Patterns = field(default_factory=Patterns)
    exploration: Exploration = field(default_factory=Exploration)
    policy: str = FIRST_POLICY
    house: Mapping[str, HouseRule] = field(default_factory=dict)
