"""How HTTP is spoken: uvicorn's settings, and a protocol that bounds what a stranger can make the server hold.

A head has so many bytes and fields and must be there within `SLOW_S`; a body must keep coming; a reader who does not
read is left. All of it answers in OpenAI's form. What a body may hold is `edge.parse`'s affair.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import httptools
import orjson
import uvicorn
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from unisono.edge.failure import error_body
from unisono.errors import RequestError
from unisono.outbox import outbox
from unisono.server.cycle import Cycle
from unisono.server.gone import WATCHES, Watches
from unisono.server.happened import Happened

MAX_HEAD_BYTES = 64 * 1024
MAX_FIELDS = 100
MAX_URL_BYTES = 8 * 1024
SLOW_S = 10.0
"""A head must be whole within this time, and so often at least `SLOW_BYTES` of a body must have come."""
SLOW_BYTES = 1024
UNREAD_S = 60.0
"""A client that has not taken what was written to it for so long is left."""
KEEP_ALIVE_S = 620
"""Longer than proxies keep theirs, so that none sends on a connection that is just closed here: Google's balancer keeps
them for 600 s, Caddy 120, Traefik 90, nginx 60."""
MAX_PIPELINED = 100
"""So many requests may wait on a connection for the one before them; who sends more at once is refused."""
LAST_S = 0.5
"""At the end a kept connection may bring one more request for so long: who has just sent it could not know."""
_REASONS = {400: "Bad Request", 408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


def settings_of(app: Any, *, graceful_s: float = 10.0) -> uvicorn.Config:
    """Return how uvicorn serves an application of ours.

    Args:
        app: the ASGI application.
        graceful_s: how long requests in flight may go on after a signal to end.
    """
    return uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=graceful_s,  # type: ignore[arg-type]  # whole or not, it is waited for
        timeout_keep_alive=KEEP_ALIVE_S,
    )


class GuardedProtocol(HttpToolsProtocol):
    """One connection, bounded."""

    _ending = False
    _in_head = True
    _in_body = False
    _n_head_bytes = 0
    _n_body_bytes = 0
    _n_now_bytes = 0
    _slow: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _idle_since_s: float | None = None
    _refusal: tuple[int, str] | None = None
    _unanswered: Cycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Give the first head its time."""
        super().connection_made(transport)
        self.outbox = outbox()
        self.watches = Watches()
        self._extensions = {WATCHES: self.watches}
        self._asgi = {"version": self.asgi_version, "spec_version": "2.3"}
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the clocks, and what is done for the caller."""
        self._stop_clocks()
        super().connection_lost(exc)
        self.watches.tell()

    def data_received(self, data: bytes) -> None:
        """Parse, then see whether something is still missing."""
        self._idle_since_s = None
        while data:
            self._n_now_bytes = len(data)
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._stay(data[upgrade.args[0] :])
                continue
            except httptools.HttpParserError:
                self.send_400_response("")
            break
        if (cycle := self._unanswered) is not None:
            self._unanswered = None
            self._answer(cycle)
        if self._in_head:
            self._n_head_bytes += len(data)
            if self._n_head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self._refuse(431, f"The head of the request is longer than {MAX_HEAD_BYTES} bytes.")
                self.send_400_response("")
        elif self._in_body:
            self._n_body_bytes += len(data)
        elif self._slow is not None:
            self._slow.cancel()
            self._slow = None
            return
        if self._slow is None and (self._in_head or self._in_body) and not self.transport.is_closing():
            self._watch()

    def on_message_begin(self) -> None:
        """Begin a head."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._in_head, self._in_body = True, False
        self._n_head_bytes = self._n_body_bytes = 0

    def on_headers_complete(self) -> None:
        """Look at the head as a whole, then begin to answer."""
        if self.parser.should_upgrade():
            return  # the parser stops behind this head, whose body it takes for another protocol's: see `_stay`
        self._in_head, self._in_body = False, True
        self._look_at_head()
        version = self.parser.get_http_version()
        before = self.cycle
        self.scope = self._scope(version)
        self.headers = _NO_TRAILERS
        cycle = self.cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=Happened(),  # type: ignore[arg-type]  # all of an event that it asks for
            expect_100_continue=self.expect_100_continue,
            keep_alive=not self._ending and version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        cycle.line = self
        if before is None or before.response_complete:
            self._unanswered = cycle  # begun when all that has come is read
        else:  # several requests at once: one after the other
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Keep a part of a body; when there is much of it, wait until it is read."""
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body = cycle.body + body if cycle.body else body  # type: ignore[assignment]  # bytes, not copied if whole
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End a body."""
        if self._in_head:
            return  # the head asks for another protocol
        self._in_body = False
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Go on with the next request, or give it its time to come."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        following = self.pipeline.pop() if self.pipeline else None
        if not self.pipeline:  # else what waits would grow while it is answered
            self.flow.resume_reading()
        if following is not None:
            self._start_asgi_task(*following)
            return
        self._idle_since_s = self.loop.time()
        if self._ending:
            self.loop.call_later(LAST_S, self._look_once_more)
        if self.timeout_keep_alive_task is None:
            self._keep_alive_until(self._idle_since_s + self.timeout_keep_alive)

    def leave_if_idle(self) -> None:
        """Close a connection that nothing has come on for long; a timer for each request would cost more than this."""
        self.timeout_keep_alive_task = None
        if self._idle_since_s is None or self.transport.is_closing():
            return
        until_s = self._idle_since_s + self.timeout_keep_alive
        if self.loop.time() < until_s:
            self._keep_alive_until(until_s)
        else:
            self._close()

    def shutdown(self) -> None:
        """End behind the first answer whose head can still say so, or when none is asked for."""
        self._ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_S, self._look_once_more)
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False

    def _look_once_more(self) -> None:
        """Let the loop read what has come: behind a busy moment, timers are looked at before what lies on the wire."""
        self.loop.call_later(LAST_S / 10, self._leave)

    def _leave(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._close()

    def send_400_response(self, msg: str) -> None:
        """Refuse in OpenAI's form, and close."""
        status, text = self._refusal or (400, "This is not HTTP that can be read. The connection is closed.")
        error = RequestError(text, code="invalid_http")
        body = orjson.dumps(error_body(error))
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._stop_clocks()
        self.outbox.put(self.transport, head.encode() + body)
        self._close()

    def pause_writing(self) -> None:
        """Give a slow reader its time."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it has read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    # ------------------------------------------------------------------------------------- parts

    def _close(self) -> None:
        self.outbox.send()
        self.transport.close()

    def _scope(self, version: str) -> Any:  # uvicorn's own type for it knows no extension of ours
        raw_path, path, query = _parts_of(self.url)
        return {
            "type": "http",
            "asgi": self._asgi,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": self.parser.get_method().decode("ascii"),
            "root_path": "",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            "state": self.app_state.copy(),
            "extensions": self._extensions,
        }

    def _answer(self, cycle: Cycle) -> None:
        """Begin to answer a request: by the application's short way if it has one for it, else by a task."""
        if self.transport.is_closing():
            return
        at_once = getattr(self.app, "at_once", None)
        if at_once is None or cycle.more_body or self.flow.write_paused or not at_once(cycle, self._start_asgi_task):
            self._start_asgi_task(cycle, self.app)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # as uvicorn has it
        task = self.loop.create_task(cycle.run_asgi(app))
        begun = _Begun(task)
        self.tasks.add(begun)  # type: ignore[arg-type]  # all of a task that is asked for
        task.add_done_callback(lambda _: self.tasks.discard(begun))

    def _stay(self, rest: bytes) -> bytes:
        """Return what to read instead of a head that offers another protocol, and of what is behind it.

        Nothing but HTTP/1.1 is spoken here, so it is read as if it did not. Java's own client offers HTTP/2 with every
        first request of a connection, and sends its body all the same.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(400, "CONNECT is not served here. The connection is closed.")
            self.send_400_response("")
            return b""
        fields = [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        version = self.parser.get_http_version().encode()
        head = b"\r\n".join([method + b" " + self.url + b" HTTP/" + version, *fields, b"", b""])
        self.parser = httptools.HttpRequestParser(self)
        return head + rest

    def _refuse(self, status: int, text: str) -> None:
        self._refusal = (status, text)

    def _look_at_head(self) -> None:
        headers = self.headers
        if len(self.url) > MAX_URL_BYTES:
            self._refuse(414, f"The URL is longer than {MAX_URL_BYTES} bytes.")
        elif len(headers) > MAX_FIELDS:
            self._refuse(431, f"The request has more than {MAX_FIELDS} header fields.")
        elif (
            self._n_head_bytes + self._n_now_bytes > MAX_HEAD_BYTES
            and sum([len(name) + len(value) for name, value in headers]) > MAX_HEAD_BYTES
        ):
            self._refuse(431, f"The head of the request is longer than {MAX_HEAD_BYTES} bytes.")
        elif len(self.pipeline) >= MAX_PIPELINED:
            self._refuse(400, f"More than {MAX_PIPELINED} requests were sent before the first was answered.")
        if self._refusal is not None:
            raise ValueError(self._refusal[1])  # the parser hands it back as its own error: `send_400_response`

    def _keep_alive_until(self, until_s: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_at(until_s, self.leave_if_idle)

    def _unset_keepalive_if_required(self) -> None:
        """Leave uvicorn's timer where it is: when it rings it looks how long nothing has come."""

    def _watch(self) -> None:
        self._n_body_bytes = 0
        self._slow = self.loop.call_later(SLOW_S, self._too_slow)

    def _too_slow(self) -> None:
        self._slow = None
        if self.transport.is_closing() or not (self._in_head or self._in_body):
            return
        if self.flow.read_paused or (self._in_body and self._n_body_bytes >= SLOW_BYTES):
            self._watch()
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()
            return
        self._refuse(408, f"The request did not come within {SLOW_S:g} s. The connection is closed.")
        self.send_400_response("")

    def _stop_clocks(self) -> None:
        for clock in (self._slow, self._unread, self.timeout_keep_alive_task):
            if clock is not None:
                clock.cancel()
        self._slow = self._unread = self.timeout_keep_alive_task = None


class _Begun:
    """A task for what uvicorn, when it has to end, cancels: behind the task's first step at the earliest.

    One that is cancelled before it never runs, and what was begun for it would never be ended (`short.py`).
    """

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def cancel(self, msg: object = None) -> None:
        """Cancel it in the next turn of the event loop; its first step, if it has not begun, comes before."""
        self._task.get_loop().call_soon(self._task.cancel, msg)


class _NoTrailers(list[tuple[bytes, bytes]]):
    """Takes the fields behind a body and keeps none: the head is what proxies before us have looked at."""

    def append(self, field: tuple[bytes, bytes], /) -> None:
        """Drop a field."""


_NO_TRAILERS = _NoTrailers()


@lru_cache(maxsize=256)  # the same few addresses all day
def _parts_of(url: bytes) -> tuple[bytes, str, bytes]:
    """Return the path as it came, the path, and the query."""
    parsed = httptools.parse_url(url)
    return parsed.path, unquote(parsed.path.decode("ascii")), parsed.query or b""
