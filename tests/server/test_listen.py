"""A connection that a server leaves at its end still gets an answer to what it has just sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from uvicorn.server import ServerState

from unisono.server import listen
from unisono.server.listen import GuardedProtocol, settings_of

ASKS = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Line(asyncio.Transport):
    """A connection that notes what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.reads = b"", True
        self.closed = asyncio.Event()
        self.begun, self.answered = asyncio.Event(), asyncio.Event()

    def write(self, data: object) -> None:
        self.written += bytes(data)  # type: ignore[call-overload]
        if self.written.endswith(b"begun"):
            self.begun.set()
        if self.written.endswith(b"hello"):
            self.answered.set()

    def writelines(self, parts: object) -> None:
        self.write(b"".join(parts))  # type: ignore[call-overload]

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()


async def hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def begun(go_on: asyncio.Event | None = None) -> tuple[GuardedProtocol, Line]:
    """Return a server's end of a new connection, and what stands for the wire; a stream ends at `go_on`."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        assert go_on is not None
        await go_on.wait()
        yield b"hello"

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(parts(), headers={"content-length": "10"})

    settings = settings_of(Starlette(routes=[Route("/", hello), Route("/stream", stream)]))
    settings.load()
    line = Line()
    protocol = GuardedProtocol(config=settings, server_state=ServerState(), app_state={})
    protocol.connection_made(line)
    return protocol, line


async def answered(protocol: GuardedProtocol, line: Line) -> bytes:
    """Send a request and return what comes."""
    line.written = b""
    line.answered.clear()
    protocol.data_received(ASKS)
    await asyncio.wait_for(line.answered.wait(), 30)
    return line.written


async def test_a_kept_connection_gets_one_more_answer_at_the_end_and_is_told_that_it_was_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listen, "LAST_S", 60.0)  # what is asked for here comes in time on any machine
    protocol, line = begun()
    assert b"connection: close" not in await answered(protocol, line)
    protocol.shutdown()
    assert not line.closed.is_set()
    assert b"connection: close" in await answered(protocol, line)
    await asyncio.wait_for(line.closed.wait(), 30)
    protocol.connection_lost(None)


async def test_an_answer_that_had_begun_is_not_the_last_for_its_head_did_not_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listen, "LAST_S", 60.0)
    go_on = asyncio.Event()
    protocol, line = begun(go_on)
    protocol.data_received(ASKS.replace(b"/ ", b"/stream "))
    await asyncio.wait_for(line.begun.wait(), 30)
    protocol.shutdown()
    go_on.set()
    await asyncio.wait_for(line.answered.wait(), 30)
    assert not line.closed.is_set()
    assert b"connection: close" in await answered(protocol, line)
    await asyncio.wait_for(line.closed.wait(), 30)
    protocol.connection_lost(None)


async def test_a_kept_connection_that_brings_nothing_more_is_left_soon() -> None:
    protocol, line = begun()
    await answered(protocol, line)
    protocol.shutdown()
    await asyncio.wait_for(line.closed.wait(), 30)
    protocol.connection_lost(None)


def test_nothing_more_is_read_while_requests_that_have_come_wait_for_an_answer() -> None:
    async def play() -> None:
        go_on = asyncio.Event()
        protocol, line = begun(go_on)
        protocol.data_received(ASKS.replace(b"/ ", b"/stream ") + 10 * ASKS)
        await asyncio.wait_for(line.begun.wait(), 30)
        go_on.set()
        while line.written.count(b"hello") < 11:
            assert line.reads == (not protocol.pipeline)
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(play(), 60))


@pytest.mark.parametrize("more", [b"", b"connection: upgrade\r\nupgrade: x\r\n"])
async def test_who_sends_thousands_of_requests_at_once_is_refused(more: bytes) -> None:
    protocol, line = begun()
    protocol.data_received(3000 * (ASKS[:-2] + more + b"\r\n"))
    assert line.closed.is_set()
    assert b"requests were sent before the first was answered" in line.written
    assert len(protocol.pipeline) <= 100
