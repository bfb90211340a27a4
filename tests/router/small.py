"""A router over three models whose quality is known by heart, and requests to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from unisono.catalog import Catalog
from unisono.choose.utility import UtilityChooser
from unisono.errors import UpstreamError, UpstreamUnreachable
from unisono.plugins import load
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.protocols import CostPredictor, QualityPredictor
from unisono.router import Router, Settings, Stages
from unisono.types import (
    Attempt,
    Call,
    Chunk,
    Features,
    Health,
    Message,
    Mode,
    Model,
    Quality,
    Request,
    Score,
    Wishes,
)
from unisono.understand.features import Understanding

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MODELS = tuple(Model(name=n, upstream="scripted", upstream_model=n, context_tokens=50_000) for n in ("a", "b", "c"))


class QualityByName:
    """Knows each model's quality by heart."""

    def __init__(self, **known: float) -> None:
        self._known = known

    def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
        return tuple(Quality(mean=self._known[m.name], spread=0.1, evidence="by heart") for m in models)

    def learn_one(self, features: Features, score: Score) -> None:
        raise AssertionError


class AllUp:
    """No upstream is ever down."""

    def state(self, model: str, now_s: float) -> tuple[Health, float | None]:
        return Health.UP, None

    def observe(self, attempt: Attempt, error: UpstreamError | None, now_s: float) -> None:
        pass


def router(
    quality: QualityPredictor | None,
    *,
    dead: frozenset[str] = frozenset(),
    models: tuple[Model, ...] = MODELS,
    cost: CostPredictor | None = None,
) -> Router:
    async def send(call: Call) -> AsyncIterator[Chunk]:
        if call.model.name in dead:
            raise UpstreamUnreachable(f"{call.model.name}: refused")
        yield Chunk(data=b"{}", has_content=True, model=call.model.name, finish="stop")

    stages = Stages(
        understand=Understanding(None),
        rules=[rule() for rule in load().rules.values()],
        quality=quality,
        cost=cost or TokenCost(),
        latency=RecentLatency(),
        chooser=UtilityChooser(margin=0.01),
        health=AllUp(),
        send=send,
    )
    settings_ = Settings(default=models[1].name, dial=0.5, config_hash="h", artifact="x", total_s=10.0)
    return Router(Catalog(models), stages=stages, settings=settings_, now=lambda: NOW, clock_s=lambda: 0.0)


def request(*, pin: str | None = None, wishes: Wishes = Wishes(), text: str = "hello") -> Request:
    return Request(
        id="r",
        received=NOW,
        body={"messages": [{"role": "user", "content": text}]},
        model=pin or "auto",
        mode=None if pin else Mode.BALANCED,
        pin=pin,
        messages=(Message(role="user", text=text),),
        wishes=wishes,
    )


KNOWN = QualityByName(a=0.9, b=0.5, c=0.7)
