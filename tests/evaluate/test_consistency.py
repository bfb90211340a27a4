"""Excess inconsistency and the price of a hand-off, on pools whose answers are known."""

from __future__ import annotations

import asyncio

import pytest

from unisono.config import parse_config
from unisono.errors import ConfigError
from unisono.evaluate.consistency import gather, summed_up, wordings
from unisono.evaluate.handoff import PRIOR, config_lines, measure
from unisono.evaluate.probe.questions import Question, probe_questions
from unisono.types import Json

QUESTIONS = [q for q in probe_questions() if q.kind == "arithmetic"][:12]


def test_a_router_that_never_switches_has_no_excess_and_one_that_does_has_what_its_switches_cost() -> None:
    async def ask(model: str, question: Question, words: str) -> tuple[str, str]:
        chosen = model
        if model == "auto":
            chosen = "a" if words == question.prompt else "b"
        if model == "steady":
            chosen = "a"
        return ("The answer is 1." if chosen == "a" else "The answer is 2."), chosen

    groups = asyncio.run(gather(QUESTIONS, ["a", "b"], ask))
    found = summed_up(groups)
    assert found.fixed == {"a": 0.0, "b": 0.0}
    assert found.excess == pytest.approx(found.router)
    assert found.router > 0.5
    assert found.from_switches == pytest.approx(found.excess)
    (switch,) = found.switches
    assert (switch.models, switch.n_differ) == (("a", "b"), switch.n_pairs)

    async def same(model: str, question: Question, words: str) -> tuple[str, str]:
        return await ask("a" if model == "auto" else model, question, words)

    steady = summed_up(asyncio.run(gather(QUESTIONS, ["a", "b"], same)))
    assert (steady.excess, steady.share_switched, steady.switches) == (0.0, 0.0, ())


def test_a_router_that_takes_a_moody_model_and_stays_with_it_owes_nothing_to_switches() -> None:
    async def ask(model: str, question: Question, words: str) -> tuple[str, str]:
        if model == "steady":
            return str(next(n for n in range(-2000, 100_000) if question.check(str(n)))), model
        return f"The answer is {len(words) % 7}.", "moody"

    found = summed_up(asyncio.run(gather(QUESTIONS, ["steady", "moody"], ask)))
    assert found.best == "steady"
    assert found.excess > 0.3
    assert (found.from_switches, found.share_switched) == (0.0, 0.0)


def test_rewordings_differ_from_the_prompt_and_from_each_other() -> None:
    from random import Random

    said = wordings("What is the total of 3 and 4?", n=3, rng=Random(1))
    assert len(said) == len(set(said)) > 1


def test_a_model_that_is_thrown_off_by_anothers_turns_costs_a_drift_and_one_that_is_not_does_not() -> None:
    async def ask(model: str, body: Json) -> str:
        messages = body["messages"]
        assert isinstance(messages, list)
        talk = [str(m["content"]) for m in messages if isinstance(m, dict)]
        question = next(q for q in QUESTIONS if q.prompt == talk[-1])
        thrown_off = model == "b" and len(talk) == 3 and talk[1] == "a speaks"
        return f"{model} speaks" if len(talk) == 1 else "no idea" if thrown_off else str(RIGHT[question.id])

    RIGHT = {q.id: next(n for n in range(-2000, 100_000) if q.score(str(n))) for q in QUESTIONS}  # noqa: N806
    found = {(p.before, p.after_model): p for p in asyncio.run(measure(QUESTIONS, ["a", "b"], ask, n=20))}
    assert found["a", "b"].lost == pytest.approx(1.0)
    assert found["b", "a"].lost == pytest.approx(0.0)
    assert found["b", "a"].drift < PRIOR < found["a", "b"].drift
    text = f'default = "a"\n{config_lines(list(found.values()))}\n' + "".join(
        f'[[models]]\nname = "{name}"\nupstream = "scripted"\n' for name in "ab"
    )
    assert parse_config(text).routing.handoff["a"]["b"] == found["a", "b"].drift


@pytest.mark.parametrize("value", ["1", "{ a = 1 }", "{ x = { a = 0.1 } }", "{ a = { a = 2.0 } }"])
def test_a_handoff_table_that_makes_no_sense_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="handoff"):
        parse_config(f'default = "a"\n[routing]\nhandoff = {value}\n[[models]]\nname = "a"\nupstream = "scripted"\n')
