"""JSON answers of Anthropic's models, asked for in OpenAI's words."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import UpstreamRefused
from unisono.types import Call, Json, JsonValue, Model
from unisono.upstream.answers import ANSWER_TOOL, answers_otherwise
from unisono.upstream.anthropic_answer import MessagesReading
from unisono.upstream.anthropic_request import messages_body
from unisono.upstream.schemas import sayable

MODEL = Model(name="m", upstream="anthropic", upstream_model="claude-x")
FORM: Json = {"type": "object", "properties": {"x": {"type": "integer"}}, "additionalProperties": False}
MAP: Json = {"type": "object", "additionalProperties": {"type": "integer"}}


def translated(**fields: JsonValue) -> Json:
    body: Json = {"model": "auto", "messages": [{"role": "user", "content": "x"}], **fields}
    return messages_body(Call(model=MODEL, body=body, stream=False, decision="d"))


def form(schema: Json) -> Json:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}


def function(name: str, schema: Json, **more: JsonValue) -> Json:
    return {"type": "function", "function": {"name": name, "parameters": schema, **more}}


def refused(message: str) -> UpstreamRefused:
    return UpstreamRefused("m", http_status=400, body={"error": {"type": "invalid_request_error", "message": message}})


def test_bounds_that_the_api_does_not_enforce_are_told_to_the_model() -> None:
    age: Json = {"type": "integer", "description": "in years", "minimum": 0, "maximum": 150}
    tags: Json = {"type": "array", "items": {"type": "string", "format": "date"}, "minItems": 1, "maxItems": 3}
    made = sayable({"type": "object", "properties": {"age": age, "tags": tags}, "$schema": "http://json-schema.org"})
    assert made == {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "description": "in years\n\n{minimum: 0, maximum: 150}"},
            "tags": {
                "type": "array",
                "items": {"type": "string", "format": "date"},
                "minItems": 1,
                "description": "{maxItems: 3}",
            },
        },
        "additionalProperties": False,
    }


def test_what_the_api_knows_stays_as_it_is() -> None:
    schema: Json = {
        "type": "object",
        "title": "It",
        "properties": {
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "one": {"$ref": "#/$defs/One"},
            "perhaps": {"anyOf": [{"$ref": "#/$defs/One"}, {"type": "null"}]},
        },
        "required": ["kind"],
        "additionalProperties": False,
        "$defs": {"One": FORM},
    }
    assert sayable(schema) == schema


@pytest.mark.parametrize(
    "part",
    [
        MAP,
        {"type": "object"},
        {"description": "anything"},
        {"$ref": "#"},
        {"$ref": "https://example.org/it.json"},
        {"type": "array"},
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"enum": [{"a": 1}]},
        True,
    ],
)
def test_a_shape_that_the_api_has_no_words_for_makes_a_schema_unsayable(part: JsonValue) -> None:
    assert sayable({"type": "object", "properties": {"it": part}}) is None


def test_a_schema_that_holds_itself_is_unsayable_and_ends() -> None:
    tree: Json = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
    assert sayable({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}) is None


def test_choices_of_one_are_that_one_and_one_of_is_any_of() -> None:
    assert sayable({"allOf": [{"type": "string"}], "description": "d"}) == {"type": "string", "description": "d"}
    assert sayable({"oneOf": [{"type": "string"}, FORM]}) == {"anyOf": [{"type": "string"}, FORM]}


def test_json_of_a_schema_that_the_api_has_no_words_for_is_the_input_of_a_tool() -> None:
    body = translated(response_format=form(MAP))
    (tool,) = body["tools"] if isinstance(body["tools"], list) else ()
    assert isinstance(tool, dict)
    assert tool["input_schema"] == MAP
    assert body["tool_choice"] == {"type": "tool", "name": ANSWER_TOOL, "disable_parallel_tool_use": True}
    assert "output_config" not in body


def test_beside_the_callers_tools_the_model_calls_one_of_them_or_answers() -> None:
    tools: list[JsonValue] = [function("weather", FORM)]
    free = translated(response_format=form(MAP), tools=tools)
    assert [tool["name"] for tool in free["tools"]] == ["weather", ANSWER_TOOL]  # type: ignore[index,union-attr,call-overload]
    assert free["tool_choice"] == {"type": "any"}
    barred = translated(response_format=form(MAP), tools=tools, tool_choice="none")
    assert isinstance(barred["tool_choice"], dict)
    assert barred["tool_choice"]["name"] == ANSWER_TOOL
    demanded = translated(response_format=form(MAP), tools=tools, tool_choice="required")
    assert isinstance(demanded["tools"], list)
    assert len(demanded["tools"]) == 1


def test_no_call_is_demanded_of_a_model_that_thinks_or_refuses_that() -> None:
    thinks = translated(response_format=form(MAP), thinking={"type": "adaptive"})
    assert thinks["tool_choice"] == {"type": "auto"}
    made = answers_otherwise(
        translated(response_format=form(MAP)), refused("tool_choice forces tool use, which is not supported")
    )
    assert made is not None
    assert made["tool_choice"] == {"type": "auto"}
    own = translated(tools=[function("weather", FORM)], tool_choice="required")
    assert answers_otherwise(own, refused("tool_choice: forced tool use is not supported")) is None


def test_in_json_mode_the_model_is_told_to_write_an_object() -> None:
    body = translated(response_format={"type": "json_object"})
    assert "tools" not in body
    assert isinstance(body["system"], list)
    assert "JSON object" in str(body["system"][-1])


def _event(kind: str, **fields: JsonValue) -> bytes:
    return orjson.dumps({"type": kind, **fields})


@pytest.mark.parametrize(("pieces", "expected"), [(['{"x"', ": 1}"], '{"x": 1}'), ([], "{}")])
def test_a_streamed_answer_by_tool_is_text_for_the_caller(pieces: list[str], expected: str) -> None:
    reading = MessagesReading("m", created=0)
    use: Json = {"type": "tool_use", "id": "t", "name": ANSWER_TOOL, "input": {}}
    events = [
        _event("message_start", message={"id": "i", "model": "c", "usage": {}}),
        _event("content_block_start", index=0, content_block=use),
        *(
            _event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": p})
            for p in pieces
        ),
        _event("content_block_stop", index=0),
        _event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 1}),
    ]
    choices = [orjson.loads(chunk.data)["choices"][0] for event in events for chunk in reading.event(b"", event)]
    assert "".join(choice["delta"].get("content", "") for choice in choices) == expected
    assert not any("tool_calls" in choice["delta"] for choice in choices)
    assert choices[-1]["finish_reason"] == "stop"


def test_a_plain_answer_by_tool_is_text_and_another_call_stays_a_call() -> None:
    def read(*blocks: JsonValue) -> Json:
        reading = MessagesReading("m", created=0)
        answer: Json = {"id": "i", "model": "c", "content": list(blocks), "stop_reason": "tool_use", "usage": {}}
        choice = orjson.loads(reading.whole(orjson.dumps(answer)).data)["choices"][0]
        return {**choice["message"], "finish_reason": choice["finish_reason"]}

    answered = read({"type": "tool_use", "id": "t", "name": ANSWER_TOOL, "input": {"x": 1}})
    assert (answered["content"], answered["finish_reason"]) == ('{"x":1}', "stop")
    assert "tool_calls" not in answered
    called = read({"type": "tool_use", "id": "t", "name": "weather", "input": {}})
    assert (called["content"], called["finish_reason"]) == (None, "tool_calls")


def test_strict_goes_where_the_api_can_be_strict() -> None:
    bounded: Json = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    body = translated(tools=[function("a", bounded, strict=True), function("b", MAP, strict=True)])
    assert isinstance(body["tools"], list)
    said, free = body["tools"]
    assert isinstance(said, dict)
    assert said["strict"] is True
    assert said["input_schema"] == sayable(bounded)
    assert free == {"name": "b", "input_schema": MAP}


def test_more_strict_tools_than_a_request_may_have_are_all_free() -> None:
    body = translated(tools=[function(f"t{i}", FORM, strict=True) for i in range(21)])
    assert isinstance(body["tools"], list)
    assert len(body["tools"]) == 21
    assert not any("strict" in tool for tool in body["tools"] if isinstance(tool, dict))
    many: Json = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(25)}}
    optional = translated(tools=[function("t", many, strict=True)])
    assert optional["tools"] == [{"name": "t", "input_schema": many}]


@pytest.mark.parametrize(
    "message",
    [
        "The compiled grammar is too large, which would cause performance issues.",
        "'claude-x' does not support strict tools.",
        "output_config.format.schema: property 'pattern' is not supported",
    ],
)
def test_a_refused_schema_is_promised_less(message: str) -> None:
    body = translated(tools=[function("a", FORM, strict=True)], response_format=form(FORM))
    made = answers_otherwise(body, refused(message))
    assert made is not None
    assert "output_config" not in made
    assert made["tool_choice"] == {"type": "any"}
    assert made["tools"] == [
        {"name": "a", "input_schema": FORM},
        {"name": ANSWER_TOOL, "input_schema": FORM, "description": made["tools"][1]["description"]},  # type: ignore[index,call-overload]
    ]


def test_a_refusal_about_something_else_stands() -> None:
    body = translated(tools=[function("a", FORM, strict=True)])
    assert answers_otherwise(body, refused("max_tokens: must be positive")) is None
    assert answers_otherwise(translated(), refused("the schema is too large")) is None


_WORDS = (
    "type",
    "properties",
    "items",
    "anyOf",
    "allOf",
    "$ref",
    "$defs",
    "format",
    "minItems",
    "enum",
    "not",
    "required",
)
_SCHEMAS = st.recursive(
    st.sampled_from(["object", "array", "string", "#/$defs/a", "date", None, True, 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*_WORDS, "a")), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(_SCHEMAS)
def test_whatever_stands_for_a_schema_is_said_once_and_for_all_or_not_at_all(schema: JsonValue) -> None:
    said = sayable(schema)
    assert said is None or sayable(said) == said
    assert translated(tools=[function("t", said or {}, strict=True)])


def test_a_shape_within_the_only_choice_is_seen() -> None:
    assert sayable({"allOf": [{"type": "object", "properties": {}, "patternProperties": {}}]}) is None
    assert sayable({"type": "string", "format": ["date"]}) == {"type": "string", "description": '{format: ["date"]}'}
