"""JSON answers of Anthropic's models: by its output format, or as the input of a tool that is there for nothing else.

The output format and strict tools are what the API enforces, for few kinds of schemas, at its newer models, and up to a
size that only its refusal tells. A tool that must be called takes any schema at all of them; its input becomes the
answer's text again (`anthropic_answer.py`). Callers of the Messages API itself are sent as they wrote.
"""

from __future__ import annotations

import re

import orjson

from unisono.errors import UpstreamRefused
from unisono.types import Json, JsonValue
from unisono.upstream.schemas import constrains_too_much, sayable

ANSWER_TOOL = "unisono_answer"
"""Name of the tool whose input is the answer."""
ANY_OBJECT: Json = {"type": "object"}
"""The schema of JSON mode."""

_NAMED = re.compile(
    r"output_(?:config|format)|structured output|json_schema|grammar|strict|optional parameters|union types|"
    r"\bschemas?\b",
    re.IGNORECASE,
)


def with_format(body: Json, schema: Json) -> Json | None:
    """Return a body whose answer is JSON by this schema; None where the API cannot promise it."""
    said = sayable(schema)
    if said is None:
        return by_tool(body, schema)
    config = body.get("output_config")
    given = config if isinstance(config, dict) else {}
    return {**body, "output_config": {**given, "format": {"type": "json_schema", "schema": said}}}


def by_tool(body: Json, schema: Json) -> Json | None:
    """Return a body whose answer is the input of a tool; None while the model thinks, where no call can be demanded.

    Where the caller demands a call of its own tools, that is the answer, and nothing is added.
    """
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind in ("any", "tool"):
        return body
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") != "disabled":
        return None
    tool: Json = {
        "name": ANSWER_TOOL,
        "description": "Takes your whole answer as its input: the JSON that was asked for, and nothing else.",
        "input_schema": schema,
    }
    tools = body.get("tools")
    given = tools if isinstance(tools, list) else []
    alone: Json = {"type": "tool", "name": ANSWER_TOOL, "disable_parallel_tool_use": True}
    free: Json = {**choice, "type": "any"} if isinstance(choice, dict) else {"type": "any"}
    return {**body, "tools": [*given, tool], "tool_choice": free if given and kind != "none" else alone}


def strict_where_sayable(tools: list[JsonValue]) -> list[JsonValue]:
    """Return tools, strict where the caller asked for it and the API can be; all are free when they are too much."""
    made = [_strict(tool) for tool in tools]
    strict = [tool["input_schema"] for tool in made if isinstance(tool, dict) and tool.get("strict")]
    too_much = constrains_too_much(schema for schema in strict if isinstance(schema, dict))
    return [_free(tool) for tool in tools] if too_much else made


def answers_otherwise(body: Json, refused: UpstreamRefused) -> Json | None:
    """Return what to send instead of a body whose schemas were refused; None where it is about something else."""
    if refused.http_status not in (400, 422) or refused.body is None:
        return None
    if _NAMED.search(orjson.dumps(refused.body).decode()) is None:
        return None
    made = dict(body)
    if isinstance(tools := body.get("tools"), list):
        made["tools"] = [_free(tool) for tool in tools]
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    if isinstance(config, dict) and isinstance(schema, dict):
        made["output_config"] = {key: value for key, value in config.items() if key != "format"}
        if not made["output_config"]:
            del made["output_config"]
        made = by_tool(made, schema) or body
    return None if made == body else made


def _strict(tool: JsonValue) -> JsonValue:
    if not isinstance(tool, dict) or not tool.get("strict"):
        return tool
    said = sayable(tool.get("input_schema"))
    return _free(tool) if said is None else {**tool, "input_schema": said}


def _free(tool: JsonValue) -> JsonValue:
    return {key: value for key, value in tool.items() if key != "strict"} if isinstance(tool, dict) else tool
