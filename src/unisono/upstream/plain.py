"""Takes out of a chat body what came in by the edge of Anthropic's Messages API and other upstreams would refuse.

A body that came in as a chat request is not touched: what its caller wrote is the caller's.
"""

from __future__ import annotations

from unisono.types import Json, JsonValue

MARK = "anthropic"
"""The member of a chat body under which the edge keeps what only Anthropic's upstreams read; see `edge.messages`."""

_OF_MESSAGES = frozenset({"thinking_blocks", "is_error", "cache_control"})
_OF_PARTS = frozenset({"cache_control", "citations"})


def plain(body: Json) -> Json:
    """Return the body in OpenAI's words only; the same object where it is that already."""
    if MARK not in body:
        return body
    made = {key: value for key, value in body.items() if key != MARK}
    made["messages"] = [_message(message) for message in _list(body.get("messages"))]
    if "tools" in body:
        made["tools"] = [_without(tool, _OF_PARTS) for tool in _list(body["tools"])]
    return made


def _message(message: JsonValue) -> JsonValue:
    left = _without(message, _OF_MESSAGES)
    if isinstance(left, dict) and isinstance(content := left.get("content"), list):
        parts = [_without(part, _OF_PARTS) for part in content]
        left["content"] = _joined(parts) if left.get("role") != "user" else parts
    return left


def _joined(parts: list[JsonValue]) -> JsonValue:
    """Return texts as one text, which every upstream takes from every role."""
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    known = [text for text in texts if isinstance(text, str)]
    return "\n\n".join(known) if len(known) == len(parts) else parts


def _without(value: JsonValue, names: frozenset[str]) -> JsonValue:
    return {key: v for key, v in value.items() if key not in names} if isinstance(value, dict) else value


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
