"""Server-sent events out of bytes that arrive split anywhere.

It follows the WHATWG description with two leniences: an event that the end of the stream cuts off before its blank
line is still given out, and `id` and `retry` are ignored. It does not read the data.
"""

from __future__ import annotations

from typing import TypeAlias

from unisono.errors import UpstreamMalformed

MAX_EVENT_BYTES = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"

Event: TypeAlias = tuple[bytes, bytes]
"""The event's name (empty when it has none) and its data."""


class EventParser:
    """Incremental parser of one stream.

    Attributes:
        between: the stream has begun, and nothing of its next event has come.
    """

    __slots__ = ("_after_cr", "_at_start", "_max_bytes", "_rest", "between")

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._rest = bytearray()
        self._after_cr = False
        self._at_start = True
        self._max_bytes = max_event_bytes
        self.between = False

    def feed(self, data: bytes) -> list[Event]:
        """Take in some bytes and return the events that they complete.

        Raises:
            UpstreamMalformed: one event is longer than the limit.
        """
        if self.between and data.find(b"\n") == len(data) - 2 and self._is_one_event(data):
            return [(b"", data[6:-2])]  # as most come
        if self._at_start:
            data = self._without_bom(data)
        if self._after_cr or b"\r" in data:
            data = self._with_lf(data)
        if not self._rest:
            events, used = self._split(data, 0)
            if used < len(data):
                self._rest += data[used:]
        else:
            search_from = len(self._rest) - 1
            self._rest += data
            events, used = self._split(self._rest, search_from)
            del self._rest[:used]
        self.between = not (self._rest or self._after_cr or self._at_start)
        if len(self._rest) > self._max_bytes + 1:
            raise self._too_long()
        return events

    def end(self) -> list[Event]:
        """Return the event that the stream's end left without its blank line, if it has data."""
        rest, self._rest = self._rest, bytearray()
        event = _event(bytes(rest))
        return [] if event is None else [event]

    def _is_one_event(self, data: bytes) -> bool:
        """Say whether bytes with one line in them, and nothing before them, are a plain event, and a whole one."""
        is_plain = data.startswith(b"data: ") and data.endswith(b"\n\n") and b"\r" not in data
        return is_plain and len(data) <= self._max_bytes

    def _split(self, buffer: bytes | bytearray, search_from: int) -> tuple[list[Event], int]:
        events: list[Event] = []
        start = 0
        end = buffer.find(b"\n\n", search_from)
        while end >= 0:
            if end - start > self._max_bytes:
                raise self._too_long()
            if buffer.startswith(b"data: ", start) and buffer.find(b"\n", start, end) < 0:
                events.append((b"", bytes(buffer[start + 6 : end])))
            elif (event := _event(bytes(buffer[start:end]))) is not None:
                events.append(event)
            start = end + 2
            end = buffer.find(b"\n\n", start)
        return events, start

    def _with_lf(self, data: bytes) -> bytes:
        """End every line with one LF; a CR LF may be split between two calls."""
        if not data:
            return data
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
            if not data:
                return data
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _without_bom(self, data: bytes) -> bytes:
        data = bytes(self._rest) + data
        self._rest.clear()
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._rest += data
            return b""
        self._at_start = False
        return data.removeprefix(_BOM)

    def _too_long(self) -> UpstreamMalformed:
        return UpstreamMalformed(f"One event of the stream is longer than {self._max_bytes} bytes; it was dropped.")


def _event(block: bytes) -> Event | None:
    """Read the lines of one event; None when it carries no data."""
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return (name, b"\n".join(data)) if data else None
