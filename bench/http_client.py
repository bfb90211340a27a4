"""What one upstream call costs in our own HTTP client and in aiohttp: decision 9, measured again.

    python -m bench.http_client

Both POST the same bodies to the mock over kept connections, one call after the other, and read the bytes as they come;
rounds are interleaved, processor time is the caller's own. It measures no server.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import aiohttp
import uvloop

from bench.mock_upstream import AT_ONCE
from bench.processes import free_port, serving
from bench.prompts import bodies
from unisono.types import Timeouts
from unisono.upstream.http import Transport

_JSON = {"Content-Type": "application/json"}
N_ROUNDS = 7
Call = Callable[[bytes], Awaitable[int]]


def _ours(transport: Transport) -> Call:
    async def call(body: bytes) -> int:
        n = 0
        with await transport.post(body) as answer:
            while data := await answer.read():
                n += len(data)
        return n

    return call


def _aiohttp(session: aiohttp.ClientSession, url: str) -> Call:
    # What decision 1 had: limits of ours around it, since aiohttp's own do not know a first content.
    async def call(body: bytes) -> int:
        n = 0
        async with asyncio.timeout(60.0), session.post(url, data=body, headers=_JSON, allow_redirects=False) as answer:
            async for data in answer.content.iter_any():
                n += len(data)
        return n

    return call


async def _cpu_us(call: Call, texts: list[bytes]) -> float:
    before_s = time.process_time()
    for text in texts:
        assert await call(text) > 100
    return 1e6 * (time.process_time() - before_s) / len(texts)


async def measure(port: int) -> dict[tuple[str, str], list[float]]:
    """Return processor microseconds of one call, by kind of request and client."""
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    kinds = {
        "plain": bodies(200, n_bytes=1024, model="mock-1", stream=False),
        "stream of 100 chunks, paced": bodies(5, n_bytes=1024, model="mock-1", stream=True),
        "stream of 100 chunks, at once": bodies(100, n_bytes=1024, model="mock-1", stream=True, max_tokens=AT_ONCE),
    }
    transport = Transport(model="mock", url=url, headers={}, timeouts=Timeouts())
    await transport.start()
    found: dict[tuple[str, str], list[float]] = {}
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as session:
            calls = {"ours": _ours(transport), "aiohttp": _aiohttp(session, url)}
            for round_ in range(N_ROUNDS + 1):
                for kind, texts in kinds.items():
                    for name, call in calls.items():
                        taken = await _cpu_us(call, texts)
                        if round_:  # the first warms up
                            found.setdefault((kind, name), []).append(taken)
    finally:
        await transport.close()
    return found


def main() -> None:
    """Measure and print a table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cpus[:1])
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "bench.mock_upstream", "--port", str(port)]
        with serving("mock", words, port=port, cpu=cpus[-1], log=Path(folder) / "mock.log"):
            found = uvloop.run(measure(port))
    print(f"aiohttp {aiohttp.__version__}; processor µs a call, median of {N_ROUNDS} rounds (least to most)\n")
    print("| request | ours | aiohttp | aiohttp ÷ ours |\n|---|---:|---:|---:|")
    for kind in dict.fromkeys(kind for kind, _ in found):
        ours, theirs = found[kind, "ours"], found[kind, "aiohttp"]
        cells = [f"{median(times):.0f} ({min(times):.0f} to {max(times):.0f})" for times in (ours, theirs)]
        print(f"| {kind} | {' | '.join(cells)} | {median(theirs) / median(ours):.2f} |")


if __name__ == "__main__":
    main()
