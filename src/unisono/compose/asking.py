"""One model asked past the router, as probes do it."""

from __future__ import annotations

from contextlib import aclosing
from time import perf_counter

from unisono.compose.live import Live
from unisono.evaluate.probe.run import Answer
from unisono.execute.said import said_in
from unisono.types import Call, Chunk, Json, Model


async def ask(live: Live, model: Model, body: Json) -> Chunk:
    """Return the whole answer of one model to one body.

    Raises:
        UpstreamError: it failed.
    """
    call = Call(model=model, body=body, stream=False, decision="probe")
    last: Chunk | None = None
    async with aclosing(live.outlets.send(call)) as chunks:
        async for chunk in chunks:
            last = chunk
    assert last is not None  # noqa: S101 - a plain answer is a stream of one chunk
    return last


async def answered(live: Live, model: Model, body: Json) -> Answer:
    """Return what one model says to one body, as probes take it.

    Raises:
        UpstreamError: it failed.
    """
    began_s = perf_counter()
    chunk = await ask(live, model, body)
    tokens = None if chunk.usage is None else chunk.usage.output_tokens
    return Answer(text=said_in([chunk]).text, output_tokens=tokens, seconds=perf_counter() - began_s)
