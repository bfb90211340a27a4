"""Journeys through the Anthropic dialect: OpenAI's form in and out, the Messages API on the wire.

The events are written by hand from Anthropic's public documentation.
"""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import anthropic
import openai
import pydantic
import pytest
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, says, upstream

HELLO: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tells the weather.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def _message(exchange: Exchange, content: list[Any], stop: str) -> dict[str, Any]:
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": exchange.body["model"],
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 25, "output_tokens": 15},
    }


def _answers(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.json(_message(exchange, [{"type": "text", "text": "Good day."}], "end_turn"))
        return
    exchange.open_stream()
    start = {**_message(exchange, [], "end_turn"), "stop_reason": None}
    start["usage"] = {"input_tokens": 25, "output_tokens": 1}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Good"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " day."}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 15},
        },
        {"type": "message_stop"},
    ]
    for event in events:
        exchange.event(event, name=event["type"])
    exchange.cut()


def _calls_a_tool(exchange: Exchange) -> None:
    last = exchange.body["messages"][-1]["content"]
    if isinstance(last, list) and last[0]["type"] == "tool_result":
        exchange.json(_message(exchange, [{"type": "text", "text": "It is rainy."}], "end_turn"))
        return
    call = {"type": "tool_use", "id": "toolu_01", "name": "weather", "input": {"city": "Oslo"}}
    exchange.json(_message(exchange, [call], "tool_use"))


def _claude(at: Any, **keys: object) -> str:
    return config_text(
        model("claude", at, upstream="anthropic", api_key="env:CLAUDE_KEY", capabilities=["tools"], **keys),
        default="claude",
    )


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_KEY", "sk-ant-93")


def test_chat_speaks_messages_on_the_wire_and_openai_to_the_caller(tmp_path: Path) -> None:
    with upstream(_answers) as up, serving(tmp_path, _claude(up)) as house:
        answer = house.client().chat.completions.create(model="auto", messages=HELLO, max_tokens=50)
    wire = up.seen[0]
    assert wire.path == "/v1/messages"
    assert wire.headers["x-api-key"] == "sk-ant-93"
    assert wire.headers["anthropic-version"]
    assert wire.body["model"] == "real-claude"
    assert wire.body["max_tokens"] == 50
    assert "Be brief." in json.dumps(wire.body["system"])
    assert [m["role"] for m in wire.body["messages"]] == ["user"]
    assert answer.choices[0].message.content == "Good day."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "claude"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (25, 15)
    assert (answer.model_extra or {})["unisono"]["cost_usd"] == (25 * 1.0 + 15 * 2.0) / 1e6


def test_a_stream_of_messages_events_becomes_openais(tmp_path: Path) -> None:
    with upstream(_answers) as up, serving(tmp_path, _claude(up)) as house:
        chunks = list(
            house.client().chat.completions.create(
                model="claude", messages=HELLO, stream=True, stream_options={"include_usage": True}
            )
        )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Good day."
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert {c.model for c in chunks} == {"claude"}
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 15
    assert up.seen[0].body["max_tokens"] > 0


def test_over_a_kept_connection_a_pin_gets_the_same_plain_and_streamed(tmp_path: Path) -> None:
    with upstream(_answers) as up, serving(tmp_path, _claude(up)) as house:
        client = house.client()
        plain = [client.chat.completions.create(model="claude", messages=HELLO) for _ in range(2)]
        chunks = list(client.chat.completions.create(model="claude", messages=HELLO, stream=True))
    assert {answer.choices[0].message.content for answer in plain} == {"Good day."}
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Good day."
    assert len({exchange.peer for exchange in up.seen}) == 1


def test_tools_make_a_round_trip_through_the_other_dialect(tmp_path: Path) -> None:
    with upstream(_calls_a_tool) as up, serving(tmp_path, _claude(up)) as house:
        client = house.client()
        asked = list(HELLO)
        first = client.chat.completions.create(model="auto", messages=asked, tools=TOOLS)
        calls = first.choices[0].message.tool_calls
        assert calls
        assert calls[0].type == "function"
        assert json.loads(calls[0].function.arguments) == {"city": "Oslo"}
        assert first.choices[0].finish_reason == "tool_calls"
        asked += [first.choices[0].message, {"role": "tool", "tool_call_id": calls[0].id, "content": "rainy"}]
        second = client.chat.completions.create(model="auto", messages=asked, tools=TOOLS)
    assert second.choices[0].message.content == "It is rainy."
    tool = up.seen[0].body["tools"][0]
    assert (tool["name"], tool["input_schema"]["type"]) == ("weather", "object")
    result = up.seen[1].body["messages"][-1]["content"][0]
    assert (result["type"], result["tool_use_id"]) == ("tool_result", "toolu_01")
    assert "rainy" in json.dumps(result["content"])


def test_its_errors_become_the_official_clients_exceptions(tmp_path: Path) -> None:
    def refuses(status: int, kind: str, text: str) -> Any:
        def behave(exchange: Exchange) -> None:
            document = {"type": "error", "error": {"type": kind, "message": text}}
            exchange.json(document, status=status, headers={"retry-after": "3"} if status == 429 else {})

        return behave

    with (
        upstream(refuses(400, "invalid_request_error", "max_tokens: must be positive")) as up,
        serving(tmp_path, _claude(up)) as house,
    ):
        client = house.client()
        with pytest.raises(openai.BadRequestError, match="max_tokens: must be positive"):
            client.chat.completions.create(model="claude", messages=HELLO)
        up.behave = refuses(529, "overloaded_error", "Overloaded")
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="claude", messages=HELLO)
        up.behave = refuses(429, "rate_limit_error", "Slow down")
        with pytest.raises(openai.RateLimitError) as limited:
            client.chat.completions.create(model="claude", messages=HELLO)
    assert limited.value.response.headers["retry-after"] == "3"


def test_what_is_not_stable_in_its_api_reaches_it_from_chat_too_and_no_other_upstream(tmp_path: Path) -> None:
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}

    def behave(exchange: Exchange) -> None:
        (_answers if exchange.path == "/v1/messages" else says("hello"))(exchange)

    with upstream(behave) as up:
        text = config_text(model("claude", up, upstream="anthropic"), model("small", up), default="small")
        with serving(tmp_path, text) as house:
            for name, stream in (("claude", False), ("claude", True), ("small", False)):
                answer = house.client().chat.completions.with_raw_response.create(
                    model=name,
                    messages=HELLO,
                    stream=stream,
                    extra_headers={"anthropic-beta": "context-management-2025-06-27"},
                    extra_body={"context_management": edits},
                )
                assert answer.http_response.read()
            body = json.dumps({"model": "claude", "messages": HELLO}).encode()
            with closing(HTTPConnection("127.0.0.1", house.port, timeout=LIMIT_S)) as raw:
                raw.putrequest("POST", "/v1/chat/completions")
                for line in ("a", "b,c"):
                    raw.putheader("anthropic-beta", line)
                raw.putheader("content-length", str(len(body)))
                raw.endheaders(body)
                assert raw.getresponse().status == 200
    named = [seen.headers.get("anthropic-beta") for seen in up.seen]
    assert named == ["context-management-2025-06-27"] * 2 + [None, "a,b,c"]
    assert up.seen[0].body["context_management"] == edits


@pytest.mark.parametrize("kind", ["image", "document"])
def test_a_file_that_lies_with_anthropic_goes_to_a_model_of_theirs_and_to_no_other(tmp_path: Path, kind: str) -> None:
    held: Any = {"type": kind, "source": {"type": "file", "file_id": "file_1"}}
    turn: Any = {"role": "user", "content": [held, {"type": "text", "text": "What is it?"}]}
    with upstream(_answers) as up:
        kinds = {"claude": "anthropic", "small": "openai"}
        pool = [model(name, up, upstream=kinds[name], capabilities=["vision", "files"]) for name in kinds]
        with serving(tmp_path, config_text(*pool, default="small")) as house:
            base = house.base_url.removesuffix("/v1")
            client = anthropic.Anthropic(base_url=base, api_key="none", max_retries=0)
            for name in ("auto", "claude"):
                assert client.messages.create(model=name, max_tokens=9, messages=[turn]).model == "claude"
            with pytest.raises(anthropic.BadRequestError, match=kind):
                client.messages.create(model="small", max_tokens=9, messages=[turn])
    assert [(seen.path, seen.body["messages"]) for seen in up.seen] == [("/v1/messages", [turn])] * 2


def test_its_usage_comes_whole_to_its_own_clients_from_the_first_event_on(tmp_path: Path) -> None:
    written = {"ephemeral_5m_input_tokens": 9, "ephemeral_1h_input_tokens": 0}
    counts = {"input_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9}
    beside = {"cache_creation": written, "service_tier": "standard", "server_tool_use": None}

    def behave(exchange: Exchange) -> None:
        message = {"id": "msg_9", "type": "message", "role": "assistant", "model": exchange.body["model"]}
        stop = {"stop_reason": "end_turn", "stop_sequence": None}
        if not exchange.stream:
            exchange.json({**message, "content": [], **stop, "usage": {**counts, **beside, "output_tokens": 6}})
            return
        exchange.open_stream()
        start = {**message, "content": [], "stop_reason": None, "usage": {**counts, **beside, "output_tokens": 1}}
        exchange.event({"type": "message_start", "message": start}, name="message_start")
        exchange.event({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 6}}, name="message_delta")
        exchange.event({"type": "message_stop"}, name="message_stop")

    def read(usage: Any) -> Any:
        told = usage.to_dict()
        return {key: told.get(key) for key in (*counts, "cache_creation", "service_tier", "output_tokens")}

    whole = {**counts, "cache_creation": written, "service_tier": "standard", "output_tokens": 6}
    ask: Any = {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    with upstream(behave) as up, serving(tmp_path, _claude(up)) as house:
        base = house.base_url.removesuffix("/v1")
        client = anthropic.Anthropic(base_url=base, api_key="none", max_retries=0)
        assert read(client.messages.create(**ask).usage) == whole
        with client.messages.stream(**ask) as stream:
            first = next(iter(stream))
            assert first.type == "message_start"
            assert read(first.message.usage) == {**whole, "output_tokens": 1}
            assert read(stream.get_final_message().usage) == whole
        chunks = list(house.client().chat.completions.create(model="claude", messages=HELLO, stream=True))
        assert [chunk.usage for chunk in chunks] == [None] * len(chunks)  # who speaks chat did not ask for any


class Person(pydantic.BaseModel):
    """What an application wants to know."""

    name: str = pydantic.Field(min_length=1)
    age: int = pydantic.Field(ge=0, le=150)
    marks: dict[str, int] = {}


class Place(pydantic.BaseModel):
    """What fits the API's own format."""

    city: str = pydantic.Field(pattern="^[A-Z]")


def _open_objects(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_open_objects(inner) for inner in schema)
    if not isinstance(schema, dict):
        return False
    is_open = schema.get("type") == "object" and schema.get("additionalProperties") is not False
    return is_open or any(_open_objects(inner) for inner in schema.values())


def _is_strict_about_schemas(exchange: Exchange) -> None:
    wanted = exchange.body.get("output_config", {}).get("format", {}).get("schema")
    said = json.dumps([wanted, *(tool for tool in exchange.body.get("tools", []) if tool.get("strict"))])
    if _open_objects(wanted) or any(f'"{word}":' in said for word in ("minimum", "minLength", "pattern")):
        error = {"type": "invalid_request_error", "message": "output_config.format.schema: not supported"}
        exchange.json({"type": "error", "error": error}, status=400)
        return
    person = {"name": "Ada", "age": 36, "marks": {"maths": 1}}
    answer: dict[str, Any] = person if wanted is None else {"city": "Oslo"}
    content: Any = {"type": "text", "text": json.dumps(answer)}
    stop = "end_turn"
    if exchange.body.get("tool_choice", {}).get("type") == "tool":
        content = {"type": "tool_use", "id": "t1", "name": exchange.body["tools"][-1]["name"], "input": answer}
        stop = "tool_use"
    exchange.json(_message(exchange, [content], stop))


def test_structured_output_of_openais_clients_comes_from_an_api_that_refuses_most_schemas(tmp_path: Path) -> None:
    with upstream(_is_strict_about_schemas) as up:
        text = config_text(model("claude", up, upstream="anthropic", capabilities=["json", "tools"]), default="claude")
        with serving(tmp_path, text) as house, closing(house.client()) as client:

            def parsed(form: Any) -> Any:
                return client.chat.completions.parse(model="auto", messages=HELLO, response_format=form)

            person, place = parsed(Person), parsed(Place)
            assert person.choices[0].message.parsed == Person(name="Ada", age=36, marks={"maths": 1})
            assert person.choices[0].finish_reason == "stop"
            assert place.choices[0].message.parsed == Place(city="Oslo")
            mode = client.chat.completions.create(model="auto", messages=HELLO, response_format={"type": "json_object"})
            assert json.loads(mode.choices[0].message.content or "")["age"] == 36
        assert ["output_config" in exchange.body for exchange in up.seen] == [False, True, False]  # and none twice
