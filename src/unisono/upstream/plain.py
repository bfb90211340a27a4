"""A chat body that came in by the edge of another API, in OpenAI's words only: what hosts would refuse is taken out.

A body that came in as a chat request is not touched: what its caller wrote is the caller's.
"""

from __future__ import annotations

from unisono.loose import as_list
from unisono.native import BESIDE, CUSTOM, MARK, NATIVE, NATIVE_TURN, RESPONSES, SEARCHES, THOUGHT_BY
from unisono.types import Json, JsonValue
from unisono.upstream.failing import untranslatable
from unisono.upstream.reminders import reminded

_OF_MESSAGES = frozenset({"thinking_blocks", "is_error", "cache_control", BESIDE, THOUGHT_BY, NATIVE_TURN})
_OF_OTHERS = _OF_MESSAGES | {"reasoning_content"}
_OF_PARTS = frozenset({"cache_control", "citations", "context", "title", BESIDE, NATIVE, CUSTOM})
_PARTS = frozenset({"text", "image_url", "file", "input_audio", "refusal"})


def plain(body: Json, *, model: str) -> Json:
    """Return the body in OpenAI's words only; the same object where it is that already.

    Raises:
        UpstreamRefused: status 400, retryable elsewhere: it asks for what only Anthropic's API has.
    """
    if MARK not in body and RESPONSES not in body:
        return body
    made = {key: value for key, value in body.items() if key not in (MARK, RESPONSES)}
    messages = _messages(as_list(body.get("messages")), model=model)
    made["messages"] = reminded(messages) if MARK in body else messages
    if "tools" in body:
        tools = [_tool(tool, model=model, place=n) for n, tool in enumerate(as_list(body["tools"]))]
        made["tools"] = [tool for tool in tools if tool is not None]
        if not made["tools"]:
            del made["tools"]
            made.pop("tool_choice", None)
    return made


def _messages(messages: list[JsonValue], *, model: str) -> list[JsonValue]:
    """Return messages whose tool results are texts; pictures in them come behind the last result, as a user's."""
    made: list[JsonValue] = []
    shown: list[JsonValue] = []
    for place, message in enumerate(messages):
        is_own = isinstance(message, dict) and message.get(THOUGHT_BY) == model
        left = _without(message, _OF_MESSAGES if is_own else _OF_OTHERS)
        if not isinstance(left, dict):
            made.append(left)
            continue
        role, content = left.get("role"), left.get("content")
        if isinstance(calls := left.get("tool_calls"), list):
            left["tool_calls"] = [_without(call, _OF_PARTS) for call in calls]
        parts = as_list(content)
        known = [_part(part, model=model, where=f"messages.{place}.content.{n}") for n, part in enumerate(parts)]
        if role == "tool":
            shown += [part for part in known if not _is_text(part)]
            known = [part for part in known if _is_text(part)]
        elif shown:
            if role == "user":
                known = [*shown, *(known or ([{"type": "text", "text": content}] if content else []))]
            else:
                made.append({"role": "user", "content": shown})
            shown, parts = [], known
        if parts or isinstance(content, list):
            left["content"] = known if role == "user" else _joined(known)
        if _says_nothing(left) and isinstance(message, dict) and NATIVE_TURN in message:
            continue  # it did nothing but what only Anthropic's API can say
        made.append(left)
    return [*made, {"role": "user", "content": shown}] if shown else made


def _says_nothing(message: Json) -> bool:
    return not any(message.get(name) for name in ("content", "tool_calls", "reasoning_content"))


def _part(part: JsonValue, *, model: str, where: str) -> JsonValue:
    left = _without(part, _OF_PARTS)
    if isinstance(left, dict) and (kind := left.get("type")) not in _PARTS:
        raise untranslatable(model, f"only Anthropic's API takes a block of type {str(kind)[:40]!r}.", param=where)
    return left


def _tool(tool: JsonValue, *, model: str, place: int) -> JsonValue:
    """Return a tool; None where another model needs none of the kind."""
    left = _without(tool, _OF_PARTS)
    if isinstance(left, dict) and (kind := left.get("type")) not in ("function", "custom"):
        if str(kind).startswith(SEARCHES):
            return None
        what = f"only Anthropic's API has a tool of type {str(kind)[:40]!r}."
        raise untranslatable(model, what, param=f"tools.{place}.type")
    return left


def _is_text(part: JsonValue) -> bool:
    return isinstance(part, dict) and part.get("type") == "text"


def _joined(parts: list[JsonValue]) -> JsonValue:
    """Return texts as one text, which every upstream takes from every role."""
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    known = [text for text in texts if isinstance(text, str)]
    return "\n\n".join(known) if len(known) == len(parts) else parts


def _without(value: JsonValue, names: frozenset[str]) -> JsonValue:
    return {key: v for key, v in value.items() if key not in names} if isinstance(value, dict) else value
