"""Stream events that differ from one that was read by nothing but their text: they are told without being parsed again.

Of a hundred events of an answer ninety-eight do. In sound JSON the content of one string may become that of any other
without changing what stands around it, so whatever was read there holds for the new event as well.
"""

from __future__ import annotations

import re

from unisono.types import Chunk

_TEXT = re.compile(rb'"content": ?"([^\x00-\x1f"\\]+)"')
plain = re.compile(rb'[^\x00-\x1f"\\]+').fullmatch
"""Finds what may stand between the marks of a JSON string as it is; bytes beyond ASCII must be sound UTF-8 besides."""


class Alike:
    """The latest event of a stream that had text and nothing else to tell.

    Attributes:
        begins: what stands before the text as it is sent, from `data: ` on; empty while none is known.
        ends: what stands behind it, to the blank line.
        model: the name that it reports.
    """

    __slots__ = ("_after", "_before", "begins", "ends", "model")

    def __init__(self) -> None:
        """Know none yet."""
        self._before = self.begins = b""
        self._after = self.ends = b""
        self.model: str | None = None

    def note(self, chunk: Chunk) -> None:
        """Take in an event that was read: sound JSON with some text, which neither ends the answer nor counts."""
        found = None
        if chunk.has_content and chunk.finish is None and chunk.usage is None:
            found = _TEXT.search(chunk.data)
        if found is not None:
            self._before, self._after = chunk.data[: found.start(1)], chunk.data[found.end(1) :]
            self.begins, self.ends = b"data: " + self._before, self._after + b"\n\n"
            self.model = chunk.model

    def chunk(self, data: bytes) -> Chunk | None:
        """Return what an event of this kind tells; None for any other."""
        before, after = self._before, self._after
        if not before or not data.startswith(before) or not data.endswith(after):
            return None
        return (
            Chunk(data=data, has_content=True, model=self.model) if is_text(data[len(before) : -len(after)]) else None
        )


def is_text(content: bytes) -> bool:
    """Say whether bytes are what a JSON string can hold as they are: some characters, none of them escaped."""
    return plain(content) is not None and (content.isascii() or _is_utf8(content))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
