"""The contract of providers: checks that every one of them must pass, plug-ins included."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from unisono.errors import (
    UpstreamCut,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.protocols import Provider
from unisono.testing.server import ScriptedServer
from unisono.types import Call, Chunk, Json, JsonValue, Model, Usage
from unisono.upstream.script import Script, ToolCall

_CANCEL_LIMIT_S = 0.1
_CANCEL_TRIES = 20
"""So often it is tried whether that limit can be kept: a loaded machine may stall a single try."""
_WAIT_S = 60.0


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
        took_s = [await _seen_after_s(factory, leave)]
        while min(took_s) >= _CANCEL_LIMIT_S and len(took_s) < _CANCEL_TRIES:
            took_s.append(await _seen_after_s(factory, leave))
        least_ms = min(took_s) * 1000
        _require(least_ms < _CANCEL_LIMIT_S * 1000, f"the upstream saw its client leave after {least_ms:.0f} ms")


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


async def _seen_after_s(factory: SetupFactory, leave: Callable[[ProviderSetup], Awaitable[float]]) -> float:
    """Return how long after its client left the upstream saw that; nothing for one without a network."""
    async with factory(Script(reply="one two three", stall_after=1)) as setup:
        left_at_s = await leave(setup)
        if setup.server is None:
            return 0.0
        received = setup.server.requests[-1]
        await asyncio.wait_for(received.gone.wait(), _WAIT_S)
        return (received.gone_at_s or 0.0) - left_at_s


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
    await asyncio.wait_for(seen.wait(), _WAIT_S)
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
