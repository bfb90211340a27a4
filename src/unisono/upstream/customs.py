"""Custom tools, which take a bare text, at hosts of OpenAI's dialect.

The edge of the Responses API makes a function of one field of each, which every host understands; OpenAI's own chat
completions know them natively, and hold a model to their grammar. Told by the address; where a model there refuses them
all the same (older ones do), the functions go out instead. A body that came in as a chat request is not touched.
"""

from __future__ import annotations

import re

import orjson

from unisono.errors import UpstreamRefused
from unisono.loose import as_list, inside
from unisono.native import CUSTOM, CUSTOM_FIELD
from unisono.types import Json, JsonValue
from unisono.upstream.refusals import told_by

_NAMED = re.compile(r"\bcustom\b", re.IGNORECASE)


def with_customs(body: Json) -> Json:
    """Return the body with custom tools as such, and their calls; the same object where it has none."""
    tools = body.get("tools")
    own = {_name(tool): tool[CUSTOM] for tool in as_list(tools) if isinstance(tool, dict) and CUSTOM in tool}
    if not own:
        return body
    made = {**body, "tools": [_tool(tool, own) for tool in as_list(tools)]}
    made["messages"] = [_message(message, own) for message in as_list(body.get("messages"))]
    if (name := _name(body.get("tool_choice"))) in own:
        made["tool_choice"] = {"type": "custom", "custom": {"name": name}}
    return made


def refuses_customs(body: Json, refused: UpstreamRefused) -> bool:
    """Say whether a host refused a body because of the custom tools in it."""
    has_any = any(isinstance(tool, dict) and tool.get("type") == "custom" for tool in as_list(body.get("tools")))
    return has_any and _NAMED.search(told_by(refused)) is not None


def _name(value: JsonValue) -> str | None:
    name = inside(value, "function").get("name")
    return name if isinstance(name, str) else None


def _tool(tool: JsonValue, own: dict[str | None, JsonValue]) -> JsonValue:
    name = _name(tool)
    return {"type": "custom", "custom": own[name]} if name in own else tool


def _message(message: JsonValue, own: dict[str | None, JsonValue]) -> JsonValue:
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(calls, list):
        return message
    return {**message, "tool_calls": [_call(call, own) for call in calls]}


def _call(call: JsonValue, own: dict[str | None, JsonValue]) -> JsonValue:
    name, text = _name(call), _text(call)
    if not isinstance(call, dict) or name not in own or text is None:
        return call
    return {"id": call.get("id"), "type": "custom", "custom": {"name": name, CUSTOM_FIELD: text}}


def _text(call: JsonValue) -> str | None:
    arguments = inside(call, "function").get("arguments")
    try:
        read = orjson.loads(arguments) if isinstance(arguments, str) else None
    except orjson.JSONDecodeError:
        return None
    text = read.get(CUSTOM_FIELD) if isinstance(read, dict) else None
    return text if isinstance(text, str) else None
