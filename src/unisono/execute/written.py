"""How many tokens of an answer have come where its upstream told no usage, as when the caller left before the end.

It is an estimate by length, for limits alone. What an answer says, `said.py` reads.
"""

from __future__ import annotations

from collections.abc import Collection

import orjson

from unisono.loose import as_object, objects_in
from unisono.types import Chunk, JsonValue

BYTES_PER_TOKEN = 4
LATELY = 8
"""Of so many events it is read how much of them is text."""


def written_tokens(*, n_bytes: int, n_events: int, some: Collection[Chunk], more_bytes: int = 0) -> int:
    """Return about how many tokens were written.

    Args:
        n_bytes: of all events with content.
        n_events: how many these are.
        some: of them: what surrounds their text is taken to surround that of all.
        more_bytes: of text that came beside these events.
    """
    around = sum(len(chunk.data) - _n_text_bytes(chunk.data) for chunk in some) / len(some) if some else 0.0
    return int(max(n_bytes - n_events * around, 0.0) + more_bytes) // BYTES_PER_TOKEN


def _n_text_bytes(data: bytes) -> int:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return 0
    choices = objects_in(as_object(document).get("choices"))
    return sum(_length(choice.get("delta") or choice.get("message")) for choice in choices)


def _length(value: JsonValue) -> int:
    """Return how many bytes the strings in a value take as JSON."""
    if isinstance(value, str):
        return len(orjson.dumps(value)) - 2
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(_length(part) for part in parts)
