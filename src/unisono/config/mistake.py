"""One mistake in a configuration, and how values are shown in its text without showing a secret.

It does not know lines: `load` turns mistakes into `errors.Problem`s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from unisono.catalog.names import nearest
from unisono.config.locate import Path

_LONGEST_SHOWN = 40
_KEY_LIKE = re.compile(
    r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/=.-]{20,}|.*\b(?:sk|pk|gsk|xai|ghp|key|bearer|token)[-_ ].*", re.I
)


class Mistake(NamedTuple):
    """What is wrong, and where in the file's data it stands."""

    path: Path
    text: str


class Wrong(Exception):
    """A value is refused: why, and at which places inside it."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__()
        self.mistakes = mistakes


def wrong(text: str) -> Wrong:
    """Return the refusal of a whole value."""
    return Wrong(Mistake((), text))


def shown(value: object) -> str:
    """Return a value as it may stand in a message: short, and never what looks like a key."""
    if isinstance(value, str):
        if _KEY_LIKE.fullmatch(value):
            return "what stands there"
        return repr(value) if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]!r}…"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else "so large a number"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else str(value)


def offer(name: str, known: Iterable[str], *, lead: str = "nearest") -> str:
    """Return ` (nearest: a, b)`, or nothing when no known name is near."""
    near = nearest(name, known)
    return f" ({lead}: {', '.join(near)})" if near else ""


def written(path: Path) -> str:
    """Return a path as people write it: `models[2].role`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(file)"
