"""A server that plays scripts on loopback in a provider's dialect; it speaks real HTTP, and its faults happen on the
wire. It is no mock.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import orjson
from aiohttp import web

from unisono.testing.wires import AnthropicWire, OpenAIWire
from unisono.types import Json, JsonValue
from unisono.upstream.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How the bytes travel, and what goes wrong with them. The script says what they mean.

    Attributes:
        split_bytes: write a stream in pieces of so many bytes, wherever that cuts.
        cut_in_event: break off in the middle of the event after so many content chunks.
        broken_events: insert this many events that are not JSON ...
        broken_after: ... after so many content chunks.
        error_event: send this error object instead of the event after `broken_after` content chunks.
        end: send `[DONE]` or `message_stop` (else the stream just ends, after its finish reason).
        comments: put a comment line before every event.
        line_end: how lines end.
        content_type: instead of the right one.
        body: send these bytes with status 200 instead of an answer.
        error_body: send these bytes with a scripted error status instead of a JSON error.
        gzip: compress, although nobody asked.
        header_bytes: add a header of this size.
    """

    split_bytes: int | None = None
    cut_in_event: int | None = None
    broken_events: int = 0
    broken_after: int = 0
    error_event: Json | None = None
    end: bool = True
    comments: bool = False
    line_end: bytes = b"\n"
    content_type: str | None = None
    body: bytes | None = None
    error_body: bytes | None = None
    gzip: bool = False
    header_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class Received:
    """One request that the server got, and what became of it."""

    path: str
    headers: Mapping[str, str]
    body: Json
    at_s: float
    n_chunks: int = 0
    first_chunk: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    gone_at_s: float | None = None


class ScriptedServer:
    """A real HTTP server on loopback that plays scripts in OpenAI's and in Anthropic's dialect.

    Use as an async context manager. `script` and `wire` may be changed between requests; `scripts` holds those of
    single upstream models. `requests` lists what came in, with the moment at which each client went away; `arrived` is
    set by the first of them.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        wire: Wire | None = None,
        scripts: Mapping[str, Script] | None = None,
        port: int = 0,
    ) -> None:
        self.script = script or Script()
        self.wire = wire or Wire()
        self.scripts = dict(scripts or {})
        self.requests: list[Received] = []
        self.arrived = asyncio.Event()
        self._port = port
        self._n_calls: dict[str, int] = {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The server's root address: what an Anthropic `base_url` is."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def openai_url(self) -> str:
        """What an OpenAI `base_url` is."""
        return f"{self.url}/v1"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=256 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        data: list[JsonValue] = [{"id": name, "object": "model", "owned_by": "script"} for name in self.scripts]
        return web.Response(body=orjson.dumps({"object": "list", "data": data}), content_type="application/json")

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, OpenAIWire)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, AnthropicWire)

    async def _answer(self, request: web.Request, dialect: type[OpenAIWire | AnthropicWire]) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        received = Received(path=request.path, headers=dict(request.headers), body=body, at_s=time.monotonic())
        self.requests.append(received)
        self.arrived.set()
        name = str(body.get("model"))
        n_call = self._n_calls.get(name, 0)
        self._n_calls[name] = n_call + 1
        play = _Play(
            self.scripts.get(name, self.script),
            self.wire,
            dialect=dialect,
            request=request,
            received=received,
            n_call=n_call,
        )
        try:
            return await play.run()
        except _Reset:
            raise asyncio.CancelledError from None  # aiohttp's quiet way out of a connection that is gone
        except (asyncio.CancelledError, ConnectionError):
            received.gone_at_s = time.monotonic()
            received.gone.set()
            raise asyncio.CancelledError from None


class _Reset(Exception):
    """The script has broken the connection."""


class _Play:
    """One answer of the server."""

    def __init__(
        self,
        script: Script,
        wire: Wire,
        *,
        dialect: type[OpenAIWire | AnthropicWire],
        request: web.Request,
        received: Received,
        n_call: int,
    ) -> None:
        self._script = script
        self._wire = wire
        self._request = request
        self._received = received
        self._n_call = n_call
        self._deltas = script.deltas(received.body)
        self._usage = script.usage_for(received.body, n_chunks=len(self._deltas))
        self._dialect = dialect(
            model=script.answers_as or str(received.body.get("model")), n_call=n_call, line_end=wire.line_end
        )
        self._out: web.StreamResponse | None = None

    async def run(self) -> web.StreamResponse:
        """Send the answer; raises CancelledError when the client leaves."""
        fault = self._script.fault(n_call=self._n_call, n_chunks=0)
        if self._script.first_token_s:
            await asyncio.sleep(self._script.first_token_s)
        if isinstance(fault, int):
            return self._refusal(fault)
        if fault in ("refuse", "reset"):
            self._reset()
        if fault == "malformed" or self._wire.body is not None:
            return web.Response(
                body=self._wire.body or b'{"choices": [', content_type=self._wire.content_type or "application/json"
            )
        if self._received.body.get("stream"):
            return await self._stream()
        return await self._plain()

    async def _plain(self) -> web.StreamResponse:
        for n in range(len(self._deltas) + 1):
            fault = self._script.fault(n_call=self._n_call, n_chunks=n)
            if fault == "stall":
                await asyncio.Event().wait()
            elif fault in ("cut", "reset"):
                self._reset()
            elif fault is not None:
                return self._refusal(fault if isinstance(fault, int) else 500)
            if n and self._script.token_s:
                await asyncio.sleep(self._script.token_s)
        document = self._dialect.whole(self._script, self._deltas, usage=self._usage)
        response = web.Response(
            body=orjson.dumps(document),
            content_type=self._wire.content_type or "application/json",
            headers=self._headers(),
        )
        if self._wire.gzip:
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _stream(self) -> web.StreamResponse:
        out = self._out = web.StreamResponse(headers=self._headers())
        out.content_type = self._wire.content_type or "text/event-stream"
        if self._wire.gzip:
            out.enable_compression(web.ContentCoding.gzip)
        await out.prepare(self._request)
        for event in self._dialect.opening(self._usage):
            await self._write(event)
        for n, delta in enumerate(self._deltas):
            if n and self._script.token_s:
                await asyncio.sleep(self._script.token_s)
            if await self._stopped(n, delta):
                return out
            for event in self._dialect.delta(delta):
                await self._write(event)
            self._received.n_chunks = n + 1
            self._received.first_chunk.set()
        if await self._stopped(len(self._deltas), {}):
            return out
        for event in self._dialect.closing(self._script.finish_reason(), self._usage, end=self._wire.end):
            await self._write(event)
        await out.write_eof()
        return out

    async def _stopped(self, n: int, delta: Json) -> bool:
        """Do what goes wrong before chunk `n`; say whether the stream is over."""
        wire = self._wire
        if wire.cut_in_event == n:
            whole = b"".join(self._dialect.delta(delta))
            await self._write(whole[: len(whole) // 2])
            self._reset()
        if wire.broken_after == n:
            for _ in range(wire.broken_events):
                await self._write(b"data: {broken" + wire.line_end * 2)
            if wire.error_event is not None:
                await self._write(self._dialect.error(wire.error_event))
                return True
        fault = self._script.fault(n_call=self._n_call, n_chunks=n)
        if fault == "stall":
            await asyncio.Event().wait()
        elif fault == "reset":
            self._reset()
        elif fault == "malformed":
            await self._write(b"data: {broken" + wire.line_end * 2)
        elif isinstance(fault, int):
            await self._write(self._dialect.error({"type": "api_error", "code": fault, "message": "scripted"}))
        return fault is not None

    async def _write(self, data: bytes) -> None:
        if self._out is None:
            return
        if self._wire.comments:
            data = b": still here" + self._wire.line_end * 2 + data
        step = self._wire.split_bytes or len(data)
        for i in range(0, len(data), step):
            await self._out.write(data[i : i + step])
            if step < len(data):
                await asyncio.sleep(0)

    def _headers(self) -> dict[str, str]:
        return {"x-large": "x" * self._wire.header_bytes} if self._wire.header_bytes else {}

    def _refusal(self, status: int) -> web.Response:
        error: Json = {
            "error": {"message": "The script says so.", "type": "scripted_error", "param": None, "code": None}
        }
        body = orjson.dumps(error) if self._wire.error_body is None else self._wire.error_body
        retry_s = self._script.retry_after_s
        headers = {} if retry_s is None else {"Retry-After": f"{retry_s:g}"}
        return web.Response(status=status, body=body, headers=headers, content_type="application/json")

    def _reset(self) -> None:
        """Break the connection with a TCP reset."""
        transport = self._request.transport
        if transport is not None:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        raise _Reset
