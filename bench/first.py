"""What the first request of a kind costs a server that has just said that it is ready, beside the hundredth.

    python -m bench.first                 # a fresh server for each kind; half a minute
    python -m bench.first --rounds 5      # medians of so many

`first` and `100th` are the caller's milliseconds (the latter the median of the last ten of a hundred different
requests), `CPU` the server's own, which noise of the machine touches least. It prints a table and the cold start. It
measures no load: `bench.overhead` does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from bench.kinds import KINDS as TEXTS
from bench.overhead import config_text
from bench.processes import Server, free_port, serving
from bench.prompts import prompt

N_REQUESTS = 100
_TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "What the weather is like.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}},
    },
}


def _chat(text: str, **more: object) -> dict[str, object]:
    return {"model": "auto", "max_tokens": 64, "messages": [{"role": "user", "content": text}], **more}


def _conversation(rng: Random) -> dict[str, object]:
    turns = [{"role": role, "content": prompt(rng, 300)} for role in ("user", "assistant", "user")]
    return {"model": "auto", "max_tokens": 64, "messages": turns}


KINDS: dict[str, Callable[[Random], dict[str, object]]] = {
    "auto, English": lambda rng: _chat(prompt(rng, 800)),
    "auto, Chinese": lambda rng: _chat(TEXTS["Chinese"](rng, 200)),
    "auto, with a tool": lambda rng: _chat(prompt(rng, 800), tools=[_TOOL]),
    "auto, 8,000 tokens": lambda rng: _chat(prompt(rng, 40_000)),
    "auto, a later turn": _conversation,
    "auto, streamed": lambda rng: _chat(prompt(rng, 800), stream=True, max_tokens=4096),
    "pinned": lambda rng: _chat(prompt(rng, 800), model="m1"),
}


def asked(server: Server, kind: str, *, seed: int) -> tuple[list[float], list[float]]:
    """Return milliseconds, and the server's processor milliseconds, of `N_REQUESTS` different requests of a kind."""
    rng = Random(seed)
    bodies = [json.dumps(KINDS[kind](rng)).encode() for _ in range(N_REQUESTS)]
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    took_ms, cpu_ms = [], []
    for body in bodies:
        cpu_s, began_s = server.cpu_s(), perf_counter()
        connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        read = answer.read()
        took_ms.append(1e3 * (perf_counter() - began_s))
        cpu_ms.append(1e3 * (server.cpu_s() - cpu_s))
        if answer.status != 200:
            raise RuntimeError(f"{kind}: {answer.status} {read[:200]!r}")
    connection.close()
    return took_ms, cpu_ms


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="fresh servers of each kind")
    given = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    cold_s: list[float] = []
    cold_cpu_s: list[float] = []
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, mock_port = Path(name), free_port()
        mock_words = ["-m", "bench.mock_upstream", "--port", str(mock_port)]
        with serving("mock", mock_words, port=mock_port, cpu=cpus[-1], log=folder / "mock.log"):
            for round_ in range(given.rounds):
                for kind in KINDS:
                    port = free_port()
                    config = folder / f"{port}.toml"
                    text = config_text(port=port, upstream_port=mock_port, store=folder / f"{port}.db")
                    config.write_text(text.replace("\nrole =", '\ncapabilities = ["tools"]\nrole ='))
                    words = ["-m", "unisono.cli", "serve", "--config", str(config), "--port", str(port)]
                    log = folder / f"{port}.log"
                    with serving("unisono", words, port=port, cpu=cpus[0], log=log, health="/readyz") as server:
                        cold_cpu_s.append(server.cpu_s())
                        cold_s.append(server.cold_s)
                        took_ms, cpu_ms = asked(server, kind, seed=round_)
                    later = median(took_ms[-10:]), median(cpu_ms[-10:])
                    rows.setdefault(kind, []).append((took_ms[0], later[0], cpu_ms[0], later[1]))
    print("| first request | first ms | 100th | first CPU ms | 100th |\n|---|---:|---:|---:|---:|")
    for kind, found in rows.items():
        middle = [median(row[place] for row in found) for place in range(4)]
        print(f"| {kind} | " + " | ".join(f"{value:.2f}" for value in middle) + " |")
    print(f"\ncold start: {median(cold_s):.2f} s, {median(cold_cpu_s):.2f} s of processor (medians of {len(cold_s)})")


if __name__ == "__main__":
    main()
