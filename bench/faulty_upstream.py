"""An upstream that fails at random in every way that the wire knows, for the chaos soak. It speaks OpenAI's chat form.

The share of calls that fail is the first part of the path: `/30/v1/chat/completions` fails in 30 of 100. What it does
with one call is drawn from a seeded generator, so that a run differs from the next by its timing only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
from contextlib import suppress
from random import Random
from socket import SO_LINGER, SOL_SOCKET

STALL_S = 20.0
FAULTS = ("500", "429", "503", "401", "reset", "hang up", "stall", "cut", "malformed", "html", "slow")
_USAGE = {"prompt_tokens": 50, "completion_tokens": 8, "total_tokens": 58}


class Upstream:
    """Answers connections; one generator for all of them."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it ends, or is ended."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                body = await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or b"0"))
                share = int(head.split(b" ")[1].split(b"/")[1] or b"0")
                failing = self._rng.random() * 100 < share
                fault = self._rng.choice(FAULTS) if failing else ""
                stays = await self._answer(writer, json.loads(body), fault)
                await writer.drain()
                if not stays:
                    break
        with suppress(ConnectionError):
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, body: dict[str, object], fault: str) -> bool:
        """Answer one request; say whether the connection stays."""
        stream = bool(body.get("stream"))
        if fault.isdigit():
            _document(writer, {"error": {"message": "out of order", "type": "chaos"}}, status=fault)
            return True
        if fault == "reset":
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if fault == "hang up":
            return False
        if fault == "stall":
            await asyncio.sleep(STALL_S)
            return False
        if fault == "html":
            _document(writer, "<html>", kind="text/html")
            return True
        if not stream:
            if fault in ("cut", "malformed"):
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{nonsense"
                )
                return False
            await asyncio.sleep(0.05 if fault == "slow" else 0.002)
            _document(writer, _completion(body))
            return True
        return await self._stream(writer, body, fault)

    async def _stream(self, writer: asyncio.StreamWriter, body: dict[str, object], fault: str) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        if fault == "malformed":
            _event(writer, "{nonsense")
            return False
        for n in range(8):
            _event(writer, json.dumps(_chunk(body, {"content": f"word{n} "})))
            await writer.drain()
            await asyncio.sleep(0.05 if fault == "slow" else 0.001)
            if fault == "cut" and n == self._rng.randrange(8):
                return False
        _event(writer, json.dumps({**_chunk(body, {}, finish="stop"), "usage": _USAGE}))
        _event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        return True


def _completion(body: dict[str, object]) -> dict[str, object]:
    message = {"role": "assistant", "content": "eight words of an answer, more or less"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": _USAGE}


def _chunk(body: dict[str, object], delta: dict[str, str], *, finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": body["model"], "choices": [choice]}


def _document(
    writer: asyncio.StreamWriter, value: object, *, status: str = "200", kind: str = "application/json"
) -> None:
    data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)


def _event(writer: asyncio.StreamWriter, text: str) -> None:
    line = f"data: {text}\n\n".encode()
    writer.write(b"%x\r\n%s\r\n" % (len(line), line))


async def main(port: int, seed: int) -> None:
    """Serve on loopback until the process ends."""
    server = await asyncio.start_server(Upstream(seed).serve, "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(main(given.port, given.seed))
