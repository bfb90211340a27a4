"""What models thought earlier in a conversation, where an upstream refuses a request over it: what to send instead.

Some hosts refuse another model's thinking as a field that they do not know, some refuse a turn of their own without
it, Anthropic refuses a signature that another model or another conversation gave. No list of hosts says who does what,
their refusal does: it names the field. So what the caller wrote goes out first, and only what was refused is mended,
once. Nothing that a conversation says is touched.
"""

from __future__ import annotations

import re

from unisono.errors import UpstreamRefused
from unisono.loose import as_list, as_object, inside
from unisono.types import Json, JsonValue
from unisono.upstream.refusals import told_by

FIELDS = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")
"""Where messages of OpenAI's dialect hold what their model thought."""
UNSAID = " "
"""For a turn of another model, of which nothing is known; an empty text counts as none at some hosts."""

UNSIGNED = "skip_thought_signature_validator"
"""Gemini's word for a call whose signature is not there."""
_UNSIGNED = re.compile(r"\bmissing a .?thought_signature\b")

_NAMED = re.compile(rf"\b({'|'.join(FIELDS)})\b")
_DEMANDED = re.compile(r"\breasoning_content\b.*\b(?:must be passed back|is missing|is required)\b", re.DOTALL)
_OF_ANTHROPIC = re.compile(r"\bmessages\.\d+.*\bthinking\b", re.DOTALL)
_BLOCKS = ("thinking", "redacted_thinking")


def chat_otherwise(body: Json, refused: UpstreamRefused) -> Json | None:
    """Return what to send instead of a refused chat body; None where the refusal is about something else.

    Thinking that the host does not know goes; where it misses some, turns without any get a blank.
    """
    told = told_by(refused)
    if _NAMED.search(told) is None:
        return None
    make = _with_blank if _DEMANDED.search(told) else _without_fields
    return _changed(body, [make(message) for message in as_list(body.get("messages"))])


def signed_otherwise(body: Json, refused: UpstreamRefused) -> Json | None:
    """Return a chat body whose tool calls all have Gemini's signature; None where the refusal is not about one.

    Gemini refuses a call without the signature that it gave with it. Calls of another model have none, and many clients
    drop it. For these it knows a word that says so.
    """
    if _UNSIGNED.search(told_by(refused)) is None:
        return None
    return _changed(body, [_with_signatures(message) for message in as_list(body.get("messages"))])


def messages_otherwise(body: Json, refused: UpstreamRefused) -> Json | None:
    """Return what to send instead of a refused body of the Messages API; None where it is about something else.

    All blocks of thinking go. Between a tool's call and its result the API wants thinking to begin the turn as long as
    `thinking` is on, so there this goes too: the next turn thinks again.
    """
    if _OF_ANTHROPIC.search(told_by(refused)) is None:
        return None
    messages = as_list(body.get("messages"))
    made: list[JsonValue] = [left for message in messages if (left := _without_blocks(message)) is not None]
    if "thinking" in body and made and _holds_result(made[-1]):
        return {**_without_thinking(body), "messages": made}
    return _changed(body, made)


def _changed(body: Json, messages: list[JsonValue]) -> Json | None:
    return None if messages == body.get("messages") else {**body, "messages": messages}


def _without_fields(message: JsonValue) -> JsonValue:
    if not isinstance(message, dict) or message.get("role") != "assistant":
        return message
    return {key: value for key, value in message.items() if key not in FIELDS}


def _with_signatures(message: JsonValue) -> JsonValue:
    if not isinstance(message, dict) or not isinstance(calls := message.get("tool_calls"), list):
        return message
    return {**message, "tool_calls": [_with_signature(call) for call in calls]}


def _with_signature(call: JsonValue) -> JsonValue:
    if not isinstance(call, dict):
        return call
    extra = as_object(call.get("extra_content"))
    if inside(extra, "google").get("thought_signature"):
        return call
    return {**call, "extra_content": {**extra, "google": {"thought_signature": UNSIGNED}}}


def _with_blank(message: JsonValue) -> JsonValue:
    if not isinstance(message, dict) or message.get("role") != "assistant" or message.get("reasoning_content"):
        return message
    return {**message, "reasoning_content": UNSAID}


def _without_thinking(body: Json) -> Json:
    """Return a body that asks for no thinking, nor for the removal of old thinking, which is refused without it."""
    made = {key: value for key, value in body.items() if key not in ("thinking", "context_management")}
    context = body.get("context_management")
    if isinstance(context, dict):
        edits = [edit for edit in as_list(context.get("edits")) if not _clears_thinking(edit)]
        if edits:
            made["context_management"] = {**context, "edits": edits}
    return made


def _clears_thinking(edit: JsonValue) -> bool:
    return isinstance(edit, dict) and str(edit.get("type")).startswith("clear_thinking")


def _without_blocks(message: JsonValue) -> JsonValue:
    """Return a message without its thinking; None where it holds nothing else."""
    if not isinstance(message, dict) or not isinstance(content := message.get("content"), list):
        return message
    left = [block for block in content if not isinstance(block, dict) or block.get("type") not in _BLOCKS]
    return {**message, "content": left} if left else None


def _holds_result(message: JsonValue) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return any(isinstance(block, dict) and block.get("type") == "tool_result" for block in as_list(content))
