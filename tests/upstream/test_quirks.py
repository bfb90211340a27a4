"""What single hosts do otherwise is mended where it would break a caller, and nowhere else."""

from __future__ import annotations

import orjson
import pytest

from unisono.errors import UpstreamRefused
from unisono.types import Call, Json, JsonValue, Model, Timeouts, Usage
from unisono.upstream.openai import AzureReading, ChatReading, GeminiReading, MistralReading, chat_body, openai_provider
from unisono.upstream.plain import plain
from unisono.upstream.quirks import parted
from unisono.upstream.sse import EventParser

LIMITS = [
    ("https://api.openai.com/v1", {"max_tokens": 9}, {"max_completion_tokens": 9}),
    ("https://house.openai.azure.com/openai/v1", {"max_tokens": 9}, {"max_completion_tokens": 9}),
    ("https://api.openai.com/v1", {"max_completion_tokens": 9}, {"max_completion_tokens": 9}),
    ("http://127.0.0.1:11434/v1", {"max_completion_tokens": 9}, {"max_completion_tokens": 9, "max_tokens": 9}),
    ("http://ollama/v1", {"max_completion_tokens": 9}, {"max_completion_tokens": 9, "max_tokens": 9}),
    ("http://127.0.0.1:11434/v1", {"max_completion_tokens": 9, "max_tokens": 8}, None),
    ("https://eu.api.openai.com/v1", {"max_tokens": 9}, {"max_completion_tokens": 9}),
    ("https://api.mistral.ai/v1", {"max_completion_tokens": 9}, {"max_tokens": 9}),
    ("https://api.mistral.ai/v1", {"max_completion_tokens": 9, "max_tokens": 8}, {"max_tokens": 8}),
    ("https://api.mistral.ai/v1", {"max_tokens": 9}, None),
    ("https://api.mistral.ai/v1", {"seed": 7}, {"random_seed": 7}),
    ("https://api.groq.com/openai/v1", {"seed": 7}, None),
    ("http://127.0.0.1:8000/v1", {"max_completion_tokens": 9}, None),
    ("http://127.0.0.1:8000/v1", {"max_tokens": 9}, None),
    ("https://generativelanguage.googleapis.com/v1beta/openai", {"max_tokens": 9}, None),
    ("http://127.0.0.1:11434/v1", {}, None),
]


def _body(base_url: str, body: Json, *, stream: bool = False) -> Json:
    model = Model(name="m", upstream="openai", upstream_model="m", base_url=base_url)
    return chat_body(Call(model=model, body=body, stream=stream, decision="d"))


@pytest.mark.parametrize(("base_url", "given", "sent"), LIMITS)
def test_the_length_of_an_answer_and_the_seed_go_out_under_the_name_that_the_host_obeys(
    base_url: str, given: Json, sent: Json | None
) -> None:
    assert _body(base_url, dict(given)) == {**(given if sent is None else sent), "model": "m"}


def test_what_a_developer_says_goes_out_as_system_where_the_role_is_not_known() -> None:
    said: Json = {"role": "developer", "content": "be brief", "name": "d"}
    asked: Json = {"role": "user", "content": "hi"}
    for base_url in ("https://api.deepseek.com", "http://127.0.0.1:8000/v1", "https://api.mistral.ai/v1"):
        assert _body(base_url, {"messages": [asked, said]})["messages"] == [asked, {**said, "role": "system"}]
    for base_url in ("https://api.openai.com/v1", "https://h.openai.azure.com/openai/v1"):
        assert _body(base_url, {"messages": [said]})["messages"] == [said]


def test_mistral_counts_a_streams_tokens_unasked_and_is_not_asked() -> None:
    asked: Json = {"stream_options": {"include_usage": True}}
    assert "stream_options" not in _body("https://api.mistral.ai/v1", asked, stream=True)
    assert _body("http://h/v1", {}, stream=True)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.openai.com/v1",
        "https://h.openai.azure.com/openai/v1",
        "https://api.mistral.ai/v1",
        "https://api.groq.com/openai/v1",
        "https://api.cerebras.ai/v1",
    ],
)
def test_what_another_model_thought_reaches_no_host_that_refuses_the_field(base_url: str) -> None:
    said: Json = {"role": "assistant", "content": "a", "refusal": None, "annotations": [], "name": "n"}
    thought: Json = {"reasoning_content": "hm", "reasoning": "hm", "reasoning_details": [{}], "thinking_blocks": [{}]}
    asked: Json = {"role": "user", "content": "b", "reasoning": "the user's own"}
    body: Json = {"messages": [{**said, **thought}, asked]}
    kept: Json = {"role": "assistant", "content": "a", "name": "n"}
    assert _body(base_url, body)["messages"] == [kept, asked]
    assert _body("http://127.0.0.1:8000/v1", body)["messages"] == body["messages"]  # DeepSeek's own wants it back


@pytest.mark.parametrize(
    ("base_url", "fits", "odd"),
    [
        ("https://api.mistral.ai/v1", "abCD12345", ["call_abc", "toolu_0123456789", "abcdefgh-"]),
        ("https://api.openai.com/v1", "call_" + "a" * 35, ["a" * 41]),
        ("https://api.groq.com/openai/v1", "functions.look:0", ["a" * 41]),
    ],
)
def test_ids_of_calls_that_a_host_refuses_are_made_to_fit(base_url: str, fits: str, odd: list[str]) -> None:
    made = []
    for name in (fits, *odd):
        function: Json = {"name": "f", "arguments": "{}"}
        call: Json = {"id": name, "type": "function", "function": function, "index": 0, "extra_content": {"google": {}}}
        turn: list[JsonValue] = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": name, "content": "x"},
        ]
        asked, told = _body(base_url, {"messages": turn})["messages"]  # type: ignore[misc]
        (sent,) = asked["tool_calls"]  # type: ignore[index, call-overload]
        assert set(sent) == {"id", "type", "function"}  # type: ignore[arg-type]
        assert sent["id"] == told["tool_call_id"]  # type: ignore[index, call-overload]
        made.append(sent["id"])  # type: ignore[index, call-overload]
    assert made[0] == fits
    assert all(len(str(name)) == 9 and str(name).isalnum() for name in made[1:])
    assert len(set(made)) == len(made)


def _chunk(delta: Json, finish: str | None = None) -> bytes:
    return orjson.dumps({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def test_geminis_streams_of_tool_calls_end_with_their_own_reason_and_others_as_they_came() -> None:
    call: Json = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}
    reading = GeminiReading("m")
    reading.event(b"", _chunk(call))
    (last,) = reading.event(b"", _chunk({}, "stop"))
    assert (last.finish, orjson.loads(last.data)["choices"][0]["finish_reason"]) == ("tool_calls", "tool_calls")
    for other, before in ((GeminiReading("m"), _chunk({"content": "hi"})), (ChatReading("m"), _chunk(call))):
        other.event(b"", before)
        data = _chunk({}, "stop")
        (kept,) = other.event(b"", data)
        assert (kept.finish, kept.data) == ("stop", data)


def test_geminis_calls_beside_each_other_get_places_of_their_own() -> None:
    def call(name: str | None, arguments: str) -> Json:
        named: Json = {} if name is None else {"id": name}
        return {"index": 0, **named, "type": "function", "function": {"name": "f", "arguments": arguments}}

    reading = GeminiReading("m")
    told = [[call("a", "{}")], [call("b", '{"x"'), call("c", "{}")], [call(None, "more")]]
    chunks = [chunk for calls in told for chunk in reading.event(b"", _chunk({"tool_calls": calls}))]  # type: ignore[dict-item]
    (last,) = reading.event(b"", _chunk({}, "stop"))
    seen = [c["index"] for chunk in chunks for c in orjson.loads(chunk.data)["choices"][0]["delta"]["tool_calls"]]
    assert seen == [0, 1, 2, 2]
    assert all(chunk.has_content and chunk.finish is None for chunk in chunks)
    assert last.finish == "tool_calls"


@pytest.mark.parametrize(
    ("url", "reading"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/openai", GeminiReading),
        ("https://api.mistral.ai/v1", MistralReading),
        ("https://a.openai.azure.com/openai/v1", AzureReading),
        ("http://x/v1", ChatReading),
    ],
)
def test_only_a_hosts_own_address_is_read_its_way(url: str, reading: type[ChatReading]) -> None:
    provider = openai_provider(Model(name="m", upstream="openai", upstream_model="m", base_url=url), Timeouts())
    assert type(provider._reading("m")) is reading


def test_a_llama_cpp_stream_may_end_without_a_blank_line_and_begin_without_content() -> None:
    raw = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}\n\n'
    raw += b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}],"timings":{"n":1}}\n\n'
    parser, reading = EventParser(), ChatReading("m")
    events = [*parser.feed(raw + b"data: [DONE]"), *parser.end()]
    chunks = [chunk for name, data in events for chunk in reading.event(name, data)]
    assert [chunk.has_content for chunk in chunks] == [False, True]
    assert reading.ended


def test_what_only_anthropic_reads_reaches_no_other_upstream() -> None:
    mark: Json = {"cache_control": {"type": "ephemeral"}}
    body: Json = {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "a", **mark}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": [{"type": "text", "text": "c", **mark}]},
            {"role": "assistant", "content": None, "thinking_blocks": [{"type": "thinking"}]},
            {"role": "tool", "tool_call_id": "t", "content": "no", "is_error": True},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}, "anthropic_block": {"name": "f", **mark}}],
        "anthropic": {"thinking": {"type": "enabled"}},
    }
    assert plain(body, model="m") == {
        "messages": [
            {"role": "system", "content": "a\n\nb"},
            {"role": "user", "content": [{"type": "text", "text": "c"}]},
            {"role": "assistant", "content": None},
            {"role": "tool", "tool_call_id": "t", "content": "no"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    own: Json = {key: value for key, value in body.items() if key != "anthropic"}
    assert plain(own, model="m") is own  # what a caller of chat completions wrote is his


def test_pictures_of_tool_results_come_behind_the_last_of_them_as_a_users() -> None:
    picture: Json = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    found: Json = {"type": "text", "text": "found"}
    results: list[JsonValue] = [
        {"role": "tool", "tool_call_id": "a", "content": [found, picture]},
        {"role": "tool", "tool_call_id": "b", "content": [picture]},
        {"role": "tool", "tool_call_id": "c", "content": "plain"},
    ]
    texts: list[JsonValue] = [
        {"role": "tool", "tool_call_id": "a", "content": "found"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {"role": "tool", "tool_call_id": "c", "content": "plain"},
    ]
    for after, made in (
        ([], [{"role": "user", "content": [picture, picture]}]),
        ([{"role": "user", "content": "and?"}], [{"role": "user", "content": [picture, picture, _text("and?")]}]),
        ([{"role": "user", "content": [found]}], [{"role": "user", "content": [picture, picture, found]}]),
        (
            [{"role": "assistant", "content": "so"}],
            [{"role": "user", "content": [picture, picture]}, {"role": "assistant", "content": "so"}],
        ),
    ):
        body: Json = {"messages": [*results, *after], "anthropic": {}}
        assert plain(body, model="m") == {"messages": [*texts, *made]}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "computer_20250124", "name": "computer"}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "file", "file_id": "f"}}]}]},
    ],
)
def test_what_only_anthropic_has_is_refused_before_it_is_sent_so_that_another_model_may_take_it(more: Json) -> None:
    with pytest.raises(UpstreamRefused, match="only Anthropic") as caught:
        plain({"messages": [], "anthropic": {}, **more}, model="m")
    assert (caught.value.http_status, caught.value.retryable) == (400, True)


THOUGHT: Json = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}, {"type": "text", "text": "m"}]}


def test_mistrals_thinking_comes_beside_the_text_and_the_text_as_one() -> None:
    said: Json = {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "four"}]}
    document: Json = {"model": "m", "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]}
    told = orjson.loads(MistralReading("m").whole(orjson.dumps(document)).data)
    assert told["choices"][0]["message"] == {"role": "assistant", "content": "four", "reasoning_content": "hmm"}
    reading = MistralReading("m")
    (thinks,) = reading.event(b"", _chunk({"content": [THOUGHT]}))
    (speaks,) = reading.event(b"", _chunk({"content": "four"}))
    assert orjson.loads(thinks.data)["choices"][0]["delta"] == {"content": "", "reasoning_content": "hmm"}
    assert thinks.has_content
    assert orjson.loads(speaks.data) == orjson.loads(_chunk({"content": "four"}))


@pytest.mark.parametrize(
    "data",
    [
        b'{"choices": [{"delta": {"content": "the word \\"thinking\\" in a text"}}]}',
        b'{"choices": [{"delta": {"content": [{"type": "thinking"}, {"type": "reference", "reference_ids": [1]}]}}]}',
        b'{"choices": [{"delta": {"content": ["thinking"]}}], "thinking": 1}',
        b'{"choices": "thinking"}',
        b'["thinking"]',
        b'"thinking" and no JSON',
    ],
)
def test_what_is_no_list_of_thinking_and_text_stays_as_it_was(data: bytes) -> None:
    made = parted(data)
    assert made == data or orjson.loads(made) == orjson.loads(data)


def test_groqs_own_place_of_usage_is_read_where_there_is_no_other() -> None:
    last = orjson.loads(_chunk({}, "stop"))
    (chunk,) = ChatReading("m").event(
        b"", orjson.dumps({**last, "x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}})
    )
    assert chunk.usage == Usage(input_tokens=3, output_tokens=4)
    assert not chunk.usage_only


def test_what_azures_filters_say_comes_beside_a_delta_as_clients_expect_one() -> None:
    prompt: Json = {"id": "", "model": "", "choices": [], "prompt_filter_results": [{"content_filter_results": {}}]}
    told: Json = {"id": "", "model": "", "choices": [{"index": 0, "content_filter_offsets": {}, "finish_reason": None}]}
    reading = AzureReading("m")
    (first,) = reading.event(b"", orjson.dumps(prompt))
    (later,) = reading.event(b"", orjson.dumps(told))
    (words,) = reading.event(b"", _chunk({"content": "a"}))
    (last,) = reading.event(b"", orjson.dumps({"choices": [], "usage": {"prompt_tokens": 1}, "content_filter": 1}))
    assert orjson.loads(first.data) == {**prompt, "choices": [{"index": 0, "finish_reason": None, "delta": {}}]}
    assert orjson.loads(later.data)["choices"][0]["delta"] == {}
    assert (first.has_content, later.has_content, words.has_content) == (False, False, True)
    assert (words.data, last.usage_only, first.usage_only) == (_chunk({"content": "a"}), True, False)
