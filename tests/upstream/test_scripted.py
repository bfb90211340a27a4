"""A scripted model plays what its options say."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from unisono.errors import ConfigError, UpstreamCut, UpstreamError, UpstreamTimeout
from unisono.testing import ManualClock
from unisono.types import Call, Chunk, Json, JsonValue, Model, Timeouts, Usage
from unisono.upstream.script import KEYS, Script
from unisono.upstream.scripted import ScriptedProvider

BODY: Json = {"messages": [{"role": "user", "content": "good day"}]}


def play(options: dict[str, JsonValue], *, stream: bool = True, clock: ManualClock | None = None) -> list[Chunk]:
    clock = clock or ManualClock()
    model = Model(name="m", upstream="scripted", upstream_model="m", options=options)
    provider = ScriptedProvider(model, Timeouts(), sleep=clock.sleep_through)

    async def run() -> list[Chunk]:
        call = Call(model=model, body=BODY, stream=stream, decision="d")
        return [chunk async for chunk in provider.send(call)]

    return asyncio.run(run())


def text_of(chunks: list[Chunk]) -> str:
    choices = [c for chunk in chunks for c in orjson.loads(chunk.data)["choices"]]
    return "".join(c.get("delta", c.get("message", {})).get("content") or "" for c in choices)


@pytest.mark.parametrize("stream", [True, False])
def test_it_repeats_the_prompt_by_default(stream: bool) -> None:
    assert text_of(play({}, stream=stream)) == "You said: good day"


def test_the_reply_keeps_its_spaces() -> None:
    assert text_of(play({"reply": "a  b\n\nc "})) == "a  b\n\nc "


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_tokens_fixes_the_number_of_pieces(n: int) -> None:
    chunks = play({"reply": "a b c", "tokens": n})
    assert sum(c.has_content for c in chunks) == n


def test_it_keeps_the_pace_of_its_script() -> None:
    clock = ManualClock()
    play({"reply": "a b c", "first_token_s": 2, "token_s": 0.5}, clock=clock)
    assert clock.seconds() == 3.0


def test_it_fails_as_often_as_told() -> None:
    model = Model(name="m", upstream="scripted", upstream_model="m", options={"fail": 500, "fail_times": 2})
    provider = ScriptedProvider(model, Timeouts())

    async def run() -> list[bool]:
        results = []
        for _ in range(3):
            try:
                async for _ in provider.send(Call(model=model, body=BODY, stream=False, decision="d")):
                    pass
                results.append(True)
            except UpstreamError:
                results.append(False)
        return results

    assert asyncio.run(run()) == [False, False, True]


def test_a_stall_takes_as_long_as_the_limit_it_meets() -> None:
    clock = ManualClock()
    with pytest.raises(UpstreamTimeout):
        play({"reply": "a b", "stall_after": 1}, clock=clock)
    assert clock.seconds() == Timeouts().gap_s


def test_a_failure_after_chunks_is_a_cut() -> None:
    with pytest.raises(UpstreamCut):
        play({"reply": "a b", "fail": "reset", "fail_after_chunks": 1})


def test_usage_and_the_name_it_answers_as() -> None:
    usage: Json = {"input_tokens": 5, "output_tokens": 2}
    chunk = play({"usage": usage, "answers_as": "other"}, stream=False)[0]
    assert (chunk.usage, chunk.model) == (Usage(input_tokens=5, output_tokens=2), "other")


def test_reasoning_comes_before_the_reply() -> None:
    chunks = play({"reply": "x", "reasoning": "hm hm"})
    keys = [next(iter(orjson.loads(c.data)["choices"][0]["delta"])) for c in chunks if c.has_content]
    assert keys == ["reasoning_content", "reasoning_content", "content"]


def test_every_mistake_in_the_options_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        play({"replay": "x", "token_s": -1, "fail": "sometimes"})
    assert [p.key for p in caught.value.problems] == ["models.m.replay", "models.m.token_s", "models.m.fail"]


def test_every_field_of_a_script_is_a_key() -> None:
    assert set(KEYS) == set(Script.__dataclass_fields__)
