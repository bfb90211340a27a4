"""A closed-loop load generator over raw sockets: each connection sends its next request when the last was answered.

It sends a fixed number of requests, checks every answer, and prints its timings as JSON. It knows no server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator, Sequence

from bench.prompts import bodies, numbered

N_DIFFERENT = 128
_DONE = b"data: [DONE]"


class Client(asyncio.Protocol):
    """One keep-alive connection. `times_s` are whole answers, `first_s` the times to their first body byte."""

    def __init__(self, work: Iterator[bytes], *, stream: bool, ended: asyncio.Future[None]) -> None:
        self._work = work
        self._stream = stream
        self._ended = ended
        self._buffer = bytearray()
        self._needed: int | None = None
        self._in_body = False
        self._began_s = 0.0
        self._first_s = 0.0
        self.times_s: list[float] = []
        self.firsts_s: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """A server may not hang up in between."""
        if not self._ended.done():
            self._ended.set_exception(ConnectionError("the server hung up"))

    def _next(self) -> None:
        request = next(self._work, None)
        if request is None:
            self._ended.set_result(None)
            self._transport.close()
            return
        self._buffer.clear()
        self._needed = None
        self._in_body = False
        self._first_s = 0.0
        self._began_s = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        self._buffer += data
        if not self._in_body and not self._head():
            return
        if not self._first_s and self._buffer:
            self._first_s = time.perf_counter() - self._began_s
        if self._needed is not None:
            whole = len(self._buffer) >= self._needed
        else:
            whole = self._buffer.endswith(b"0\r\n\r\n")
            if not whole and len(self._buffer) > 4096:
                del self._buffer[:-256]
        if not whole:
            return
        if self._stream and _DONE not in self._buffer:
            self._fail("a stream without its end")
            return
        self.times_s.append(time.perf_counter() - self._began_s)
        self.firsts_s.append(self._first_s)
        self._next()

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).lower()
        del self._buffer[: end + 4]
        self._in_body = True
        if b" 200 " not in head.split(b"\r\n", 1)[0] + b" ":
            self._fail(head.split(b"\r\n", 1)[0].decode() + " " + bytes(self._buffer[:300]).decode(errors="replace"))
            return False
        start = head.find(b"content-length:")
        self._needed = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else None
        return True

    def _fail(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(RuntimeError(why))
        self._transport.close()


async def fire(
    port: int,
    *,
    path: str = "/v1/chat/completions",
    key: str = "none",
    model: str,
    n_bytes: int,
    stream: bool,
    max_tokens: int = 64,
    n_connections: int,
    n_requests: int,
) -> dict[str, float]:
    """Send `n_requests` over `n_connections` and return their timings."""
    loop = asyncio.get_running_loop()
    seed = int(time.time_ns() & 0xFFFFFF)
    texts = bodies(N_DIFFERENT, n_bytes=n_bytes, model=model, stream=stream, max_tokens=max_tokens, seed=seed)
    work = iter([_request(numbered(texts[i % len(texts)], i), port, path, key) for i in range(n_requests)])
    ends = [loop.create_future() for _ in range(n_connections)]
    clients: list[Client] = []
    began_s = time.perf_counter()
    for ended in ends:
        _, client = await loop.create_connection(
            lambda ended=ended: Client(work, stream=stream, ended=ended), "127.0.0.1", port
        )
        clients.append(client)
    await asyncio.gather(*ends)
    took_s = time.perf_counter() - began_s
    times = sorted(t for client in clients for t in client.times_s)
    firsts = sorted(t for client in clients for t in client.firsts_s)
    assert len(times) == n_requests
    return {
        "n_requests": n_requests,
        "rps": n_requests / took_s,
        "p50_ms": 1e3 * quantile(times, 0.5),
        "p99_ms": 1e3 * quantile(times, 0.99),
        "first_p50_ms": 1e3 * quantile(firsts, 0.5),
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of an ordered sequence lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _request(body: bytes, port: int, path: str, key: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    """Read one order per line from standard input, write one result per line: `{"port": …, "model": …, …}`."""
    import sys

    import uvloop

    argparse.ArgumentParser(description=__doc__).parse_args()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            result: dict[str, object] = dict(uvloop.run(asyncio.wait_for(fire(**order), 120)))
        except (OSError, RuntimeError, TimeoutError) as exc:
            result = {"error": f"{type(exc).__name__}: {exc}"}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
