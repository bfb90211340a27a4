"""One voice over a switch: the new model gets a note, on how this voice speaks or on what it has said.

It changes the system prompt and nothing else, and only where there is a note.
"""

from __future__ import annotations

from unisono.types import Json


def with_voice(body: Json, *, note: str) -> Json:
    """Return a body whose first system message ends with the note; one is made where there is none.

    Args:
        body: the caller's; it is not changed.
        note: the operator's words, such as "Answer in plain prose, without headings."
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("system", "developer"):
            continue
        content = message.get("content")
        if isinstance(content, list):
            noted: Json = {**message, "content": [*content, {"type": "text", "text": note}]}
        else:
            noted = {**message, "content": f"{content}\n\n{note}" if content else note}
        return {**body, "messages": [*messages[:place], noted, *messages[place + 1 :]]}
    return {**body, "messages": [{"role": "system", "content": note}, *messages]}
