"""Journeys of clients that speak other APIs, OpenAI's Responses and Anthropic's Messages: their official libraries."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anthropic
import openai
import pydantic_ai
import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, completion, cuts_after, fails, says, upstream

from unisono.record.keys import create_key
from unisono.record.reader import Reader
from unisono.types import Scope

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
NOW = datetime(2026, 11, 25, tzinfo=UTC)
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


def _tools(exchange: Exchange) -> None:
    """Ask for the weather, and tell it once its result is there; a stream comes in fragments."""
    results = [m for m in exchange.body["messages"] if m["role"] == "tool"]
    if results:
        says(f"It is {results[-1]['content']}.")(exchange)
    elif not exchange.stream:
        exchange.json(completion(exchange, {"content": None, "tool_calls": [CALL]}, finish="tool_calls"))
    else:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": None})
        exchange.delta({"content": "Let me look."})
        function = {"name": "weather", "arguments": ""}
        exchange.delta({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
        for fragment in ('{"ci', 'ty": ', '"Oslo"}'):
            exchange.delta({"tool_calls": [{"index": 0, "function": {"arguments": fragment}}]})
        second = {"name": "weather", "arguments": '{"city": "Rome"}'}
        exchange.delta({"tool_calls": [{"index": 1, "id": "call_2", "type": "function", "function": second}]})
        exchange.delta({}, finish="tool_calls")
        exchange.end_stream()


def _thinks(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.json(completion(exchange, {"content": "Four.", "reasoning_content": "2 and 2."}))
        return
    exchange.open_stream()
    exchange.delta({"reasoning_content": "2 and "})
    exchange.delta({"reasoning_content": "2."})
    exchange.delta({"content": "Four."})
    exchange.delta({}, finish="stop")
    exchange.end_stream()


def _pool(up: Any) -> str:
    return config_text(
        model("small", up, capabilities=["tools", "json", "vision", "files"]), model("big", up), default="small"
    )


def _claude(house: House, **options: Any) -> anthropic.Anthropic:
    base = house.base_url.removesuffix("/v1")
    return anthropic.Anthropic(**{"base_url": base, "api_key": "none", "max_retries": 0, "timeout": LIMIT_S, **options})


# ------------------------------------------------------------------------------------- responses


def test_a_response_is_answered_plain_and_streamed_with_what_unisono_says(tmp_path: Path) -> None:
    with upstream(says("good day to you")) as up, serving(tmp_path, _pool(up)) as house:
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
    with upstream(_tools) as up, serving(tmp_path, _pool(up)) as house:
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
    with upstream(says('{"city": "Oslo"}')) as up, serving(tmp_path, _pool(up)) as house:
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
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        reply = house.call("POST", "/v1/responses", {"model": "auto", "input": "hello", **more})
        assert reply.status in (400, 404)
        assert reply.json["error"]["param"] == param
        assert up.seen == []


def test_a_response_that_breaks_off_fails_and_is_not_passed_off_as_whole(tmp_path: Path) -> None:
    with upstream(cuts_after("half ")) as up, serving(tmp_path, _pool(up)) as house:
        events = list(house.client().responses.create(model="small", input="hello", stream=True))
        last: Any = events[-1]
        assert last.type == "response.failed"
        assert last.response.error.code == "upstream_cut"
        reply = house.call("POST", "/v1/messages", {**CLAUDE, "model": "small", "stream": True})
        assert b"event: error" in reply.raw
        assert b"message_stop" not in reply.raw
        with pytest.raises(anthropic.APIStatusError) as caught, _claude(house).messages.stream(**CLAUDE) as stream:
            list(stream)
        assert "broke off" in str(caught.value)


# ------------------------------------------------------------------------------------- messages

CLAUDE: dict[str, Any] = {"model": "auto", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}


def test_a_message_is_answered_plain_and_streamed_with_what_unisono_says(tmp_path: Path) -> None:
    with upstream(says("good day to you")) as up, serving(tmp_path, _pool(up)) as house:
        client = _claude(house)
        raw = client.messages.with_raw_response.create(**CLAUDE, system="Be brief.", stop_sequences=["X"])
        plain = raw.parse()
        assert (plain.content[0].text, plain.stop_reason, plain.model) == ("good day to you", "end_turn", "small")  # type: ignore[union-attr]
        assert (plain.usage.input_tokens, plain.usage.output_tokens) == (1000, 500)
        assert plain.unisono["decision"] == raw.headers["x-unisono-decision"]  # type: ignore[attr-defined]
        assert up.seen[0].body == {
            "model": "real-small",
            "max_tokens": 100,
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
            "stop": ["X"],
        }
        with client.messages.stream(**CLAUDE) as stream:
            text = "".join(stream.text_stream)
            whole = stream.get_final_message()
        assert text.strip() == whole.content[0].text.strip() == "good day to you"  # type: ignore[union-attr]
        assert (whole.stop_reason, whole.usage.output_tokens) == ("end_turn", 500)
        assert whole.unisono["reason"]  # type: ignore[attr-defined]


def test_tool_use_goes_there_and_back_in_the_form_of_messages(tmp_path: Path) -> None:
    tool: Any = {
        "name": "weather",
        "description": "Tells it.",
        "input_schema": WEATHER,
        "cache_control": {"type": "ephemeral"},
    }
    with upstream(_tools) as up, serving(tmp_path, _pool(up)) as house:
        client = _claude(house)
        first = client.messages.create(**CLAUDE, tools=[tool], tool_choice={"type": "any"})
        (use,) = first.content
        assert (first.stop_reason, use.type, use.input) == ("tool_use", "tool_use", {"city": "Oslo"})  # type: ignore[union-attr]
        turn: list[Any] = [
            *CLAUDE["messages"],
            {"role": "assistant", "content": first.content},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": use.id,  # type: ignore[union-attr]
                        "content": [{"type": "text", "text": "rainy", "cache_control": {"type": "ephemeral"}}],
                    },
                    {"type": "text", "text": "And?"},
                ],
            },
        ]
        told = client.messages.create(**{**CLAUDE, "messages": turn}, tools=[tool])
        assert told.content[0].text == "It is rainy."  # type: ignore[union-attr]
        body = up.seen[-1].body
        assert [message["role"] for message in body["messages"]] == ["user", "assistant", "tool", "user"]
        assert "cache_control" not in json.dumps(body)
        assert up.seen[0].body["tool_choice"] == "required"
        with client.messages.stream(**CLAUDE, tools=[tool]) as stream:
            whole = stream.get_final_message()
        assert [block.type for block in whole.content] == ["text", "tool_use", "tool_use"]
        assert [block.input for block in whole.content[1:]] == [{"city": "Oslo"}, {"city": "Rome"}]  # type: ignore[union-attr]


def test_what_a_model_thinks_is_shown_in_each_form(tmp_path: Path) -> None:
    with upstream(_thinks) as up, serving(tmp_path, _pool(up)) as house:
        plain = _claude(house).messages.create(**CLAUDE)
        with _claude(house).messages.stream(**CLAUDE) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            assert [block.type for block in message.content] == ["thinking", "text"]
            assert message.content[0].thinking == "2 and 2."  # type: ignore[union-attr]
        response = house.client().responses.create(model="auto", input="2 + 2?")
        assert [item.type for item in response.output] == ["reasoning", "message"]
        events = list(house.client().responses.create(model="auto", input="2 + 2?", stream=True))
        assert "".join(e.delta for e in events if e.type == "response.reasoning_text.delta") == "2 and 2."
        last: Any = events[-1]
        assert [item.type for item in last.response.output] == ["reasoning", "message"]


def test_an_anthropic_client_at_an_anthropic_upstream_loses_nothing_that_only_they_know(tmp_path: Path) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    thinking = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    source = {"type": "text", "media_type": "text/plain", "data": "Rain in Oslo."}
    document: Any = {"type": "document", "source": source, "title": "News", "citations": {"enabled": True}}
    bytes_of: Any = {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}
    scan: Any = {"type": "document", "source": bytes_of, "title": "S", "citations": {"enabled": True}, "context": "C"}
    tool: Any = {"name": "look", "input_schema": {"type": "object"}, "defer_loading": True, "input_examples": [{}]}
    use: Any = {"type": "tool_use", "id": "t", "name": "look", "input": {}, "cache_control": mark}
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
    shown = [{"type": "text", "text": "a"}, picture]
    result: Any = {"type": "tool_result", "tool_use_id": "t", "content": shown, "cache_control": mark}

    def behave(exchange: Exchange) -> None:
        content = [{**thinking, "signature": "new"}, {"type": "text", "text": "Good day."}]
        usage = {"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9}
        frame = {"id": "msg_9", "type": "message", "role": "assistant", "model": exchange.body["model"]}
        end = {"stop_reason": "stop_sequence", "stop_sequence": "E"}
        exchange.json({**frame, "content": content, **end, "usage": usage})

    with upstream(behave) as up:
        text = config_text(
            model("claude", up, upstream="anthropic", capabilities=["tools", "vision", "files"]), default="claude"
        )
        with serving(tmp_path, text) as house:
            answer = _claude(house).messages.create(
                model="claude",
                max_tokens=2048,
                system=[{"type": "text", "text": "Be brief.", "cache_control": mark}],  # type: ignore[typeddict-item]
                thinking={"type": "enabled", "budget_tokens": 1024},
                extra_body={"top_k": 5},
                metadata={"user_id": "u-1"},
                stop_sequences=["D", "E"],
                tools=[tool],
                extra_headers={"anthropic-beta": "a-2025-01-01, b-2"},
                messages=[
                    {"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": mark}]},  # type: ignore[typeddict-item]
                    {"role": "assistant", "content": [thinking, {"type": "text", "text": "Yes?"}]},  # type: ignore[list-item]
                    {"role": "user", "content": [document, scan, {"type": "text", "text": "well?"}]},
                    {"role": "assistant", "content": [use]},
                    {"role": "user", "content": [result]},
                ],
            )
    body = up.seen[0].body
    assert up.seen[0].headers["anthropic-beta"] == "a-2025-01-01,b-2"
    assert body["messages"][2]["content"] == [document, scan, {"type": "text", "text": "well?"}]
    assert body["tools"] == [tool]
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "E")
    assert [m["content"] for m in body["messages"][3:]] == [[use], [result]]
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "hello", "cache_control": mark}]
    assert body["messages"][1]["content"][0] == thinking
    assert (body["thinking"], body["top_k"]) == ({"type": "enabled", "budget_tokens": 1024}, 5)
    assert body["metadata"] == {"user_id": "u-1"}
    assert "anthropic" not in body
    assert answer.id == "msg_9"
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[0].signature == "new"  # type: ignore[union-attr]
    usage = answer.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (5, 7, 9)


def test_words_of_documents_reach_every_model_and_what_only_anthropic_has_a_model_of_theirs(tmp_path: Path) -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.path != "/v1/messages":
            return says("hello")(exchange)
        frame = {"id": "msg_9", "type": "message", "role": "assistant", "model": exchange.body["model"]}
        usage = {"input_tokens": 5, "output_tokens": 6}
        return exchange.json({**frame, "content": [], "stop_reason": "end_turn", "stop_sequence": None, "usage": usage})

    source = {"type": "text", "media_type": "text/plain", "data": "Rain in Oslo."}
    ask: Any = [{"type": "document", "source": source, "title": "News"}, {"type": "text", "text": "Where?"}]
    screen: Any = {"type": "computer_20250124", "name": "computer", "display_width_px": 9, "display_height_px": 9}
    with upstream(behave) as up:
        pool = (
            model("small", up, capabilities=["tools"]),
            model("claude", up, upstream="anthropic", capabilities=["tools"]),
        )
        with serving(tmp_path, config_text(*pool, default="small")) as house:
            _claude(house).messages.create(model="small", max_tokens=9, messages=[{"role": "user", "content": ask}])
            (told,) = up.seen[-1].body["messages"]
            assert [part["text"] for part in told["content"]] == ["News\nRain in Oslo.", "Where?"]
            assert [set(part) for part in told["content"]] == [{"type", "text"}] * 2
            answer = _claude(house).messages.create(**CLAUDE, tools=[screen])
            assert (answer.model, up.seen[-1].path) == ("claude", "/v1/messages")
            assert answer.unisono["notices"] == []  # type: ignore[attr-defined]
            (lost,) = house.get(f"/v1/decisions/{answer.unisono['decision']}")["excluded"]  # type: ignore[attr-defined]
            assert (lost["model"], lost["rule"]) == ("small", "dialect")
            with pytest.raises(anthropic.BadRequestError, match="computer_20250124"):
                _claude(house).messages.create(**{**CLAUDE, "model": "small"}, tools=[screen])


def test_a_window_or_a_setting_that_one_model_refuses_sends_auto_to_the_next_and_a_pin_its_own_words(
    tmp_path: Path,
) -> None:
    told = {"message": "'temperature' does not support 0 with this model.", "code": "unsupported_value"}

    def behave(exchange: Exchange) -> None:
        if exchange.body["model"] == "real-small":
            return exchange.json({"error": told}, status=400)
        return says("hello")(exchange)

    with upstream(behave) as up, serving(tmp_path, _pool(up)) as house:
        ask: Any = {"messages": [{"role": "user", "content": "hello"}], "temperature": 0}
        answer = house.client().chat.completions.create(model="auto", **ask)
        assert answer.model == "big"
        assert [notice["code"] for notice in answer.unisono["notices"]] == ["fallback"]  # type: ignore[attr-defined]
        with pytest.raises(openai.BadRequestError, match="does not support 0"):
            house.client().chat.completions.create(model="small", **ask)
        health = {row["id"]: row["unisono"]["health"] for row in house.get("/v1/models")["data"] if "unisono" in row}
        assert health["small"] == "up"
        with pytest.raises(openai.NotFoundError, match="embedding model 'small'"):
            house.client().embeddings.create(model="small", input="x")
        assert house.call("GET", "/v1/decisions?status=done").json["error"]["param"] == "status"


def test_an_answer_in_parts_says_its_text_in_each_form(tmp_path: Path) -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "2 and 2."}]}]
    parts = [*thinking, {"type": "text", "text": "Four."}]

    def behave(exchange: Exchange) -> None:
        if not exchange.stream:
            exchange.json(completion(exchange, {"content": parts}))
            return
        exchange.open_stream()
        exchange.delta({"content": thinking})
        exchange.delta({"content": "Four."})
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    with upstream(behave) as up, serving(tmp_path, _pool(up)) as house:
        plain = _claude(house).messages.create(**CLAUDE)
        with _claude(house).messages.stream(**CLAUDE) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            assert [block.type for block in message.content] == ["thinking", "text"]
        responses = house.client().responses
        assert responses.create(model="auto", input="2 + 2?").output_text == "Four."
        last: Any = list(responses.create(model="auto", input="2 + 2?", stream=True))[-1]
        assert [item.type for item in last.response.output] == ["reasoning", "message"]


def test_errors_are_the_ones_that_anthropics_client_knows(tmp_path: Path) -> None:
    with upstream(fails(429, headers={"retry-after": "7"})) as up, serving(tmp_path, _pool(up)) as house:
        with pytest.raises(anthropic.NotFoundError) as missing:
            _claude(house).messages.create(**{**CLAUDE, "model": "smal"})
        assert missing.value.body["error"]["type"] == "not_found_error"  # type: ignore[index]
        with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\]"):
            _claude(house).messages.create(**{**CLAUDE, "messages": [{"role": "tool", "content": "x"}]})
        with pytest.raises(anthropic.RateLimitError) as late:
            _claude(house).messages.create(**{**CLAUDE, "model": "small"})
        assert late.value.response.headers["retry-after"] == "7"
        assert late.value.body["unisono"]["attempts"]  # type: ignore[index]
        create_key(tmp_path / "record.db", "alice", scope=Scope(), now=NOW)
        with pytest.raises(anthropic.AuthenticationError) as unknown:
            _claude(house).messages.create(**CLAUDE)
        assert unknown.value.response.headers["x-should-retry"] == "false"  # Claude Code asks ten times without it
        with pytest.raises(openai.AuthenticationError):
            house.client().responses.create(model="auto", input="x")


def test_who_leaves_in_mid_answer_cancels_the_upstream_on_every_edge(tmp_path: Path) -> None:
    gone: list[float | None] = []

    def stalls(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"content": "one"})
        gone.append(exchange.gone_at_s())

    with upstream(stalls) as up, serving(tmp_path, _pool(up)) as house:
        stream = house.client().responses.create(model="small", input="hello", stream=True)
        next(iter(stream))
        stream.close()
        house.until(lambda: len(gone) == 1, "the upstream call of the response ends")
        with _claude(house).messages.stream(**{**CLAUDE, "model": "small"}) as messages:
            next(iter(messages))
        house.until(lambda: len(gone) == 2, "the upstream call of the message ends")
        assert None not in gone
        assert len(up.seen) == 2


# ------------------------------------------------------------------------------------- embeddings


def _vectors(exchange: Exchange) -> None:
    given = exchange.body["input"]
    data = [{"object": "embedding", "index": n, "embedding": [0.5, n]} for n in range(len(given))]
    usage = {"prompt_tokens": 1000, "total_tokens": 1000}
    exchange.json({"object": "list", "data": data, "model": exchange.body["model"], "usage": usage, "extra": 1})


VECTORS = """
[[embeddings]]
name = "vectors"
base_url = "{url}"
upstream_model = "real-vectors"
usd_per_mtok_in = 2.0

[[limits]]
name = "money"
counts = "usd"
amount = 0.003
"""


def test_vectors_come_from_the_configured_model_within_the_limits(tmp_path: Path) -> None:
    with upstream(_vectors) as up:
        more = VECTORS.replace("{url}", up.base_url)
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            client = house.client()
            found = client.embeddings.create(model="vectors", input=["a", "b"], dimensions=2, encoding_format="float")
            assert [row.embedding for row in found.data] == [[0.5, 0], [0.5, 1]]
            assert (found.model, found.usage.prompt_tokens) == ("vectors", 1000)
            assert found.unisono == {"model": "vectors", "cost_usd": 0.002}  # type: ignore[attr-defined]
            assert (up.seen[0].path, up.seen[0].body["dimensions"]) == ("/v1/embeddings", 2)
            client.embeddings.create(model="auto", input="a")
            with pytest.raises(openai.RateLimitError, match="money"):
                client.embeddings.create(model="vectors", input="a")
            with pytest.raises(openai.NotFoundError, match="vectors"):
                client.embeddings.create(model="vector", input="a")
            with pytest.raises(openai.BadRequestError):
                client.embeddings.create(model="vectors", input=3)  # type: ignore[arg-type]
            assert "vectors" in [row.id for row in client.models.list()]
            assert client.models.retrieve("vectors").id == "vectors"
            text = house.call("GET", "/metrics").raw.decode()
            assert 'unisono_embeddings_total{model="vectors",status="ok"} 2.0' in text
            assert len(up.seen) == 2


def test_calls_for_vectors_in_flight_hold_what_they_will_take(tmp_path: Path) -> None:
    over = threading.Event()

    def waits(exchange: Exchange) -> None:
        over.wait(LIMIT_S)
        _vectors(exchange)

    with upstream(waits) as up:
        more = VECTORS.replace("{url}", up.base_url).replace("0.003", "0.011")
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            body = {"model": "vectors", "input": ["word " * 400, "word " * 400]}  # 1,000 tokens for $0.002
            statuses: list[int] = []
            asking = [
                threading.Thread(target=lambda: statuses.append(house.call("POST", "/v1/embeddings", body).status))
                for _ in range(12)
            ]
            for thread in asking:
                thread.start()
            house.until(lambda: statuses == [429] * 7, "five in flight and no more")
            over.set()
            for thread in asking:
                thread.join(LIMIT_S)
            assert sorted(statuses) == [200] * 5 + [429] * 7
            (row,) = house.get("/v1/limits")["data"]
            assert row["used"] == pytest.approx(0.01)
            too_much = house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "word " * 800})
            assert "no room for so much input" in too_much.json["error"]["message"]
            assert house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "little"}).status == 200


@pytest.mark.parametrize("told", [None, {}, {"prompt_tokens": -5}, {"prompt_tokens": 2**63}, {"prompt_tokens": "7"}])
def test_vectors_whose_upstream_tells_no_usage_that_can_be_true_are_charged_by_their_length(
    tmp_path: Path, told: object
) -> None:
    def lies(exchange: Exchange) -> None:
        exchange.json({"object": "list", "data": [], "model": "x", "usage": told})

    with upstream(lies) as up:
        more = VECTORS.replace("{url}", up.base_url)
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            reply = house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "word " * 800})
            assert reply.json["unisono"]["cost_usd"] == pytest.approx(0.002, rel=0.01)
            (row,) = house.get("/v1/limits")["data"]
            assert row["used"] == pytest.approx(0.002, rel=0.01)


def test_azures_clients_name_the_model_in_the_address(tmp_path: Path) -> None:
    ask: Any = {"messages": [{"role": "user", "content": "hi"}]}
    with upstream(lambda exchange: (_vectors if "input" in exchange.body else says("hello"))(exchange)) as up:
        more = VECTORS.replace("{url}", up.base_url).partition("[[limits]]")[0]
        with serving(tmp_path, config_text(model("a", up), model("b", up), default="a", more=more)) as house:
            base = house.base_url.removesuffix("/v1")
            azure = openai.AzureOpenAI(azure_endpoint=base, api_key="none", api_version="2024-10-21", max_retries=0)
            with closing(azure):
                assert azure.chat.completions.create(model="b", **ask).model == "b"
                assert azure.chat.completions.create(model="auto:fast", **ask).choices[0].message.content == "hello"
                with azure.chat.completions.create(model="b", stream=True, **ask) as chunks:
                    assert {chunk.model for chunk in chunks} == {"b"}
                assert azure.embeddings.create(model="vectors", input="a").model == "vectors"
                assert azure.responses.create(model="b", input="hi").model == "b"
                assert azure.models.list().data[0].id == "auto"
                with pytest.raises(openai.NotFoundError, match="'c' does not exist"):
                    azure.chat.completions.create(model="c", **ask)
            fixed = "/openai/deployments/b/chat/completions?api-version=2024-10-21"
            assert house.call("POST", fixed, {**ask, "model": "gpt-4o"}).json["model"] == "b"
            assert house.call("POST", fixed, b"{").status == 400
            assert house.call("POST", "/openai/v1/chat/completions", {**ask, "model": "b"}).json["model"] == "b"


@pytest.mark.parametrize(
    ("path", "todo"),
    [
        ("/v1/completions", "POST /v1/chat/completions"),
        ("/completions", "POST /v1/chat/completions"),
        ("/v1/responses/resp_1", "send the conversation whole"),
        ("/v1/threads/t/messages", "POST /v1/chat/completions"),
        ("/v1/moderations", "provider's own address"),
        ("/v1/audio/speech", "provider's own address"),
        ("/v1/messages/batches", "each request by itself"),
        ("/v1/elsewhere", "docs/reference/http.md"),
    ],
)
def test_a_route_that_is_not_served_says_what_to_ask_instead(tmp_path: Path, path: str, todo: str) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        refused = house.call("POST", path, {"model": "a", "prompt": "x"})
        assert (refused.status, refused.json["error"]["code"]) == (404, "not_found")
        assert todo in refused.json["error"]["message"]


def test_a_failing_embedding_model_is_an_error_and_no_other_model_stands_in(tmp_path: Path) -> None:
    with upstream(fails(500)) as up, upstream(_vectors) as other:
        more = VECTORS.replace("{url}", up.base_url)
        more += f'\n[[embeddings]]\nname = "second"\nbase_url = "{other.base_url}"\n'
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            reply = house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "a"})
            assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_refused")
            chat = house.chat(model="vectors")
            assert (chat.status, chat.json["error"]["param"]) == (400, "model")
            assert "'vectors' makes vectors and does not chat" in chat.json["error"]["message"]
            assert other.seen == []
            _, secret = create_key(tmp_path / "record.db", "app", scope=Scope(models=("second",)), now=NOW)
            head = {"authorization": f"Bearer {secret}"}
            for name, status in (("vectors", 403), ("second", 200)):
                body = {"model": name, "input": "a"}
                assert house.call("POST", "/v1/embeddings", body, headers=head).status == status


# ------------------------------------------------------------------------------------- an agent framework


def test_answers_have_ids_of_their_own_where_the_upstream_repeats_its(tmp_path: Path) -> None:
    """Ollama draws from 999 ids, and agents keep one message of those that have the same."""
    with (
        upstream(_thinks) as up,
        serving(tmp_path, config_text(model("a", up), default="a")) as house,
        closing(house.client()) as client,
        closing(anthropic.Anthropic(base_url=house.base_url.removesuffix("/v1"), api_key="none", max_retries=0)) as own,
    ):
        found: list[str] = []
        for _ in range(2):
            response = client.responses.create(model="auto", input="hello")
            found += [response.id, *(item.id or "" for item in response.output)]
            with client.responses.stream(model="auto", input="hello") as events:
                streamed = events.get_final_response()
            found += [streamed.id, *(item.id or "" for item in streamed.output)]
            message = own.messages.create(model="auto", max_tokens=9, messages=[{"role": "user", "content": "hello"}])
            with own.messages.stream(
                model="auto", max_tokens=9, messages=[{"role": "user", "content": "hello"}]
            ) as pieces:
                found += [message.id, pieces.get_final_message().id]
        assert len(found) == len(set(found)) == 16
        assert response.id == f"resp_{response.unisono['decision']}"  # type: ignore[attr-defined]
        assert message.id == f"msg_{message.unisono['decision']}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("edge", ["chat", "responses", "messages"])
def test_an_agent_of_pydantic_ai_works_over_every_edge(tmp_path: Path, edge: str) -> None:
    with upstream(_tools) as up, serving(tmp_path, _pool(up)) as house:
        agent = pydantic_ai.Agent(_agent_model(house, edge), instructions="Be brief.")

        @agent.tool_plain
        def weather(city: str) -> str:
            return f"rainy in {city}"

        result = agent.run_sync("the weather in Oslo?")
        assert result.output == "It is rainy in Oslo."
        assert result.usage.requests == 2
        assert [m["role"] for m in up.seen[-1].body["messages"]] == ["system", "user", "assistant", "tool"]

        async def streamed() -> str:
            async with agent.run_stream("and now?", message_history=result.new_messages()) as stream:
                return str(await stream.get_output())

        assert asyncio.run(streamed()).strip() == "It is rainy in Oslo."


def _agent_model(house: House, edge: str) -> Any:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    if edge == "messages":
        base = house.base_url.removesuffix("/v1")
        return AnthropicModel("auto", provider=AnthropicProvider(api_key="none", base_url=base))
    kind = OpenAIChatModel if edge == "chat" else OpenAIResponsesModel
    return kind("auto", provider=OpenAIProvider(api_key="none", base_url=house.base_url))


def test_tokens_of_a_message_are_counted_as_routing_counts_them_and_nothing_is_called(tmp_path: Path) -> None:
    tool: Any = {"name": "weather", "description": "Tells the weather of a city.", "input_schema": WEATHER}
    said: Any = [{"role": "user", "content": "What is the weather in Oslo? " * 40}]
    with upstream(says("never")) as up, serving(tmp_path, _pool(up)) as house:
        client = _claude(house)
        plain = client.messages.count_tokens(model="auto", messages=said).input_tokens
        assert 250 < plain < 350  # some 1,160 characters
        longer = client.messages.count_tokens(model="small", messages=said, system="Be brief.", tools=[tool])
        assert longer.input_tokens > plain + 20
        assert not up.seen
        answer: Any = client.messages.create(model="auto", max_tokens=10, messages=said)
        decision: Any = house.client().get(f"/decisions/{answer.unisono['decision']}", cast_to=object)
        assert decision["request"]["n_input_tokens"] == plain
        with pytest.raises(anthropic.NotFoundError):
            client.messages.count_tokens(model="no-such-model", messages=said)
        with pytest.raises(anthropic.BadRequestError):
            client.messages.count_tokens(model="auto", messages=[])


def test_who_is_being_answered_when_the_server_ends_is_told_and_has_not_abandoned_the_answer(tmp_path: Path) -> None:
    """A stream that has begun ends with an error and without its end; what has not begun gets an error's body."""
    let_go = threading.Event()
    held = threading.Semaphore(0)

    def slowly(exchange: Exchange) -> None:
        if exchange.stream:
            exchange.open_stream()
            exchange.delta({"role": "assistant", "content": "one "})
        held.release()
        let_go.wait(60)

    with upstream(slowly) as up, ThreadPoolExecutor(3) as pool:
        try:
            with serving(tmp_path, config_text(model("a", up), default="a")) as house:
                streamed = pool.submit(house.chat, "s", stream=True)
                routed = pool.submit(house.chat, "r")
                pinned = pool.submit(house.chat, "p", model="a")
                for _ in range(3):
                    assert held.acquire(timeout=60)
            raw = streamed.result().raw
            assert b"one " in raw
            assert b"The server ends" in raw
            assert b"[DONE]" not in raw
            for answer in (routed.result(), pinned.result()):
                assert answer.status == 500
                assert "The server ends" in answer.json["error"]["message"]
        finally:
            let_go.set()
    with closing(Reader(tmp_path / "record.db")) as reader:
        assert [row["status"] for row in reader.decisions(limit=9)] == ["cancelled"] * 3
        assert reader.rows("SELECT * FROM signals") == []
