"""Whether a conversation carries state that only the provider which answered before can read.

Signed or encrypted reasoning and files that lie with the provider: another model would refuse or misread them.
"""

from __future__ import annotations

from unisono.native import NATIVE_TURN
from unisono.types import Json, JsonValue

_REASONING = ("thinking", "redacted_thinking", "reasoning", "reasoning_details")
_THOUGHTS = ("reasoning_details", "thinking_blocks")
_SEALS = ("signature", "encrypted_content", "data", "thought_signature")


def bound(body: Json) -> bool:
    """Say whether the messages hold signed reasoning or a provider's file ids.

    Args:
        body: the request as it came in.
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        return False
    return True in [_holds(message) for message in messages if isinstance(message, dict)]


def _holds(message: Json) -> bool:
    if len(message) == 2 and isinstance(message.get("content"), str):
        return False  # a role and its words
    if NATIVE_TURN in message:  # what Anthropic's own tools found
        return True
    for name in _THOUGHTS:
        if isinstance(thoughts := message.get(name), list) and any(_sealed(thought) for thought in thoughts):
            return True
    calls = message.get("tool_calls")
    if isinstance(calls, list) and any(_signed_call(call) for call in calls):
        return True
    content = message.get("content")
    return isinstance(content, list) and any(_part(part) for part in content)


def _part(part: JsonValue) -> bool:
    if not isinstance(part, dict):
        return False
    if part.get("type") in _REASONING:
        return _sealed(part)
    held = (part, part.get("file"), part.get("source"))
    return any(isinstance(place, dict) and "file_id" in place for place in held)


def _sealed(part: JsonValue) -> bool:
    return isinstance(part, dict) and any(part.get(seal) for seal in _SEALS)


def _signed_call(call: JsonValue) -> bool:
    if not isinstance(call, dict):
        return False
    extra = call.get("extra_content")
    return "thought_signature" in call or (isinstance(extra, dict) and "thought_signature" in str(extra))
