"""Decisions about requests that nobody made, so that no caller waits for what is made when it is first needed.

What phrases to look for, patterns, first looks into mapped vectors: some 70 ms of processor once a process, and half a
second on a loaded machine. The phrases of languages but English and Chinese stay: some ms at the first of each. It asks
no model, records nothing, and counts for no statistic, limit or conversation.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import orjson

from unisono.catalog import Catalog
from unisono.edge.parse import parse
from unisono.errors import UnisonoError
from unisono.router import Router
from unisono.types import Json, JsonValue, Request
from unisono.understand.reading import Reading

KEY = "unisono"
_ENGLISH = "Compare these two contracts, please, and explain step by step which of them is valid today."
_CHINESE = "请比较这两份合同, 并逐步说明今天哪一份有效。"
_TOOL: Json = {"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}
_SCHEMA: Json = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
_FORM: Json = {"type": "json_schema", "json_schema": {"name": "answer", "schema": _SCHEMA}}
_LONG = 300


def _chat(*said: str, model: str = "auto", **more: JsonValue) -> Json:
    turns: list[JsonValue] = [
        {"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)
    ]
    return {"model": model, "messages": turns, **more}


def kinds(catalog: Catalog, *, now: datetime) -> Iterator[Request]:
    """Yield a request of each kind that takes another way through a decision."""
    bodies = (
        _chat(_ENGLISH),
        _chat(_CHINESE),
        _chat(_ENGLISH, tools=[_TOOL]),
        _chat(_ENGLISH * _LONG),
        _chat(_ENGLISH, "The second one.", "That is wrong. Think harder!"),
        _chat("A quick answer, please, without much thought.", model="auto:pro"),
        _chat(_ENGLISH, response_format=_FORM),
        _chat(_ENGLISH, model=next(iter(catalog)).name),
    )
    for body in bodies:
        with suppress(UnisonoError):  # a model that has ended is named so no more
            yield parse(orjson.dumps(body), {}, catalog=catalog, request_id="", now=now, key=KEY)


async def warm(routers: Iterable[Router], reading: Reading, *, asks_elsewhere: bool, now: datetime) -> None:
    """Decide about a request of each kind, off the event loop.

    Args:
        routers: what will decide.
        reading: reads for them. What is too slow for the event loop gets its budget of time for each request.
        asks_elsewhere: reading costs a call to somebody: then nothing is read ahead.
        now: UTC.

    Raises:
        Exception: whatever a stage that is broken raises; callers are told when they meet it.
    """
    for router in routers:
        asked = tuple(kinds(router.catalog, now=now))
        if not asks_elsewhere:
            for request in asked:
                await reading.ahead(request)
        await asyncio.to_thread(_decided, router, asked)


def _decided(router: Router, asked: Sequence[Request]) -> None:
    codecs.lookup("idna")  # the first connection to an upstream would import it
    for request in asked:
        with suppress(UnisonoError):  # a pool without tools, a window too short: that is decided too
            router.decide(request)
