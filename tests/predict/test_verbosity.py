"""What is expected of the length of answers before any was seen here, and how soon real answers overrule it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from math import exp

import numpy as np
import pytest

from unisono.catalog.lengths import public_lengths
from unisono.learn.verbosity import fit_verbosities
from unisono.predict import artifact as artifacts
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.predict.length import NOTHING_KNOWN, UNKNOWN, LengthModel, UntrainedLength
from unisono.predict.verbosity import FITTED, published_verbosities
from unisono.types import Asked, Attempt, Cost, Features, Mode, Model, Prices, Request, Thinking, Usage

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FEATURES = Features(task="x", n_input_tokens=50, n_turns=1, needs=frozenset(), surface=np.zeros(0, dtype=np.float32))
REQUEST = Request(id="r", received=NOW, body={}, model="auto", mode=Mode.BALANCED, pin=None, messages=())
SHIPPED = artifacts.load(artifacts.default_artifact_path(), encoder="wordllama-l2-256").length


def model(name: str, *, upstream: str = "openai", reports: tuple[str, ...] = ()) -> Model:
    return Model(
        name=name,
        upstream=upstream,
        upstream_model=name,
        reports=reports,
        prices=Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=10.0),
        context_tokens=200_000,
    )


def asking(thinking: Thinking | None, *, anthropic: Thinking | None = None) -> Features:
    return replace(FEATURES, thinking=Asked(anthropic, thinking))


def tokens(name: str, features: Features = FEATURES, *, upstream: str = "openai") -> float:
    return exp(SHIPPED.expected(features, model(name, upstream=upstream))[0])


def answered(name: str, n_tokens: int) -> Attempt:
    return Attempt(
        model=name,
        upstream_model=name,
        started=NOW,
        status="ok",
        first_content_s=1.0,
        total_s=3.0,
        usage=Usage(input_tokens=50, output_tokens=n_tokens),
    )


def costs(predictor: TokenCost, *names: str) -> tuple[Cost, ...]:
    return predictor.predict_one(REQUEST, FEATURES, [model(name) for name in names])


def test_what_is_shipped_is_what_the_published_lengths_say() -> None:
    assert json.loads(FITTED.read_text(encoding="utf-8")) == fit_verbosities(public_lengths()).as_json()


@pytest.mark.parametrize("length", [SHIPPED, UntrainedLength()], ids=["trained", "untrained"])
def test_who_thinks_is_expected_to_cost_several_times_more_at_equal_prices(length: LengthModel) -> None:
    plain, gpt_5, r1, qwen, named = costs(
        TokenCost(length.expected), "gpt-4.1", "gpt-5", "deepseek-r1", "qwen3-8b", "our-own-thinking-9b"
    )
    assert gpt_5.usd > 1.6 * plain.usd
    assert min(r1.usd, qwen.usd, named.usd) > 3.5 * plain.usd
    assert "12 published lengths of it, thoughts included" in gpt_5.evidence
    assert named.evidence == "a guess from published lengths of other models that think"


def test_a_model_of_which_nothing_is_published_is_expected_to_write_as_before() -> None:
    assert UntrainedLength().expected(FEATURES, model("nobody-knows-it")) == UNKNOWN
    unknown = costs(TokenCost(SHIPPED.expected), "nobody-knows-it")[0]
    assert unknown.evidence == NOTHING_KNOWN
    assert SHIPPED.expected(FEATURES, model("nobody-knows-it"))[:2] == (SHIPPED._unknown.mean, SHIPPED._unknown.sd)


def test_a_trained_model_is_expected_to_write_what_it_wrote_whatever_is_published_or_asked() -> None:
    known = SHIPPED.expected(FEATURES, model("gpt-4o"))
    assert known == SHIPPED.expected(asking(Thinking("high")), model("gpt-4o"))
    assert known[3] == ""


def test_a_trained_model_whose_answers_nobody_counted_is_expected_to_write_as_before_unless_it_thinks() -> None:
    assert tokens("mistral-7b-instruct-v0.3") == tokens("llama-3.3-nemotron-super-49b-v1") == tokens("nobody-knows-it")
    assert tokens("o1-mini") > 2 * tokens("nobody-knows-it")


def test_a_known_thinker_of_which_no_length_is_published_is_a_typical_one_with_more_doubt() -> None:
    known, typical = published_verbosities().of(("deepseek-r1",)), published_verbosities().of(("qwq-32b",))
    assert known is not None and typical is not None
    assert typical.n_figures == 0
    assert typical.mean == pytest.approx(published_verbosities().efforts["on"])
    assert typical.sd > known.sd


def test_an_effort_moves_what_is_expected_and_no_effort_means_a_plain_answer() -> None:
    efforts = ("none", "low", "medium", "high")
    told = [tokens("gpt-5-mini", asking(Thinking(effort))) for effort in efforts]  # type: ignore[arg-type]
    assert told == sorted(told)
    assert told[3] > 2 * told[1]
    assert tokens("gpt-5-mini") == told[2]  # its own default
    assert tokens("gpt-5.1") < 0.7 * tokens("gpt-5.1", asking(Thinking("medium")))  # thinks only when asked
    assert tokens("qwen3-8b", asking(Thinking("none"))) < 0.4 * tokens("qwen3-8b")
    assert tokens("gpt-5-mini-high") == told[3]
    assert tokens("qwen3-8b-no-thinking") == tokens("qwen3-8b", asking(Thinking("none")))
    assert tokens("qwen3-8b", asking(Thinking("low"))) < tokens("qwen3-8b")


def test_anthropics_switch_is_anthropics_hosts_affair() -> None:
    asked = asking(None, anthropic=Thinking("on"))
    plain, thinking = tokens("claude-sonnet-4"), tokens("claude-sonnet-4", asked, upstream="anthropic")
    assert thinking > 1.5 * plain
    assert tokens("claude-sonnet-4", asked) == plain
    assert tokens("claude-sonnet-4-thinking") == pytest.approx(thinking)
    assert tokens("claude-sonnet-4", asking(Thinking("high")), upstream="anthropic") == plain


def test_a_budget_of_thoughts_bounds_them() -> None:
    free, plain = tokens("deepseek-r1"), tokens("deepseek-r1", asking(Thinking("none")))
    tight = tokens("deepseek-r1", asking(Thinking(None, 100)))
    assert tight < 0.6 * free
    assert tokens("deepseek-r1", asking(Thinking("on", 100_000))) == pytest.approx(free)
    assert tight > 100 > 0 < plain


def test_a_handful_of_answers_overrules_the_guess() -> None:
    predictor = TokenCost(SHIPPED.expected)
    before = costs(predictor, "deepseek-r1")[0]
    for _ in range(5):
        predictor.learn_one(FEATURES, answered("deepseek-r1", 60))
    after = costs(predictor, "deepseek-r1")[0]
    assert before.output_tokens > 1000
    assert after.output_tokens < 250
    assert after.evidence == ""


def test_answers_are_held_against_what_was_expected_of_a_model_known_by_what_it_reports() -> None:
    deployed = replace(model("ours", reports=("deepseek-r1",)), upstream_model="deployment-7")
    predictor = TokenCost(SHIPPED.expected)
    before = predictor.predict_one(REQUEST, FEATURES, [deployed])[0]
    usual = round(exp(SHIPPED.expected(FEATURES, deployed)[0]))
    for _ in range(20):
        predictor.learn_one(FEATURES, replace(answered("ours", usual), upstream_model="deployment-7"))
    assert predictor.predict_one(REQUEST, FEATURES, [deployed])[0].usd == pytest.approx(before.usd, rel=0.35)


def test_the_first_content_of_who_hides_its_thoughts_comes_after_them() -> None:
    length = UntrainedLength()
    latency, names = RecentLatency(hidden=length.hidden), ("o3-mini-high", "deepseek-r1", "gpt-4.1")
    told = costs(TokenCost(length.expected), *names)
    hidden, shown, plain = latency.predict_one(FEATURES, [model(name) for name in names], told)
    assert hidden.first_token_s > 5 * plain.first_token_s
    assert shown.first_token_s == plain.first_token_s
    assert hidden.first_token_s < hidden.total_s
    assert min(hidden.total_s, shown.total_s) > 2 * plain.total_s
    latency.learn_one(FEATURES, answered("o3-mini-high", 500))
    assert latency.predict_one(FEATURES, [model("o3-mini-high")], told[:1])[0].first_token_s < 2.0
