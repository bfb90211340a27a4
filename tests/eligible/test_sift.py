"""Who may serve, and the reason against each other model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.config.keys import DECLARED
from unisono.eligible.health import limited
from unisono.eligible.sift import sift
from unisono.errors import ContextTooLong, NoCandidate
from unisono.plugins import load
from unisono.types import Candidate, Capability, Features, Health, Mode, Model, Prices, Request, Wishes

ONE = datetime(2030, 1, 1, 13, tzinfo=UTC)
RULES = [rule() for rule in load().rules.values()]
capabilities = st.frozensets(st.sampled_from(DECLARED))


def request(
    *, pin: str | None = None, needs: frozenset[Capability] = frozenset(), wishes: Wishes = Wishes()
) -> Request:
    return Request(
        id="r",
        received=datetime(2026, 11, 23, tzinfo=UTC),
        body={},
        model=pin or "auto",
        mode=None if pin else Mode.BALANCED,
        pin=pin,
        messages=(),
        needs=needs,
        wishes=wishes,
    )


def features(*, n_input_tokens: int = 10, needs: frozenset[Capability] = frozenset()) -> Features:
    return Features(
        task="", n_input_tokens=n_input_tokens, n_turns=1, needs=needs, surface=np.zeros(0, dtype=np.float32)
    )


def candidate(name: str, *, health: Health = Health.UP, context_tokens: int = 100, can: object = ()) -> Candidate:
    model = Model(
        name=name,
        upstream="scripted",
        upstream_model=name,
        context_tokens=context_tokens,
        capabilities=frozenset(can),  # type: ignore[call-overload]
    )
    return Candidate(model=model, health=health)


def kept(asked: Request, told: Features, *candidates: Candidate) -> list[str]:
    return [c.model.name for c in sift(asked, told, candidates=candidates, rules=RULES)[0]]


@given(capabilities, st.lists(capabilities, min_size=1, max_size=6))
def test_nobody_serves_who_lacks_what_the_request_needs(
    needs: frozenset[Capability], pool: list[frozenset[Capability]]
) -> None:
    candidates = [candidate(str(n), can=can) for n, can in enumerate(pool)]
    able = [c.model.name for c in candidates if needs <= c.model.capabilities]
    try:
        assert kept(request(needs=needs), features(needs=needs), *candidates) == able
    except NoCandidate as refusal:
        assert not able
        assert {e.model for e in refusal.excluded} == {c.model.name for c in candidates}


def test_a_pin_excludes_all_others_unless_fallback_was_allowed() -> None:
    pool = candidate("a"), candidate("b")
    assert kept(request(pin="a"), features(), *pool) == ["a"]
    assert kept(request(pin="a", wishes=Wishes(allow_fallback=True)), features(), *pool) == ["a", "b"]


def test_a_bound_on_cost_leaves_out_models_whose_price_nobody_knows() -> None:
    priced = Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=0.0)
    pool = candidate("a"), Candidate(model=replace(candidate("b").model, prices=priced))
    assert kept(request(), features(), *pool) == ["a", "b"]
    assert kept(request(wishes=Wishes(max_cost_usd=1.0)), features(), *pool) == ["b"]
    with pytest.raises(NoCandidate, match="a: its price is unknown"):
        kept(request(pin="a", wishes=Wishes(max_cost_usd=1.0)), features(), *pool)


def test_bans_and_allow_lists_hold() -> None:
    pool = candidate("a"), candidate("b"), candidate("c")
    assert kept(request(wishes=Wishes(ban=("a",))), features(), *pool) == ["b", "c"]
    assert kept(request(wishes=Wishes(models=("a", "b"), ban=("a",))), features(), *pool) == ["b"]


def test_a_prompt_longer_than_every_window_says_each_window() -> None:
    with pytest.raises(ContextTooLong, match=r"a: window of 100 tokens.*b: window of 200 tokens"):
        kept(request(), features(n_input_tokens=500), candidate("a"), candidate("b", context_tokens=200))


def test_a_pin_that_cannot_serve_is_told_of_itself_alone() -> None:
    with pytest.raises(ContextTooLong, match="a: window of 100 tokens") as caught:
        kept(request(pin="a"), features(n_input_tokens=500), candidate("a"), candidate("b"))
    assert [excluded.model for excluded in caught.value.excluded] == ["a"]


def test_a_model_that_is_down_is_passed_over() -> None:
    assert kept(request(), features(), candidate("a", health=Health.DOWN), candidate("b")) == ["b"]


def test_when_all_are_down_they_are_tried_all_the_same() -> None:
    assert kept(request(), features(), candidate("a", health=Health.DOWN)) == ["a"]


def test_a_pinned_model_that_is_down_is_still_asked() -> None:
    assert kept(request(pin="a"), features(), candidate("a", health=Health.DOWN), candidate("b")) == ["a"]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (timedelta(seconds=40), "limited by its host until 13:00:40 UTC"),
        (timedelta(minutes=59, seconds=30), "limited by its host until 14:00 UTC"),
        (timedelta(hours=10, seconds=1), "limited by its host until 23:00 UTC"),
        (timedelta(hours=11), "limited by its host until 2030-01-02 00:00 UTC"),
    ],
)
def test_until_when_a_host_limits_a_model_is_told(after: timedelta, told: str) -> None:
    assert limited(ONE + after, now=ONE) == told
    down = replace(candidate("a", health=Health.DOWN), limited_until=ONE + after)
    (lost,) = sift(replace(request(), received=ONE), features(), candidates=[down, candidate("b")], rules=RULES)[1]
    assert lost.reason == told
