"""What a request has that only Anthropic's API knows: its own tools, blocks and servers of tools.

It looks at a chat body as the edge makes it of a message, or as a caller of chat completions wrote it. It judges no
model.
"""

from __future__ import annotations

import re

from unisono.types import Json, JsonValue, Message

MARK = "anthropic"
"""The member of a chat body under which the edge keeps what came in by Anthropic's API and has no place in the chat."""
BESIDE = "anthropic_beside"
"""The member of a part, or of a tool's result, under which the edge keeps what a block has beyond what a chat says."""
SAID = frozenset(
    {
        "max_tokens",
        "messages",
        "model",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "unisono",
    }
)
"""Members of a message's body that a chat body says too. All else is under `MARK`, whatever it is."""
SEARCHES = "tool_search_tool_"
"""Anthropic's search for tools is no such thing: another model is shown all tools, and need not search."""

_DATED = re.compile(r"[a-z_]+_20\d{6}")
"""How Anthropic names the types of its own tools."""
_SAYABLE = frozenset({"text", "image_url", "file", "input_audio", "refusal"})
"""Parts that chat completions know; a block of the Messages API that has a counterpart has become one of them."""


def only_anthropics(body: Json, messages: tuple[Message, ...]) -> tuple[str, ...]:
    """Return the types of what only Anthropic's API knows, sorted; empty where any API will do."""
    native = body.get(MARK)
    marked = isinstance(native, dict)
    tools = body.get("tools")
    kinds = {_kind(tool) for tool in tools} - {"", "function"} if isinstance(tools, list) else set()
    found = {kind for kind in kinds if not kind.startswith(SEARCHES) and (marked or _DATED.fullmatch(kind))}
    if isinstance(native, dict):
        found |= {"mcp_servers"} if native.get("mcp_servers") else set()
        for message in messages:
            found |= message.parts - _SAYABLE
    return tuple(sorted(found))


def _kind(tool: JsonValue) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return kind if isinstance(kind, str) else ""
