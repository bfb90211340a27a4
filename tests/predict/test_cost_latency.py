"""Expected money and seconds, before and after real answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import exp, log

import numpy as np
import pytest

from unisono.predict.cost import INPUT_SPREAD, Z_80, TokenCost
from unisono.predict.latency import RecentLatency
from unisono.predict.length import UNKNOWN, Length
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


def attempt(
    *, output_tokens: int = 100, input_tokens: int = 1000, first_s: float | None = 0.2, total_s: float = 1.2
) -> Attempt:
    return Attempt(
        model="m",
        upstream_model="m",
        started=NOW,
        status="ok",
        first_content_s=first_s,
        total_s=total_s,
        usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
    )


def cost(predictor: TokenCost, max_output_tokens: int | None = None) -> Cost:
    return predictor.predict_one(request(max_output_tokens), FEATURES, [MODEL])[0]


def test_cost_is_tokens_times_prices_within_an_interval() -> None:
    told = cost(TokenCost(lambda features, model: Length(log(100.0), 0.0)))
    assert told.usd == pytest.approx((1000 * 1.0 + 100 * 10.0) / 1e6)
    reach = exp(Z_80 * INPUT_SPREAD)  # the answer's length is certain here; the prompt's is an estimate
    assert told.low_usd == pytest.approx((1000 / reach + 100 * 10.0) / 1e6)
    assert told.high_usd == pytest.approx((1000 * reach + 100 * 10.0) / 1e6)
    wide = cost(TokenCost())
    assert wide.low_usd < wide.usd < wide.high_usd


HOSTED = replace(MODEL, name="hosted", upstream="openai", prices=None)
CHEAP = replace(MODEL, name="cheap", prices=Prices(usd_per_mtok_in=0.1, usd_per_mtok_out=20.0))


def costs(*models: Model) -> tuple[Cost, ...]:
    return TokenCost().predict_one(request(), FEATURES, models)


def test_a_hosted_model_without_a_known_price_is_taken_to_cost_what_the_dearest_does() -> None:
    dearest = replace(MODEL, prices=Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=20.0))
    told, known, _ = costs(HOSTED, MODEL, CHEAP)
    assert told.usd == costs(dearest)[0].usd > known.usd
    assert "no price is known" in told.evidence
    assert "no price" not in known.evidence


@pytest.mark.parametrize(
    "model",
    [
        replace(HOSTED, base_url="http://127.0.0.1:11434/v1"),
        replace(HOSTED, base_url="http://10.1.2.3:8000/v1"),
        replace(HOSTED, base_url="http://vllm:8000/v1"),
        replace(HOSTED, base_url="http://models.internal/v1"),
        replace(HOSTED, upstream="our-plug-in"),
    ],
)
def test_a_server_of_ones_own_without_a_price_costs_nothing(model: Model) -> None:
    assert costs(model, MODEL)[0].usd == 0.0


def test_where_no_price_is_known_at_all_none_is_assumed() -> None:
    assert [told.usd for told in costs(HOSTED, replace(HOSTED, name="other"))] == [0.0, 0.0]


def test_the_callers_limit_caps_the_cost() -> None:
    told = cost(TokenCost(), 5)
    assert told.output_tokens == 5
    assert told.high_usd == pytest.approx((1000 * exp(Z_80 * INPUT_SPREAD) + 5 * 10) / 1e6)


def test_every_answer_that_one_call_gives_costs_its_tokens() -> None:
    one = cost(TokenCost())
    told = TokenCost().predict_one(replace(request(), n_choices=10), FEATURES, [MODEL])[0]
    assert told.output_tokens == pytest.approx(10 * one.output_tokens)
    assert told.usd == pytest.approx((1000 * 1.0 + 10 * one.output_tokens * 10.0) / 1e6)
    assert told.high_usd > 8 * one.high_usd  # the prompt is read once
    capped = TokenCost().predict_one(replace(request(5), n_choices=10), FEATURES, [MODEL])[0]
    assert capped.output_tokens == 50


def test_cost_learns_how_much_a_model_really_writes() -> None:
    predictor = TokenCost()
    for _ in range(200):
        predictor.learn_one(FEATURES, attempt(output_tokens=20))
    told = cost(predictor)
    assert told.output_tokens == pytest.approx(20, rel=0.3)
    assert told.high_usd - told.low_usd < cost(TokenCost()).high_usd - cost(TokenCost()).low_usd


def test_what_the_answers_of_others_have_in_common_is_expected_of_a_model_that_never_answered() -> None:
    """Or else who has answered looks many times cheaper than who has not, at the same price."""
    predictor = TokenCost()
    unseen = replace(MODEL, name="unseen", upstream_model="unseen")
    before = predictor.predict_one(request(), FEATURES, [unseen])[0].output_tokens
    for name in ("m", "n"):
        for _ in range(50):
            predictor.learn_one(FEATURES, replace(attempt(output_tokens=12), model=name))
    seen, other = predictor.predict_one(request(), FEATURES, [MODEL, unseen])
    assert seen.output_tokens < other.output_tokens < before / 3
    predictor.forget(["unseen"])
    assert predictor.predict_one(request(), FEATURES, [unseen])[0].output_tokens == before


def test_models_that_write_otherwise_have_nothing_in_common() -> None:
    predictor, unseen = TokenCost(), replace(MODEL, name="unseen", upstream_model="unseen")
    before = predictor.predict_one(request(), FEATURES, [unseen])[0].output_tokens
    middle = exp(UNKNOWN.mean)
    for name, times in (("m", 8.0), ("n", 1 / 8)):
        for _ in range(50):
            predictor.learn_one(FEATURES, replace(attempt(output_tokens=round(times * middle)), model=name))
    found = predictor.predict_one(request(), FEATURES, [unseen])[0].output_tokens
    assert found == pytest.approx(before, rel=0.2)


def test_cost_learns_how_a_models_vocabulary_counts_the_prompt() -> None:
    predictor = TokenCost(lambda features, model: Length(log(100.0), 0.0))
    for _ in range(200):
        predictor.learn_one(FEATURES, attempt(input_tokens=1500))
    assert cost(predictor).usd == pytest.approx((1500 * 1.0 + 100 * 10.0) / 1e6, rel=0.02)


@pytest.mark.parametrize("heavy", [False, True])
def test_four_costs_in_five_lie_inside_the_interval_whatever_the_lengths_are(heavy: bool) -> None:
    rng = np.random.default_rng(0)
    predictor, inside = TokenCost(lambda features, model: Length(log(300.0), 0.4)), []
    for _ in range(600):
        noise = float(rng.standard_t(2)) if heavy else float(rng.choice([-1.5, 1.5]))  # heavy tails, or two humps
        n_tokens = round(exp(min(max(log(300.0) + noise, 0.0), 9.0)))
        told = cost(predictor)
        inside.append(told.low_usd <= (1000 + 10 * n_tokens) / 1e6 <= told.high_usd)
        predictor.learn_one(FEATURES, attempt(output_tokens=n_tokens))
    assert 0.72 <= np.mean(inside[100:]) <= 0.92


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


def first_token_s(predictor: RecentLatency, *, n_input_tokens: int = 1000) -> float:
    features = replace(FEATURES, n_input_tokens=n_input_tokens)
    costs = [Cost(usd=0, low_usd=0, high_usd=0, output_tokens=100)]
    return predictor.predict_one(features, [MODEL], costs)[0].first_token_s


def test_a_busier_upstream_is_expected_to_begin_later() -> None:
    load = 0
    predictor = RecentLatency(lambda model: load)
    rng = np.random.default_rng(1)
    for _ in range(150):
        load = int(rng.integers(0, 8))
        predictor.learn_one(FEATURES, attempt(first_s=0.2 * (1 + load), total_s=2.0))
    load = 0
    idle_s = first_token_s(predictor)
    load = 7
    busy_s = first_token_s(predictor)
    assert 0.2 <= idle_s <= 0.4  # the truth is 0.2 and 1.6; the prior, without load, is 0.6
    assert 1.2 <= busy_s <= 2.2


def test_a_longer_prompt_is_expected_to_begin_later_where_it_did() -> None:
    predictor = RecentLatency()
    rng = np.random.default_rng(2)
    for _ in range(150):
        n = int(rng.choice([100, 1_000, 4_000, 16_000]))
        features = replace(FEATURES, n_input_tokens=n)
        predictor.learn_one(features, attempt(first_s=0.1 * (1 + n / 1000), total_s=9.0))
    assert first_token_s(predictor, n_input_tokens=100) == pytest.approx(0.11, rel=0.6)
    assert first_token_s(predictor, n_input_tokens=16_000) == pytest.approx(1.7, rel=0.5)


def test_three_answers_in_four_begin_by_the_time_that_is_told() -> None:
    predictor, rng, kept = RecentLatency(), np.random.default_rng(3), []
    for _ in range(600):
        first_s = 0.3 * float(np.exp(0.6 * rng.standard_normal()))
        kept.append(first_s <= first_token_s(predictor))
        predictor.learn_one(FEATURES, attempt(first_s=first_s, total_s=first_s + 1.0))
    assert 0.65 <= np.mean(kept[50:]) <= 0.85


def test_one_hanging_answer_moves_little_and_a_slow_spell_is_forgotten() -> None:
    predictor = RecentLatency()
    for _ in range(60):
        predictor.learn_one(FEATURES, attempt(first_s=0.2))
    before = first_token_s(predictor)
    predictor.learn_one(FEATURES, attempt(first_s=50.0, total_s=51.0))
    assert first_token_s(predictor) <= before * 1.6
    for _ in range(60):
        predictor.learn_one(FEATURES, attempt(first_s=2.0, total_s=3.0))
    assert first_token_s(predictor) == pytest.approx(2.0, rel=0.4)
    for _ in range(60):
        predictor.learn_one(FEATURES, attempt(first_s=0.2))
    assert first_token_s(predictor) == pytest.approx(0.2, rel=0.4)


def test_models_that_nobody_has_asked_are_expected_alike() -> None:
    told = RecentLatency().predict_one(FEATURES, [MODEL, replace(MODEL, name="n")], [cost(TokenCost())] * 2)
    assert told[0] == told[1]
