"""A cascade: held until the evidence is in, escalated where it does not suffice, paid once, survived."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from tests.execute.crews import Play, Stage, decision, request, text_of

from unisono.errors import NoAnswer, UpstreamUnreachable
from unisono.execute.cascade import run
from unisono.execute.committed import Committed
from unisono.plugins import load
from unisono.types import Chunk, Decision, Goal

CHECKS = {name: make() for name, make in load().evidence.items()}
EVIDENCE = ("refusal", "arithmetic", "agreement")
RANKING = {"lead": 0.6, "strong": 0.9, "backer": 0.6, "spare": 0.3}
DEAD = UpstreamUnreachable("no connection")


def plan(**fields: object) -> Decision:
    return decision(
        pattern="cascade", members=("lead", "backer"), closer="strong", ranking=RANKING, evidence=EVIDENCE,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


async def answer(
    plays: Mapping[str, Play], made: Decision, *, stream: bool = False, time: object = None
) -> tuple[Committed, str, Stage]:
    stage = Stage({"spare": ["The answer is 1."], **plays})
    asked = request(stream=stream)
    events = run(asked, made, task="What is 6 times 7?", means=stage.means(sleep=time), checks=CHECKS)  # type: ignore[arg-type]
    seen = [event async for event in events]
    committed = seen[0]
    assert isinstance(committed, Committed)
    return committed, text_of([e for e in seen[1:] if isinstance(e, Chunk)]), stage


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_another_model_gives_too_is_taken_and_the_stronger_is_never_asked(stream: bool) -> None:
    plays = {"lead": ["6 * 7 = 42. ", "The answer is 42."], "backer": ["#### 42"], "strong": ["never"]}
    committed, text, stage = asyncio.run(answer(plays, plan(), stream=stream))
    assert (committed.model, text) == ("lead", "6 * 7 = 42. The answer is 42.")
    assert "right with probability" in str(committed.reason)
    assert [c.model.name for c in stage.calls] == ["lead", "backer"]
    (outcome,) = stage.outcomes
    assert [(a.model, a.part, a.status) for a in outcome.attempts] == [
        ("backer", "member", "ok"),
        ("lead", "member", "ok"),
    ]
    assert outcome.cost_usd == pytest.approx(sum(a.cost_usd or 0 for a in stage.attempts))
    assert len(stage.attempts) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_doubted_answer_gives_way_to_the_stronger_model_and_no_word_of_it_leaves(stream: bool) -> None:
    plays = {"lead": ["The answer is 41."], "backer": ["#### 42"], "strong": ["It is ", "42."]}
    committed, text, stage = asyncio.run(answer(plays, plan(), stream=stream))
    assert (committed.model, text) == ("strong", "It is 42.")
    assert [p.part for p in committed.parts] == ["member", "member", "closer"]
    assert stage.outcomes[0].attempts[-1].model == "strong"
    assert "41" in str(committed.reason)


def test_a_refusal_outweighs_agreement() -> None:
    plays = {"lead": ["I'm sorry, I cannot help. #### 42"], "backer": ["#### 42"], "strong": ["42"]}
    assert asyncio.run(answer(plays, plan()))[0].model == "strong"


def test_a_dead_lead_is_a_fallback_with_a_notice() -> None:
    committed, _, stage = asyncio.run(answer({"lead": [DEAD], "backer": ["#### 42"], "strong": ["42"]}, plan()))
    assert committed.model == "strong"
    assert [n.code for n in stage.outcomes[0].notices] == ["fallback"]


def test_a_dead_backer_only_takes_its_evidence_away() -> None:
    plays = {"lead": ["6 * 7 = 42. The answer is 42."], "backer": [DEAD], "strong": ["42"]}
    assert asyncio.run(answer(plays, plan(accept=0.65)))[0].model == "lead"
    assert asyncio.run(answer(plays, plan(accept=0.9)))[0].model == "strong"


def test_a_dead_stronger_model_leaves_the_doubted_answer_with_a_notice() -> None:
    plays = {"lead": ["The answer is 41."], "backer": ["#### 42"], "strong": [DEAD]}
    committed, text, stage = asyncio.run(answer(plays, plan()))
    assert (committed.model, text) == ("lead", "The answer is 41.")
    assert [n.code for n in committed.notices] == ["fallback"]
    assert stage.outcomes[0].model == "lead"


def test_where_all_of_the_plan_are_dead_the_rest_of_the_ranking_answers() -> None:
    committed, text, stage = asyncio.run(answer({"lead": [DEAD], "backer": [DEAD], "strong": [DEAD]}, plan()))
    assert (committed.model, text) == ("spare", "The answer is 1.")
    assert [a.status for a in stage.outcomes[0].attempts] == ["failed", "failed", "failed", "ok"]
    assert "fallback" in {n.code for n in committed.notices}


def test_where_everybody_is_dead_the_error_lists_every_attempt() -> None:
    plays = {"lead": [DEAD], "backer": [DEAD], "strong": [DEAD], "spare": [DEAD]}
    with pytest.raises(NoAnswer):
        asyncio.run(answer(plays, plan()))


def test_within_the_bound_on_the_first_token_evidence_that_is_late_is_not_waited_for() -> None:
    async def at_once(seconds: float) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    async def story() -> Committed:
        slow = asyncio.Event()
        made = plan(goal=Goal(max_first_token_s=2.0))
        plays = {"lead": ["The answer is 42."], "backer": [slow], "strong": ["42"]}
        committed, _, stage = await answer(plays, made, time=at_once)
        assert stage.closed.count("backer") == 1
        return committed

    assert asyncio.run(story()).model == "strong"


def test_a_caller_who_leaves_ends_every_call_at_once() -> None:
    async def story() -> Stage:
        never = asyncio.Event()
        stage = Stage({"lead": ["The", never], "backer": [never], "strong": [], "spare": []})
        events = run(request(stream=True), plan(), task="", means=stage.means(), checks=CHECKS)
        waiting = asyncio.ensure_future(anext(events))
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return stage

    stage = asyncio.run(story())
    assert sorted(stage.closed) == ["backer", "lead"]
    assert stage.outcomes[0].status == "cancelled"
    assert [a.status for a in stage.outcomes[0].attempts] == ["cancelled", "cancelled"]
