"""The closed sets: words that a field of a value, a column or an option may hold, and no others.

It loads nothing, so that the command line can name them in its help.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias, get_args

Language: TypeAlias = Literal["en", "zh"]
"""In which of the languages that we write something is said."""

Status: TypeAlias = Literal["ok", "failed", "cut", "cancelled"]
"""How an attempt or a request ended: `failed` before any content, `cut` after the first, `cancelled` by the caller."""
STATUSES = (*get_args(Status), "running", "interrupted")
"""What a request of the record can be: ended, under way, or left behind by a process that ended before it."""

Pattern: TypeAlias = Literal["single", "cascade", "fusion"]
"""How a request is answered: by one model, by a stronger one if a cheap one does not do, or by several together."""

Counted: TypeAlias = Literal["messages", "tokens", "usd", "concurrent_requests"]
"""What a limit counts."""
OnLimit: TypeAlias = Literal["downgrade", "block"]
"""What happens when a limit is reached: a model of less cost answers, or none does."""

ReasoningEffort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "on"]
"""How much a model thinks: not at all, by the dial that its host has for it, or `on` where there is none."""

PartKind: TypeAlias = Literal["member", "planner", "judge", "author", "closer"]
"""As what a model takes part in an answer: it answers, splits the question, judges, writes from others' answers, or
takes over from a cheaper one."""


class Mode(StrEnum):
    """What `auto` aims at."""

    FAST = "fast"
    BALANCED = "balanced"
    DEEP = "deep"
    PRO = "pro"


class Role(StrEnum):
    """The place of a model in the family."""

    FAST = "fast"
    DEEP = "deep"
    FAST_MINI = "fast-mini"
    DEEP_MINI = "deep-mini"
    PRO = "pro"


class Capability(StrEnum):
    """What a model can take or give beyond plain text."""

    TOOLS = "tools"
    JSON = "json"
    VISION = "vision"
    AUDIO = "audio"
    FILES = "files"
    SEARCH = "search"
    ANTHROPIC = "anthropic"
    """No model declares it: whoever is reached by Anthropic's API has what only that API has."""


class Effort(StrEnum):
    """What the user's own words ask for: more thought, or a quick answer."""

    LESS = "less"
    MORE = "more"


class Health(StrEnum):
    """What recent attempts say about a model's upstream."""

    UP = "up"
    PROBING = "probing"
    DOWN = "down"


TASKS = ("mathematics", "code", "question", "writing", "translation", "summary", "conversation")
"""The kinds of task that are told apart."""
SCRIPTS = ("latin", "greek", "cyrillic", "hebrew", "arabic", "devanagari", "thai", "han", "kana", "hangul")
"""The scripts that are told apart."""
