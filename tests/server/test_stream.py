"""A streamed answer on its way out: what came together leaves together, and the last event carries the cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from unisono.server.stream import Stream, begun
from unisono.types import Chunk, Usage

COUNTED = Usage(input_tokens=1, output_tokens=2)


def chunk(text: str, **more: Any) -> Chunk:
    return Chunk(data=b'{"model":"up","x":"%b"}' % text.encode(), has_content=True, model="up", **more)


class Sent:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, message: Any) -> None:
        self.bodies.append(message["body"])


def stream(sent: Sent, *, show_usage: bool = False) -> Stream:
    return Stream(sent, facts={"decision": "d"}, named=lambda reported: "ours", show_usage=show_usage)


def test_chunks_that_came_together_leave_in_one_write() -> None:
    sent = Sent()
    out = stream(sent)
    assert out.take([chunk("a"), chunk("b")]) is None
    assert out.take([chunk("c")]) is None
    assert sent.bodies == [
        b'data: {"model":"ours","x":"a","unisono":{"decision":"d"}}\n\ndata: {"model":"ours","x":"b"}\n\n',
        b'data: {"model":"ours","x":"c"}\n\n',
    ]


def test_the_last_waits_for_the_end_and_carries_what_is_known_then() -> None:
    sent = Sent()
    out = stream(sent)
    out.take([chunk("a"), chunk("b", finish="stop"), chunk("", usage=COUNTED, usage_only=True)])
    asyncio.run(out.end({"cost_usd": 1.0}))
    assert sent.bodies[1:] == [b'data: {"model":"ours","x":"b","unisono":{"cost_usd":1.0}}\n\ndata: [DONE]\n\n']


def test_the_usage_is_shown_to_who_asked_for_it_as_the_last() -> None:
    sent = Sent()
    out = stream(sent, show_usage=True)
    out.take([chunk("b", finish="stop"), chunk("u", usage=COUNTED, usage_only=True)])
    asyncio.run(out.end({"cost_usd": 1.0}))
    assert sent.bodies == [
        b'data: {"model":"ours","x":"b","unisono":{"decision":"d"}}\n\n',
        b'data: {"model":"ours","x":"u","unisono":{"cost_usd":1.0}}\n\ndata: [DONE]\n\n',
    ]


def test_what_must_wait_is_begun_at_once_and_goes_on_where_it_is_awaited() -> None:
    async def talk() -> list[str]:
        told: list[str] = []
        free = asyncio.Event()

        async def slow() -> None:
            told.append("begun")
            await free.wait()
            told.append("ended")

        async def quick() -> None:
            told.append("quick")

        rest = begun(slow())
        assert begun(quick()) is None
        assert isinstance(rest, Awaitable)
        free.set()
        await rest
        return told

    assert asyncio.run(talk()) == ["begun", "quick", "ended"]
