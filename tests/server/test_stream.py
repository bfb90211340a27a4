"""A streamed answer on its way out: what came together leaves together, and the last event carries the cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from unisono.server.stream import Stream
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


def taken(out: Stream, *together: list[Chunk]) -> None:
    async def take() -> None:
        for chunks in together:
            if (slow := out.take(chunks)) is not None:
                await slow

    asyncio.run(take())


def test_chunks_that_came_together_leave_in_one_write() -> None:
    sent = Sent()
    taken(stream(sent), [chunk("a"), chunk("b")], [chunk("c")])
    assert sent.bodies == [
        b'data: {"model":"ours","x":"a","unisono":{"decision":"d"}}\n\ndata: {"model":"ours","x":"b"}\n\n',
        b'data: {"model":"ours","x":"c"}\n\n',
    ]


def test_the_last_waits_for_the_end_and_carries_what_is_known_then() -> None:
    sent = Sent()
    out = stream(sent)
    taken(out, [chunk("a"), chunk("b", finish="stop"), chunk("", usage=COUNTED, usage_only=True)])
    asyncio.run(out.end({"cost_usd": 1.0}))
    assert sent.bodies[1:] == [b'data: {"model":"ours","x":"b","unisono":{"cost_usd":1.0}}\n\ndata: [DONE]\n\n']


def test_the_usage_is_shown_to_who_asked_for_it_as_the_last() -> None:
    sent = Sent()
    out = stream(sent, show_usage=True)
    taken(out, [chunk("b", finish="stop"), chunk("u", usage=COUNTED, usage_only=True)])
    asyncio.run(out.end({"cost_usd": 1.0}))
    assert sent.bodies == [
        b'data: {"model":"ours","x":"b","unisono":{"decision":"d"}}\n\n',
        b'data: {"model":"ours","x":"u","unisono":{"cost_usd":1.0}}\n\ndata: [DONE]\n\n',
    ]


async def test_our_own_protocol_takes_a_part_without_waiting_until_the_caller_is_slow() -> None:
    class Ours(Sent):
        slow: Awaitable[None] | None = None

        def more(self, body: bytes) -> Awaitable[None] | None:
            self.bodies.append(body)
            return self.slow

    sent, free = Ours(), asyncio.Event()
    out = stream(sent)
    assert out.take([chunk("a")]) is None
    sent.slow = asyncio.ensure_future(free.wait())
    slow = out.take([chunk("b")])
    assert slow is sent.slow
    assert len(sent.bodies) == 2
    free.set()
    await slow
