"""Journeys of OpenAI's Responses API, with its official library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import pytest
from tests.journeys.edges import CLAUDE, WEATHER, claude, pool, tools
from tests.journeys.house import serving
from tests.journeys.upstream import cuts_after, says, upstream


def test_a_response_is_answered_plain_and_streamed_with_what_unisono_says(tmp_path: Path) -> None:
    with upstream(says("good day to you")) as up, serving(tmp_path, pool(up)) as house:
        client = house.client()
        raw = client.responses.with_raw_response.create(model="auto", input="hello", instructions="Be brief.")
        plain = raw.parse()
        assert (plain.output_text, plain.status, plain.model) == ("good day to you", "completed", "small")
        assert plain.usage is not None
        assert (plain.usage.input_tokens, plain.usage.output_tokens) == (1000, 500)
        told: Any = plain.unisono  # type: ignore[attr-defined]
        assert told["decision"] == raw.headers["x-unisono-decision"]
        assert told["cost_usd"] is not None
        assert up.seen[0].body["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
        ]
        events = list(client.responses.create(model="small", input="hello", stream=True))
        names = [event.type for event in events]
        assert names[:4] == [
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"
        ]  # fmt: skip
        assert names[-4:] == [
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"
        ]  # fmt: skip
        assert [event.sequence_number for event in events] == list(range(len(events)))
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        last: Any = events[-1]
        assert text.strip() == last.response.output_text.strip() == "good day to you"
        assert last.response.usage.total_tokens == 1500
        assert last.response.unisono["cost_usd"] is not None
        assert last.response.unisono["reason"]


def test_function_calls_go_there_and_back_in_the_form_of_responses(tmp_path: Path) -> None:
    tool: Any = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": False}
    with upstream(tools) as up, serving(tmp_path, pool(up)) as house:
        client = house.client()
        said: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "the weather in Oslo?"}]}]
        first = client.responses.create(model="auto", input=said, tools=[tool])
        (call,) = first.output
        assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", {"city": "Oslo"})
        said += [call.model_dump(exclude_none=True)]
        said += [{"type": "function_call_output", "call_id": call.call_id, "output": "rainy"}]
        assert client.responses.create(model="auto", input=said, tools=[tool]).output_text == "It is rainy."
        assert up.seen[-1].body["messages"][1]["tool_calls"][0]["function"]["name"] == "weather"
        with client.responses.stream(model="auto", input="the weather?", tools=[tool]) as stream:
            done = stream.until_done().get_final_response()
        assert [item.type for item in done.output] == ["message", "function_call", "function_call"]
        assert [json.loads(item.arguments)["city"] for item in done.output[1:]] == ["Oslo", "Rome"]  # type: ignore[union-attr]
        assert up.seen[0].body["tools"] == [
            {"type": "function", "function": {"name": "weather", "parameters": WEATHER, "strict": False}}
        ]


def test_structured_output_pictures_and_effort_reach_the_upstream_in_its_own_words(tmp_path: Path) -> None:
    picture = "data:image/png;base64,aGVsbG8="
    with upstream(says('{"city": "Oslo"}')) as up, serving(tmp_path, pool(up)) as house:
        content: Any = [{"type": "input_text", "text": "where?"}, {"type": "input_image", "image_url": picture}]
        house.client().responses.create(
            model="auto",
            input=[{"role": "user", "content": content}],
            text={"format": {"type": "json_schema", "name": "place", "schema": WEATHER, "strict": True}},
            reasoning={"effort": "low"},
            max_output_tokens=99,
            temperature=0.5,
            extra_body={"unisono": {"dial": 0.9}},
        )
        body = up.seen[0].body
        assert body["response_format"]["json_schema"] == {"name": "place", "schema": WEATHER, "strict": True}
        assert body["messages"][0]["content"][1] == {"type": "image_url", "image_url": {"url": picture}}
        assert (body["reasoning_effort"], body["temperature"]) == ("low", 0.5)
        assert 99 in (body.get("max_completion_tokens"), body.get("max_tokens"))
        assert "unisono" not in body


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": []}, "input"),
        ({"background": True}, "background"),
        ({"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"tools": [{"type": "web_search"}], "tool_choice": "required"}, "tool_choice"),
        ({"tools": [{"type": "teleport"}]}, "tools[0].type"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input[0].content[0].type"),
        ({"input": 3}, "input"),
        ({"model": "smal"}, "model"),
    ],
)
def test_what_responses_cannot_have_here_is_refused_and_named(tmp_path: Path, more: Any, param: str) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        reply = house.call("POST", "/v1/responses", {"model": "auto", "input": "hello", **more})
        assert reply.status in (400, 404)
        assert reply.json["error"]["param"] == param
        assert up.seen == []


def test_a_response_that_breaks_off_fails_and_is_not_passed_off_as_whole(tmp_path: Path) -> None:
    with upstream(cuts_after("half ")) as up, serving(tmp_path, pool(up)) as house:
        events = list(house.client().responses.create(model="small", input="hello", stream=True))
        last: Any = events[-1]
        assert last.type == "response.failed"
        assert last.response.error.code == "upstream_cut"
        reply = house.call("POST", "/v1/messages", {**CLAUDE, "model": "small", "stream": True})
        assert b"event: error" in reply.raw
        assert b"message_stop" not in reply.raw
        with pytest.raises(anthropic.APIStatusError) as caught, claude(house).messages.stream(**CLAUDE) as stream:
            list(stream)
        assert "broke off" in str(caught.value)
