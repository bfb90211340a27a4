"""Anthropic's dialect, both ways, against streams written by hand from its public description."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import UpstreamCut, UpstreamError, UpstreamMalformed, UpstreamRefused
from unisono.types import Call, Chunk, Json, JsonValue, Model, Secret, Timeouts, Usage
from unisono.upstream.anthropic import AnthropicProvider, api_url
from unisono.upstream.anthropic_answer import MessagesReading
from unisono.upstream.anthropic_request import beta_field, messages_body
from unisono.upstream.reading import BrokenEvent

FIXTURES = Path(__file__).parent / "fixtures"
CLOSED: Json = {"type": "object", "properties": {}, "additionalProperties": False}
MODEL = Model(name="m", upstream="anthropic", upstream_model="claude-x", max_output_tokens=777)


def translated(*messages: JsonValue, **fields: JsonValue) -> Json:
    body: Json = {"model": "auto", "messages": list(messages), **fields}
    return messages_body(Call(model=MODEL, body=body, stream=False, decision="d"))


def user(content: JsonValue) -> Json:
    return {"role": "user", "content": content}


def text(value: str, **more: JsonValue) -> Json:
    return {"type": "text", "text": value, **more}


# ------------------------------------------------------------------------------------- the request


def test_system_and_developer_messages_become_the_system() -> None:
    body = translated(
        {"role": "system", "content": "be brief"}, user("hi"), {"role": "developer", "content": "in Latin"}
    )
    assert body["system"] == [text("be brief"), text("in Latin")]
    assert body["messages"] == [user([text("hi")])]


def test_images_become_base64_and_url_sources() -> None:
    parts: list[JsonValue] = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
    ]
    body = translated(user([text("see"), *parts]))
    assert body["messages"] == [
        user(
            [
                text("see"),
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
            ]
        )
    ]


def test_a_pdf_file_becomes_a_document() -> None:
    file: Json = {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"}
    body = translated(user([{"type": "file", "file": file}]))
    source: Json = {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}
    assert body["messages"] == [user([{"type": "document", "source": source, "title": "a.pdf"}])]


def test_a_tool_round_trip_keeps_calls_and_results_together() -> None:
    calls: list[JsonValue] = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
    ]
    body = translated(
        user("go"),
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": [text("2")]},
        user("and now?"),
    )
    assert body["messages"] == [
        user([text("go")]),
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            ],
        },
        user(
            [
                {"type": "tool_result", "tool_use_id": "a", "content": "1"},
                {"type": "tool_result", "tool_use_id": "b", "content": [text("2")]},
                text("and now?"),
            ]
        ),
    ]


def test_tools_and_their_choice() -> None:
    function: Json = {"name": "f", "description": "does f", "parameters": CLOSED, "strict": True}
    tools: list[JsonValue] = [{"type": "function", "function": function, "cache_control": {"type": "ephemeral"}}]
    body = translated(user("x"), tools=tools, tool_choice="required", parallel_tool_calls=False)
    assert body["tools"] == [
        {
            "name": "f",
            "input_schema": CLOSED,
            "cache_control": {"type": "ephemeral"},
            "description": "does f",
            "strict": True,
        }
    ]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ({"type": "function", "function": {"name": "f"}}, {"type": "tool", "name": "f"}),
        ({"type": "any"}, {"type": "any"}),
    ],
)
def test_tool_choices(choice: JsonValue, expected: Json) -> None:
    tools: list[JsonValue] = [{"type": "function", "function": {"name": "f"}}]
    assert translated(user("x"), tools=tools, tool_choice=choice)["tool_choice"] == expected


def test_cache_control_stays_on_its_part_and_moves_from_a_message_to_its_last_part() -> None:
    mark: Json = {"type": "ephemeral"}
    body = translated(
        {"role": "system", "content": [text("long", cache_control=mark)]},
        {"role": "user", "content": "hi", "cache_control": mark},
    )
    assert body["system"] == [text("long", cache_control=mark)]
    assert body["messages"] == [user([text("hi", cache_control=mark)])]


def test_limits_and_sampling() -> None:
    body = translated(user("x"), max_tokens=5, max_completion_tokens=9, temperature=1.7, stop="END", user="u1", top_k=3)
    assert (body["max_tokens"], body["temperature"], body["top_k"]) == (9, 1.0, 3)
    assert body["stop_sequences"] == ["END"]
    assert body["metadata"] == {"user_id": "u1"}


def test_max_tokens_defaults_to_the_models_limit() -> None:
    assert translated(user("x"))["max_tokens"] == 777


def test_what_only_openai_knows_is_dropped_and_what_anthropic_knows_passes() -> None:
    thinking: Json = {"type": "enabled", "budget_tokens": 2000}
    body = translated(user("x"), seed=1, logit_bias={"1": 1}, frequency_penalty=1, store=True, thinking=thinking)
    assert set(body) == {"model", "max_tokens", "stream", "thinking", "messages"}
    assert body["thinking"] == thinking


def test_thinking_blocks_go_back_as_they_came() -> None:
    block: Json = {"type": "thinking", "thinking": "hm", "signature": "s"}
    body = translated(user("x"), {"role": "assistant", "content": "y", "thinking_blocks": [block]}, user("z"))
    messages = body["messages"]
    assert isinstance(messages, list)
    assert messages[1] == {"role": "assistant", "content": [block, text("y")]}


def test_what_another_model_thought_does_not_go_there_for_it_has_no_signature() -> None:
    unsigned: Json = {"type": "thinking", "thinking": "hm", "signature": ""}
    redacted: Json = {"type": "redacted_thinking", "data": "sealed"}
    said: Json = {"role": "assistant", "content": "y", "thinking_blocks": [unsigned, redacted, {"type": "thinking"}]}
    only: Json = {"role": "assistant", "content": None, "thinking_blocks": [unsigned]}
    body = translated(user("x"), said, user("z"), only, user("a"))
    assert body["messages"] == [
        user([text("x")]),
        {"role": "assistant", "content": [redacted, text("y")]},
        user([text("z"), text("a")]),
    ]


def test_ids_of_calls_that_the_api_refuses_are_made_to_fit_in_call_and_result_alike() -> None:
    call: Json = {"id": "functions.look:0", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    result: Json = {"role": "tool", "tool_call_id": "functions.look:0", "content": "x"}
    messages = translated(user("a"), {"role": "assistant", "content": None, "tool_calls": [call]}, result)["messages"]
    assert isinstance(messages, list)
    (use,), (told,) = messages[1]["content"], messages[2]["content"]  # type: ignore[index, call-overload]
    assert use["id"] == told["tool_use_id"] != "functions.look:0"
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", use["id"])


def test_texts_of_blanks_do_not_go_there_for_they_are_refused() -> None:
    call: Json = {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    asks: Json = {"role": "assistant", "content": "\n\n", "tool_calls": [call]}
    messages = translated(user([text(" "), text("a")]), asks)["messages"]
    use: Json = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
    assert messages == [user([text("a")]), {"role": "assistant", "content": [use]}]


def test_of_two_ways_to_say_how_freely_to_write_one_goes_there() -> None:
    both = translated(user("a"), temperature=0.2, top_p=0.9)
    assert "top_p" not in both
    assert both["temperature"] == 0.2
    assert translated(user("a"), top_p=0.9)["top_p"] == 0.9


def test_betas_become_a_header() -> None:
    call = Call(model=MODEL, body={"messages": []}, stream=False, decision="d")
    assert beta_field(call) == b""
    assert beta_field(replace(call, betas=("a-2025-01-01", "b"))) == b"anthropic-beta: a-2025-01-01,b\r\n"


def test_a_json_schema_becomes_the_output_format() -> None:
    schema: Json = {"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": False}
    wanted: Json = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    body = translated(user("x"), response_format=wanted)
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": schema}}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"response_format": {"type": "grammar"}}, "response_format"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages.0.role"),
        ({"messages": [user([{"type": "input_audio", "input_audio": {}}])]}, "messages.0.content.0"),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "file:///x"}}])]},
            "messages.0.content.0.image_url.url",
        ),
    ],
)
def test_what_it_cannot_say_is_the_callers_400_but_another_model_may_take_it(fields: Json, param: str) -> None:
    body: Json = {"messages": [user("x")], **fields}
    with pytest.raises(UpstreamRefused) as caught:
        messages_body(Call(model=MODEL, body=body, stream=False, decision="d"))
    error = caught.value
    assert (error.status, error.retryable) == (400, True)
    assert error.body is not None
    assert isinstance(error.body["error"], dict)
    assert error.body["error"]["param"] == param


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["role", "content", "type", "text", "tool_calls", "function", "image_url", "url", "arguments"]
                ),
                inner | st.sampled_from(["user", "assistant", "tool", "text", "image_url", "file"]),
            )
        ),
        max_leaves=10,
    )
)
def test_no_messages_crash_the_translation(messages: JsonValue) -> None:
    for fields in ({"messages": messages}, {"messages": [], "tools": messages, "tool_choice": messages}):
        with suppress(UpstreamRefused):
            messages_body(Call(model=MODEL, body=fields, stream=False, decision="d"))


@pytest.mark.parametrize("base_url", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_base_urls_with_and_without_version(base_url: str) -> None:
    assert api_url(base_url, "/messages") == "http://h:1/v1/messages"


# -------------------------------------------------------------------------------------- the stream


def play(stream: bytes, *, step: int = 7) -> tuple[list[Chunk], UpstreamError | None, web.Request]:
    """Let a loopback server play the bytes in small pieces to the real provider."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        seen.append(request)
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await out.prepare(request)
        for i in range(0, len(stream), step):
            await out.write(stream[i : i + step])
        return out

    async def run() -> tuple[list[Chunk], UpstreamError | None]:
        app = web.Application()
        app.router.add_post("/v1/messages", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        model = Model(name="m", upstream="anthropic", upstream_model="x", base_url=base_url, api_key=Secret("sk-1"))
        provider = AnthropicProvider(model, Timeouts(total_s=5), now=lambda: 100.0)
        await provider.start()
        chunks: list[Chunk] = []
        try:
            call = Call(model=model, body={"messages": [user("x")]}, stream=True, decision="d")
            async for chunk in provider.send(call):
                chunks.append(chunk)  # noqa: PERF401 - what came before an error counts
        except UpstreamError as exc:
            return chunks, exc
        finally:
            await provider.close()
            await runner.cleanup()
        return chunks, None

    chunks, error = asyncio.run(run())
    return chunks, error, seen[0]


def deltas(chunks: list[Chunk]) -> list[Json]:
    return [choice["delta"] for chunk in chunks for choice in orjson.loads(chunk.data)["choices"]]


def test_a_text_stream() -> None:
    chunks, error, request = play((FIXTURES / "anthropic_text.sse").read_bytes())
    assert error is None
    assert deltas(chunks) == [{"role": "assistant", "content": ""}, {"content": "Good"}, {"content": " morning"}, {}]
    assert [c.has_content for c in chunks] == [False, True, True, False, False]
    assert chunks[-2].finish == "stop"
    assert chunks[-1].usage == Usage(input_tokens=133, output_tokens=15, cached_input_tokens=100, surcharge_tokens=2)
    assert chunks[-1].usage_only
    assert {c.model for c in chunks} == {"claude-sonnet-4-5-20250929"}
    assert orjson.loads(chunks[0].data)["created"] == 100
    assert request.headers["x-api-key"] == "sk-1"
    assert request.headers["anthropic-version"] == "2023-06-01"


def test_thinking_text_and_two_tool_calls() -> None:
    chunks, error, _ = play((FIXTURES / "anthropic_tools.sse").read_bytes(), step=1000)
    assert error is None
    said = deltas(chunks)
    assert "".join(str(d.get("reasoning_content", "")) for d in said) == "Two cities, two calls."
    assert "".join(str(d.get("content", "")) for d in said) == "I will look."
    block = {"type": "thinking", "thinking": "Two cities, two calls.", "signature": "c2lnbmVk"}
    assert [d["thinking_blocks"] for d in said if "thinking_blocks" in d] == [[block]]
    calls: dict[int, dict[str, str]] = {}
    for part in (p for d in said for p in d.get("tool_calls", [])):  # type: ignore[union-attr]
        call = calls.setdefault(part["index"], {"id": part.get("id"), "arguments": ""})  # type: ignore[index,call-overload]
        call["arguments"] += part["function"]["arguments"]  # type: ignore[index,call-overload]
    assert calls == {
        0: {"id": "toolu_a", "arguments": '{"location": "Oslo"}'},
        1: {"id": "toolu_b", "arguments": "{}"},
    }
    assert chunks[-2].finish == "tool_calls"
    assert chunks[-1].usage == Usage(input_tokens=472, output_tokens=89, reasoning_tokens=40)


def test_overloaded_in_the_stream_is_a_529_that_another_model_may_serve() -> None:
    chunks, error, _ = play((FIXTURES / "anthropic_overloaded.sse").read_bytes())
    assert isinstance(error, UpstreamRefused)
    assert (error.http_status, error.status, error.retryable) == (529, 502, True)
    assert not any(c.has_content for c in chunks)


@pytest.mark.parametrize("n_events", range(9))
def test_a_stream_that_stops_at_any_event_is_not_taken_for_whole(n_events: int) -> None:
    events = (FIXTURES / "anthropic_text.sse").read_bytes().split(b"\n\n")
    chunks, error, _ = play(b"\n\n".join(events[:n_events]) + b"\n\n", step=4096)
    if any(c.finish for c in chunks):
        assert error is None
    else:
        assert isinstance(error, UpstreamCut if any(c.has_content for c in chunks) else UpstreamMalformed)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "stop"),
        ("of_the_future", "stop"),
    ],
)
def test_stop_reasons(reason: str, finish: str) -> None:
    message = {"id": "i", "model": "x", "content": [text("a")], "stop_reason": reason, "usage": {}}
    chunk = MessagesReading("m", created=0).whole(orjson.dumps(message))
    assert chunk.finish == finish


def test_a_plain_answer_with_everything() -> None:
    message = {
        "id": "msg_1",
        "type": "message",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            text("I "),
            text("look."),
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": "é"}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 7},
    }
    chunk = MessagesReading("m", created=9).whole(orjson.dumps(message))
    document = orjson.loads(chunk.data)
    assert document["choices"][0]["message"] == {
        "role": "assistant",
        "content": "I look.",
        "refusal": None,
        "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": '{"a":"é"}'}}],
        "reasoning_content": "hm",
        "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
    }
    assert document["usage"]["prompt_tokens"] == 8
    assert chunk.usage == Usage(input_tokens=8, output_tokens=7, cached_input_tokens=3)
    assert (chunk.model, chunk.finish, document["created"]) == ("claude-x", "tool_calls", 9)


def test_a_count_that_no_call_can_have_is_none() -> None:
    usage = {"input_tokens": 5, "output_tokens": 2**63, "cache_read_input_tokens": -3}
    message = {"id": "i", "model": "x", "content": [text("a")], "stop_reason": "end_turn", "usage": usage}
    chunk = MessagesReading("m", created=9).whole(orjson.dumps(message))
    assert chunk.usage == Usage(input_tokens=5, output_tokens=0)


KINDS = ["message_start", "message_delta", "message_stop", "error", "ping"]
BLOCK_KINDS = ["content_block_start", "content_block_delta", "content_block_stop"]
DELTA_KINDS = ["text_delta", "input_json_delta", "thinking_delta", "signature_delta", "a"]
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([*KINDS, *BLOCK_KINDS])},
    optional={
        "index": st.integers(0, 2),
        "message": st.dictionaries(st.sampled_from(["id", "model", "usage"]), st.none() | st.text(max_size=2)),
        "content_block": st.fixed_dictionaries({"type": st.sampled_from(["text", "tool_use", "thinking", "x"])}),
        "delta": st.dictionaries(
            st.sampled_from(["type", "text", "partial_json", "thinking", "stop_reason"]), st.sampled_from(DELTA_KINDS)
        ),
        "usage": st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), st.integers(-2, 2)),
    },
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=8))
def test_no_order_of_events_crashes_the_reading(events: list[Json]) -> None:
    reading = MessagesReading("m", created=0)
    for event in events:
        try:
            for chunk in reading.event(b"", orjson.dumps(event)):
                orjson.loads(chunk.data)
        except (BrokenEvent, UpstreamError):
            continue


def test_what_a_caller_writes_for_anthropic_beside_his_chat_names_no_other_model_and_no_other_words() -> None:
    other: Json = {
        "model": "another",
        "messages": [],
        "tools": [{"name": "x"}],
        "stream": True,
        "max_tokens": 9,
        "new": 1,
    }
    made = messages_body(
        Call(
            model=MODEL,
            body={"messages": [{"role": "user", "content": "hi"}], "anthropic": other},
            stream=False,
            decision="d",
        )
    )
    assert (made["model"], made["stream"], made["new"]) == (MODEL.upstream_model, False, 1)
    assert made["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert "tools" not in made
