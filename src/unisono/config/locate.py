"""Finds the line of every key in a TOML text that `tomllib` has accepted.

It does not check the text and does not keep the values: `tomllib` does, but says no positions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Path: TypeAlias = "tuple[str | int, ...]"
"""Where a value stands: table names and places in arrays, such as `("models", 2, "role")`."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""(?:[ \t.]|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-])+""")
_STRING = re.compile(
    r'"""(?:\\.|(?!""")[^\\])*"{3,5}'
    r"|'''(?:(?!''')[\s\S])*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]*")


def locate(text: str) -> dict[Path, int]:
    """Return the line (from 1) of each table header, key and array item.

    Args:
        text: valid TOML. A text that is not gives lines for what was understood before the mistake.
    """
    lines = _Lines(text.replace("\r\n", "\n"))
    lines.read()
    return lines.found


def line_of(found: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a path, or of the nearest table around it that has one."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return None


@dataclass(slots=True)
class _Lines:
    """A walk over the text. `place` only grows; newlines are counted as it goes."""

    text: str
    place: int = 0
    line: int = 1
    table: Path = ()
    found: dict[Path, int] = field(default_factory=dict)
    counts: dict[Path, int] = field(default_factory=dict)

    def read(self) -> None:
        """Walk from the beginning to the end, statement by statement."""
        while True:
            self._take(_BLANK)
            if self.place >= len(self.text):
                return
            before = self.place
            if self.text[self.place] == "[":
                self._header()
            else:
                self._pair(self.table)
            if self.place == before:
                return

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.place)
        taken = match.group() if match else ""
        self.place += len(taken)
        self.line += taken.count("\n")
        return taken

    def _skip(self, mark: str) -> bool:
        """Step over a mark if it stands here."""
        if not self.text.startswith(mark, self.place):
            return False
        self.place += len(mark)
        return True

    def _note(self, path: Path, line: int) -> None:
        """Keep the first line of each path and of the tables that it makes on the way."""
        for end in range(1, len(path) + 1):
            self.found.setdefault(path[:end], line)

    def _header(self) -> None:
        many = self._skip("[[") or not self._skip("[")
        line = self.line
        names = _split(self._take(_KEY))
        path: Path = ()
        for place, name in enumerate(names):
            path = (*path, name)
            if many and place == len(names) - 1:
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        self._note(path, line)
        # A header after a sub-table of the same name: the header itself is where people look.
        self.found[path] = line
        self.table = path
        self._skip("]]" if many else "]")

    def _pair(self, table: Path) -> None:
        line = self.line
        path = (*table, *_split(self._take(_KEY)))
        self._note(path, line)
        if self._skip("="):
            self._value(path)

    def _value(self, path: Path) -> None:
        self._take(_SPACE)
        if self._skip("["):
            self._array(path)
        elif self._skip("{"):
            self._inline(path)
        elif not self._take(_STRING):
            self._take(_BARE)

    def _array(self, path: Path) -> None:
        place = 0
        while True:
            self._take(_BLANK)
            if self._skip("]") or self.place >= len(self.text):
                return
            before = self.place
            self._note((*path, place), self.line)
            self._value((*path, place))
            place += 1
            self._take(_BLANK)
            self._skip(",")
            if self.place == before:
                return

    def _inline(self, path: Path) -> None:
        while True:
            self._take(_BLANK)
            if self._skip("}") or self.place >= len(self.text):
                return
            before = self.place
            self._pair(path)
            self._take(_BLANK)
            self._skip(",")
            if self.place == before:
                return


def _split(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted key; `tomllib` itself decodes quotes and escapes."""
    try:
        value: object = tomllib.loads(f"{key.strip()} = 0")
    except ValueError:
        return (key.strip(),)
    parts = []
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        parts.append(name)
    return tuple(parts)
