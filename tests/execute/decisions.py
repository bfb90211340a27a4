"""A request, models, and decisions over them, for tests of how a decision is carried out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from unisono.types import (
    Cost,
    Decision,
    Estimate,
    Goal,
    Latency,
    Mode,
    Model,
    Prices,
    Quality,
    Ranked,
    Request,
)


def model(name: str, **fields: object) -> Model:
    prices = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=2.0)
    return Model(**{"name": name, "upstream": "fake", "upstream_model": name, "prices": prices, **fields})  # type: ignore[arg-type]


def ranked(name: str) -> Ranked:
    estimate = Estimate(
        model=name,
        quality=Quality(mean=0.5, spread=0.1, evidence=""),
        cost=Cost(usd=0, low_usd=0, high_usd=0, output_tokens=1),
        latency=Latency(first_token_s=1, total_s=1),
    )
    return Ranked(model=name, estimate=estimate, utility=0.0, propensity=1.0, reason="")


def decision(names: Sequence[str], *, allow_fallback: bool = True, pin: str | None = None) -> Decision:
    return Decision(
        id="d", at=datetime(2030, 1, 1, tzinfo=UTC), request="r", session="", mode=None if pin else Mode.BALANCED,
        pin=pin, goal=Goal(), pattern="single", ranking=tuple(ranked(n) for n in names), excluded=(), reason="",
        notices=(), degraded=False, allow_fallback=allow_fallback, baseline=None, config_hash="", artifact="", seed=0,
        decide_s=0.0,
    )  # fmt: skip


REQUEST = Request(
    id="r", received=datetime(2030, 1, 1, tzinfo=UTC), body={"messages": []}, model="auto", mode=Mode.BALANCED,
    pin=None, messages=(), stream=True,
)  # fmt: skip
