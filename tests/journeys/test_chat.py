"""Journeys of a caller with the official client: chat, stream, tools, pictures, structured output, wishes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, completion, echoes, says, upstream

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
WEATHER: list[Any] = [
    {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
]


def test_the_official_client_gets_an_answer_with_who_and_why(tmp_path: Path) -> None:
    with upstream(says("good day")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        answer = house.client().chat.completions.with_raw_response.create(model="auto", messages=HELLO)
        parsed = answer.parse()
    assert parsed.choices[0].message.content == "good day"
    assert parsed.model == "small"
    facts = (parsed.model_extra or {})["unisono"]
    assert facts["model"] == "small"
    assert facts["mode"] == "balanced"
    assert facts["pattern"] == "single"
    assert facts["reason"]
    assert facts["degraded"] is False
    assert facts["notices"] == []
    assert abs(facts["cost_usd"] - (1000 * 1.0 + 500 * 2.0) / 1e6) < 1e-12
    assert facts["baseline_usd"] == facts["cost_usd"]
    assert answer.headers["x-unisono-decision"] == facts["decision"]
    assert answer.headers["x-unisono-model"] == "small"
    assert answer.headers["x-unisono-reason"]
    assert answer.headers["x-unisono-degraded"] == "false"
    assert up.seen[0].body == {"model": "real-small", "messages": HELLO}


def test_a_stream_begins_with_the_decision_and_ends_with_the_cost(tmp_path: Path) -> None:
    with (
        upstream(says("one two three")) as up,
        serving(tmp_path, config_text(model("small", up), default="small")) as house,
    ):
        chunks = list(house.client().chat.completions.create(model="auto", messages=HELLO, stream=True))
        raw = house.chat(stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two three "
    assert {c.model for c in chunks} == {"small"}
    first, last = (chunks[0].model_extra or {})["unisono"], (chunks[-1].model_extra or {})["unisono"]
    assert {"decision", "model", "mode", "pattern", "reason", "notices", "degraded"} <= set(first)
    assert last["decision"] == first["decision"]
    assert abs(last["cost_usd"] - 0.002) < 1e-12
    assert all("unisono" not in (c.model_extra or {}) for c in chunks[1:-1])
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert raw.headers["x-unisono-model"] == "small"
    assert raw.events[-1] == "[DONE]"


def test_usage_chunks_reach_only_those_who_asked(tmp_path: Path) -> None:
    with upstream(says("one")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        without = [json.loads(e) for e in house.chat(stream=True).events[:-1]]
        asked = [json.loads(e) for e in house.chat(stream=True, stream_options={"include_usage": True}).events[:-1]]
    assert all(e["choices"] for e in without)
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"]["completion_tokens"] == 500
    assert asked[-1]["unisono"]["cost_usd"] == 0.002


def test_tools_make_a_round_trip(tmp_path: Path) -> None:
    def calls_then_answers(exchange: Exchange) -> None:
        if exchange.body["messages"][-1]["role"] == "tool":
            says(f"It is {exchange.body['messages'][-1]['content']}.")(exchange)
            return
        call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
        exchange.json(completion(exchange, {"content": None, "tool_calls": [call]}, finish="tool_calls"))

    text = config_text(model("small", None, base_url="http://127.0.0.1:9/v1"), default="small")
    with upstream(calls_then_answers) as up:
        text = config_text(model("plain", up), model("small", up, capabilities=["tools"]), default="plain")
        with serving(tmp_path, text) as house:
            client = house.client()
            asked: list[Any] = [{"role": "user", "content": "How is the weather in Oslo?"}]
            first = client.chat.completions.create(model="auto", messages=asked, tools=WEATHER)
            calls = first.choices[0].message.tool_calls
            assert calls
            assert first.choices[0].finish_reason == "tool_calls"
            asked += [first.choices[0].message, {"role": "tool", "tool_call_id": calls[0].id, "content": "rainy"}]
            second = client.chat.completions.create(model="auto", messages=asked, tools=WEATHER)
    assert second.choices[0].message.content == "It is rainy."
    assert first.model == second.model == "small"
    assert up.seen[1].body["tools"] == WEATHER
    assert up.seen[1].body["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"city": "Oslo"}'
    assert up.seen[1].body["messages"][2] == {"role": "tool", "tool_call_id": "call_1", "content": "rainy"}


def test_streamed_tool_calls_arrive_in_their_pieces(tmp_path: Path) -> None:
    def calls(exchange: Exchange) -> None:
        exchange.open_stream()
        start = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
        exchange.delta({"role": "assistant", "content": None, "tool_calls": [start]})
        for part in ('{"ci', 'ty": "Os', 'lo"}'):
            exchange.delta({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
        exchange.delta({}, finish="tool_calls")
        exchange.end_stream()

    with (
        upstream(calls) as up,
        serving(tmp_path, config_text(model("small", up, capabilities=["tools"]), default="small")) as house,
    ):
        chunks = list(house.client().chat.completions.create(model="auto", messages=HELLO, tools=WEATHER, stream=True))
    pieces = [c.choices[0].delta.tool_calls for c in chunks if c.choices and c.choices[0].delta.tool_calls]
    assert len(pieces) == 4
    assert "".join(p[0].function.arguments or "" for p in pieces if p and p[0].function) == '{"city": "Oslo"}'
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_pictures_formats_and_unknown_fields_pass_through_untouched(tmp_path: Path) -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 1000
    messages: list[Any] = [
        {"role": "system", "content": "Be brief.", "x_unknown": {"deep": [1, None, "ü"]}},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": picture, "detail": "low"}},
            ],
        },
    ]
    schema = {"type": "json_schema", "json_schema": {"name": "it", "strict": True, "schema": {"type": "object"}}}
    extra = {"top_k": 5, "x_lab": {"a": [1, None, {"b": 1.5}]}, "seed": 2**53, "logit_bias": {"50256": -100}}
    more = {"system_fingerprint": "fp_1", "x_timing": {"queue_s": 0.25, "list": [None, True]}}
    with upstream(says("{}", **more)) as up:
        sees = model("sees", up, capabilities=["vision", "json"])
        with serving(tmp_path, config_text(model("blind", up), sees, default="blind")) as house:
            answer = house.client().chat.completions.create(
                model="auto",
                messages=messages,
                response_format=schema,  # type: ignore[arg-type]
                extra_body={**extra, "unisono": {"dial": 0.2}},
            )
            streamed = list(
                house.client().chat.completions.create(
                    model="sees",
                    messages=messages,
                    response_format=schema,
                    extra_body=extra,
                    stream=True,  # type: ignore[arg-type]
                )
            )
    sent = {"messages": messages, "response_format": schema, **extra, "model": "real-sees"}
    assert up.seen[0].body == sent
    assert up.seen[1].body == {**sent, "stream": True, "stream_options": {"include_usage": True}}
    assert answer.system_fingerprint == "fp_1"
    assert (answer.model_extra or {})["x_timing"] == more["x_timing"]
    assert all((c.model_extra or {})["x_timing"] == more["x_timing"] for c in streamed)


@pytest.mark.parametrize("default", ["gpt-5-nano", "gpt-4o-mini", "gpt-5"])
def test_who_asks_for_a_deep_or_a_fast_answer_gets_the_model_of_that_role_though_nobody_measured_any(
    tmp_path: Path, default: str
) -> None:
    hard = "Prove that there are infinitely many primes congruent to 3 modulo 4."
    roles = {"gpt-5-nano": "fast-mini", "gpt-4o-mini": "fast", "gpt-5": "deep"}
    with upstream(says("ok")) as up:
        models = [model(name, up, role=role) for name, role in roles.items()]
        with serving(tmp_path, config_text(*models, default=default)) as house:

            def leads(name: str, prompt: str = hard) -> str:
                body = {"model": name, "messages": [{"role": "user", "content": prompt}]}
                return str(house.call("POST", "/v1/route", body).json["model"])

            assert leads("auto:deep") == "gpt-5"
            assert leads("auto", f"Think hard. {hard}") == "gpt-5"
            assert leads("auto:fast") == "gpt-4o-mini"
            assert leads("auto", "What is the capital of Peru?") == default


def test_wishes_of_body_and_headers_are_obeyed(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        models = [model(name, up, role=role) for name, role in (("a", "fast"), ("b", "deep"), ("c", "deep"))]
        with serving(tmp_path, config_text(*models, default="a")) as house:
            deep = house.chat(model="auto:deep").json["unisono"]
            pinned = house.chat(model="c").json
            allowed = house.chat(unisono={"models": ["b"]}).json["unisono"]
            banned = house.chat(unisono={"ban": ["a", "b"]}).json["unisono"]
            by_header = house.chat(headers={"x-unisono-models": "b, c", "x-unisono-ban": "c"}).json["unisono"]
            told = house.chat(unisono={"explain": True}).json["unisono"]["explain"]
    assert deep["mode"] == "deep"
    assert (pinned["model"], pinned["unisono"]["mode"], pinned["unisono"]["reason"]) == ("c", None, "You asked for c.")
    assert allowed["model"] == "b"
    assert banned["model"] == "c"
    assert by_header["model"] == "b"
    assert {place["model"] for place in told["ranking"]} == {"a", "b", "c"}
    assert all(place["reason"] for place in told["ranking"])


def test_aliases_and_predecessors_reach_their_model_with_a_notice(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        old = model("old", up, lifecycle="retired", successor="new")
        with serving(tmp_path, config_text(model("new", up, aliases=["nick"]), old, default="new")) as house:
            by_alias, by_old = house.chat(model="nick").json, house.chat(model="old")
            listed = [m["id"] for m in house.get("/v1/models")["data"]]
            ids = [m.id for m in house.client().models.list()]
    assert by_alias["model"] == by_old.json["model"] == "new"
    assert [n["code"] for n in by_old.json["unisono"]["notices"]] == ["successor"]
    assert "successor" in by_old.headers["x-unisono-notices"]
    assert "new" in listed
    assert "auto" in listed
    assert ids == listed


def test_a_declared_snapshot_is_shown_by_its_catalogue_name_and_a_stranger_by_its_own(tmp_path: Path) -> None:
    def reports(name: str) -> Any:
        def behave(exchange: Exchange) -> None:
            exchange.body["model"] = name
            says("ok")(exchange)

        return behave

    with (
        upstream(reports("real-small-0701")) as up,
        serving(tmp_path, config_text(model("small", up, reports=["real-small-0701"]), default="small")) as house,
    ):
        same = house.chat().json
        up.behave = reports("somebody-else")
        other = house.chat()
        streamed = json.loads(house.chat(stream=True).events[0])
    assert (same["model"], same["unisono"]["notices"]) == ("small", [])
    assert other.json["model"] == "somebody-else"
    assert [n["code"] for n in other.json["unisono"]["notices"]] == ["model_mismatch"]
    assert "model_mismatch" in other.headers["x-unisono-notices"]
    assert streamed["model"] == "somebody-else"
    assert [n["code"] for n in streamed["unisono"]["notices"]] == ["model_mismatch"]


def test_fifty_callers_at_once_each_get_their_own_answer(tmp_path: Path) -> None:
    async def ask_all(base_url: str) -> list[str | None]:
        async with openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=LIMIT_S) as client:

            async def ask(n: int) -> str | None:
                answer = await client.chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": f"number {n}"}]
                )
                return answer.choices[0].message.content

            return await asyncio.gather(*(ask(n) for n in range(50)))

    with (
        upstream(echoes) as up,
        serving(tmp_path, config_text(model("small", up), model("big", up), default="small")) as house,
    ):
        answers = asyncio.run(ask_all(house.base_url))
    assert answers == [f"number {n}" for n in range(50)]
