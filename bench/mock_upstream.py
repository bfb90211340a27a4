"""A fast OpenAI-compatible upstream for load tests: a bare asyncio protocol that answers from memory.

A plain request gets one JSON document at once; a stream gets `CHUNKS` events, one every `PACE_S`, each in a write of
its own, or all at once where the request's `max_tokens` is `AT_ONCE`. It checks nothing, and it is no test double:
`unisono.testing` has those.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re

CHUNKS = 100
PACE_S = 0.002
AT_ONCE = 4096
REPORTS = "mock-1"

_TEXT = "Sixty-four tokens of a plausible answer, neither long nor short, so that its size is ordinary. " * 4


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _plain_answer() -> bytes:
    answer = _json(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1700000000,
            "model": REPORTS,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": _TEXT}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 200, "completion_tokens": 64, "total_tokens": 264},
        }
    )
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n\r\n"
    return head.encode() + answer


def _stream_answer() -> list[bytes]:
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": REPORTS}
    events: list[dict[str, object]] = [
        {**frame, "choices": [{"index": 0, "delta": {"content": f" word{i}"}, "finish_reason": None}]}
        for i in range(CHUNKS - 2)
    ]
    events.append({**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    usage = {"prompt_tokens": 200, "completion_tokens": CHUNKS, "total_tokens": 200 + CHUNKS}
    events.append({**frame, "choices": [], "usage": usage})
    lines = [b"data: " + _json(event) + b"\n\n" for event in events]
    lines[-1] += b"data: [DONE]\n\n"
    parts = [b"%x\r\n%s\r\n" % (len(line), line) for line in lines]
    parts[0] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + parts[0]
    parts[-1] += b"0\r\n\r\n"
    return parts


_PLAIN = _plain_answer()
_STREAM = _stream_answer()
_ASKS_STREAM = re.compile(rb'"stream": ?true')
_ASKS_AT_ONCE = re.compile(rb'"max_(?:completion_)?tokens": ?%d\b' % AT_ONCE)
_HEALTHY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Upstream(asyncio.Protocol):
    """One connection. Requests come one after the other: no pipelining."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; a stream under way stops at its next event."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        start = head.find(b"content-length:")
        n_bytes = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._buffer) < end + 4 + n_bytes:
            return
        edges = bytes(self._buffer[end + 4 : end + 204]) + b"|" + bytes(self._buffer[end + 4 :][-400:])
        self._buffer.clear()
        assert self._transport is not None
        if not n_bytes:
            self._transport.write(_HEALTHY)
        elif not _ASKS_STREAM.search(edges):
            self._transport.write(_PLAIN)
        elif _ASKS_AT_ONCE.search(edges):
            self._transport.write(b"".join(_STREAM))
        else:
            self._event(0)

    def _event(self, place: int) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(_STREAM[place])
        if place + 1 < len(_STREAM):
            asyncio.get_running_loop().call_later(PACE_S, self._event, place + 1)


async def serve(port: int) -> None:
    """Serve on loopback until the process ends."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Read `--port` and serve."""
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
