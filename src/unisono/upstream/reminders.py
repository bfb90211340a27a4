"""What the system says in mid-conversation, for models that take it at the beginning alone.

It is put into the user's turn before it, under the tag in which agents say such things to older models: moved to the
beginning it would change the prefix that a provider holds. Turns that a caller of chat completions wrote are his own.
"""

from __future__ import annotations

import re

from unisono.errors import UpstreamRefused
from unisono.types import Json, JsonValue
from unisono.upstream.refusals import told_by

_REFUSED = re.compile(r"\bmessages\.\d+\.role\b|Unexpected role \W*system")


def reminded(messages: list[JsonValue]) -> list[JsonValue]:
    """Return messages of which only the first ones are the system's."""
    made: list[JsonValue] = []
    begun = False
    for message in messages:
        if not (begun and isinstance(message, dict) and _is_systems(message)):
            begun = begun or not _is_systems(message)
            made.append(message)
            continue
        parts = _told(message.get("content"))
        last = made[-1]
        if isinstance(last, dict) and last.get("role") == "user":
            made[-1] = {**last, "content": [*_parts(last.get("content")), *parts]}
        else:
            made.append({"role": "user", "content": parts})
    return made


def messages_reminded(body: Json, refused: UpstreamRefused) -> Json | None:
    """Return what to send instead of a refused body of the Messages API; None where it is about something else."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not any(map(_is_systems, messages)) or not _REFUSED.search(told_by(refused)):
        return None
    return {**body, "messages": reminded(messages)}


def _is_systems(message: JsonValue) -> bool:
    return isinstance(message, dict) and message.get("role") == "system"


def _told(content: JsonValue) -> list[JsonValue]:
    return [
        {**part, "text": f"<system-reminder>\n{part.get('text')}\n</system-reminder>"}
        if isinstance(part, dict) and part.get("type") == "text"
        else part
        for part in _parts(content)
    ]


def _parts(content: JsonValue) -> list[JsonValue]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []
