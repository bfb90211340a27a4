"""OpenAI's dialect: bytes pass through, and what the router must know is seen."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import UpstreamError, UpstreamMalformed, UpstreamRefused
from unisono.testing import ScriptedServer, Wire
from unisono.types import Call, Chunk, Json, Model, Secret, Timeouts, Usage
from unisono.upstream.http import under
from unisono.upstream.inflow import MAX_BROKEN_EVENTS
from unisono.upstream.openai import ChatReading, OpenAIProvider, chat_body, key_headers
from unisono.upstream.reading import BrokenEvent
from unisono.upstream.script import Script

MODEL = Model(name="m", upstream="openai", upstream_model="real-m")


def body_for(*, streamed: bool, **fields: object) -> Json:
    return chat_body(Call(model=MODEL, body={"model": "auto", **fields}, stream=streamed, decision="d"))  # type: ignore[dict-item]


def chunk_of(**delta: object) -> Chunk:
    (chunk,) = ChatReading("m").event(b"", orjson.dumps({"choices": [{"delta": delta}]}))
    return chunk


def test_the_body_passes_but_for_the_model() -> None:
    body = body_for(streamed=False, messages=[], x_unknown={"a": [1]}, temperature=0.3)
    assert body == {"model": "real-m", "messages": [], "x_unknown": {"a": [1]}, "temperature": 0.3}


def test_a_stream_always_asks_for_usage_and_keeps_the_callers_options() -> None:
    body = body_for(streamed=True, stream_options={"include_usage": False, "include_obfuscation": False})
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_a_plain_call_carries_no_stream_options() -> None:
    assert body_for(streamed=False, stream=True, stream_options={"a": 1}) == {"model": "real-m", "stream": False}


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("http://h:1", "http://h:1/chat/completions"),
        ("https://h/openai/d/x?api-version=1", "https://h/openai/d/x/chat/completions?api-version=1"),
    ],
)
def test_base_urls_with_and_without_slash_and_query(base_url: str, url: str) -> None:
    assert under(base_url, "/chat/completions") == url


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"tool_calls": [{"index": 0}]},
        {"refusal": "no"},
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"audio": {"id": "a"}},
        {"images": [{}]},
        {"function_call": {"name": "f"}},
    ],
)
def test_text_calls_refusals_reasoning_and_audio_are_content(delta: Json) -> None:
    assert chunk_of(**delta).has_content


@pytest.mark.parametrize("delta", [{}, {"role": "assistant", "content": ""}, {"content": None, "tool_calls": []}])
def test_a_role_or_an_empty_text_is_no_content(delta: Json) -> None:
    assert not chunk_of(**delta).has_content


def test_the_chunk_is_the_upstreams_bytes() -> None:
    data = b'{ "choices":[{"delta":{"content":"\\u00e9"},"x_new":1.50}],  "model":"real-m" }'
    (chunk,) = ChatReading("m").event(b"", data)
    assert chunk.data == data
    assert chunk.model == "real-m"


def test_a_chunk_over_several_lines_goes_out_as_one() -> None:
    document = {"choices": [{"delta": {"content": "a\nb"}}], "model": "real-m"}
    (chunk,) = ChatReading("m").event(b"", orjson.dumps(document, option=orjson.OPT_INDENT_2))
    assert b"\n" not in chunk.data
    assert orjson.loads(chunk.data) == document


def test_usage_is_read_whole() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    (chunk,) = ChatReading("m").event(b"", orjson.dumps({"choices": [], "usage": usage}))
    assert chunk.usage == Usage(input_tokens=10, output_tokens=5, cached_input_tokens=4, reasoning_tokens=3)
    assert chunk.usage_only


@pytest.mark.parametrize(("count", "read"), [(12, 12), (12.0, 12), (0, 0)])
def test_a_count_may_be_written_with_a_point(count: float, read: int) -> None:
    (chunk,) = ChatReading("m").event(
        b"", orjson.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": count}})
    )
    assert chunk.usage == Usage(input_tokens=3, output_tokens=read)


@pytest.mark.parametrize("count", [None, "12", -1, 1.5, 1e21, [12]])
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_a_count_that_is_none_makes_usage_unknown_and_not_nothing(name: str, count: object) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 5, name: count}
    (chunk,) = ChatReading("m").event(b"", orjson.dumps({"choices": [], "usage": usage}))
    assert chunk.usage is None
    assert chunk.usage_only  # who did not ask for usage gets no chunk without choices
    assert ChatReading("m").whole(orjson.dumps({"choices": [], "usage": usage})).usage is None


def test_usage_beside_a_choice_is_not_usage_only() -> None:
    document = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}
    (chunk,) = ChatReading("m").event(b"", orjson.dumps(document))
    assert (chunk.usage_only, chunk.finish) == (False, "stop")


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"]),
        st.none()
        | st.integers(-5, 5)
        | st.text(max_size=2)
        | st.dictionaries(st.sampled_from(["cached_tokens", "reasoning_tokens"]), st.integers(-9, 9)),
    )
)
def test_an_upstream_that_lies_about_usage_gives_no_negative_counts(usage: Json) -> None:
    (chunk,) = ChatReading("m").event(b"", orjson.dumps({"choices": [], "usage": usage}))
    if chunk.usage is not None:
        assert 0 <= chunk.usage.cached_input_tokens <= chunk.usage.input_tokens
        assert 0 <= chunk.usage.reasoning_tokens <= chunk.usage.output_tokens


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["choices", "delta", "error", "usage", "model", "content", "code"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(json_values, st.booleans())
def test_no_document_crashes_the_reading(document: object, stream: bool) -> None:
    reading = ChatReading("m")
    with suppress(BrokenEvent, UpstreamError):
        reading.event(b"", orjson.dumps(document)) if stream else reading.whole(orjson.dumps(document))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 400, "message": "long"}, 400),
        ({"code": "context_length_exceeded"}, 400),
        ({"type": "rate_limit_error"}, 429),
        ({"code": 503}, 503),
        ({"message": "?"}, 500),
        ("text", 500),
    ],
)
def test_an_error_inside_a_stream_gets_its_status(error: object, status: int) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        ChatReading("m").event(b"", orjson.dumps({"error": error}))
    assert caught.value.http_status == status


def play(script: Script, wire: Wire, *, stream: bool = True) -> tuple[list[Chunk], UpstreamError | None]:
    async def run() -> tuple[list[Chunk], UpstreamError | None]:
        async with ScriptedServer(script, wire=wire) as server:
            model = Model(name="m", upstream="openai", upstream_model="real-m", base_url=server.openai_url)
            provider = OpenAIProvider(model, Timeouts(first_content_s=1, gap_s=1, total_s=5))
            await provider.start()
            chunks: list[Chunk] = []
            try:
                call = Call(model=model, body={"messages": []}, stream=stream, decision="d")
                async for chunk in provider.send(call):
                    chunks.append(chunk)  # noqa: PERF401 - what came before an error counts
            except UpstreamError as exc:
                return chunks, exc
            finally:
                await provider.close()
            return chunks, None

    return asyncio.run(run())


def n_content(chunks: list[Chunk]) -> int:
    return sum(chunk.has_content for chunk in chunks)


def test_a_broken_event_before_content_fails_the_attempt() -> None:
    chunks, error = play(Script(reply="a b"), Wire(broken_events=1, broken_after=0))
    assert isinstance(error, UpstreamMalformed)
    assert error.retryable
    assert n_content(chunks) == 0


def test_a_broken_event_after_content_does_not_kill_the_stream() -> None:
    chunks, error = play(Script(reply="a b c"), Wire(broken_events=1, broken_after=1))
    assert error is None
    assert n_content(chunks) == 3


def test_many_broken_events_end_the_stream() -> None:
    _, error = play(Script(reply="a b c"), Wire(broken_events=MAX_BROKEN_EVENTS + 1, broken_after=1))
    assert isinstance(error, UpstreamMalformed)


def test_a_stream_that_ends_after_its_finish_reason_is_whole() -> None:
    chunks, error = play(Script(reply="a b"), Wire(end=False))
    assert error is None
    assert n_content(chunks) == 2


def test_an_error_event_before_content_refuses() -> None:
    chunks, error = play(Script(reply="a b"), Wire(error_event={"code": 429, "message": "slow down"}))
    assert isinstance(error, UpstreamRefused)
    assert (error.http_status, n_content(chunks)) == (429, 0)


def test_chunks_before_an_error_event_are_given_out_first() -> None:
    chunks, error = play(Script(reply="a b c"), Wire(error_event={"type": "server_error"}, broken_after=2))
    assert isinstance(error, UpstreamRefused)
    assert n_content(chunks) == 2


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_with_status_200_is_an_error(stream: bool) -> None:
    wire = Wire(body=b'{"error": {"code": 429, "message": "x"}}')
    _, error = play(Script(), wire, stream=stream)
    assert isinstance(error, UpstreamRefused)
    assert error.http_status == 429


def test_a_choice_that_failed_is_no_answer() -> None:
    failed = {"index": 0, "finish_reason": "error", "message": {"content": ""}, "error": {"code": 502, "message": "x"}}
    with pytest.raises(UpstreamRefused) as caught:
        ChatReading("m").whole(orjson.dumps({"choices": [failed]}))
    assert caught.value.http_status == 502
    with pytest.raises(UpstreamRefused):
        ChatReading("m").event(b"", orjson.dumps({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}))


@pytest.mark.parametrize(
    ("base_url", "key", "header"),
    [
        ("https://a.openai.azure.com/openai/v1", "abc", {"api-key": "abc"}),
        ("https://a.services.ai.azure.com/openai/v1", "abc", {"api-key": "abc"}),
        ("https://a.openai.azure.com/openai/v1", "eyJ0eXAi.b.c", {"Authorization": "Bearer eyJ0eXAi.b.c"}),
        ("https://api.openai.com/v1", "abc", {"Authorization": "Bearer abc"}),
        ("https://azure.com.example/v1", "abc", {"Authorization": "Bearer abc"}),
    ],
)
def test_a_host_finds_its_key_where_it_looks_for_it(base_url: str, key: str, header: dict[str, str]) -> None:
    assert key_headers(Secret(key), base_url=base_url) == header
    assert key_headers(None, base_url=base_url) == {}
