"""An upstream that a test holds in its hand: a real HTTP server whose every answer is a function of the test.

Each connection has a thread of its own, so that an answer can wait for the test (an event) and see its caller hang up.
It is for handshakes; `unisono.testing` has the scripted one.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIMIT_S = 60.0
"""No wait is longer: a broken router fails a test and does not hang it, and a loaded machine fails none."""

Behave = Callable[["Exchange"], None]


class Exchange:
    """One request that the upstream got, and its answer."""

    def __init__(self, http: BaseHTTPRequestHandler, raw: bytes) -> None:
        self.raw = raw
        self.body: dict[str, Any] = json.loads(raw)
        self.path = http.path
        self.headers = {name.lower(): value for name, value in http.headers.items()}
        self.peer = http.client_address
        self._http = http

    @property
    def stream(self) -> bool:
        """Did the caller ask for a stream?"""
        return bool(self.body.get("stream"))

    def json(self, document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer with one document."""
        data = json.dumps(document).encode()
        self._http.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": len(data), **(headers or {})}.items():
            self._http.send_header(name, str(value))
        self._http.end_headers()
        self._http.wfile.write(data)

    def open_stream(self) -> None:
        """Send the head of an event stream."""
        self._http.send_response(200)
        self._http.send_header("content-type", "text/event-stream")
        self._http.send_header("transfer-encoding", "chunked")
        self._http.end_headers()

    def event(self, document: object, *, name: str | None = None) -> None:
        """Send one event at once."""
        data = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        line = (f"event: {name}\n".encode() if name else b"") + b"data: " + data + b"\n\n"
        self._http.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def delta(self, delta: dict[str, Any], *, finish: str | None = None, **more: Any) -> None:
        """Send one `chat.completion.chunk`."""
        self.event(
            {
                "id": "chatcmpl-9",
                "object": "chat.completion.chunk",
                "created": 1700000000,
                "model": self.body["model"],
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
                **more,
            }
        )

    def end_stream(self, *, usage: dict[str, int] | None = None) -> None:
        """Send usage, `[DONE]` and the end."""
        frame = {"id": "chatcmpl-9", "object": "chat.completion.chunk", "created": 1700000000}
        self.event({**frame, "model": self.body["model"], "choices": [], "usage": usage or USAGE})
        self.event("[DONE]")
        self._http.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Drop the connection in the middle."""
        self._http.close_connection = True
        self._http.connection.shutdown(socket.SHUT_RDWR)

    def gone_at_s(self) -> float | None:
        """Wait until the caller hangs up and return when (`perf_counter`); None when it does not."""
        connection = self._http.connection
        readable, _, _ = select.select([connection], [], [], LIMIT_S)
        now_s = time.perf_counter()
        self._http.close_connection = True
        try:
            return now_s if readable and connection.recv(1, socket.MSG_PEEK) == b"" else None
        except ConnectionResetError:
            return now_s


def is_shown(took_s: Sequence[float], *, within_s: float, times: int, most: int = 50) -> bool:
    """Say whether something was done within a time as often as that shows that it can be; it is tried again until then.

    A loaded machine stalls now one and now the other thread that has a part in it, so that a single try shows nothing.
    """
    assert len(took_s) < most, took_s
    return sum(one < within_s for one in took_s) >= times


USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}


def completion(exchange: Exchange, message: dict[str, Any], *, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """Return a `chat.completion` in the name that was asked for."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    frame = {"id": "chatcmpl-9", "object": "chat.completion", "created": 1700000000, "model": exchange.body["model"]}
    return {**frame, "choices": [choice], "usage": USAGE, **more}


def says(text: str, **more: Any) -> Behave:
    """Return a behaviour that answers with `text`, plain or word by word; `more` are further members."""

    def behave(exchange: Exchange) -> None:
        if not exchange.stream:
            exchange.json(completion(exchange, {"content": text}, **more))
            return
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": ""}, **more)
        for word in text.split(" "):
            exchange.delta({"content": f"{word} "}, **more)
        exchange.delta({}, finish="stop", **more)
        exchange.end_stream()

    return behave


def echoes(exchange: Exchange) -> None:
    """Answer with the last message's text."""
    says(str(exchange.body["messages"][-1]["content"]))(exchange)


def fails(
    status: int, message: str = "out of order", *, headers: Mapping[str, str] | None = None, **more: Any
) -> Behave:
    """Return a behaviour that answers with an error status."""

    def behave(exchange: Exchange) -> None:
        exchange.json({"error": {"message": message, "type": "their_type", **more}}, status=status, headers=headers)

    return behave


def cuts_after(*words: str) -> Behave:
    """Return a behaviour that streams these words and then drops the connection."""

    def behave(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"role": "assistant", "content": ""})
        for word in words:
            exchange.delta({"content": word})
        exchange.cut()

    return behave


class Upstream:
    """A running upstream. Set `behave` at any time; `seen` holds every request so far."""

    def __init__(self, behave: Behave, port: int, *, secure: bool = False) -> None:
        self.behave = behave
        self.seen: list[Exchange] = []
        self.base_url = f"http{'s' if secure else ''}://127.0.0.1:{port}/v1"
        self._arrived = threading.Condition()

    def take(self, exchange: Exchange) -> None:
        """Note a request and answer it."""
        with self._arrived:
            self.seen.append(exchange)
            self._arrived.notify_all()
        self.behave(exchange)

    def wait_for(self, n: int) -> None:
        """Wait until `n` requests have come."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.seen) >= n, LIMIT_S):
                raise AssertionError(f"{len(self.seen)} of {n} requests came")


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    block_on_close = False
    upstream: Upstream
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; the handshake waits for the connection's own thread."""
        accepted, address = super().get_request()
        if self.tls is not None:
            accepted = self.tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        return accepted, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about callers that end the handshake."""
        if not isinstance(sys.exc_info()[1], (ssl.SSLError, ConnectionError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it came


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        try:
            self.server.upstream.take(Exchange(self, raw))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Keep quiet."""


@contextmanager
def upstream(behave: Behave, *, tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """Run an upstream on a free port of loopback."""
    server = _Server(("127.0.0.1", 0), _Http)
    server.tls = tls
    server.upstream = Upstream(behave, server.server_address[1], secure=tls is not None)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join(LIMIT_S)
