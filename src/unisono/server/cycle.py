"""One request over one connection, and its answer: what ASGI calls `receive` and `send`, over uvicorn's own.

The head of an answer leaves with the first of its body, in one write. It parses nothing (`listen.py` does).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from unisono.outbox import Outbox
from unisono.server.gone import Watches

_NOT_IN_NAMES = re.compile(rb'[\x00-\x1f\x7f()<>@,;:\[\]={} \t\\"]')
_IN_VALUES = bytes([9, *range(0x20, 0x7F), *range(0x80, 0x100)])
_OF_SENDING = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_IS_JSON = (b"content-type", b"application/json")
Message = MutableMapping[str, Any]


class Line(Protocol):
    """What a request may know of its connection.

    Attributes:
        outbox: what leaves by the end of this turn of the event loop.
        watches: what is to be told when the caller hangs up.
        pipeline: requests that have come and wait for this one.
        tasks: what uvicorn waits for, and cancels, when it ends.
    """

    outbox: Outbox
    watches: Watches
    pipeline: deque[Any]
    tasks: set[Any]


class Cycle(RequestResponseCycle):
    """What an application reads from and writes to; it is its own `send`."""

    _held = b""
    _until_close = False
    line: Line
    """The connection."""

    @property
    def send(self) -> Cycle:  # type: ignore[override]  # as one that can be called
        """What applications are given to send with."""
        return self

    async def __call__(self, message: Message) -> None:
        """Send one ASGI message, when the caller has read enough of what was sent before."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        self._put(message)
        self.line.outbox.send()  # here a fault may close the connection behind our back

    def more(self, body: bytes) -> Awaitable[None] | None:
        """Send a part of the body that is not the last; return what to wait for before the next from a slow caller."""
        if self.chunked_encoding and body and not (self._held or self.disconnected or self.response_complete):
            self.line.outbox.put(self.transport, b"%x\r\n%b\r\n" % (len(body), body))
        else:
            self._put({"type": "http.response.body", "body": body, "more_body": True})
        return self.flow.drain() if self.flow.write_paused and not self.disconnected else None

    def lane(self, begins: bytes, ends: bytes) -> Callable[[bytes], Awaitable[None] | None]:
        """Return what does as `more` for parts that begin and end alike: it takes what stands between."""
        n_around, behind = len(begins) + len(ends), ends + b"\r\n"
        put, transport, flow = self.line.outbox.put, self.transport, self.flow

        def more(text: bytes) -> Awaitable[None] | None:
            if self._held or self.disconnected or self.response_complete or not self.chunked_encoding:
                return self.more(b"%b%b%b" % (begins, text, ends))
            put(transport, b"%x\r\n%b%b%b" % (n_around + len(text), begins, text, behind))
            return flow.drain() if flow.write_paused and not self.disconnected else None

        return more

    def answer(self, body: bytes, headers: list[tuple[bytes, bytes]], *, status: int = 200) -> None:
        """Send a whole JSON document."""
        if not self.disconnected:
            self.response_started = True
            length = (b"content-length", str(len(body)).encode())
            self._held = self._head(status, [_IS_JSON, length, *headers])
            self._body(body, more=False)
        self.on_response = _nothing  # as uvicorn does: a bound method of what holds this

    def begin(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Begin an answer of status 200 whose parts go by `more`, and its last by `end`."""
        self._put({"type": "http.response.start", "status": 200, "headers": headers})

    def end(self, body: bytes) -> None:
        """Send the last part, however slow the caller is."""
        self._put({"type": "http.response.body", "body": body, "more_body": False})
        self.on_response = _nothing

    async def receive(self) -> Any:  # uvicorn's own type for it is private
        """Return the part of the request that has come, waiting for some."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            if not self.line.pipeline:  # else all of this request is here
                self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""  # type: ignore[assignment]  # bytes, as they came
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def _put(self, message: Message) -> None:
        if self.disconnected:
            return
        if not self.response_started:
            if message["type"] != "http.response.start":
                raise RuntimeError(f"An answer began with {message['type']!r}.")
            self.response_started = True
            self.waiting_for_100_continue = False
            self._held = self._head(message["status"], message.get("headers", ()))
            return
        if message["type"] != "http.response.body" or self.response_complete:
            raise RuntimeError(f"A message {message['type']!r} came where an answer has no place for it.")
        self._body(message.get("body", b""), more=message.get("more_body", False))

    def _body(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            body = b""
        elif self.chunked_encoding:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if not more:
                body += b"0\r\n\r\n"
        elif not self._until_close:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("An answer is longer than its Content-Length.")
        if self._held:
            body, self._held = self._held + body, b""
        if body:
            self.line.outbox.put(self.transport, body)
        if not more:
            self._end()

    def _end(self) -> None:
        if self.expected_content_length != 0:
            raise RuntimeError("An answer is shorter than its Content-Length.")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.line.outbox.send()
            self.transport.close()
        self.on_response()

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        given = (*self.default_headers, *headers)
        names, values = zip(*given, strict=True) if given else ((), ())
        shape, of_sending = _shape(names)
        if b"".join(values).translate(None, _IN_VALUES):
            raise RuntimeError("A header's value holds what it must not.")
        ending, says_close = b"\r\n\r\n", False
        for place, name in of_sending:
            value = values[place]
            if name == b"content-length" and self.chunked_encoding is None:
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"transfer-encoding" and value.lower() == b"chunked":
                self.expected_content_length = 0
                self.chunked_encoding = True
            elif name == b"connection" and b"close" in value.lower():
                self.keep_alive = False
                says_close = True
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in (204, 304):
            self._until_close = self.scope["http_version"] == "1.0"  # which knows no chunks
            self.chunked_encoding = not self._until_close
            if self.chunked_encoding:
                ending = b"\r\ntransfer-encoding: chunked" + ending
        if not self.keep_alive and not says_close:
            ending = b"\r\nconnection: close" + ending
        return b"%b%b%b" % (STATUS_LINE[status][:-2], shape % values, ending)


def _nothing() -> None:
    pass


@lru_cache(maxsize=1024)  # the same few heads all day
def _shape(names: tuple[bytes, ...]) -> tuple[bytes, tuple[tuple[int, bytes], ...]]:
    """Return the lines of headers of these names with places for their values, and which say how the answer is sent."""
    if any(_NOT_IN_NAMES.search(name) for name in names):
        raise RuntimeError("A header's name holds what it must not.")
    names = tuple([name.lower() for name in names])
    lines = b"".join([b"\r\n" + name.replace(b"%", b"%%") + b": %b" for name in names])
    return lines, tuple([(place, name) for place, name in enumerate(names) if name in _OF_SENDING])
