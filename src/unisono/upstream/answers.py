"""JSON answers of Anthropic's models: by its output format, by a tool for nothing else, or because they are told so.

The output format and strict tools are what the API enforces, for few kinds of schemas, at its newer models, and up to a
size that only its refusal tells. A tool takes any schema; its input becomes the answer's text again
(`anthropic_answer.py`). It must be called, but where the model thinks or cannot be made to call. JSON mode has no
schema, and a tool for any object comes back empty, so there the model is told. Callers of the Messages API itself are
sent as they wrote.
"""

from __future__ import annotations

import re

from unisono.errors import UpstreamRefused
from unisono.loose import as_list, inside
from unisono.types import Json, JsonValue
from unisono.upstream.refusals import told_by
from unisono.upstream.schemas import constrains_too_much, sayable

ANSWER_TOOL = "unisono_answer"
"""Name of the tool whose input is the answer."""
_JSON_MODE = "Answer with one JSON object and nothing else: no words around it, and no code fence."
_CALL = "Call this with your whole answer as its input as soon as you can answer, and write no text."

_FORCED = re.compile(r"tool_choice|\bforced? tool|\bforces? tool", re.IGNORECASE)
_NAMED = re.compile(
    r"output_(?:config|format)|structured output|json_schema|grammar|strict|optional parameters|union types|"
    r"\bschemas?\b",
    re.IGNORECASE,
)


def in_json_mode(body: Json) -> Json:
    """Return a body whose answer is some JSON object; nothing enforces it."""
    return {**body, "system": [*as_list(body.get("system")), {"type": "text", "text": _JSON_MODE}]}


def with_format(body: Json, schema: Json) -> Json:
    """Return a body whose answer is JSON by this schema."""
    said = sayable(schema)
    if said is None:
        return by_tool(body, schema)
    return {
        **body,
        "output_config": {**inside(body, "output_config"), "format": {"type": "json_schema", "schema": said}},
    }


def by_tool(body: Json, schema: Json) -> Json:
    """Return a body whose answer is the input of a tool.

    Where the caller demands a call of its own tools, that is the answer, and nothing is added. While the model thinks,
    no call can be demanded.
    """
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind in ("any", "tool"):
        return body
    tool: Json = {"name": ANSWER_TOOL, "description": _CALL, "input_schema": schema}
    given = as_list(body.get("tools"))
    alone: Json = {"type": "tool", "name": ANSWER_TOOL, "disable_parallel_tool_use": True}
    free: Json = {**choice, "type": "any"} if isinstance(choice, dict) else {"type": "any"}
    made: Json = {**body, "tools": [*given, tool], "tool_choice": free if given and kind != "none" else alone}
    thinking = body.get("thinking")
    return _undemanded(made) if isinstance(thinking, dict) and thinking.get("type") != "disabled" else made


def strict_where_sayable(tools: list[JsonValue]) -> list[JsonValue]:
    """Return tools, strict where the caller asked for it and the API can be; all are free when they are too much."""
    made = [_strict(tool) for tool in tools]
    strict = [tool["input_schema"] for tool in made if isinstance(tool, dict) and tool.get("strict")]
    too_much = constrains_too_much(schema for schema in strict if isinstance(schema, dict))
    return [_free(tool) for tool in tools] if too_much else made


def answers_otherwise(body: Json, refused: UpstreamRefused) -> Json | None:
    """Return what to send instead of a body whose schemas were refused; None where it is about something else."""
    told = told_by(refused)
    if _FORCED.search(told) is not None and _answers_by_tool(body):
        return _undemanded(body)
    if _NAMED.search(told) is None:
        return None
    made = dict(body)
    if isinstance(tools := body.get("tools"), list):
        made["tools"] = [_free(tool) for tool in tools]
    config = inside(body, "output_config")
    schema = inside(config, "format").get("schema")
    if isinstance(schema, dict):
        del made["output_config"]
        if left := {key: value for key, value in config.items() if key != "format"}:
            made["output_config"] = left
        made = by_tool(made, schema)
    return None if made == body else made


def _answers_by_tool(body: Json) -> bool:
    tools, choice = body.get("tools"), body.get("tool_choice")
    added = isinstance(tools, list) and isinstance(last := tools[-1], dict) and last.get("name") == ANSWER_TOOL
    return added and isinstance(choice, dict) and choice.get("type") in ("any", "tool")


def _undemanded(body: Json) -> Json:
    return {**body, "tool_choice": {"type": "auto"}}


def _strict(tool: JsonValue) -> JsonValue:
    if not isinstance(tool, dict) or not tool.get("strict"):
        return tool
    said = sayable(tool.get("input_schema"))
    return _free(tool) if said is None else {**tool, "input_schema": said}


def _free(tool: JsonValue) -> JsonValue:
    return {key: value for key, value in tool.items() if key != "strict"} if isinstance(tool, dict) else tool
