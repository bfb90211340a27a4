"""Journeys of bytes that no client library sends: smuggled requests, endless heads, those who do not send or read."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, says, upstream

from unisono.server import listen

BODY = b'{"model": "auto", "messages": [{"role": "user", "content": "hello"}]}'
POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
WHOLE = POST + b"content-length: %d\r\n\r\n" % len(BODY) + BODY


def send(house: House, raw: bytes) -> bytes:
    """Send bytes, and return all that comes until the server closes (the last request asks for that)."""
    with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        return received(line)


def received(line: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def statuses(raw: bytes) -> list[int]:
    """Return the status of every answer on a connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", raw)]


SMUGGLED = {
    "two lengths": b"content-length: 5\r\ncontent-length: 70\r\n\r\n" + BODY,
    "length and chunks": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + GET,
    "chunks and length": b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + GET,
    "chunks not last": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + GET,
    "chunks in disguise": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + GET,
    "space before the colon": b"content-length : 5\r\n\r\nhello",
    "length with a sign": b"content-length: +5\r\n\r\nhello",
    "negative length": b"content-length: -1\r\n\r\nhello",
    "length in words": b"content-length: 5 5\r\n\r\nhello",
    "hexadecimal length": b"content-length: 0x5\r\n\r\nhello",
    "huge length": b"content-length: 99999999999999999999999\r\n\r\nhello",
    "bad chunk size": b"transfer-encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
    "huge chunk size": b"transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nhello\r\n",
    "folded header": b"x-a: b\r\n c\r\ncontent-length: 5\r\n\r\nhello",
    "bare line feed in a value": b"x-a: b\rcontent-length: 70\r\n\r\n" + BODY,
    "null in a value": b"x-a: b\x00c\r\ncontent-length: 5\r\n\r\nhello",
    "no colon": b"nonsense\r\ncontent-length: 5\r\n\r\nhello",
}


def test_a_request_that_two_programs_could_read_differently_is_refused_and_its_connection_closed(
    tmp_path: Path,
) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        for what, rest in SMUGGLED.items():
            answer = send(house, POST + rest)
            assert statuses(answer) == [400], (what, answer)
            error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            assert error["code"] in ("invalid_http", "invalid_request"), what
        for head in (b"authorization: Bearer a\r\n" * 2, b"host: other\r\n", b"x-api-key: a\r\n" * 2):
            raw = POST + head + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
            assert statuses(send(house, raw)) == [400], head
        assert up.seen == []
        assert house.chat().status == 200


def test_an_offer_of_another_protocol_is_passed_over_and_the_request_answered(tmp_path: Path) -> None:
    offer = b"connection: Upgrade, HTTP2-Settings\r\nhttp2-settings: AAEAAEAAAAIAAAAB\r\nupgrade: h2c\r\n"
    length = b"content-length: %d\r\n\r\n" % len(BODY)
    chunks = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        for parts in (
            [POST + offer + length + BODY],
            [POST + offer[:20], offer[20:] + length, BODY[:30], BODY[30:]],
            [POST + offer + chunks],
            [WHOLE + POST + offer + length + BODY + WHOLE],
        ):
            n_before = len(up.seen)
            with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
                for part in parts:
                    line.sendall(part)
                line.sendall(GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
                found = statuses(received(line))
            n_asked = len(up.seen) - n_before
            assert found == [200] * (n_asked + 1)
            assert n_asked == b"".join(parts).count(BODY)


def test_a_tunnel_is_refused(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        assert statuses(send(house, b"CONNECT other:443 HTTP/1.1\r\nhost: other:443\r\n\r\n")) == [400]
        assert up.seen == []


def test_requests_one_behind_the_other_are_answered_in_order(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
        with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
            line.sendall(WHOLE + GET + WHOLE + last)
            answer = received(line)
        assert statuses(answer) == [200] * 4
        assert answer.count(b'"status":"ok"') == 2


def test_a_head_has_bounds_and_what_passes_them_is_refused_in_openais_form(tmp_path: Path) -> None:
    long = listen.MAX_HEAD_BYTES + 1
    cases = {
        b"GET /" + b"a" * (listen.MAX_URL_BYTES + 1) + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n": 414,
        b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * (listen.MAX_FIELDS + 1) + b"\r\n": 431,
        b"GET /healthz HTTP/1.1\r\na: " + b"b" * long + b"\r\n\r\n": 431,
        b"GET /healthz HTTP/1.1\r\na: " + b"b" * long: 431,  # and it never ends
        b"GET /healthz HTTP/1.1\r\n" + b"a" * long: 431,
        b"GET /" + b"a" * long: 431,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": 400,  # TLS at a port without it
        b"nonsense\r\n\r\n": 400,
    }
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        for raw, status in cases.items():
            answer = send(house, raw)
            assert statuses(answer) == [status], raw[:40]
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "invalid_http"
        assert house.get("/healthz") == {"status": "ok"}


def test_who_does_not_send_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_s = listen.SLOW_S
    parts = [b"", b"POST /v1/cha", POST, POST + b"content-length: 70\r\n\r\n", POST + b"content-length: 70\r\n\r\n{"]
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        monkeypatch.setattr(listen, "SLOW_S", 0.1)
        for part in parts:
            with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
                line.sendall(part)
                assert statuses(received(line)) == [408], part
        with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
            for byte in WHOLE[:60]:  # one byte after the other is no help
                try:
                    line.sendall(bytes([byte]))
                except (BrokenPipeError, ConnectionResetError):
                    break
            assert statuses(received(line)) in ([408], [])
        monkeypatch.setattr(listen, "SLOW_S", slow_s)
        assert up.seen == []
        assert house.chat().status == 200


def test_who_does_not_read_is_left_and_the_upstream_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "UNREAD_S", 0.1)
    gone = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.open_stream()
        try:
            while True:
                exchange.delta({"content": "word " * 20_000})
        except OSError:
            gone.set()
            raise

    with upstream(endless) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        body = BODY[:-1] + b', "stream": true}'
        with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
            line.sendall(POST + b"content-length: %d\r\n\r\n" % len(body) + body)
            assert gone.wait(LIMIT_S)
        (row,) = house.ended(1)
        assert row["status"] == "cancelled"


def test_who_reads_late_gets_every_event_of_a_fast_upstream(tmp_path: Path) -> None:
    sent = threading.Event()

    def floods(exchange: Exchange) -> None:
        exchange.open_stream()
        for n in range(200):
            exchange.delta({"content": f"{n} " + "word " * 15_000})
            if n == 1:
                sent.set()
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    with upstream(floods) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        body = BODY[:-1] + b', "stream": true}'
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            line.settimeout(LIMIT_S)
            line.connect(("127.0.0.1", house.port))
            line.sendall(POST + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            assert sent.wait(LIMIT_S)
            came = bytearray()
            while part := line.recv(1 << 20):
                came += part
        assert re.findall(rb'"content": ?"(\d+) word', came) == [b"%d" % n for n in range(200)]
        assert came.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_nothing_that_an_upstream_says_becomes_a_header(tmp_path: Path) -> None:
    name = "evil\r\nset-cookie: a=b\r\n\r\n<html>"

    def behave(exchange: Exchange) -> None:
        says("hi")(exchange) if not exchange.body.get("user") else exchange.json(
            {"error": {"message": "no\r\nset-cookie: c=d"}}, status=429, headers={"retry-after": "1"}
        )

    def lies(exchange: Exchange) -> None:
        exchange.body["model"] = name
        behave(exchange)

    with upstream(lies) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        for more in ({}, {"stream": True}, {"user": "u"}, {"unisono": {"session": "s\r\nset-cookie: e=f"}}):
            reply = house.chat(**more)
            assert "set-cookie" not in reply.headers, more
            assert all("\n" not in value and "\r" not in value for value in reply.headers.values())
        assert house.chat().headers["x-unisono-model"] == "evil set-cookie: a=b <html>"


@pytest.mark.parametrize("depth", [245, 260, 1023, 1030, 100_000])
def test_a_deep_body_is_answered_or_refused_never_a_fault_of_ours(tmp_path: Path, depth: int) -> None:
    deep = (
        b'{"model": "auto", "messages": [{"role": "user", "content": "x"}], "metadata": ' + b"[" * depth + b"]" * depth
    )
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        reply = house.call("POST", "/v1/chat/completions", deep + b"}")
        assert reply.status == (200 if depth == 245 else 400), reply.raw


def test_what_routing_reads_is_bounded(tmp_path: Path) -> None:
    many = [{"role": "user", "content": "x"}] * 10_001
    tool = {"type": "function", "function": {"name": "f"}}
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        bodies: list[dict[str, object]] = [
            {"model": "a" * 257, "messages": many[:1]},
            {"model": "auto", "messages": many},
            {"model": "auto", "messages": [{"role": "r" * 65, "content": "x"}]},
            {"model": "auto", "messages": many[:1], "tools": [tool] * 1001},
            {"model": "auto", "messages": many[:1], "user": "u" * 257},
        ]
        for body in bodies:
            reply = house.call("POST", "/v1/chat/completions", body)
            assert reply.status == 400, reply.raw[:200]
            assert len(reply.raw) < 1000
        assert house.chat(headers={"x-openwebui-chat-id": "c" * 257}).status == 400
        assert up.seen == []


def test_no_route_reads_a_body_without_a_bound(tmp_path: Path) -> None:
    """A body without a length, sent on and on: what is past the bound is refused before it ends."""
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        decision = house.chat().json["unisono"]["decision"]
        for start in (b"PUT /v1/sessions/s", b"POST /v1/decisions/" + decision.encode() + b"/feedback"):
            with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
                line.sendall(start + b" HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n")
                for _ in range(4):
                    line.sendall(piece)
                assert line.recv(65536).startswith(b"HTTP/1.1 400 "), start
