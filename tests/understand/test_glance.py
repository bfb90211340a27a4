"""What a plain pin needs is told without encoder, tables of phrases or other models."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from tests.router.small import KNOWN, MODELS, request, router

from unisono.catalog import Catalog
from unisono.router import Router
from unisono.types import Freshness, Request, Wishes
from unisono.understand.glance import glance, only_glanced


def not_asked(asked: Request) -> None:
    raise AssertionError("a plain pin needs no closer look")


def test_a_plain_pin_is_glanced_at_and_nobody_else_is_weighed() -> None:
    at = router(KNOWN)
    object.__setattr__(at.stages, "understand", not_asked)
    features, decision = at.decide(request(pin="c"))
    assert only_glanced(features)
    assert [r.model for r in decision.ranking] == ["c"]
    assert {(e.model, e.rule) for e in decision.excluded} == {("a", "pin"), ("b", "pin")}
    assert [e.model for e in decision.situation.estimates] == ["c"]


def test_a_pin_with_conditions_takes_the_whole_road() -> None:
    for wishes in (Wishes(allow_fallback=True), Wishes(min_quality=0.1), Wishes(max_first_token_s=60.0)):
        features, decision = router(KNOWN).decide(request(pin="c", wishes=wishes))
        assert not only_glanced(features)
        assert decision.model == "c"


def test_a_glanced_decision_is_recomputed_bit_for_bit() -> None:
    at, asked = router(KNOWN), request(pin="b", text="不，再想想")
    features, made = at.decide(asked)
    again = at.decide_in(
        replace(asked, messages=(), body={}), features, situation=made.situation, quality=KNOWN, started_s=0.0
    )
    assert (again.ranking, again.excluded, again.reason, again.goal, again.seed, again.situation) == (
        made.ranking,
        made.excluded,
        made.reason,
        made.goal,
        made.seed,
        made.situation,
    )


def test_a_pinned_model_whose_knowledge_ends_is_still_told_of_staleness() -> None:
    dated = (replace(MODELS[0], knowledge_cutoff=date(2023, 1, 1)), *MODELS[1:])
    base = router(KNOWN)
    asked: list[bool] = []

    def look(of: Request, *, dated: bool) -> object:
        asked.append(dated)
        changing = Freshness(changing=1.0, pace="fast")
        return glance(of, read=(lambda text: changing) if dated else None)

    stages = replace(base.stages, glance=look)  # type: ignore[arg-type]
    at = Router(Catalog(dated), stages=stages, settings=base.settings, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    notices = [[n.code for n in at.decide(request(pin=pin))[1].notices] for pin in ("a", "b")]
    assert asked == [True, False]
    assert notices == [["may_be_stale"], []]
