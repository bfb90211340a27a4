"""Journeys of Anthropic's Messages API, with its official library."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from tests.journeys.edges import CLAUDE, WEATHER, claude, pool, tools
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import Exchange, fails, says, upstream

from unisono.record.keys import create_key
from unisono.types import Scope

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_a_message_is_answered_plain_and_streamed_with_what_unisono_says(tmp_path: Path) -> None:
    with upstream(says("good day to you")) as up, serving(tmp_path, pool(up)) as house:
        client = claude(house)
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
    with upstream(tools) as up, serving(tmp_path, pool(up)) as house:
        client = claude(house)
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
            answer = claude(house).messages.create(
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
            claude(house).messages.create(model="small", max_tokens=9, messages=[{"role": "user", "content": ask}])
            (told,) = up.seen[-1].body["messages"]
            assert [part["text"] for part in told["content"]] == ["News\nRain in Oslo.", "Where?"]
            assert [set(part) for part in told["content"]] == [{"type", "text"}] * 2
            answer = claude(house).messages.create(**CLAUDE, tools=[screen])
            assert (answer.model, up.seen[-1].path) == ("claude", "/v1/messages")
            assert answer.unisono["notices"] == []  # type: ignore[attr-defined]
            (lost,) = house.get(f"/v1/decisions/{answer.unisono['decision']}")["excluded"]  # type: ignore[attr-defined]
            assert (lost["model"], lost["rule"]) == ("small", "dialect")
            with pytest.raises(anthropic.BadRequestError, match="computer_20250124"):
                claude(house).messages.create(**{**CLAUDE, "model": "small"}, tools=[screen])


def test_errors_are_the_ones_that_anthropics_client_knows(tmp_path: Path) -> None:
    with upstream(fails(429, headers={"retry-after": "7"})) as up, serving(tmp_path, pool(up)) as house:
        with pytest.raises(anthropic.NotFoundError) as missing:
            claude(house).messages.create(**{**CLAUDE, "model": "smal"})
        assert missing.value.body["error"]["type"] == "not_found_error"  # type: ignore[index]
        with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\]"):
            claude(house).messages.create(**{**CLAUDE, "messages": [{"role": "tool", "content": "x"}]})
        with pytest.raises(anthropic.RateLimitError) as late:
            claude(house).messages.create(**{**CLAUDE, "model": "small"})
        assert late.value.response.headers["retry-after"] == "7"
        assert late.value.body["unisono"]["attempts"]  # type: ignore[index]
        create_key(tmp_path / "record.db", "alice", scope=Scope(), now=NOW)
        with pytest.raises(anthropic.AuthenticationError) as unknown:
            claude(house).messages.create(**CLAUDE)
        assert unknown.value.response.headers["x-should-retry"] == "false"  # Claude Code asks ten times without it
        with pytest.raises(openai.AuthenticationError):
            house.client().responses.create(model="auto", input="x")


def test_tokens_of_a_message_are_counted_as_routing_counts_them_and_nothing_is_called(tmp_path: Path) -> None:
    tool: Any = {"name": "weather", "description": "Tells the weather of a city.", "input_schema": WEATHER}
    said: Any = [{"role": "user", "content": "What is the weather in Oslo? " * 40}]
    with upstream(says("never")) as up, serving(tmp_path, pool(up)) as house:
        client = claude(house)
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
