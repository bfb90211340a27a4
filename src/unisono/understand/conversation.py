"""What the user wants done now: the last words together with the work that they continue.

It reads the user's own messages only. Tool results, system prompts and the models' answers cannot steer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unisono.spoken import silent, spoken
from unisono.types import Message
from unisono.understand.surface import clip

SHORT_CHARS = 48
"""A last message no longer than this takes its weight from the work it continues ("yes, do it")."""

MAX_TASK_CHARS = 16_000
_TEXT = frozenset({"text"})


def task_text(messages: Sequence[Message]) -> str:
    """Return the words that say what is to be done.

    The last user message; while the text so far is short, the user messages before it are put in front, so that
    "continue" is read as the work that it continues. Length decides, no list of words, so any language works.

    Args:
        messages: the whole conversation, oldest first.

    Returns:
        at most about `MAX_TASK_CHARS` characters, empty when no user message holds text.
    """
    turns = spoken_turns(messages)
    task = next(turns, "")
    while len(task.strip()) <= SHORT_CHARS and (before := next(turns, None)) is not None:
        task = f"{before}\n{task}"
    return clip(task, MAX_TASK_CHARS)


def spoken_turns(messages: Sequence[Message]) -> Iterator[str]:
    """Yield what the user said in each of his turns, the last one first; turns in which he said nothing are none."""
    for message in reversed(messages):
        if message.role == "user" and (text := spoken(message.text)).strip():
            yield text


def n_turns(messages: Sequence[Message]) -> int:
    """Return how often the user has spoken; what his client says in a turn of its own is no turn of his."""
    return sum([message.role == "user" and not silent(message.text) for message in messages])


def in_tool_loop(messages: Sequence[Message]) -> bool:
    """Say whether a tool's result is the last thing said; what a client adds behind it of its own says nothing."""
    for message in reversed(messages):
        if message.role in ("tool", "function"):
            return True
        if message.role != "system" and not (
            message.role == "user" and message.parts <= _TEXT and silent(message.text)
        ):
            return False
    return False
