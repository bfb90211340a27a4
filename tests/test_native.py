"""What a client of the Messages API says reaches Anthropic's models whole, others without what only Anthropic knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.edge.messages import MessagesForm
from unisono.errors import UpstreamRefused
from unisono.types import Call, Json, JsonValue, Model
from unisono.upstream.anthropic_request import messages_body
from unisono.upstream.plain import plain

MODEL = Model(name="m", upstream="anthropic", upstream_model="x")
TOMORROW = "field_of_tomorrow"
WORDS = st.sampled_from(["a", "b c", "ü"])
OBJECT = {"type": "object"}


def _block(**members: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Return blocks with these members, with or without a mark for the cache and a member that nobody knows."""
    held = {key: value if isinstance(value, st.SearchStrategy) else st.just(value) for key, value in members.items()}
    cached = st.sampled_from([{}, {"cache_control": {"type": "ephemeral", "ttl": "1h"}}])
    more = st.sampled_from([{}, {TOMORROW: 1}])
    return st.builds(lambda a, b, c: {**a, **b, **c}, st.fixed_dictionaries(held), cached, more)


def _source(kind: str, **members: str) -> st.SearchStrategy[dict[str, str]]:
    return st.just({"type": kind, **members})


TEXT = _block(type="text", text=WORDS)
AT = _source("url", url="https://x.example/a.png")
FILE = _source("file", file_id="file_1")
PICTURE = _block(type="image", source=st.one_of(_source("base64", media_type="image/png", data="aGk="), AT, FILE))
PDF = _source("base64", media_type="application/pdf", data="aGk=")
PLAIN = _source("text", media_type="text/plain", data="words")
DOCUMENT = st.one_of(
    _block(type="document", source=st.one_of(PDF, AT, FILE, PLAIN)),
    _block(type="document", source=st.one_of(PDF, PLAIN), title="T", context="c", citations={"enabled": True}),
)
FOUND = _block(type="search_result", source="s", title="t", content=[{"type": "text", "text": "z"}])
REFERENCE = _block(type="tool_reference", tool_name="T")
ODD = _block(type="container_upload", file_id="f")
SHOWN = st.lists(st.one_of(TEXT, PICTURE, DOCUMENT, FOUND, REFERENCE), min_size=1, max_size=3)
RESULT = st.one_of(
    _block(type="tool_result", tool_use_id="toolu_1", content=st.one_of(WORDS, SHOWN)),
    _block(type="tool_result", tool_use_id="toolu_1", content="x", is_error=st.booleans()),
    _block(type="tool_result", tool_use_id="toolu_1"),
)
SAYS = st.lists(st.one_of(TEXT, PICTURE, DOCUMENT, FOUND, ODD), max_size=3)
USER = st.one_of(WORDS, st.builds(lambda a, b: a + b, st.lists(RESULT, max_size=2), SAYS).filter(bool))
TURN = st.one_of(
    TEXT,
    _block(type="thinking", thinking=WORDS, signature="c2ln"),
    _block(type="redacted_thinking", data="x"),
    _block(type="tool_use", id="toolu_1", name="f", input=st.sampled_from([{}, {"a": 1}])),
    _block(type="server_tool_use", id="srv_1", name="web_search", input={"q": "x"}),
    _block(type="web_search_tool_result", tool_use_id="srv_1", content=[]),
)
ASSISTANT = st.one_of(WORDS, st.lists(TURN, min_size=1, max_size=5))
SYSTEM = st.one_of(WORDS, st.lists(TEXT, min_size=1, max_size=2))
TOOL = st.one_of(
    _block(name="f", input_schema=OBJECT),
    _block(name="f", description="d", input_schema=OBJECT, strict=True),
    _block(type="custom", name="f", input_schema=OBJECT, defer_loading=True),
    _block(type="web_search_20250305", name="w"),
    _block(type="tool_search_tool_regex_20251119", name="s"),
)
SCHEMA = {"type": "json_schema", "schema": OBJECT}
BESIDE: list[dict[str, Any]] = [
    {},
    {"thinking": {"type": "adaptive"}, "temperature": 1.0, "top_p": 0.9, "top_k": 4},
    {"stop_sequences": ["x"], "metadata": {"user_id": "u"}, "service_tier": "auto", TOMORROW: [1]},
    {"output_config": {"effort": "low", "format": SCHEMA}, "mcp_servers": [{"name": "m"}]},
    {"output_format": SCHEMA, "context_management": {"edits": []}},
]
CHOICES: list[dict[str, Any]] = [
    {"type": "auto", "disable_parallel_tool_use": True},
    {"type": "tool", "name": "f"},
    {"type": "any"},
]


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Return bodies of the Messages API."""
    messages: list[Any] = []
    for user, told, assistant in draw(st.lists(st.tuples(USER, st.one_of(st.none(), SYSTEM), ASSISTANT), max_size=3)):
        messages.append({"role": "user", "content": user})
        messages += [] if told is None else [{"role": "system", "content": told}]
        messages.append({"role": "assistant", "content": assistant})
    messages.append({"role": "user", "content": draw(USER)})
    body = {"model": "x", "max_tokens": 9, "stream": False, "messages": messages, **draw(st.sampled_from(BESIDE))}
    if system := draw(st.one_of(st.none(), SYSTEM)):
        body["system"] = system
    if tools := draw(st.lists(TOOL, max_size=2)):
        body["tools"] = tools
        body["tool_choice"] = draw(st.sampled_from(CHOICES))
    return body


def _chat(body: dict[str, Any]) -> Json:
    """Return what the edge makes of a body, as it comes over the road: as JSON, with nothing shared."""
    made: Json = json.loads(json.dumps(MessagesForm().chat(json.loads(json.dumps(body)))))
    return made


def _blocks(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


@settings(max_examples=150)
@given(bodies())
def test_a_body_comes_back_as_it_went_in(body: dict[str, Any]) -> None:
    made = messages_body(Call(model=MODEL, body=_chat(body), stream=False, decision="d"))
    messages = [{**turn, "content": _blocks(turn["content"])} for turn in body["messages"]]
    system = {"system": _blocks(body["system"])} if "system" in body else {}
    assert made == {**body, **system, "messages": messages}


def _keys(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield key
            yield from _keys(held)
    elif isinstance(value, list):
        for held in value:
            yield from _keys(held)


@settings(max_examples=150)
@given(bodies())
def test_another_host_sees_nothing_that_only_anthropic_or_nobody_knows(body: dict[str, Any]) -> None:
    try:
        made = plain(_chat(body), model="small")
    except UpstreamRefused:
        return
    known = {"model", "max_tokens", "messages", "temperature", "top_p", "stop", "tools", "tool_choice", "user"}
    assert made.keys() <= known | {"response_format", "parallel_tool_calls"}
    assert not {TOMORROW, "cache_control", "signature", "encrypted_content"} & set(_keys(made))
    assert not [key for key in _keys(made) if key.startswith("anthropic")]
    messages = made["messages"]
    assert isinstance(messages, list)
    roles = [turn["role"] for turn in messages if isinstance(turn, dict)]
    assert "system" not in roles[1:]
