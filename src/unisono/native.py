"""What a caller's API says and chat completions cannot: how it stands in a chat body, and what only Anthropic's knows.

An edge writes these members, and an upstream reads them or takes them out. It looks at a chat body as the edge makes it
of a message, or as a caller of chat completions wrote it. It judges no model.
"""

from __future__ import annotations

import re

from unisono.types import Json, JsonValue, Message

MARK = "anthropic"
"""The member of a chat body under which the edge keeps what came in by Anthropic's API and has no place in the chat."""
BESIDE = "anthropic_beside"
"""The member of a part, or of a tool's result, under which the edge keeps what a block has beyond what a chat says."""
NATIVE = "anthropic_block"
"""The member of a part or a tool under which the edge keeps what it was in Anthropic's API."""
NATIVE_TURN = "anthropic_turn"
"""The member of an assistant's message under which the edge keeps blocks without a counterpart, or in another order."""
THOUGHT_BY = "thought_by"
"""The member of an assistant's message under which the edge keeps which model thought its `reasoning_content`."""
RESPONSES = "responses"
"""The member by which a chat body says that it came in by the Responses API; see `edge.responses`."""
CUSTOM = "custom_tool"
"""Beside the function that a custom tool becomes, the tool as chat completions have it; see `upstream.customs`."""
CUSTOM_FIELD = "input"
"""The one field of such a function."""
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
