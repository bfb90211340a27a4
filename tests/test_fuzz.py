"""Anything at all, sent to what reads bytes of strangers: an error of ours or an answer, never a crash.

`UNISONO_FUZZ=20000 scripts/test tests/test_fuzz.py` looks longer.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unisono.catalog import Catalog
from unisono.edge.form import Form
from unisono.edge.messages import MessagesForm
from unisono.edge.parse import parse
from unisono.edge.responses import ResponsesForm
from unisono.edge.wishes import FIELDS, PREFIX
from unisono.errors import RequestError, UpstreamError
from unisono.server.auth import identify
from unisono.server.reply import headers_in
from unisono.types import Call, Model
from unisono.upstream.anthropic_answer import MessagesReading
from unisono.upstream.anthropic_request import messages_body
from unisono.upstream.http import retry_after_s
from unisono.upstream.openai import ChatReading, GeminiReading, chat_body
from unisono.upstream.reading import BrokenEvent
from unisono.upstream.sse import EventParser

much = settings(
    max_examples=int(os.environ.get("UNISONO_FUZZ", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
CATALOG = Catalog([Model(name="small", upstream="scripted", upstream_model="small")])
MODEL = Model(name="small", upstream="anthropic", upstream_model="claude")

# ------------------------------------------------------------------------------------- what is sent

WORDS = st.sampled_from([
    "model", "messages", "role", "content", "type", "text", "user", "assistant", "system", "tool", "developer",
    "image_url", "url", "file", "file_data", "tool_calls", "function", "name", "arguments", "id", "tool_use",
    "tool_result", "input", "tool_use_id", "thinking", "redacted_thinking", "signature", "source", "base64",
    "media_type", "data", "document", "image", "max_tokens", "stream", "stream_options", "tools", "tool_choice",
    "input_schema", "auto", "any", "small", "cache_control", "anthropic", "unisono", "input_text", "output_text",
    "input_image", "input_file", "function_call", "function_call_output", "call_id", "output", "reasoning",
    "refusal", "message", "instructions", "format", "json_schema", "schema", "choices", "delta", "index",
    "finish_reason", "stop", "usage", "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens",
    "reasoning_content", "thinking_blocks", "error", "code", "message_start", "content_block_start",
    "content_block_delta", "content_block_stop", "message_delta", "message_stop", "content_block", "text_delta",
    "input_json_delta", "partial_json", "thinking_delta", "signature_delta", "stop_reason", "end_turn",
    "input_tokens", "output_tokens", "is_error", "metadata", "user_id", "response_format", "output_config", "{}", "",
    "data:image/png;base64,aGk=", '{"a": 1}', "dial", "models", "session", "n", "modalities", "audio", "functions",
])  # fmt: skip
ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**53), st.floats(allow_nan=False), st.text(max_size=8), WORDS
)
ANY = st.recursive(
    ATOMS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(WORDS, ANY, max_size=6)
BLOCKS = st.lists(
    st.one_of(
        ANY,
        st.fixed_dictionaries(
            {"type": WORDS}, optional=dict.fromkeys(("text", "source", "input", "content", "id", "name"), ANY)
        ),
        st.fixed_dictionaries({"type": st.just("tool_use"), "id": WORDS, "name": WORDS, "input": OBJECTS}),
        st.fixed_dictionaries({"type": st.just("tool_result"), "tool_use_id": WORDS}, optional={"content": ANY}),
        st.fixed_dictionaries({"type": st.just("text"), "text": WORDS}),
    ),
    max_size=4,
)
TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "x"]), "content": st.one_of(WORDS, BLOCKS)},
                          optional={"tool_calls": ANY, "thinking_blocks": ANY, "tool_call_id": ANY, "type": WORDS}),
    min_size=1, max_size=4,
)  # fmt: skip
MORE = dict.fromkeys(
    ("system", "tools", "tool_choice", "metadata", "stream", "stop", "unisono", "response_format", "anthropic"), ANY
)
TOOLS = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["function", "custom", "tool_search", "web_search", "x"]), "name": WORDS},
        optional={"description": ANY, "format": ANY, "parameters": OBJECTS, "execution": st.just("client")},
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("namespace"), "name": WORDS, "tools": st.lists(inner, max_size=2)},
        optional={"description": ANY},
    ),
    max_leaves=4,
)
CALLS = ("function_call", "custom_tool_call", "tool_search_call")
OUTPUTS = ("function_call_output", "custom_tool_call_output", "tool_search_output", "additional_tools")
ITEMS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.sampled_from(CALLS), "call_id": WORDS, "name": WORDS, "arguments": WORDS, "input": WORDS},
            optional={"namespace": ANY},
        ),
        st.fixed_dictionaries(
            {"type": st.sampled_from(OUTPUTS), "call_id": WORDS, "output": st.one_of(WORDS, BLOCKS)},
            optional={"tools": st.lists(TOOLS, max_size=2)},
        ),
    ),
    min_size=1,
    max_size=4,
)
BODIES = st.one_of(
    OBJECTS,
    st.fixed_dictionaries(
        {"model": st.just("auto"), "input": ITEMS},
        optional={"tools": st.lists(TOOLS, max_size=3), "tool_choice": st.one_of(TOOLS, WORDS), "include": ANY},
    ),
    st.fixed_dictionaries({"model": st.just("auto"), "max_tokens": st.just(9), "messages": TURNS}, optional=MORE),
    st.fixed_dictionaries(
        {"model": st.just("auto"), "input": st.one_of(WORDS, TURNS, BLOCKS)},
        optional={**MORE, "text": ANY, "reasoning": ANY, "instructions": ANY},
    ),
)


def _fragment(name: str, kind: str, written: str) -> Any:
    kind = "custom" if kind < "i" else "function"
    return {"index": 0, "id": "c", "type": kind, kind: {"name": name, "arguments": written, "input": written}}


DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": ANY,
        "reasoning_content": ANY,
        "refusal": ANY,
        "thinking_blocks": ANY,
        "tool_calls": st.one_of(
            ANY,
            st.lists(
                st.fixed_dictionaries({}, optional={"index": ANY, "id": ANY, "function": OBJECTS, "custom": OBJECTS})
            ),
            st.lists(st.builds(_fragment, st.sampled_from(["f", "c", "s"]), WORDS, st.text(max_size=9)), max_size=3),
        ),
    },
)
CHUNKS = st.one_of(
    OBJECTS,
    st.fixed_dictionaries(
        {
            "choices": st.lists(
                st.fixed_dictionaries({"delta": DELTAS}, optional={"finish_reason": ANY, "message": DELTAS})
            )
        },
        optional={"usage": ANY, "id": ANY, "model": ANY, "created": ANY, "unisono": ANY},
    ),
)
EVENTS = st.one_of(
    OBJECTS,
    st.fixed_dictionaries(
        {"type": WORDS},
        optional=dict.fromkeys(("message", "index", "content_block", "delta", "usage", "error"), ANY),
    ),
)

# ------------------------------------------------------------------------------------- requests


def _parsed(raw: bytes, headers: dict[str, str]) -> Any:
    return parse(raw, headers, catalog=CATALOG, request_id="r", now=NOW)


@much
@given(raw=st.one_of(st.binary(max_size=200), BODIES.map(orjson.dumps)))
def test_a_chat_body_is_a_request_or_an_error_of_its_sender(raw: bytes) -> None:
    try:
        request = _parsed(raw, {})
    except RequestError as error:
        assert str(error)
        return
    for build in (chat_body, messages_body):
        try:
            sent = build(Call(model=MODEL, body=request.body, stream=request.stream, decision="d"))
        except UpstreamError as refused:
            assert refused.retryable  # this dialect cannot say it; another model may
        else:
            orjson.dumps(sent)


@pytest.mark.parametrize("form", [MessagesForm, ResponsesForm])
@much
@given(body=BODIES)
def test_a_body_of_another_api_is_a_chat_body_or_an_error_of_its_sender(form: type[Form], body: Any) -> None:
    try:
        chat = form().chat(body)
    except RequestError as error:
        assert error.param is not None or "required" in str(error)
        return
    raw = orjson.dumps(chat)
    try:
        request = _parsed(raw, {})
    except RequestError:
        return
    for build in (chat_body, messages_body):
        try:
            orjson.dumps(build(Call(model=MODEL, body=request.body, stream=request.stream, decision="d")))
        except UpstreamError as refused:
            assert refused.retryable


# ------------------------------------------------------------------------------------- headers

NAMES = st.one_of(
    st.sampled_from(
        ["authorization", "x-api-key", "host", "origin", "x-openwebui-chat-id", *(PREFIX + f for f in FIELDS)]
    ),
    st.text(alphabet=st.characters(max_codepoint=255), max_size=9).map(str.lower),
)
VALUES = st.one_of(WORDS, st.text(alphabet=st.characters(max_codepoint=255), max_size=40))


@much
@given(pairs=st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_headers_are_wishes_or_an_error_of_their_sender(pairs: list[tuple[str, str]]) -> None:
    raw = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in pairs]
    try:
        headers = headers_in({"headers": raw})
        identify(headers, _Open())  # type: ignore[arg-type]  # what it asks of a ring
        _parsed(b'{"model": "auto", "messages": [{"role": "user", "content": "x"}]}', dict(headers))
    except RequestError as error:
        assert str(error)


class _Open:
    """A ring of a house without keys."""

    def grant(self, given: str | None) -> Any:
        from unisono.record.ring import ANONYMOUS

        return ANONYMOUS


@much
@given(text=st.one_of(st.text(max_size=40), st.floats().map(str), st.datetimes().map(str)))
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    for name in ("Retry-After", "retry-after-ms"):
        seconds = retry_after_s({name: text}, now=lambda: 0.0)
        assert seconds is None or seconds >= 0.0


# ------------------------------------------------------------------------------------- streams


def _fed(raw: bytes, cuts: list[int]) -> list[tuple[bytes, bytes]]:
    parser = EventParser()
    places = sorted({min(cut, len(raw)) for cut in cuts} | {0, len(raw)})
    events: list[tuple[bytes, bytes]] = []
    for start, end in pairwise(places):
        events += parser.feed(raw[start:end])
    return [*events, *parser.end()]


LINES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [b"data: {}", b"data:[DONE]", b"event: error", b"", b":", b"data", b"id: 1", b"retry: x", b"\xef\xbb\xbf"]
        ),
    ),
    max_size=12,
)


@much
@given(
    lines=LINES,
    ends=st.lists(st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=1),
    cuts=st.lists(st.integers(0, 200)),
)
def test_a_stream_reads_the_same_wherever_its_bytes_are_split(
    lines: list[bytes], ends: list[bytes], cuts: list[int]
) -> None:
    raw = b"".join(line + ends[n % len(ends)] for n, line in enumerate(lines))
    try:
        whole = _fed(raw, [])
    except UpstreamError:
        with pytest.raises(UpstreamError):
            _fed(raw, cuts)
        return
    assert _fed(raw, cuts) == whole


@pytest.mark.parametrize("reading", [ChatReading, GeminiReading, MessagesReading])
@much
@given(
    name=st.sampled_from([b"", b"error", b"ping"]),
    events=st.lists(st.one_of(CHUNKS, EVENTS), max_size=6),
    raw=st.binary(max_size=40),
)
def test_any_event_of_an_upstream_is_chunks_or_an_error_of_the_upstream(
    reading: Any, name: bytes, events: list[Any], raw: bytes
) -> None:
    for read in ("event", "whole"):
        one = reading("small", created=0) if reading is MessagesReading else reading("small")
        for data in (*map(orjson.dumps, events), raw):
            try:
                found = one.event(name, data) if read == "event" else [one.whole(data)]
            except (BrokenEvent, UpstreamError):
                continue
            for chunk in found:
                assert isinstance(orjson.loads(chunk.data), dict)


def _offering(form: type[Form]) -> Form:
    """Return a form whose caller offered a function `f`, a custom tool `c` and, as `s`, one of a namespace."""
    made = form()
    if isinstance(made, ResponsesForm):
        space = {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "s"}]}
        tools: Any = [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}, space]
        made.tools.offer(tools, where="tools")
    return made


MIXED = [{"choices": [{"delta": {"tool_calls": [{"index": 1}, {"index": 0}, {"index": 1}]}}]}]


@pytest.mark.parametrize("form", [MessagesForm, ResponsesForm])
@much
@given(chunks=st.lists(CHUNKS, max_size=6), last=st.sampled_from(["end", "broken"]))
@example(chunks=MIXED, last="end")
@example(chunks=MIXED, last="broken")
def test_any_answer_has_a_form_and_any_stream_its_end(form: type[Form], chunks: list[Any], last: str) -> None:
    streamed = _offering(form)
    events = [event for chunk in chunks for event in streamed.chunk(chunk)]
    events += streamed.end() if last == "end" else streamed.broken({"error": {"message": "m", "code": "c"}})
    opened: list[object] = []
    names = [event.partition(b"\ndata: ")[0] for event in events]
    broke = b"event: error" if form is MessagesForm else b"event: response.failed"
    if broke in names:  # also where the form itself gives up: fragments of two tool calls mixed
        assert names.index(broke) == len(names) - 1
        last = "broken"
    for event in events:
        name, _, data = event.decode().partition("\ndata: ")
        document = orjson.loads(data)
        assert name == f"event: {document['type']}"
        assert event.endswith(b"\n\n")
        opened += [document["index"]] if document["type"] == "content_block_start" else []
        if document["type"] == "content_block_stop":
            assert opened.pop() == document["index"]
    assert last == "broken" or opened == []
    for chunk in chunks:
        orjson.dumps(_offering(form).answer(chunk))
        orjson.dumps(form().error(chunk, status=500))
