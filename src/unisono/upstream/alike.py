"""Stream events that differ from one that was read by nothing but their text: they are told without being parsed again.

Of a hundred events of an answer ninety-eight do. In sound JSON the content of one string may become that of any other
without changing what stands around it, so whatever was read there holds for the new event as well.
"""

from __future__ import annotations

import re

from unisono.types import Chunk

_TEXT = re.compile(rb'"content": ?"([^\x00-\x1f"\\]+)"')
_PLAIN = re.compile(rb'[^\x00-\x1f"\\]+')
"""What may stand between the marks of a JSON string as it is; bytes beyond ASCII must be sound UTF-8 besides."""


class Alike:
    """The latest event of a stream that had text and nothing else to tell."""

    __slots__ = ("_after", "_before", "_begins", "_chunk", "_ends")

    def __init__(self) -> None:
        """Know none yet."""
        self._before = self._begins = b""
        self._after = self._ends = b""
        self._chunk: Chunk | None = None

    def note(self, chunk: Chunk) -> None:
        """Take in an event that was read: sound JSON with some text, which neither ends the answer nor counts."""
        found = None
        if chunk.has_content and chunk.finish is None and chunk.usage is None:
            found = _TEXT.search(chunk.data)
        if found is not None:
            self._before, self._after = chunk.data[: found.start(1)], chunk.data[found.end(1) :]
            self._begins, self._ends = b"data: " + self._before, self._after + b"\n\n"
            self._chunk = chunk

    def chunk(self, data: bytes) -> Chunk | None:
        """Return what an event of this kind tells; None for any other."""
        before, after, known = self._before, self._after, self._chunk
        if known is None or not data.startswith(before) or not data.endswith(after):
            return None
        text = data[len(before) : -len(after)]
        if _PLAIN.fullmatch(text) is None or not (text.isascii() or _is_utf8(text)):
            return None
        return Chunk(data=data, has_content=True, model=known.model)

    def framed(self, data: bytes) -> Chunk | None:
        """Return what bytes tell that are one event of this kind as it is sent, from `data: ` to its blank line.

        They must come where an event can begin.
        """
        begins, ends, known = self._begins, self._ends, self._chunk
        if known is None or not data.startswith(begins) or not data.endswith(ends):
            return None
        text = data[len(begins) : -len(ends)]
        if _PLAIN.fullmatch(text) is None or not (text.isascii() or _is_utf8(text)):
            return None
        return Chunk(data=data[6:-2], has_content=True, model=known.model)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
