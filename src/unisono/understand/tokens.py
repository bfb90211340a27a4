"""Estimates of token counts by length, for admission before any upstream has counted.

It does not tokenise: vocabularies differ by model and most must be downloaded.
"""

from __future__ import annotations

import numpy as np

from unisono.native import NATIVE
from unisono.types import Json, JsonValue

_FIRST_WIDE = 0x2E80
TOKENS_PER_MESSAGE = 4
TOKENS_PER_IMAGE = 800


def count_text(text: str) -> int:
    """Return about how many tokens a text has: a quarter per Latin character, one per CJK character."""
    if text.isascii():
        return len(text) // 4 + 1
    n_wide = _n_wide(text)
    return (len(text) - n_wide) // 3 + n_wide + 1


def _n_wide(text: str) -> int:
    """Return how many characters of two bytes are wide; all of four bytes have two halves that look so and are not."""
    halves = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
    return int(np.count_nonzero(halves >= _FIRST_WIDE)) - 2 * (halves.size - len(text))


def _count_json(value: JsonValue) -> int:
    """Count tokens in all the strings and keys of a JSON value, without recursion."""
    total, todo = 0, [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            total += count_text(item)
        elif isinstance(item, dict):
            total += sum(len(key) // 4 + 1 for key in item)
            todo.extend(part for key, part in item.items() if key != NATIVE)  # sent in one of the two forms
        elif isinstance(item, list):
            todo.extend(item)
        else:
            total += 1
    return total


def _count_part(part: JsonValue) -> int:
    if not isinstance(part, dict):
        return 0
    text = part.get("text")
    return count_text(text) if isinstance(text, str) else TOKENS_PER_IMAGE


def count_prompt(body: Json) -> int:
    """Return about how many input tokens a chat body has, tools and earlier tool calls included."""
    messages = body.get("messages")
    total = 0
    for message in messages if isinstance(messages, list) else []:
        if not isinstance(message, dict):
            continue
        content = message.get("content")
        total += TOKENS_PER_MESSAGE
        if isinstance(content, str):
            total += count_text(content)
        elif isinstance(content, list):
            total += sum(_count_part(part) for part in content)
        if "tool_calls" in message:
            total += _count_json(message["tool_calls"])
    for key in ("tools", "functions", "response_format"):
        if key in body:
            total += _count_json(body[key])
    return total
