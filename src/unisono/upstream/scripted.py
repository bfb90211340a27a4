"""A provider without a network: it plays the script in its model's options, for tests, load tests and first steps.

The keys stand in `docs/reference/scripted.md`. It answers no question and knows no dialect but OpenAI's documents.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import orjson

from unisono.errors import UpstreamCut, UpstreamError, UpstreamMalformed, UpstreamTimeout, UpstreamUnreachable
from unisono.types import Call, Chunk, Json, Model, Timeouts
from unisono.upstream.refusals import refusal
from unisono.upstream.script import Fault, Script, chunk_json, completion_json, script_of, usage_json


def scripted_provider(model: Model, timeouts: Timeouts) -> ScriptedProvider:
    """Build the provider of one scripted model.

    Raises:
        ConfigError: an option is unknown or of the wrong type.
    """
    return ScriptedProvider(model, timeouts)


class ScriptedProvider:
    """Plays one script; counts its calls, for `fail_times`."""

    def __init__(
        self,
        model: Model,
        timeouts: Timeouts,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._script = script_of(model.options, model=model.name)
        self._timeouts = timeouts
        self._sleep = sleep
        self._now = now
        self._n_calls = 0

    async def start(self) -> None:
        """Nothing to open."""

    def send(self, call: Call) -> AsyncIterator[Chunk]:
        """Yield what the script says.

        Raises:
            UpstreamError: as the script says.
        """
        return self._play(call)

    async def close(self) -> None:
        """Nothing to free."""

    async def _play(self, call: Call) -> AsyncGenerator[Chunk, None]:
        n_call = self._n_calls
        self._n_calls += 1
        script = self._script
        said = _Documents(script, call, identity=f"chatcmpl-scripted-{n_call}", created=int(self._now()))
        deltas = script.deltas(call.body)
        opened = False
        for n, delta in enumerate(deltas):
            fault = script.fault(n_call=n_call, n_chunks=n)
            if call.stream and not opened and fault in (None, "cut", "stall"):
                opened = True
                yield said.opening()
            await self._fail_if(fault, call=call, n_chunks=n)
            pause_s = script.token_s if n else script.first_token_s
            if pause_s > 0:
                await self._sleep(pause_s)
            if call.stream:
                yield said.delta(delta)
        await self._fail_if(script.fault(n_call=n_call, n_chunks=len(deltas)), call=call, n_chunks=len(deltas))
        if not call.stream:
            yield said.whole(deltas)
            return
        if not opened:
            yield said.opening()
        yield said.closing()
        yield said.usage(len(deltas))

    async def _fail_if(self, fault: Fault | None, *, call: Call, n_chunks: int) -> None:
        if fault is None:
            return
        in_mid_answer = call.stream and n_chunks > 0
        if fault == "stall":
            await self._sleep(self._timeouts.gap_s if in_mid_answer else self._timeouts.first_content_s)
        raise _error(fault, script=self._script, name=call.model.name, in_mid_answer=in_mid_answer)


class _Documents:
    """The documents of one answer."""

    def __init__(self, script: Script, call: Call, *, identity: str, created: int) -> None:
        self._script = script
        self._body = call.body
        self._identity = identity
        self._created = created
        self._model = script.answers_as or call.model.upstream_model

    def opening(self) -> Chunk:
        return self._chunk({"role": "assistant", "content": ""}, has_content=False)

    def delta(self, delta: Json) -> Chunk:
        return self._chunk(delta, has_content=True)

    def closing(self) -> Chunk:
        return self._chunk({}, has_content=False, finish=self._script.finish_reason())

    def usage(self, n_chunks: int) -> Chunk:
        usage = self._script.usage_for(self._body, n_chunks=n_chunks)
        document = chunk_json(identity=self._identity, created=self._created, model=self._model, delta={})
        document["choices"] = []
        document["usage"] = usage_json(usage)
        return Chunk(data=orjson.dumps(document), has_content=False, model=self._model, usage=usage, usage_only=True)

    def whole(self, deltas: list[Json]) -> Chunk:
        usage = self._script.usage_for(self._body, n_chunks=len(deltas))
        finish = self._script.finish_reason()
        document = completion_json(
            deltas, identity=self._identity, created=self._created, model=self._model, finish=finish, usage=usage
        )
        return Chunk(data=orjson.dumps(document), has_content=True, model=self._model, finish=finish, usage=usage)

    def _chunk(self, delta: Json, *, has_content: bool, finish: str | None = None) -> Chunk:
        document = chunk_json(
            identity=self._identity, created=self._created, model=self._model, delta=delta, finish=finish
        )
        return Chunk(data=orjson.dumps(document), has_content=has_content, model=self._model, finish=finish)


def _error(fault: Fault, *, script: Script, name: str, in_mid_answer: bool) -> UpstreamError:
    if isinstance(fault, int):
        body: Json = {
            "error": {"message": "The script says so.", "type": "scripted_error", "code": None, "param": None}
        }
        return refusal(name, http_status=fault, body=body, retry_s=script.retry_after_s)
    if fault == "malformed":
        return UpstreamMalformed(f"{name}: its answer is not a completion; the script says so.")
    if fault == "stall":
        return UpstreamTimeout(f"{name}: nothing came in time; the script says so.")
    if in_mid_answer:
        return UpstreamCut(f"{name}: the connection broke in mid-answer; the script says so.")
    if fault == "cut":
        return UpstreamMalformed(f"{name}: its answer ended before any content; the script says so.")
    return UpstreamUnreachable(f"{name}: no connection; the script says so.")
