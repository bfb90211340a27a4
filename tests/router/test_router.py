"""The path, seen from outside: the same request gives the same decision, a pin holds, a broken router says so."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.router.small import KNOWN, MODELS, NOW, QualityByName, request, router

from unisono.errors import NoAnswer, NoCandidate
from unisono.execute.committed import Committed
from unisono.predict.cost import TokenCost
from unisono.predict.length import UntrainedLength
from unisono.router import Executor, Router
from unisono.router.router import _seen
from unisono.types import (
    Attempt,
    Health,
    Outcome,
    Prices,
    Request,
    Situation,
    Usage,
    Wishes,
)


def test_a_bound_on_cost_leaves_a_thinker_out_until_its_answers_turn_out_short() -> None:
    prices = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=10.0)
    models = tuple(
        replace(m, name=n, upstream_model=n, prices=prices)
        for m, n in zip(MODELS, ("deepseek-r1", "gpt-4.1"), strict=False)
    )
    quality, cost = QualityByName(**{m.name: 0.7 for m in models}), TokenCost(UntrainedLength().expected)
    bounded = request(wishes=Wishes(max_cost_usd=0.01))
    features, told = router(quality, models=models, cost=cost).decide(bounded)
    assert [(e.model, e.rule) for e in told.excluded] == [("deepseek-r1", "max_cost_usd")]
    for _ in range(10):
        usage = Usage(input_tokens=10, output_tokens=50)
        cost.learn_one(
            features,
            Attempt(
                model="deepseek-r1",
                upstream_model="deepseek-r1",
                started=NOW,
                status="ok",
                first_content_s=0.5,
                total_s=1.0,
                usage=usage,
            ),
        )
    _, after = router(quality, models=models, cost=cost).decide(bounded)
    assert after.excluded == ()


def test_several_answers_of_one_call_cost_more_and_take_as_long_as_one() -> None:
    asked = request()
    _, one = router(QualityByName(a=0.5, b=0.6, c=0.4)).decide(asked)
    _, ten = router(QualityByName(a=0.5, b=0.6, c=0.4)).decide(replace(asked, n_choices=10))
    first, firsts = one.ranking[0].estimate, ten.ranking[0].estimate
    assert firsts.cost.output_tokens == pytest.approx(10 * first.cost.output_tokens)
    assert firsts.latency.total_s == pytest.approx(first.latency.total_s)


def test_the_best_leads_and_every_other_model_has_a_reason_against_it() -> None:
    _, decision = router(KNOWN).decide(request())
    assert [r.model for r in decision.ranking] == ["a", "c", "b"]
    assert "a" in decision.reason
    assert all(r.reason for r in decision.ranking[1:])


@given(st.text(max_size=50), st.sampled_from([None, "a", "b", "c"]), st.floats(0, 1))
def test_the_same_request_gives_the_same_decision(text: str, pin: str | None, dial: float) -> None:
    asked = request(pin=pin, text=text, wishes=Wishes(dial=dial))
    first, second = (router(KNOWN).decide(asked)[1] for _ in range(2))
    assert (first.ranking, first.excluded, first.reason, first.seed) == (
        second.ranking,
        second.excluded,
        second.reason,
        second.seed,
    )


def test_bounds_that_nobody_meets_are_refused_with_the_reason_against_each() -> None:
    with pytest.raises(NoCandidate) as refusal:
        router(KNOWN).decide(request(wishes=Wishes(min_quality=0.95)))
    assert {e.model for e in refusal.value.excluded} == {"a", "b", "c"}


def test_a_router_without_its_trained_parts_lets_the_default_serve_and_says_so() -> None:
    _, decision = router(None).decide(request())
    assert decision.model == "b"
    assert decision.degraded
    assert [n.code for n in decision.notices] == ["degraded"]


def test_a_broken_router_still_obeys_pins_and_bans() -> None:
    assert router(None).decide(request(pin="c"))[1].model == "c"
    assert router(None).decide(request(wishes=Wishes(ban=("b",))))[1].model != "b"


async def _carry_out(routing: Router, asked: Request) -> tuple[str | None, list[Outcome], list[str]]:
    features, decision = routing.decide(asked)
    outcomes: list[Outcome] = []
    events = Executor(routing).run(asked, features, decision=decision, record=outcomes.append)
    model, codes = None, []
    try:
        async for event in events:
            if isinstance(event, Committed):
                model, codes = event.model, [n.code for n in event.notices]
    except NoAnswer:
        pass
    return model, outcomes, codes


names = st.sampled_from(["a", "b", "c"])


@settings(deadline=None)
@given(
    pin=st.none() | names,
    dead=st.frozensets(names),
    allow=st.none() | st.booleans(),
    ban=st.frozensets(names, max_size=2),
    broken=st.booleans(),
)
def test_a_pin_is_never_substituted_and_every_fallback_is_announced(
    pin: str | None, dead: frozenset[str], allow: bool | None, ban: frozenset[str], broken: bool
) -> None:
    asked = request(pin=pin, wishes=Wishes(allow_fallback=allow, ban=tuple(sorted(ban))))
    routing = router(None if broken else KNOWN, dead=dead)
    try:
        model, outcomes, codes = asyncio.run(_carry_out(routing, asked))
    except NoCandidate:
        assert pin in ban
        return
    assert len(outcomes) == 1
    assert outcomes[0].model == model
    assert model not in ban
    if pin is not None and not allow:
        assert model in (pin, None)
    first = outcomes[0].attempts[0].model
    assert ("fallback" in codes) == (model is not None and model != first)


def test_features_hold_no_embedding_without_an_encoder() -> None:
    features, _ = router(KNOWN).decide(request())
    assert features.embedding is None
    assert features.surface.dtype == np.float32


def test_what_is_known_of_a_situation_survives_what_the_router_sees_itself() -> None:
    known = Situation(**{field.name: object() for field in fields(Situation)})
    own = {"health": (("a", Health.UP),), "limited": (), "scores": 7, "anchor": "a", "estimates": ()}
    seen = _seen(known, **own)
    assert seen == replace(known, **own)
