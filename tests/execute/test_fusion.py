"""A fusion: voted, judged or written; contradictions told; the dead, the slow and the wrong survived."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from tests.execute.crews import Play, Stage, decision, request, text_of

from unisono.errors import UpstreamCut, UpstreamUnreachable
from unisono.execute.committed import Committed
from unisono.execute.disputes import Fusing
from unisono.execute.fusion import run
from unisono.types import Call, Chunk, Decision, Goal

RANKING = {"a": 0.8, "b": 0.75, "c": 0.7, "spare": 0.3}
DEAD = UpstreamUnreachable("no connection")
BOTH = ("agreement", "contradictions")
WORDS = ("contradictions",)


def plan(evidence: tuple[str, ...] = BOTH, **fields: object) -> Decision:
    return decision(
        pattern="fusion", members=("a", "b", "c"), ranking=RANKING, evidence=evidence,
        **{"closer": "a", **fields},  # type: ignore[arg-type]
    )  # fmt: skip


async def answer(
    plays: Mapping[str, Play], made: Decision, *, stream: bool = False, time: object = None, question: str = "6 * 7?"
) -> tuple[Committed, str, Stage]:
    stage = Stage({"spare": ["The answer is 1."], **plays})
    fusing = Fusing(task=question, route=lambda part: ["b" if "river" in part else "c"])
    events = run(request(question, stream=stream), made, means=stage.means(sleep=time), fusing=fusing)  # type: ignore[arg-type]
    seen = [event async for event in events]
    assert isinstance(seen[0], Committed)
    return seen[0], text_of([e for e in seen[1:] if isinstance(e, Chunk)]), stage


def is_author(call: Call) -> bool:
    return "Several assistants" in str(call.body) or "parts of my message" in str(call.body)


@pytest.mark.parametrize("stream", [False, True])
def test_as_soon_as_enough_agree_the_rest_are_cancelled(stream: bool) -> None:
    async def story() -> tuple[Committed, str, Stage]:
        slow = asyncio.Event()
        plays = {"a": ["#### 42"], "b": ["The answer is 42."], "c": [slow]}
        return await answer(plays, plan(), stream=stream)

    committed, text, stage = asyncio.run(story())
    assert (committed.model, text) == ("a", "#### 42")
    parts = {p.model: (p.status, p.final) for p in stage.outcomes[0].parts}
    assert parts == {"a": ("ok", "42"), "b": ("ok", "42"), "c": ("cancelled", None)}
    assert stage.closed.count("c") == 1


def test_a_lying_member_is_outvoted_and_the_contradiction_is_told() -> None:
    async def story() -> tuple[Committed, str, Stage]:
        return await answer({"a": ["The answer is 41."], "b": ["#### 42"], "c": ["#### 42"]}, plan(enough=3))

    committed, text, _ = asyncio.run(story())
    assert (committed.model, text) == ("b", "#### 42")
    assert [n.code for n in committed.notices] == ["contradiction"]
    assert "41" in committed.notices[0].text


def test_where_no_two_agree_the_judge_chooses() -> None:
    def judge(call: Call) -> list[str]:
        return ["Answer: C"] if "Exactly one letter" in str(call.body) else ["#### 41"]

    committed, text, stage = asyncio.run(answer({"a": judge, "b": ["#### 40"], "c": ["#### 42"]}, plan()))
    assert (committed.model, text) == ("c", "#### 42")
    assert [p.part for p in committed.parts] == ["member", "member", "member", "judge"]
    assert "contradiction" in {n.code for n in committed.notices}
    assert stage.outcomes[0].attempts[-1].model == "c"


def test_where_nothing_decides_the_routers_own_first_choice_answers_and_not_who_looks_better_in_doubt() -> None:
    ranking = {"b": 0.75, "a": 0.8, "c": 0.7, "spare": 0.3}  # the guard kept b before a
    plays = {"a": ["#### 40"], "b": ["#### 41"], "c": ["#### 42"]}
    made = decision(pattern="fusion", members=("a", "b", "c"), ranking=ranking, evidence=BOTH, closer=None)
    committed, text, _ = asyncio.run(answer(plays, made))
    assert (committed.model, text) == ("b", "#### 41")
    committed, _, _ = asyncio.run(answer({**plays, "b": [DEAD]}, made))
    assert committed.model == "a"


@pytest.mark.parametrize("stream", [False, True])
def test_open_questions_are_written_by_one_author_who_is_shown_the_dispute(stream: bool) -> None:
    asked: list[str] = []

    def author(call: Call) -> list[str]:
        if is_author(call):
            asked.append(str(call.body))
            return ["The bridge is ", "120 m long."]
        return ["The bridge is 120 m long."]

    plays = {"a": author, "b": ["The bridge is 210 m long."], "c": ["The bridge is 120 metres long."]}
    committed, text, stage = asyncio.run(answer(plays, plan(WORDS), stream=stream))
    assert (committed.model, text) == ("a", "The bridge is 120 m long.")
    assert "210 m" in asked[0]
    assert "contradict each other here" in asked[0]
    assert {n.code for n in committed.notices} == {"contradiction"}
    assert [p.part for p in stage.outcomes[0].parts if p.chosen] == ["author"]


@pytest.mark.parametrize("pieces", [[DEAD], ["half", UpstreamCut("cut")]])
def test_a_dead_member_and_a_dead_author_break_nothing(pieces: list[object]) -> None:
    def author(call: Call) -> list[object]:
        return [DEAD] if is_author(call) else ["The river is long."]

    plays = {"a": author, "b": pieces, "c": ["The river is quite long."]}
    committed, text, stage = asyncio.run(answer(plays, plan(WORDS), stream=True))  # type: ignore[arg-type]
    assert (committed.model, text) == ("a", "The river is long.")
    assert "part_missing" in {n.code for n in committed.notices}
    assert stage.outcomes[0].status == "ok"


def test_where_all_members_are_dead_the_rest_of_the_ranking_answers_with_a_notice() -> None:
    committed, text, stage = asyncio.run(answer({"a": [DEAD], "b": [DEAD], "c": [DEAD]}, plan()))
    assert (committed.model, text) == ("spare", "The answer is 1.")
    assert "fallback" in {n.code for n in committed.notices}
    assert len(stage.outcomes) == 1


def test_a_hanging_member_is_waited_for_no_longer_than_patience() -> None:
    async def impatient(seconds: float) -> None:
        for _ in range(40):
            await asyncio.sleep(0)

    async def story() -> tuple[Committed, str, Stage]:
        plays = {"a": [asyncio.Event()], "b": ["#### 40"], "c": ["#### 42"]}
        return await answer(plays, plan(closer=None), time=impatient)

    committed, _, stage = asyncio.run(story())
    assert committed.model == "b"
    assert {p.model: p.status for p in stage.outcomes[0].parts}["a"] == "cancelled"


def test_a_question_of_parts_is_split_routed_and_written_by_one() -> None:
    def first(call: Call) -> list[str]:
        text = str(call.body["messages"])
        if "Split the user" in text:
            return ['["How long is the river?", "Who built the bridge?"]']
        return ["The river is 20 km long and Ann built the bridge."] if is_author(call) else ["x"]

    plays = {"a": first, "b": ["The river is 20 km long."], "c": ["Ann built the bridge."]}
    question = "How long is the river? And who built the bridge?"
    committed, text, stage = asyncio.run(answer(plays, plan(WORDS, split=True), question=question))
    assert text == "The river is 20 km long and Ann built the bridge."
    assert [(p.model, p.part) for p in stage.outcomes[0].parts] == [
        ("a", "planner"),
        ("b", "member"),
        ("c", "member"),
        ("a", "author"),
    ]
    assert committed.notices == ()


def test_a_planner_that_talks_nonsense_leaves_the_question_whole() -> None:
    def first(call: Call) -> list[str]:
        return ["no idea"] if "Split the user" in str(call.body) else ["#### 42"]

    committed, text, _ = asyncio.run(answer({"a": first, "b": ["#### 42"], "c": ["#### 42"]}, plan(split=True)))
    assert (committed.model, text) == ("a", "#### 42")


def test_of_a_thousand_seeded_fusions_none_hides_a_contradiction_or_leaves_its_budget() -> None:
    rng = Random(7)

    async def story() -> int:
        n_disputed = 0
        for n in range(1000):
            truth, lie = rng.randrange(100, 900), rng.randrange(1000, 2000)
            said = dict.fromkeys("abc", f"The bridge is {truth} m long and was built in stone.")
            liars = rng.sample("abc", rng.choice([0, 1, 1, 2]))
            for name in liars:
                said[name] = f"The bridge is {lie} m long and was built in stone."
            whole = dict(said)

            def play(name: str, whole: dict[str, str] = whole) -> Play:
                def lines(call: Call) -> list[object]:
                    return ["".join(whole[name])] if not is_author(call) else [whole[rng.choice("abc")]]

                return lines  # type: ignore[return-value]

            plays: dict[str, Play] = {name: play(name) for name in "abc"}
            dead = rng.choice([None, None, *"abc"])
            if dead is not None:
                plays[dead] = [DEAD]
            made = plan(WORDS, goal=Goal(max_cost_usd=0.01))
            committed, text, stage = await answer(plays, made, stream=bool(n % 2))
            (outcome,) = stage.outcomes
            alive = {said[name] for name in "abc" if name != dead}
            codes = {notice.code for notice in outcome.notices}
            if len(alive | {text}) > 1:  # the author may lie too, or know better than all
                n_disputed += 1
                assert "contradiction" in codes
            assert {p.model for p in committed.parts} >= {*"abc"}
            assert (outcome.cost_usd or 0.0) <= 0.01
            assert sum(p.chosen for p in outcome.parts) == 1
            assert len(stage.closed) == len(stage.calls) == len(stage.attempts) == len(outcome.attempts)
        return n_disputed

    assert asyncio.run(story()) > 300


def test_a_caller_who_leaves_ends_every_member() -> None:
    async def story() -> Stage:
        never = asyncio.Event()
        stage = Stage({"a": [never], "b": [never], "c": ["x", never], "spare": []})
        fusing = Fusing(task="", route=lambda part: [])
        events = run(request(stream=True), plan(), means=stage.means(), fusing=fusing)
        waiting = asyncio.ensure_future(anext(events))
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return stage

    stage = asyncio.run(story())
    assert sorted(stage.closed) == ["a", "b", "c"]
    assert stage.outcomes[0].status == "cancelled"
    assert len(stage.attempts) == 3


def test_an_answer_that_takes_longer_than_the_whole_request_may_is_cut_and_told_so() -> None:
    async def story() -> Stage:
        clock = {"now": 0.0}
        stage = Stage({"a": [], "b": [], "c": [], "spare": ["one ", "two ", "three"]})
        for name in "abc":
            stage.plays = {**stage.plays, name: ["half ", asyncio.Event()]}

        async def at_once(seconds: float) -> None:
            for _ in range(40):
                await asyncio.sleep(0)

        means = replace(stage.means(sleep=at_once), clock_s=lambda: clock["now"], total_s=10.0)
        fusing = Fusing(task="", route=lambda part: [])
        events = run(request(stream=True), plan(), means=means, fusing=fusing)
        assert isinstance(await anext(events), Committed)
        clock["now"] = 11.0
        with pytest.raises(UpstreamCut):
            async for _ in events:
                pass
        return stage

    stage = asyncio.run(story())
    assert stage.outcomes[0].status == "cut"
    assert sorted(stage.closed) == ["a", "b", "c"]
