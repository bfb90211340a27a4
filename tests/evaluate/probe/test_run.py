"""The probe's runner: what it asks, in which order, and what a failing model does to the rest."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from unisono.errors import UpstreamUnreachable
from unisono.evaluate.probe.judged import Judge
from unisono.evaluate.probe.own import own_questions
from unisono.evaluate.probe.questions import probe_questions
from unisono.evaluate.probe.run import Answer, Step, body_of, probe, summarise, wilson
from unisono.types import Json, Model, Score

QUESTIONS = probe_questions(n_per_kind=1)


def model(name: str, *, base_url: str | None = None) -> Model:
    return Model(name=name, upstream="openai", upstream_model=f"{name}-v1", base_url=base_url)


async def yes(_: Model, __: Json) -> Answer:
    return Answer(text="Yes.", output_tokens=2, seconds=0.5)


def test_requests_are_deterministic_and_keep_the_question_limits() -> None:
    body = body_of(QUESTIONS[0], model="m", extra_tokens=100)
    assert body["temperature"] == 0
    assert body["seed"] == 0
    assert body["max_tokens"] == QUESTIONS[0].max_tokens + 100
    assert body["messages"] == [{"role": "user", "content": QUESTIONS[0].prompt}]


def test_every_model_gets_every_question_and_each_is_reported_once() -> None:
    steps: list[Step] = []
    scores = asyncio.run(probe([model("a"), model("b")], yes, QUESTIONS, on_progress=steps.append))
    assert {(s.model, s.item) for s in scores} == {(m, q.id) for m in "ab" for q in QUESTIONS}
    assert [s.n_done for s in steps] == list(range(1, 2 * len(QUESTIONS) + 1))
    assert {s.n_total for s in steps} == {2 * len(QUESTIONS)}
    assert {s.output_tokens for s in scores} == {2}


def test_finished_pairs_are_skipped() -> None:
    done = {("a", QUESTIONS[0].id)}
    scores = asyncio.run(probe([model("a")], yes, QUESTIONS, on_progress=lambda _: None, done=done))
    assert QUESTIONS[0].id not in {s.item for s in scores}
    assert len(scores) == len(QUESTIONS) - 1


def test_a_failing_model_gives_no_scores_stops_being_asked_and_leaves_the_others_alone() -> None:
    asked: Counter[str] = Counter()
    steps: list[Step] = []

    async def ask(target: Model, body: Json) -> Answer:
        asked[target.name] += 1
        if target.name == "down":
            raise UpstreamUnreachable("refused")
        return await yes(target, body)

    scores = asyncio.run(probe([model("down"), model("up")], ask, QUESTIONS, on_progress=steps.append))
    assert {s.model for s in scores} == {"up"}
    assert asked == {"down": 3, "up": len(QUESTIONS)}
    failures = [s.failure for s in steps if s.failure is not None]
    assert len(failures) == len(QUESTIONS)
    assert {f.code for f in failures} == {"upstream_unreachable"}
    assert max(f.text.count("Not asked, as before") for f in failures) == 1


def test_a_single_failure_is_not_counted_as_a_wrong_answer() -> None:
    first = QUESTIONS[0].prompt

    async def ask(target: Model, body: Json) -> Answer:
        if body["messages"] == [{"role": "user", "content": first}]:
            raise UpstreamUnreachable("reset")
        return await yes(target, body)

    scores = asyncio.run(probe([model("a")], ask, QUESTIONS, on_progress=lambda _: None))
    assert len(scores) == len(QUESTIONS) - 1


def test_an_answer_that_ran_out_of_room_before_any_text_is_a_failure() -> None:
    steps: list[Step] = []

    async def think(_: Model, body: Json) -> Answer:
        room = body["max_tokens"]
        assert isinstance(room, int)
        return Answer(text="", output_tokens=room, seconds=0.1)

    scores = asyncio.run(probe([model("a")], think, QUESTIONS, on_progress=steps.append))
    assert scores == ()
    assert {s.failure.code for s in steps if s.failure} == {"no_room"}


@pytest.mark.parametrize(("urls", "n_at_once"), [((None, None), 1), (("http://x", "http://y"), 2)])
def test_models_of_one_provider_take_turns_and_providers_do_not(urls: tuple[str | None, ...], n_at_once: int) -> None:
    running: set[str] = set()
    most = 0

    async def ask(target: Model, body: Json) -> Answer:
        nonlocal most
        running.add(target.name)
        most = max(most, len(running))
        await asyncio.sleep(0)
        running.discard(target.name)
        return await yes(target, body)

    pool = [model("a", base_url=urls[0]), model("b", base_url=urls[1])]
    asyncio.run(probe(pool, ask, QUESTIONS, on_progress=lambda _: None))
    assert most == n_at_once


def test_rows_hold_accuracy_per_kind_with_wilson_bounds_best_model_first() -> None:
    scores = [
        Score(model=name, item=str(n), kind="k" if n < 5 else "l", prompt="p", score=float(n < right), seconds=float(n))
        for name, right in (("weak", 2), ("strong", 8))
        for n in range(10)
    ]
    strong, weak = summarise(scores)
    assert (strong.model, strong.n, strong.accuracy) == ("strong", 10, 0.8)
    assert strong.by_kind == {"k": 1.0, "l": 0.6}
    assert strong.seconds == 4.5
    assert strong.output_tokens is None
    assert weak.by_kind == {"k": 0.4, "l": 0.0}


def test_wilson_interval_matches_the_published_example() -> None:
    low, high = wilson(0.9, 10)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)


OPEN = own_questions(['{"prompt": "Why is the sky blue?"}', '{"prompt": "Say it.", "reference": "It was said."}'])


async def judged_as(reply: str, *, judge: str = "judge") -> tuple[tuple[Score, ...], list[Step], list[str]]:
    steps: list[Step] = []
    prompts: list[str] = []

    async def ask(prompt: str) -> str:
        prompts.append(prompt)
        return reply

    scores = await probe([model("a")], yes, OPEN, on_progress=steps.append, judge=Judge(name=judge, ask=ask))
    return scores, steps, prompts


def test_a_judge_is_shown_question_reference_and_answer_and_counts_for_less_than_a_measurement() -> None:
    scores, _, prompts = asyncio.run(judged_as("PARTLY: it is thin."))
    assert [(s.score, s.weight) for s in scores] == [(0.5, 0.6), (0.5, 0.6)]
    assert all("<answer>\nYes.\n</answer>" in prompt for prompt in prompts)
    assert "<reference>\nIt was said.\n</reference>" in prompts[1]


def test_a_judge_that_says_nothing_clear_gives_no_score_and_does_not_stop_the_probe() -> None:
    scores, steps, prompts = asyncio.run(judged_as("I would say maybe."))
    assert (scores, len(prompts)) == ((), 2)
    assert {s.failure.code for s in steps if s.failure} == {"no_judge"}


def test_nobody_judges_his_own_answer_unless_there_is_a_reference() -> None:
    scores, steps, _ = asyncio.run(judged_as("YES", judge="a"))
    assert [s.item for s in scores] == [OPEN[1].id]
    assert [s.failure.code for s in steps if s.failure] == ["no_judge"]


def test_turns_before_a_question_are_sent_with_it() -> None:
    line = '{"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "q"}], "answer": 1}'
    (question,) = own_questions([line])
    sent = body_of(question, model="m")["messages"]
    assert sent == [{"role": "system", "content": "Be short."}, {"role": "user", "content": "q"}]
