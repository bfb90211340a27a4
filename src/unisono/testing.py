"""What tests of Unisono and of its plug-ins stand on: a manual clock, a scripted server, contract checks for providers.

It is public. It holds no mocks: the server speaks real HTTP on loopback, and its faults happen on the wire.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeAlias

import orjson
from aiohttp import web

from unisono.errors import (
    UpstreamCut,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.protocols import Provider
from unisono.types import Call, Chunk, Json, JsonValue, Model, Usage
from unisono.upstream.script import Script, ToolCall, chunk_json, completion_json, usage_json

__all__ = [
    "PROVIDER_CHECKS",
    "ManualClock",
    "ProviderSetup",
    "Received",
    "ScriptedServer",
    "Wire",
    "check_provider",
]

_CANCEL_LIMIT_S = 0.1
_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


class ManualClock:
    """Time that moves only when told. `seconds` and `now` read it, `sleep` waits on it."""

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def seconds(self) -> float:
        """Return monotonic seconds."""
        return self._elapsed_s

    def now(self) -> datetime:
        """Return the time of day."""
        return self._start + timedelta(seconds=self._elapsed_s)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced by `seconds`."""
        if seconds <= 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds, next(self._order), future))
        await future

    async def sleep_through(self, seconds: float) -> None:
        """Advance the clock at once instead of waiting: for code with one sleeper."""
        self._elapsed_s += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        """Move on, and wake every sleeper whose time has come."""
        self._elapsed_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_s:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)


# ------------------------------------------------------------------------------- the scripted server


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
        return await self._answer(request, _OpenAIWire)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, _AnthropicWire)

    async def _answer(self, request: web.Request, dialect: type[_OpenAIWire | _AnthropicWire]) -> web.StreamResponse:
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
        dialect: type[_OpenAIWire | _AnthropicWire],
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


class _OpenAIWire:
    """OpenAI's bytes."""

    def __init__(self, *, model: str, n_call: int, line_end: bytes) -> None:
        self._model = model
        self._identity = f"chatcmpl-{n_call}"
        self._end = line_end

    def opening(self, usage: Usage) -> Iterator[bytes]:
        yield self._chunk({"role": "assistant", "content": ""})

    def delta(self, delta: Json) -> Iterator[bytes]:
        yield self._chunk(delta)

    def closing(self, finish: str, usage: Usage, *, end: bool) -> Iterator[bytes]:
        yield self._chunk({}, finish)
        document = self._document({})
        document["choices"] = []
        document["usage"] = usage_json(usage)
        yield self._data(orjson.dumps(document))
        if end:
            yield self._data(b"[DONE]")

    def error(self, error: Json) -> bytes:
        return self._data(orjson.dumps({"error": error}))

    def whole(self, script: Script, deltas: list[Json], *, usage: Usage) -> Json:
        finish = script.finish_reason()
        document = completion_json(
            deltas, identity=self._identity, created=0, model=self._model, finish=finish, usage=usage
        )
        return {**document, "system_fingerprint": "scripted"}

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        return self._data(orjson.dumps(self._document(delta, finish)))

    def _document(self, delta: Json, finish: str | None = None) -> Json:
        document = chunk_json(identity=self._identity, created=0, model=self._model, delta=delta, finish=finish)
        return {**document, "system_fingerprint": "scripted"}

    def _data(self, data: bytes) -> bytes:
        return b"data: " + data + self._end * 2


class _AnthropicWire:
    """Anthropic's bytes: the same deltas as content blocks."""

    def __init__(self, *, model: str, n_call: int, line_end: bytes) -> None:
        self._model = model
        self._identity = f"msg_{n_call}"
        self._end = line_end
        self._index = -1
        self._kind = ""

    def opening(self, usage: Usage) -> Iterator[bytes]:
        message = {**self._message([], None), "usage": {**_anthropic_usage(usage), "output_tokens": 1}}
        yield self._event({"type": "message_start", "message": message})
        yield self._event({"type": "ping"})

    def delta(self, delta: Json) -> Iterator[bytes]:
        if "tool_calls" in delta:
            yield from self._tool(delta["tool_calls"])
            return
        kind, key = ("thinking", "reasoning_content") if "reasoning_content" in delta else ("text", "content")
        if self._kind != kind:
            yield from self._open(kind, {"type": kind, kind: ""})
        part: Json = {"type": f"{kind}_delta", kind: delta.get(key)}
        yield self._event({"type": "content_block_delta", "index": self._index, "delta": part})

    def closing(self, finish: str, usage: Usage, *, end: bool) -> Iterator[bytes]:
        yield from self._close()
        changed: Json = {"stop_reason": _STOP[finish], "stop_sequence": None}
        counts: Json = {"output_tokens": usage.output_tokens}
        yield self._event({"type": "message_delta", "delta": changed, "usage": counts})
        if end:
            yield self._event({"type": "message_stop"})

    def error(self, error: Json) -> bytes:
        return self._event({"type": "error", "error": error})

    def whole(self, script: Script, deltas: list[Json], *, usage: Usage) -> Json:
        blocks: list[JsonValue] = []
        if thinking := "".join(str(d["reasoning_content"]) for d in deltas if "reasoning_content" in d):
            blocks.append({"type": "thinking", "thinking": thinking, "signature": "scripted"})
        if text := "".join(str(d["content"]) for d in deltas if "content" in d):
            blocks.append({"type": "text", "text": text})
        if (call := script.tool_call) is not None:
            value = orjson.loads(call.arguments)
            blocks.append({"type": "tool_use", "id": "toolu_scripted", "name": call.name, "input": value})
        return {**self._message(blocks, _STOP[script.finish_reason()]), "usage": _anthropic_usage(usage)}

    def _tool(self, calls: JsonValue) -> Iterator[bytes]:
        for call in calls if isinstance(calls, list) else []:
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(call, dict) or not isinstance(function, dict):
                continue
            if "id" in call:
                block: Json = {"type": "tool_use", "id": call["id"], "name": function["name"], "input": {}}
                yield from self._open(f"tool {call['id']}", block)
            part: Json = {"type": "input_json_delta", "partial_json": function["arguments"]}
            yield self._event({"type": "content_block_delta", "index": self._index, "delta": part})

    def _open(self, kind: str, block: Json) -> Iterator[bytes]:
        yield from self._close()
        self._kind = kind
        self._index += 1
        yield self._event({"type": "content_block_start", "index": self._index, "content_block": block})

    def _close(self) -> Iterator[bytes]:
        if self._kind:
            yield self._event({"type": "content_block_stop", "index": self._index})
            self._kind = ""

    def _message(self, blocks: list[JsonValue], reason: str | None) -> Json:
        return {
            "id": self._identity,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": blocks,
            "stop_reason": reason,
            "stop_sequence": None,
        }

    def _event(self, document: Json) -> bytes:
        name = str(document["type"]).encode()
        return b"event: " + name + self._end + b"data: " + orjson.dumps(document) + self._end * 2


def _anthropic_usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "cache_creation_input_tokens": 0,
        "output_tokens": usage.output_tokens,
    }


# --------------------------------------------------------------------------- the contract of providers


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSetup:
    """A started provider whose upstream plays a script.

    Attributes:
        provider: under test.
        model: the catalogue entry that it serves.
        server: what it talks to; None for a provider without a network.
        passes: fields of a body that must reach the upstream as they are.
    """

    provider: Provider
    model: Model
    server: ScriptedServer | None = None
    passes: Mapping[str, JsonValue] = field(default_factory=dict)


SetupFactory: TypeAlias = Callable[[Script], AbstractAsyncContextManager[ProviderSetup]]
"""Starts a provider over a script and closes it afterwards. Its `Timeouts` must be well under a second."""
Check: TypeAlias = Callable[[SetupFactory], Awaitable[None]]


async def check_provider(factory: SetupFactory) -> None:
    """Run every check of `PROVIDER_CHECKS`.

    Raises:
        AssertionError: the provider breaks its contract; says how.
    """
    for check in PROVIDER_CHECKS:
        await check(factory)


async def check_plain_is_one_whole_document(factory: SetupFactory) -> None:
    """A plain answer is one chunk with the message, the model, the finish reason and the usage."""
    usage = Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4)
    async with factory(Script(reply="one two three", usage=usage)) as setup:
        chunks = await _all(setup, stream=False)
        _require(len(chunks) == 1, f"a plain answer is one chunk, not {len(chunks)}")
        document = orjson.loads(chunks[0].data)
        _require(document["choices"][0]["message"]["content"] == "one two three", "the text of the message differs")
        _require(chunks[0].has_content, "a plain answer has content")
        _require(chunks[0].finish == "stop", "the finish reason is missing")
        _require(chunks[0].usage == usage, f"the usage is {chunks[0].usage}, not {usage}")
        _require(chunks[0].model == setup.model.upstream_model, "the reported model is missing")


async def check_stream_gives_each_piece(factory: SetupFactory) -> None:
    """A stream gives every piece in order, opens without content, and ends with a finish reason and the usage."""
    usage = Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4)
    async with factory(Script(reply="one two three", usage=usage)) as setup:
        chunks = await _all(setup, stream=True)
        pieces = [text for chunk in chunks if (text := _delta(chunk).get("content"))]
        _require(pieces == ["one", " two", " three"], f"the pieces are {pieces}")
        _require(not chunks[0].has_content, "the opening chunk has no content")
        _require(sum(c.has_content for c in chunks) == len(pieces), "has_content marks exactly the pieces")
        _require([c.finish for c in chunks if c.finish] == ["stop"], "there is one finish reason")
        _require(chunks[-1].usage == usage, f"the usage is {chunks[-1].usage}, not {usage}")
        _require(chunks[-1].usage_only, "the usage chunk is marked")
        _require(all(c.model == setup.model.upstream_model for c in chunks), "each chunk reports the model")


async def check_unknown_fields_pass(factory: SetupFactory) -> None:
    """Fields that nobody here knows reach the upstream as the caller wrote them."""
    async with factory(Script()) as setup:
        if setup.server is None:
            return
        for stream in (False, True):
            await _all(setup, stream=stream, **setup.passes)
            body = setup.server.requests[-1].body
            for key, value in setup.passes.items():
                _require(body.get(key) == value, f"{key} reached the upstream as {body.get(key)!r}")
            _require(body.get("model") == setup.model.upstream_model, "the upstream is asked for its own model name")


async def check_tool_calls_arrive_in_fragments(factory: SetupFactory) -> None:
    """A tool call's fragments add up to its arguments, and each counts as content."""
    arguments = '{"city":"Oslo","days":3}'
    async with factory(Script(tool_call=ToolCall(name="weather", arguments=arguments))) as setup:
        chunks = await _all(setup, stream=True)
        parts = [part for chunk in chunks for part in _delta(chunk).get("tool_calls", [])]
        _require(
            parts[0]["function"]["name"] == "weather" and bool(parts[0]["id"]), "the first fragment names the call"
        )
        text = "".join(part["function"]["arguments"] for part in parts)
        _require(text == arguments, f"the fragments add up to {text}")
        _require(sum(c.has_content for c in chunks) == len(parts) > 2, "each fragment is content")
        _require([c.finish for c in chunks if c.finish] == ["tool_calls"], "the finish reason is tool_calls")
        whole = orjson.loads((await _all(setup, stream=False))[0].data)["choices"][0]["message"]
        given = orjson.loads(whole["tool_calls"][0]["function"]["arguments"])
        _require(given == orjson.loads(arguments), "the plain answer has the same call")


async def check_closing_ends_the_upstream_call(factory: SetupFactory) -> None:
    """Closing the iterator or cancelling its reader closes the upstream connection within 100 ms."""
    for leave in (_close_after_content, _cancel_while_waiting):
        async with factory(Script(reply="one two three", stall_after=1)) as setup:
            left_at_s = await leave(setup)
            if setup.server is None:
                continue
            received = setup.server.requests[-1]
            await asyncio.wait_for(received.gone.wait(), 5)
            took_s = (received.gone_at_s or 0.0) - left_at_s
            _require(took_s < _CANCEL_LIMIT_S, f"the upstream saw its client leave after {took_s * 1000:.0f} ms")


async def check_429_carries_retry_after(factory: SetupFactory) -> None:
    """A refusal keeps its status and the wait that the upstream asked for, and serves again afterwards."""
    async with factory(Script(fail=429, fail_times=2, retry_after_s=7)) as setup:
        for stream in (False, True):
            error = await _failure(setup, UpstreamRefused, stream=stream)
            status = error.http_status if isinstance(error, UpstreamRefused) else None
            _require(status == 429 and error.status == 429, "the status is 429")
            _require(error.retry_after_s == 7, f"Retry-After became {error.retry_after_s}")
            _require(error.retryable, "a 429 may be tried elsewhere")
        _require(len(await _all(setup, stream=False)) == 1, "it answers when the upstream does")


async def check_callers_mistakes_are_not_retryable(factory: SetupFactory) -> None:
    """A 400 is the caller's and keeps the upstream's body; a 500 and a 401 are not."""
    async with factory(Script(fail=400)) as setup:
        error = await _failure(setup, UpstreamRefused, stream=False)
        _require(not error.retryable and error.status == 400, "a 400 passes through")
        _require(isinstance(error, UpstreamRefused) and bool(error.body), "its body is kept")
    for status in (401, 500, 503):
        async with factory(Script(fail=status)) as setup:
            error = await _failure(setup, UpstreamRefused, stream=True)
            _require(error.retryable and error.status == 502, f"a {status} is the upstream's, and another may serve")


async def check_a_cut_stream_says_so(factory: SetupFactory) -> None:
    """A stream that just ends raises: `UpstreamCut` after content, another error of the tree before."""
    async with factory(Script(reply="one two three", cut_after=2)) as setup:
        seen = await _until_failure(setup, UpstreamCut)
        _require(sum(c.has_content for c in seen) == 2, "what came before the cut is given out")
    async with factory(Script(reply="one two three", cut_after=0)) as setup:
        await _failure(setup, UpstreamMalformed, stream=True)


async def check_a_stall_runs_into_a_limit(factory: SetupFactory) -> None:
    """Silence before the first content and in mid-answer ends with `UpstreamTimeout`."""
    for stall_after, n_content in ((0, 0), (1, 1)):
        async with factory(Script(reply="one two three", stall_after=stall_after)) as setup:
            seen = await _until_failure(setup, UpstreamTimeout)
            _require(sum(c.has_content for c in seen) == n_content, "what came before the stall is given out")
    async with factory(Script(stall_after=0)) as setup:
        await _failure(setup, UpstreamTimeout, stream=False)


async def check_nonsense_is_malformed(factory: SetupFactory) -> None:
    """An answer that is not the protocol is `UpstreamMalformed`, and another model may serve."""
    async with factory(Script(fail="malformed")) as setup:
        for stream in (False, True):
            error = await _failure(setup, UpstreamMalformed, stream=stream)
            _require(error.retryable, "a malformed answer may be tried elsewhere")


async def check_a_reset_is_unreachable(factory: SetupFactory) -> None:
    """A connection that breaks before the answer is `UpstreamUnreachable`."""
    async with factory(Script(fail="reset")) as setup:
        for stream in (False, True):
            error = await _failure(setup, UpstreamUnreachable, stream=stream)
            _require(error.retryable, "a reset may be tried elsewhere")


async def check_a_lying_upstream_is_reported(factory: SetupFactory) -> None:
    """The chunk reports the model that the upstream names, not the one that was asked for."""
    async with factory(Script(answers_as="another-model")) as setup:
        for stream in (False, True):
            chunks = await _all(setup, stream=stream)
            _require(chunks[0].model == "another-model", f"the reported model is {chunks[0].model}")


PROVIDER_CHECKS: tuple[Check, ...] = (
    check_plain_is_one_whole_document,
    check_stream_gives_each_piece,
    check_unknown_fields_pass,
    check_tool_calls_arrive_in_fragments,
    check_closing_ends_the_upstream_call,
    check_429_carries_retry_after,
    check_callers_mistakes_are_not_retryable,
    check_a_cut_stream_says_so,
    check_a_stall_runs_into_a_limit,
    check_nonsense_is_malformed,
    check_a_reset_is_unreachable,
    check_a_lying_upstream_is_reported,
)


def _call(setup: ProviderSetup, *, stream: bool, **fields: JsonValue) -> Call:
    body: Json = {"model": "auto", "messages": [{"role": "user", "content": "say it"}], "stream": stream, **fields}
    return Call(model=setup.model, body=body, stream=stream, decision="d-1")


async def _all(setup: ProviderSetup, *, stream: bool, **fields: JsonValue) -> list[Chunk]:
    return [chunk async for chunk in setup.provider.send(_call(setup, stream=stream, **fields))]


async def _until_failure(setup: ProviderSetup, kind: type[UpstreamError]) -> list[Chunk]:
    seen: list[Chunk] = []
    try:
        async for chunk in setup.provider.send(_call(setup, stream=True)):
            seen.append(chunk)  # noqa: PERF401 - what came before the failure counts
    except kind:
        return seen
    raise AssertionError(f"it ended without {kind.__name__}")


async def _failure(setup: ProviderSetup, kind: type[UpstreamError], *, stream: bool) -> UpstreamError:
    try:
        chunks = await _all(setup, stream=stream)
    except kind as exc:
        return exc
    raise AssertionError(f"it gave {len(chunks)} chunks and no {kind.__name__}")


async def _close_after_content(setup: ProviderSetup) -> float:
    chunks = setup.provider.send(_call(setup, stream=True))
    async for chunk in chunks:
        if chunk.has_content:
            break
    left_at_s = time.monotonic()
    close = getattr(chunks, "aclose", None)
    _require(close is not None, "the iterator has `aclose`")
    if close is not None:
        await close()
    return left_at_s


async def _cancel_while_waiting(setup: ProviderSetup) -> float:
    seen = asyncio.Event()

    async def read() -> None:
        async for chunk in setup.provider.send(_call(setup, stream=True)):
            if chunk.has_content:
                seen.set()

    task = asyncio.create_task(read())
    await asyncio.wait_for(seen.wait(), 5)
    left_at_s = time.monotonic()
    task.cancel()
    await asyncio.wait([task])
    _require(task.cancelled(), "the cancellation goes through")
    return left_at_s


def _delta(chunk: Chunk) -> dict[str, Any]:
    choices = orjson.loads(chunk.data)["choices"]
    return dict(choices[0]["delta"]) if choices else {}


def _require(condition: object, text: str) -> None:
    if not condition:
        raise AssertionError(text)
