"""What the user wants done now: the last words together with the work that they continue.

It reads the user's own messages only. Tool results, system prompts and the models' answers cannot steer.
"""

from __future__ import annotations

from collections.abc import Sequence

from unisono.types import Message
from unisono.understand.surface import clip

SHORT_CHARS = 48
"""A last message no longer than this takes its weight from the work it continues ("yes, do it")."""

MAX_TASK_CHARS = 16_000


def task_text(messages: Sequence[Message]) -> str:
    """Return the words that say what is to be done.

    The last user message; while the text so far is short, the user messages before it are put in front, so that
    "continue" is read as the work that it continues. Length decides, no list of words, so any language works.

    Args:
        messages: the whole conversation, oldest first.

    Returns:
        at most about `MAX_TASK_CHARS` characters, empty when no user message holds text.
    """
    spoken = [m.text for m in messages if m.role == "user" and m.text.strip()]
    if not spoken:
        return ""
    task = spoken.pop()
    while spoken and len(task.strip()) <= SHORT_CHARS:
        task = f"{spoken.pop()}\n{task}"
    return clip(task, MAX_TASK_CHARS)


def n_turns(messages: Sequence[Message]) -> int:
    """Return how often the user has spoken."""
    return [message.role for message in messages].count("user")


def in_tool_loop(messages: Sequence[Message]) -> bool:
    """Say whether the last message is a tool's result that the model is to go on from."""
    return bool(messages) and messages[-1].role in ("tool", "function")
