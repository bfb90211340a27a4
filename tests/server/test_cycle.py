"""One answer over one connection: a head with its body, framed as HTTP wants it, and nothing that is not HTTP."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from unisono.outbox import Outbox
from unisono.server.cycle import Cycle


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class _Clock:
    """Of an event loop that stands still for nobody."""

    now_s = 0.0

    def time(self) -> float:
        self.now_s += 1.0
        return self.now_s


CLOCK = _Clock()


def begun(
    *, method: str = "POST", keep_alive: bool = True, version: str = "1.1"
) -> tuple[Cycle, Transport, FlowControl]:
    transport = Transport()
    flow = FlowControl(transport)
    log = logging.getLogger("test")
    cycle = Cycle(
        scope={"type": "http", "method": method, "http_version": version},  # type: ignore[typeddict-item]  # what it reads
        transport=transport,
        flow=flow,
        logger=log,
        access_logger=log,
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )
    box = Outbox(CLOCK)  # type: ignore[arg-type]  # all that it asks for
    cycle.line = SimpleNamespace(outbox=box, watches=set(), tasks=set())
    return cycle, transport, flow


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def put(cycle: Cycle, *messages: dict[str, Any]) -> None:
    async def all_() -> None:
        for message in messages:
            await cycle(message)

    asyncio.run(all_())


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_the_head_leaves_with_the_body_in_one_write() -> None:
    cycle, transport, _ = begun()
    put(cycle, start((b"content-length", b"2"), (b"X-Own", b"1")))
    assert transport.written == []
    put(cycle, body(b"hi"))
    assert transport.written == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\nx-own: 1\r\n\r\nhi"]
    assert cycle.response_complete
    assert not transport.closed


def test_a_body_of_unknown_length_is_sent_in_chunks() -> None:
    cycle, transport, _ = begun(keep_alive=False)
    put(cycle, start())
    put(cycle, body(b"a" * 17, more=True))
    put(cycle, body(b"", more=True))
    put(cycle, body(b"end"))
    head = b"HTTP/1.1 200 OK\r\ndate: today\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert transport.written == [head + b"11\r\n" + b"a" * 17 + b"\r\n", b"3\r\nend\r\n0\r\n\r\n"]
    assert transport.closed


def test_a_caller_of_http_1_0_knows_no_chunks_and_reads_until_the_end() -> None:
    cycle, transport, _ = begun(keep_alive=False, version="1.0")
    put(cycle, start())
    put(cycle, body(b"data: a\n\n", more=True))

    async def more() -> None:
        assert cycle.more(b"data: b\n\n") is None

    asyncio.run(more())
    put(cycle, body(b"end"))
    head = b"HTTP/1.1 200 OK\r\ndate: today\r\nconnection: close\r\n\r\n"
    assert transport.written == [head + b"data: a\n\n", b"data: b\n\n", b"end"]
    assert transport.closed


def test_an_answer_to_head_has_no_body() -> None:
    cycle, transport, _ = begun(method="HEAD")
    put(cycle, start((b"content-length", b"2")))
    put(cycle, body(b"hi"))
    assert transport.written == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\n"]


@pytest.mark.parametrize("pair", [(b"a\r\nb", b"c"), (b"a b", b"c"), (b"a", b"b\r\nc: d"), (b"a", b"\x00")])
def test_nothing_that_is_no_header_leaves(pair: tuple[bytes, bytes]) -> None:
    cycle, transport, _ = begun()
    with pytest.raises(RuntimeError):
        put(cycle, start(pair))
    assert transport.written == []


@pytest.mark.parametrize(
    "messages",
    [
        [body(b"hi")],
        [start(), start()],
        [start((b"content-length", b"1")), body(b"hi")],
        [start((b"content-length", b"3")), body(b"hi")],
        [start(), body(b"hi"), body(b"more")],
    ],
)
def test_an_answer_that_contradicts_itself_is_an_error(messages: list[dict[str, Any]]) -> None:
    cycle, _, _ = begun()
    with pytest.raises(RuntimeError):
        put(cycle, *messages)


def test_whoever_sends_to_a_slow_reader_is_told_to_wait() -> None:
    async def talk() -> list[bytes]:
        cycle, transport, flow = begun()
        await cycle(start())
        assert cycle.more(b"a") is None
        flow.pause_writing()
        slow = cycle.more(b"b")
        assert slow is not None
        waiting = asyncio.ensure_future(cycle(body(b"c", more=True)))
        await asyncio.sleep(0)
        n_before = len(transport.written)
        flow.resume_writing()
        await slow
        await waiting
        assert n_before == 2
        cycle.disconnected = True
        await cycle(body(b"d"))
        return transport.written[1:]

    assert asyncio.run(talk()) == [b"1\r\nb\r\n", b"1\r\nc\r\n"]
