"""What a person says in a user's turn: without what his client writes there of its own.

Coding agents put reminders, project rules, the state of the editor and of the shell into the user's turn, as tagged
blocks or as a turn of their own. It knows their names and nothing of what stands in them, and reads nothing else.
"""

from __future__ import annotations

import re

TAGS = (
    "INSTRUCTIONS",
    "additional_data",
    "attached_files",
    "bash-input",
    "bash-stderr",
    "bash-stdout",
    "command-message",
    "command-name",
    "editorContext",
    "environment_context",
    "environment_details",
    "environment_info",
    "ide_opened_file",
    "ide_selection",
    "local-command-caveat",
    "local-command-stderr",
    "local-command-stdout",
    "permissions instructions",
    "reminder",
    "reminderInstructions",
    "session_context",
    "skills_instructions",
    "system-reminder",
    "system_reminder",
    "task-notification",
    "turn_aborted",
    "user_instructions",
    "user_shell_command",
    "workspace_info",
)
"""Of Claude Code, Codex, Cline, Copilot, Cursor, Gemini CLI, opencode and Qwen Code."""
PREAMBLES = (
    "# AGENTS.md instructions",
    "This is the Gemini CLI. We are setting up the context",
    "This is the Qwen Code. We are setting up the context",
)
"""How a turn begins that is a client's as a whole, once its tagged blocks are gone."""

_FIRST = "".join(sorted({tag[0] for tag in TAGS}))
_OPENS = re.compile(f"<(?=[{_FIRST}][\\w-]{{3,}}[> ])({'|'.join(TAGS)})>")
"""What it looks ahead for spares most of HTML and code the tries of all tags: a fifth of the time."""
_BEGINS = re.compile(rf"\s*(?:{_OPENS.pattern}|{'|'.join(map(re.escape, PREAMBLES))})")


def silent(text: str) -> bool:
    """Say whether a user's turn holds something, and nothing but what his client put there."""
    return _BEGINS.match(text) is not None and not spoken(text).strip()


def spoken(text: str) -> str:
    """Return a user's turn without what his client put there; empty where nothing else stands in it.

    A block without its end is left where it is. The time is linear in the text.
    """
    if "<" in text:
        text = _without_blocks(text)
    return "" if text.startswith(PREAMBLES) else text


def _without_blocks(text: str) -> str:
    kept: list[str] = []
    at = begin = 0
    endless: set[str] = set()
    while (opens := _OPENS.search(text, at)) is not None:
        at, name = opens.end(), opens[1]
        closes = -1 if name in endless else text.find(f"</{name}>", at)
        if closes < 0:
            endless.add(name)
            continue
        kept.append(text[begin : opens.start()])
        at = begin = closes + len(name) + 3
    if not begin:
        return text
    return "".join([*kept, text[begin:]]).strip()
