"""Read one text member of a JSON object while it is still being written.

A model that calls a function writes its arguments as JSON in fragments; a caller who asked for a bare text wants the
text, and wants it as it comes. It knows no other member, and judges nothing: `whole` says what the text really was.
"""

from __future__ import annotations

import re

import orjson

from unisono.types import JsonValue

MOST_BEFORE = 1000
"""Characters before which the member must have begun to be read as it comes; later it is read at the end."""
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class JsonText:
    """The text of the first member of an object, piece by piece, in time that is linear in the whole."""

    def __init__(self, name: str) -> None:
        """Wait for the member `name`."""
        self._begins = re.compile(rf'\s*\{{\s*"{re.escape(name)}"\s*:\s*"')
        self._name = name
        self._is_open = False
        self._is_over = False
        self._taken: list[str] = []
        self._read: list[str] = []
        self._rest = ""

    @property
    def said(self) -> str:
        """What of the text has come so far."""
        return "".join(self._read)

    def take(self, fragment: str) -> str:
        """Take in a fragment of the object; return what it adds to the text."""
        self._taken.append(fragment)
        if self._is_over:
            return ""
        self._rest += fragment
        if not self._is_open:
            if (found := self._begins.match(self._rest)) is None:
                self._is_over = len(self._rest) > MOST_BEFORE
                return ""
            self._is_open, self._rest = True, self._rest[found.end() :]
        more = self._more()
        self._read.append(more)
        return more

    def whole(self) -> str:
        """Return the whole text: the member's; where there is none, the only text there is; else what was written."""
        raw = "".join(self._taken)
        try:
            value: JsonValue = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return self.said if self._is_open and self._is_over else raw
        if isinstance(value, str):
            return value
        texts = list(value.values()) if isinstance(value, dict) else []
        named = value.get(self._name) if isinstance(value, dict) else None
        if not isinstance(named, str) and len(texts) == 1:
            named = texts[0]
        return named if isinstance(named, str) else raw

    def _more(self) -> str:
        """Read on in the rest, up to the end of the text or of what has come; keep an escape that is not whole."""
        rest, at, parts = self._rest, 0, []
        while at < len(rest):
            char = rest[at]
            if char == '"':
                self._is_over = True
                break
            if char != "\\":
                stop = _next_mark(rest, at)
                parts.append(rest[at:stop])
                at = stop
                continue
            read, n_chars = _escaped(rest, at)
            if not n_chars:
                break  # its end has not come yet
            parts.append(read)
            at += n_chars
        self._rest = rest[at:]
        return "".join(parts)


_MARK = re.compile(r'["\\]')


def _next_mark(raw: str, at: int) -> int:
    found = _MARK.search(raw, at)
    return len(raw) if found is None else found.start()


def _escaped(raw: str, at: int) -> tuple[str, int]:
    """Return what an escape at a place stands for, and its length; 0 where it is not whole yet."""
    kind = raw[at + 1 : at + 2]
    if kind != "u":
        return _ESCAPES.get(kind, kind), 2 if kind else 0
    code = _unit(raw, at)
    if code is None:
        return "", 0
    if not 0xD800 <= code < 0xDC00:
        return (chr(code) if not 0xDC00 <= code < 0xE000 else "\ufffd"), 6
    following = raw[at + 6 : at + 8]
    if not "\\u".startswith(following):
        return "\ufffd", 6
    low = _unit(raw, at + 6)
    if low is None:
        return "", 0
    if not 0xDC00 <= low < 0xE000:
        return "\ufffd", 6
    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), 12


def _unit(raw: str, at: int) -> int | None:
    """Return the number of an escape `\\uXXXX`; None where it is not whole."""
    digits = raw[at + 2 : at + 6]
    if len(digits) < 4:
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return 0xFFFD
