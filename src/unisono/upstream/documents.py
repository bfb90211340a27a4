"""JSON documents of an upstream's answer, those too that a strict reader refuses though some programs write them.

Hosts in JavaScript cut an emoji into two halves, each in a stream event of its own; hosts in Python write `NaN` and
`-Infinity` among log-probabilities; some put a byte order mark first, or cut a character's bytes. What they mean is
plain, and no part of an answer is lost for it: such a document is written anew in sound JSON. It does not mend what is
cut off.
"""

from __future__ import annotations

import re

import orjson

from unisono.types import Json

_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:NaN|Infinity)', re.DOTALL)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?P<low>\\u[dD][c-fC-F][0-9a-fA-F]{2})?|(?P<lone>\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_UNKNOWN = b"\\ufffd"


class NoDocument(Exception):
    """It is no JSON object, however kindly it is read."""


class Documents:
    """Reads the documents of one answer, one after the other."""

    __slots__ = ("_half",)

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._half = b""

    def read(self, data: bytes, *, goes_on: bool) -> tuple[Json, bytes]:
        """Return a document and its bytes: those given, or sound ones.

        Args:
            data: the document.
            goes_on: it is an event of a stream, so that half a character at a text's end waits for the next one.

        Raises:
            NoDocument: it cannot be read.
        """
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError:
            data = self._mended(data, goes_on=goes_on)
            try:
                document = orjson.loads(data)
            except orjson.JSONDecodeError as exc:
                raise NoDocument("not JSON") from exc
        if not isinstance(document, dict):
            raise NoDocument("not a JSON object")
        return document, data

    def _mended(self, data: bytes, *, goes_on: bool) -> bytes:
        readable = data.removeprefix(_BOM).decode("utf-8", "replace").encode()

        def sound(token: re.Match[bytes]) -> bytes:
            text = token.group()
            if not text.startswith(b'"'):
                return b"null"
            return text if _SURROGATE.search(text) is None else self._whole_characters(text, goes_on=goes_on)

        return _TOKEN.sub(sound, readable)

    def _whole_characters(self, text: bytes, *, goes_on: bool) -> bytes:
        """Join the half that an earlier event ended with to the one that begins this text; keep the next for later."""

        def sound(escape: re.Match[bytes]) -> bytes:
            found = escape.group()
            if escape["lone"] is not None:
                half, self._half = self._half, b""
                return half + found if half and escape.start() == 1 else _UNKNOWN
            if escape["low"] is not None or not _SURROGATE.match(found):
                return found
            if goes_on and escape.end() == len(text) - 1:
                self._half = found
                return b""
            return _UNKNOWN

        return _ESCAPE.sub(sound, text)
