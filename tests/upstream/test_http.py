"""The wire's faults become errors of the tree, with the limits that the configuration states."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from unisono.errors import (
    UpstreamCut,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.testing import ScriptedServer, Wire
from unisono.types import Call, Chunk, Json, Model, Secret, Timeouts
from unisono.upstream import http, wire
from unisono.upstream.http import Transport, retry_after_s
from unisono.upstream.openai import OpenAIProvider
from unisono.upstream.script import Script

BODY: Json = {"messages": [{"role": "user", "content": "a b"}]}


@asynccontextmanager
async def provider_at(base_url: str, **limits: float) -> AsyncIterator[Callable[..., AsyncIterator[Chunk]]]:
    model = Model(name="m", upstream="openai", upstream_model="real-m", base_url=base_url, api_key=Secret("hush"))
    defaults = {"connect_s": 60.0, "first_content_s": 60.0, "gap_s": 60.0, "total_s": 60.0}
    provider = OpenAIProvider(model, Timeouts(**{**defaults, **limits}))
    await provider.start()

    def send(*, stream: bool = True, body: Json = BODY) -> AsyncIterator[Chunk]:
        return provider.send(Call(model=model, body=body, stream=stream, decision="d"))

    try:
        yield send
    finally:
        await provider.close()


def outcome(
    script: Script, wire: Wire, *, stream: bool = True, **limits: float
) -> tuple[list[Chunk], Exception | None]:
    """Play one call against a server; return the chunks and the error that ended them."""

    async def play() -> tuple[list[Chunk], Exception | None]:
        chunks: list[Chunk] = []
        async with ScriptedServer(script, wire=wire) as server, provider_at(server.openai_url, **limits) as send:
            try:
                async for chunk in send(stream=stream):
                    chunks.append(chunk)  # noqa: PERF401 - what came before the error counts
            except UpstreamError as exc:
                return chunks, exc
            return chunks, None

    return asyncio.run(play())


def text_of(chunks: list[Chunk]) -> str:
    import orjson

    choices = [c for chunk in chunks for c in orjson.loads(chunk.data)["choices"]]
    return "".join(c.get("delta", c.get("message", {})).get("content") or "" for c in choices)


@pytest.mark.parametrize("split_bytes", [1, 3, 17, 64])
def test_bytes_split_anywhere_give_the_same_answer(split_bytes: int) -> None:
    wire = Wire(split_bytes=split_bytes, line_end=b"\r\n", comments=True)
    chunks, error = outcome(Script(reply="one twö three"), wire)
    assert error is None
    assert text_of(chunks) == "one twö three"


@pytest.mark.parametrize("stream", [True, False])
def test_gzip_is_read(stream: bool) -> None:
    chunks, error = outcome(Script(reply="one two"), Wire(gzip=True), stream=stream)
    assert (text_of(chunks), error) == ("one two", None)


def test_a_refused_connection_is_unreachable_and_says_where() -> None:
    async def play(port: int) -> None:
        async with provider_at(f"http://127.0.0.1:{port}/v1") as send:
            async for _ in send():
                pass

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else takes it
        port = silent.getsockname()[1]
        with pytest.raises(UpstreamUnreachable, match=f"127.0.0.1:{port}"):
            asyncio.run(play(port))


def test_no_connection_in_time_is_a_timeout() -> None:
    async def play() -> None:
        # A listener whose queue is full answers no more handshakes.
        with socket.socket() as full, socket.socket() as filler:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            port = full.getsockname()[1]
            async with provider_at(f"http://127.0.0.1:{port}/v1", connect_s=0.1, first_content_s=0.3) as send:
                async for _ in send():
                    pass

    with pytest.raises(UpstreamTimeout):
        asyncio.run(play())


def test_a_reset_in_mid_stream_is_a_cut() -> None:
    chunks, error = outcome(Script(reply="one two three", fail="reset", fail_after_chunks=2), Wire())
    assert isinstance(error, UpstreamCut)
    assert not error.retryable
    assert "one two three".startswith(text_of(chunks))


def test_a_stream_broken_inside_an_event_is_a_cut() -> None:
    _, error = outcome(Script(reply="one two three"), Wire(cut_in_event=2))
    assert isinstance(error, UpstreamCut)


def test_a_ping_does_not_count_as_first_content() -> None:
    async def pinging(request: web.Request) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        while True:
            await out.write(b": ping\n\n")
            await asyncio.sleep(0.01)

    error = asyncio.run(_against(pinging, first_content_s=0.5))
    assert isinstance(error, UpstreamTimeout)
    assert "first_content_s" in str(error)


def test_an_answer_that_never_ends_meets_the_total_limit() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await out.prepare(request)
        while True:
            await out.write(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n')
            await asyncio.sleep(0.01)

    error = asyncio.run(_against(endless, total_s=0.15))
    assert isinstance(error, UpstreamTimeout)
    assert "total_s" in str(error)


def test_a_plain_answer_that_is_too_large_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": "application/json"})
        await out.prepare(request)
        for _ in range(64):
            await out.write(b" " * 4096)
        return out

    monkeypatch.setattr(http.Answer.read_all, "__defaults__", (100_000,))
    error = asyncio.run(_against(large, stream=False))
    assert isinstance(error, UpstreamMalformed)
    assert "100000 bytes" in str(error)


def test_a_huge_header_is_malformed() -> None:
    _, error = outcome(Script(), Wire(header_bytes=64 * 1024))
    assert isinstance(error, UpstreamMalformed)


@pytest.mark.parametrize("kind", ["text/html", "application/json", "text/plain"])
def test_a_stream_of_the_wrong_content_type_is_malformed(kind: str) -> None:
    _, error = outcome(Script(), Wire(content_type=kind))
    assert isinstance(error, UpstreamMalformed)


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"choices": 1}', b"", b'{"a":'])
def test_a_plain_answer_that_is_no_completion_is_malformed(body: bytes) -> None:
    _, error = outcome(Script(), Wire(body=body or b" "), stream=False)
    assert isinstance(error, UpstreamMalformed)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503])
@pytest.mark.parametrize("body", [None, b"", b"<html>no</html>", b'"text"', b"x" * 400_000])
def test_every_error_status_is_refused_whatever_its_body(status: int, body: bytes | None) -> None:
    _, error = outcome(Script(fail=status), Wire(error_body=body), stream=False)
    assert isinstance(error, UpstreamRefused)
    assert error.http_status == status
    assert error.retryable == (status not in (400, 415, 422))
    assert (error.body is not None) == (body is None)


def test_a_redirect_is_not_followed_with_the_key() -> None:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("http://127.0.0.1:1/v1/chat/completions")

    error = asyncio.run(_against(away))
    assert isinstance(error, UpstreamRefused)
    assert error.http_status == 307


def test_no_message_shows_the_key_or_the_upstreams_words() -> None:
    body = b'{"error": {"message": "key hush is wrong for prompt a b", "type": "invalid_api_key"}}'
    _, error = outcome(Script(fail=401), Wire(error_body=body))
    assert str(error) == "m: the upstream answered 401 invalid_api_key; check `api_key`."


async def test_a_body_above_a_mebibyte_arrives_whole() -> None:
    async with ScriptedServer() as server, provider_at(server.openai_url) as send:
        body: Json = {**BODY, "x_large": "y" * 3_000_000}
        async for _ in send(body=body, stream=False):
            pass
        assert server.requests[0].body["x_large"] == body["x_large"]


def test_finished_streams_and_plain_answers_leave_their_connection_open() -> None:
    async def play() -> int:
        ports: set[int] = set()

        async def answer(request: web.Request) -> web.StreamResponse:
            ports.add(request.transport.get_extra_info("peername")[1])
            body = await request.json()
            if not body.get("stream"):
                return web.json_response({"choices": [{"message": {"content": "x"}}]})
            out = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await out.prepare(request)
            await out.write(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n')
            return out

        async with _serving(answer) as url, provider_at(url) as send:
            for stream in (True, False, True, False):
                async for _ in send(stream=stream):
                    pass
        return len(ports)

    assert asyncio.run(play()) == 1


@pytest.mark.parametrize("n_bytes", [10, 2_000_000])
def test_a_kept_connection_that_turns_out_closed_is_replaced_and_a_fresh_one_that_breaks_is_not(n_bytes: int) -> None:
    n_posts = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the first request of a connection and break it at the second; answer nothing from the third on."""
        nonlocal n_posts
        for n in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            n_posts += 1
            if n == 1 or n_posts > 3:
                break
            body = b'{"choices": [{"message": {"content": "x"}}]}'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
        writer.close()

    async def play() -> list[str]:
        results: list[str] = []
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, provider_at(f"http://127.0.0.1:{port}") as send:
            for _ in range(3):
                try:
                    results += ["ok" async for _ in send(stream=False, body={**BODY, "x": "y" * n_bytes})]
                except UpstreamUnreachable:
                    results.append("unreachable")
        return results

    assert asyncio.run(play()) == ["ok", "ok", "unreachable"]
    assert n_posts == 5  # one; a broken and a good one; a broken kept one and a broken fresh one


def test_a_slow_reader_is_not_taken_for_a_silent_upstream() -> None:
    async def play() -> int:
        script = Script(reply="one two three", token_s=0.01)
        async with ScriptedServer(script) as server, provider_at(server.openai_url, gap_s=1.0) as send:
            n_content = 0
            async for chunk in send():
                n_content += chunk.has_content
                if n_content == 1:
                    await asyncio.sleep(1.1)
            return n_content

    assert asyncio.run(play()) == 3


def test_chunks_leave_as_they_arrive() -> None:
    async def play() -> tuple[int, bool]:
        async with (
            ScriptedServer(Script(reply="one two", stall_after=1)) as server,
            provider_at(server.openai_url) as send,
        ):
            chunks = send()
            n = 0
            async for chunk in chunks:
                n += 1
                if chunk.has_content:
                    break
            return n, server.requests[0].n_chunks <= 1

    assert asyncio.run(play()) == (2, True)


def test_nothing_can_be_sent_before_start() -> None:
    async def play() -> None:
        await Transport(model="m", url="http://127.0.0.1:1", headers={}, timeouts=Timeouts()).post(b"{}")

    with pytest.raises(UpstreamUnreachable, match="not started"):
        asyncio.run(play())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:30 GMT"}, 20.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({}, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, now=lambda: 10.0) == seconds


@asynccontextmanager
async def _serving(answer: Callable[[web.Request], object]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)  # type: ignore[arg-type]
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/"
    finally:
        await runner.cleanup()


async def _against(
    answer: Callable[[web.Request], object], *, stream: bool = True, **limits: float
) -> UpstreamError | None:
    async with _serving(answer) as url, provider_at(url, **limits) as send:
        try:
            async for _ in send(stream=stream):
                pass
        except UpstreamError as exc:
            return exc
    return None


def test_an_upstream_whose_answer_is_not_http_is_malformed() -> None:
    async def play() -> float:
        async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(b"SSH-2.0-nonsense\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        began = time.monotonic()
        async with server, provider_at(f"http://127.0.0.1:{port}") as send:
            async for _ in send():
                pass
        return time.monotonic() - began

    with pytest.raises(UpstreamMalformed):
        asyncio.run(play())


@pytest.mark.parametrize(("stall_after", "stream"), [(1, True), (0, True), (0, False)])
def test_closing_the_provider_ends_calls_in_flight(stall_after: int, stream: bool) -> None:
    async def play() -> BaseException | None:
        async with ScriptedServer(Script(reply="one two", stall_after=stall_after)) as server:
            model = Model(name="m", upstream="openai", upstream_model="m", base_url=server.openai_url)
            provider = OpenAIProvider(model, Timeouts())
            await provider.start()

            async def read() -> None:
                async for _ in provider.send(Call(model=model, body=BODY, stream=stream, decision="d")):
                    pass

            reader = asyncio.create_task(read())
            await server.arrived.wait()
            if stall_after:
                await server.requests[0].first_chunk.wait()
            await provider.close()
            done, _ = await asyncio.wait([reader], timeout=60)
            reader.cancel()
            return reader.exception() if done else None

    assert isinstance(asyncio.run(play()), (UpstreamCut, UpstreamUnreachable))


def test_content_that_comes_when_its_time_is_just_over_is_read_under_uvloop_too() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def play() -> list[Chunk]:
        async with ScriptedServer(Script(reply="one two")) as server, provider_at(server.openai_url) as send:
            return [chunk async for chunk in send()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire.Clock, "until", _armed_late(wire.Clock.until))
        assert text_of(uvloop.run(play())) == "one two"


def _armed_late(until: Callable[[wire.Clock, float], None]) -> Callable[[wire.Clock, float], None]:
    def late(clock: wire.Clock, due_s: float) -> None:
        """Arm a timer that is due at once, as a deadline in the past does; the watch then looks at the real one."""
        until(clock, 0.0)

    return late
