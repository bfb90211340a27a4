"""The fault matrix: every way in which an upstream can fail, plain and streamed, alone and with another behind it.

The upstream speaks raw bytes over real sockets, so that faults happen on the wire. One table says what is declared of
each fault; every row is asked four times, and what callers get and what the record holds must be just that.
"""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from tests.journeys.house import House, Reply, config_text, model, serving
from tests.journeys.upstream import LIMIT_S

LIMITS = {"connect_s": 2, "first_content_s": 2, "gap_s": 1, "total_s": 6}
PATIENCE = ("stall before headers", "stall before content", "stall after content", "never ends")
"""The rows that end at these limits. No other row may meet one, however slow the machine is."""
N_BIG = 50 * 1024 * 1024
ENDLESS_S = 60.0
WARM = "warm up"


# ------------------------------------------------------------------------------------------ the wire


class Wire:
    """One request on a raw connection, and what is written back."""

    def __init__(self, connection: socket.socket, *, stream: bool, read: threading.Event) -> None:
        self.connection = connection
        self.stream = stream
        self.read = read
        """Set once the caller of a stream has got its first event."""

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def head(self, status: str = "200 OK", *, kind: str | None = None, **headers: str) -> None:
        kind = kind or ("text/event-stream" if self.stream else "application/json")
        lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def delta(self, text: str = "so ", **more: Any) -> None:
        self.send(event({"choices": [{"index": 0, "delta": {"content": text}}], "model": "real", **more}))

    def end(self, usage: Any = None) -> None:
        self.send(event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "model": "real"}))
        self.send(event({"choices": [], "usage": usage or USAGE, "model": "real"}) + b"data: [DONE]\n\n")

    def reset(self) -> None:
        """Drop the connection with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def stall(self) -> None:
        """Send nothing more until the caller hangs up."""
        self.connection.settimeout(ENDLESS_S)
        with suppress(OSError):
            self.connection.recv(1)


USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def event(document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def completion(text: str = "fine", usage: Any = None) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "x", "model": "real", "choices": [choice], "usage": usage or USAGE}).encode()


def good(wire: Wire) -> None:
    wire.head()
    if not wire.stream:
        wire.send(completion())
        return
    wire.delta("fine")
    wire.end()


def resets(wire: Wire) -> None:
    wire.reset()


def hangs_up(wire: Wire) -> None:
    pass


def breaks_off(end: Callable[[Wire], None]) -> Callable[[Wire], None]:
    def behave(wire: Wire) -> None:
        wire.head(**({} if wire.stream else {"content_length": "500"}))
        wire.delta() if wire.stream else wire.send(completion()[:20])
        if wire.stream:  # a reset throws away what has not been read
            assert wire.read.wait(LIMIT_S)
        end(wire)

    return behave


def role_then(end: Callable[[Wire], None]) -> Callable[[Wire], None]:
    def behave(wire: Wire) -> None:
        wire.head(**({} if wire.stream else {"content_length": "500"}))
        if wire.stream:
            wire.send(event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}))
        end(wire)

    return behave


def malformed(wire: Wire) -> None:
    wire.head()
    wire.send(b"data: {nonsense\n\ndata: [DONE]\n\n" if wire.stream else b"{nonsense")


def one_bad_event(wire: Wire) -> None:
    wire.head()
    if wire.stream:
        wire.delta("fine")
        wire.send(b"data: {nonsense\n\n")
        wire.end()
    else:
        wire.send(completion())


def many_bad_events(wire: Wire) -> None:
    wire.head()
    if wire.stream:
        wire.delta()
        wire.send(b"data: {nonsense\n\n" * 20)
        wire.end()
    else:
        wire.send(b"[" * 5000)


def split_anywhere(wire: Wire) -> None:
    wire.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = completion()
    if wire.stream:
        frames = [event({"choices": [{"delta": {"content": "fine"}}], "model": "real"}).replace(b"\n", b"\r\n")]
        frames += [event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": USAGE}), b"data: [DONE]\n\n"]
        body = b"".join(frames)
    whole = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n" % (
        b"text/event-stream" if wire.stream else b"application/json"
    )
    whole += b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    for at in range(0, len(whole), 7):
        wire.send(whole[at : at + 7])


def wrong_type(wire: Wire) -> None:
    wire.head(kind="text/html")
    wire.send(b"<html>hello</html>")


def endless(wire: Wire) -> None:
    wire.head()
    ends_s = time.monotonic() + ENDLESS_S
    with suppress(OSError):
        while time.monotonic() < ends_s:
            wire.delta() if wire.stream else wire.send(b" ")
            time.sleep(0.05)


def big(wire: Wire) -> None:
    wire.head()
    with suppress(OSError):
        if wire.stream:
            wire.send(b'data: {"choices": [{"delta": {"content": "' + b"x" * N_BIG + b'"}}]}\n\n')
        else:
            wire.send(completion("x" * N_BIG))


def huge_header(wire: Wire) -> None:
    with suppress(OSError):
        wire.send(b"HTTP/1.1 200 OK\r\nx-long: " + b"y" * 200_000 + b"\r\n\r\n")


def zipped(wire: Wire) -> None:
    wire.head(content_encoding="gzip")
    body = event({"choices": [{"delta": {"content": "fine"}}], "model": "real"}) + b"data: [DONE]\n\n"
    wire.send(gzip.compress(body if wire.stream else completion()))


def lies(usage: object) -> Callable[[Wire], None]:
    def behave(wire: Wire) -> None:
        wire.head()
        if wire.stream:
            wire.delta("fine")
            wire.end(usage)
        else:
            wire.send(completion(usage=usage))

    return behave


def says_status(status: str, body: bytes = b"", **headers: str) -> Callable[[Wire], None]:
    def behave(wire: Wire) -> None:
        wire.head(status, kind="application/json", content_length=str(len(body)), **headers)
        wire.send(body)

    return behave


def error_in_200(wire: Wire) -> None:
    wire.head()
    failed = {"error": {"message": "overloaded", "type": "overloaded_error", "code": 529}}
    wire.send(event(failed) if wire.stream else json.dumps(failed).encode())


def not_http(wire: Wire) -> None:
    wire.send(b"SSH-2.0-OpenSSH_9.2\r\n")


# ----------------------------------------------------------------------------------------- the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is declared of one fault.

    Attributes:
        behave: what the upstream does; None where nobody listens.
        plain, stream: what comes of it: `ok`, a failure before the first content, or a `cut` after it.
        code: of the attempt's error.
        status: what a caller of this model alone gets when nothing of the answer has left.
        again: is it asked once more, where no other model may answer?
        passes: does another model answer, where it may? False for what is the caller's to mend.
    """

    behave: Callable[[Wire], None] | None
    plain: Literal["ok", "failed"] = "failed"
    stream: Literal["ok", "failed", "cut"] = "failed"
    code: str = ""
    status: int = 502
    again: bool = False
    passes: bool = True


def fine(behave: Callable[[Wire], None]) -> Row:
    return Row(behave=behave, plain="ok", stream="ok")


def refused(status: str, *, to_caller: int = 502, again: bool = False, body: bool = True, **headers: str) -> Row:
    said = json.dumps({"error": {"message": "no", "type": "t"}}).encode() if body else b""
    number = int(status.split()[0])
    return Row(
        behave=says_status(status, said, **headers),
        code="rate_limit_exceeded" if number == 429 else "upstream_refused",
        status=to_caller,
        again=again,
        passes=number not in (400, 422),
    )


UNREACHABLE = {"code": "upstream_unreachable", "again": True}
MALFORMED = {"code": "upstream_malformed", "again": True}
TIMEOUT = {"code": "upstream_timeout", "status": 504}

MATRIX: dict[str, Row] = {
    "nobody listens": Row(behave=None, **UNREACHABLE),
    "reset before headers": Row(behave=resets, **UNREACHABLE),
    "closed before headers": Row(behave=hangs_up, **UNREACHABLE),
    "reset in mid-stream": Row(behave=breaks_off(resets), stream="cut", **UNREACHABLE),
    "closed in mid-stream": Row(behave=breaks_off(hangs_up), stream="cut", **UNREACHABLE),
    "cut before content": Row(behave=role_then(hangs_up), **{**UNREACHABLE, "code": ""}),
    "stall before headers": Row(behave=Wire.stall, **TIMEOUT),
    "stall before content": Row(behave=role_then(Wire.stall), **TIMEOUT),
    "stall after content": Row(behave=breaks_off(Wire.stall), stream="cut", **TIMEOUT),
    "malformed before content": Row(behave=malformed, **MALFORMED),
    "one malformed event after content": fine(one_bad_event),
    "many malformed events": Row(behave=many_bad_events, stream="cut", **MALFORMED),
    "bytes split anywhere": fine(split_anywhere),
    "wrong content type": Row(behave=wrong_type, **MALFORMED),
    "never ends": Row(behave=endless, stream="cut", **TIMEOUT),
    "50 MB": Row(behave=big, plain="ok", **MALFORMED),
    "huge header": Row(behave=huge_header, **MALFORMED),
    "gzip": fine(zipped),
    "usage of nonsense": fine(lies({"prompt_tokens": -5, "completion_tokens": "many"})),
    "usage beyond measure": fine(lies({"prompt_tokens": 10**30, "completion_tokens": 1.5})),
    "not HTTP": Row(behave=not_http, **MALFORMED),
    "empty answer": Row(behave=lambda wire: wire.head(), **MALFORMED),
    "an error with status 200": Row(behave=error_in_200, code="upstream_refused", again=True),
    "redirect": refused("307 Temporary Redirect", location="http://127.0.0.1:9/"),
    "400": refused("400 Bad Request", to_caller=400),
    "400 without a body": refused("400 Bad Request", to_caller=400, body=False),
    "401": refused("401 Unauthorized"),
    "403 without a body": refused("403 Forbidden", body=False),
    "404": refused("404 Not Found"),
    "408": refused("408 Request Timeout", again=True),
    "413": refused("413 Content Too Large", to_caller=413),
    "422": refused("422 Unprocessable Content", to_caller=422),
    "429": refused("429 Too Many Requests", to_caller=429, retry_after="7"),
    "429 without a body": refused("429 Too Many Requests", to_caller=429, body=False, again=True),
    "500": refused("500 Internal Server Error", again=True),
    "502 without a body": refused("502 Bad Gateway", again=True, body=False),
    "503": refused("503 Service Unavailable", again=True),
    "504": refused("504 Gateway Timeout", again=True),
    "529": refused("529 Overloaded", again=True),
}


# ------------------------------------------------------------------------------------------ the house


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := connection.recv(65536)):
            raise ConnectionResetError
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head, body


@contextmanager
def raw_upstream() -> Iterator[int]:
    """Listen on loopback; the first part of a request's path names the row that answers it.

    A request that says `WARM` is answered well, and its connection kept for the next one.
    """
    behaviours = {_slug(name): row.behave for name, row in MATRIX.items()} | {"good": good}

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(ENDLESS_S)
            head, body = _read(connection)
            while WARM.encode() in body:
                said = completion()
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(said) + said)
                head, body = _read(connection)
            behave = behaviours[head.split(b" ")[1].decode().split("/")[1]]
            assert behave is not None
            asked = json.loads(body)
            read = _READ[asked["messages"][-1]["content"]]
            behave(Wire(connection, stream=bool(asked.get("stream")), read=read))

    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def _slug(name: str) -> str:
    return "".join(mark if mark.isalnum() else "-" for mark in name.lower())


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Any, tuple[Reply, Any]]]:
    """Ask every row four times, side by side; return each reply with the record of its decision.

    Then all once more, over a connection that has served before: that goes the short way as far as it goes.
    """
    found: dict[Any, tuple[Reply, Any]] = {}
    with raw_upstream() as port, ThreadPoolExecutor(24) as pool:
        for names, limits in (([n for n in MATRIX if n not in PATIENCE], {}), (PATIENCE, LIMITS)):
            models = [
                model(
                    _slug(n), f"http://127.0.0.1:{port if MATRIX[n].behave else 9}/{_slug(n)}/v1", upstream_model="real"
                )
                for n in names
            ]
            models.append(model("good", f"http://127.0.0.1:{port}/good/v1", upstream_model="real"))
            text = config_text(*models, default="good").replace("[timeouts]", "[calls]\nretries = 1\n\n[timeouts]")
            for name, seconds in limits.items():
                text = _with_limit(text, name, seconds)
            with serving(tmp_path_factory.mktemp("faults"), text) as house:
                asked = [(name, stream, other) for name in names for stream in (False, True) for other in (False, True)]
                found |= zip(asked, pool.map(lambda place, at=house: _ask(at, *place), asked), strict=True)
            with serving(tmp_path_factory.mktemp("kept"), text) as house:
                listening = [name for name in names if MATRIX[name].behave]
                for kept in pool.map(lambda name, at=house: _ask_again(at, name), listening):
                    found |= kept
        yield found


def _with_limit(text: str, name: str, seconds: float) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(f"{name} =")]
    lines.insert(lines.index("[timeouts]") + 1, f"{name} = {seconds}")
    return "\n".join(lines) + "\n"


_READ: dict[str, threading.Event] = {}
"""By the words of a request: set once its caller has got something of the answer."""


def _ask(house: House, name: str, stream: bool, other: bool) -> tuple[Reply, Any]:
    wishes = {"allow_fallback": True, "models": [_slug(name), "good"]} if other else {}
    words = f"hello {name} {stream} {other}"
    read = _READ[words] = threading.Event()
    said = {"messages": [{"role": "user", "content": words}], "stream": stream, "unisono": wishes}
    with closing(http.client.HTTPConnection("127.0.0.1", house.port, timeout=LIMIT_S)) as line:
        line.request("POST", "/v1/chat/completions", json.dumps({"model": _slug(name), **said}))
        answer = line.getresponse()
        first = answer.readline()
        read.set()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        reply = Reply(status=answer.status, headers=headers, raw=first + answer.read())
    return reply, house.end_of(headers["x-unisono-decision"])


def _ask_again(house: House, name: str) -> dict[Any, tuple[Reply, Any]]:
    """Ask a row as four conversations of its own, each behind one that keeps a connection."""
    found: dict[Any, tuple[Reply, Any]] = {}
    for stream in (False, True):
        for other in (False, True):
            assert house.chat(f"{WARM} {name}", model=_slug(name)).status == 200
            found[name, "kept", stream, other] = _ask(house, name, stream, other)
    return found


# ----------------------------------------------------------------------------------------- the claims

CELLS = [(name, stream) for name in MATRIX for stream in (False, True)]


def _text(reply: Reply, *, stream: bool) -> str:
    if not stream:
        return str(reply.json["choices"][0]["message"]["content"])
    deltas = [c.get("delta", {}) for e in reply.events[:-1] for c in json.loads(e).get("choices", ())]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize(("name", "stream"), CELLS)
def test_a_model_alone_is_handled_as_declared(answers: dict[Any, tuple[Reply, Any]], name: str, stream: bool) -> None:
    _handled_as_declared(MATRIX[name], name, stream, *answers[name, stream, False])


@pytest.mark.parametrize(("name", "stream"), [(name, stream) for name, stream in CELLS if MATRIX[name].behave])
def test_a_fault_on_a_kept_connection_is_handled_the_same(
    answers: dict[Any, tuple[Reply, Any]], name: str, stream: bool
) -> None:
    _handled_as_declared(MATRIX[name], name, stream, *answers[name, "kept", stream, False])


def _handled_as_declared(row: Row, name: str, stream: bool, reply: Reply, recorded: Any) -> None:
    comes = row.stream if stream else row.plain
    attempts = recorded["attempts"]
    assert {a["model"] for a in attempts} == {_slug(name)}
    assert attempts[-1]["status"] == recorded["status"] == comes
    if comes == "ok":
        assert reply.status == 200
        assert _text(reply, stream=stream)[:4] in ("fine", "xxxx")
        assert len(attempts) == 1
        return
    assert attempts[-1]["error_code"]
    if row.code and comes == "failed":
        assert {a["error_code"] for a in attempts} == {row.code}
    if comes == "cut":
        assert (reply.status, len(attempts)) == (200, 1)
        assert "[DONE]" not in reply.events
        assert json.loads(reply.events[-1])["error"]["code"] == "upstream_cut"
        return
    assert reply.status == row.status
    assert reply.json["error"]["message"]
    assert len(attempts) == (2 if row.again else 1)


@pytest.mark.parametrize(("name", "stream"), CELLS)
def test_another_model_answers_where_it_may(answers: dict[Any, tuple[Reply, Any]], name: str, stream: bool) -> None:
    _fell_back(MATRIX[name], name, stream, *answers[name, stream, True])


@pytest.mark.parametrize(("name", "stream"), [(name, stream) for name, stream in CELLS if MATRIX[name].behave])
def test_another_model_answers_where_it_may_behind_a_kept_connection(
    answers: dict[Any, tuple[Reply, Any]], name: str, stream: bool
) -> None:
    _fell_back(MATRIX[name], name, stream, *answers[name, "kept", stream, True])


def _fell_back(row: Row, name: str, stream: bool, reply: Reply, recorded: Any) -> None:
    comes = row.stream if stream else row.plain
    seen = [(a["model"], a["status"]) for a in recorded["attempts"]]
    if comes != "failed" or not row.passes:
        assert seen == [(_slug(name), comes)]
        assert reply.status == (row.status if comes == "failed" else 200)
        return
    assert reply.status == 200
    assert seen == [(_slug(name), "failed"), ("good", "ok")]
    assert reply.headers["x-unisono-model"] == "good"
    assert [n["code"] for n in recorded["notices"]] == ["fallback"]
    assert _text(reply, stream=stream) == "fine"


def test_a_lie_about_usage_makes_no_negative_and_no_endless_bill(answers: dict[Any, tuple[Reply, Any]]) -> None:
    for name in ("usage of nonsense", "usage beyond measure"):
        for stream in (False, True):
            _, recorded = answers[name, stream, False]
            assert recorded["cost_usd"] is None or 0 <= recorded["cost_usd"] < 1e30


@pytest.mark.parametrize("name", ["cut before content", "stall before content", "malformed before content"])
def test_the_stream_faults_that_others_pass_on_fall_back(answers: dict[Any, tuple[Reply, Any]], name: str) -> None:
    reply, _ = answers[name, True, True]
    assert reply.events[-1] == "[DONE]"
    assert json.loads(reply.events[0])["model"] == "good"
