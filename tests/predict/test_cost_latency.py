"""Expected money and seconds, before and after real answers."""

from __future__ import annotations

from datetime import UTC, datetime
from math import log

import numpy as np
import pytest

from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.types import Attempt, Cost, Features, Mode, Model, Prices, Request, Usage

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FEATURES = Features(task="x", n_input_tokens=1000, n_turns=1, needs=frozenset(), surface=np.zeros(0, dtype=np.float32))
MODEL = Model(
    name="m",
    upstream="scripted",
    upstream_model="m",
    prices=Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=10.0),
    context_tokens=100_000,
)


def request(max_output_tokens: int | None = None) -> Request:
    return Request(
        id="r",
        received=NOW,
        body={},
        model="auto",
        mode=Mode.BALANCED,
        pin=None,
        messages=(),
        max_output_tokens=max_output_tokens,
    )


def attempt(*, output_tokens: int = 100, first_s: float | None = 0.2, total_s: float = 1.2) -> Attempt:
    return Attempt(
        model="m",
        upstream_model="m",
        started=NOW,
        status="ok",
        first_content_s=first_s,
        total_s=total_s,
        usage=Usage(input_tokens=10, output_tokens=output_tokens),
    )


def cost(predictor: TokenCost, max_output_tokens: int | None = None) -> Cost:
    return predictor.predict_one(request(max_output_tokens), FEATURES, [MODEL])[0]


def test_cost_is_tokens_times_prices_within_an_interval() -> None:
    told = cost(TokenCost(lambda features, model: (log(100.0), 0.0)))
    assert told.usd == pytest.approx((1000 * 1.0 + 100 * 10.0) / 1e6)
    assert told.low_usd == pytest.approx(told.usd) == pytest.approx(told.high_usd)
    wide = cost(TokenCost())
    assert wide.low_usd < wide.usd < wide.high_usd


def test_the_callers_limit_caps_the_cost() -> None:
    assert cost(TokenCost(), 5).high_usd == pytest.approx((1000 + 5 * 10) / 1e6)


def test_cost_learns_how_much_a_model_really_writes() -> None:
    predictor = TokenCost()
    for _ in range(200):
        predictor.learn_one(FEATURES, attempt(output_tokens=20))
    told = cost(predictor)
    assert told.output_tokens == pytest.approx(20, rel=0.3)
    assert told.high_usd - told.low_usd < cost(TokenCost()).high_usd - cost(TokenCost()).low_usd


def test_predicting_changes_nothing() -> None:
    predictor = TokenCost()
    assert cost(predictor) == cost(predictor)


def test_latency_learns_from_streams_and_forgets_slowly() -> None:
    predictor = RecentLatency()
    costs = [Cost(usd=0, low_usd=0, high_usd=0, output_tokens=100)]
    for _ in range(50):
        predictor.learn_one(FEATURES, attempt(first_s=0.05, total_s=1.05))
    told = predictor.predict_one(FEATURES, [MODEL], costs)[0]
    assert told.first_token_s == pytest.approx(0.05, rel=0.4)
    assert told.total_s == pytest.approx(1.05, rel=0.4)


def test_jitter_in_timing_moves_no_estimate() -> None:
    calm, jittery = RecentLatency(), RecentLatency()
    for n in range(40):
        calm.learn_one(FEATURES, attempt(first_s=0.20))
        jittery.learn_one(FEATURES, attempt(first_s=0.20 * (1.02 if n % 2 else 0.98)))
    costs = [Cost(usd=0, low_usd=0, high_usd=0, output_tokens=100)]
    told = [p.predict_one(FEATURES, [MODEL], costs)[0].first_token_s for p in (calm, jittery)]
    assert told[0] == told[1]
