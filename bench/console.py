"""What open consoles cost: how soon the first page can be used, and what 20 of them add to the gateway's p99.

    python -m bench.console                # about three minutes; needs Chromium and the group `browser`
    python -m bench.console --quick        # about a minute, for a look

First page: a fresh profile each time, so that nothing is cached; from the navigation until the page takes keys. Open
consoles: a real page of the traffic, live (the dearest one), is watched, and what it asks is then asked 20 times over
at its own pace, by one process beside the load, while a closed loop of `auto` runs through the gateway. Rounds with and
without consoles alternate; the ratio is the median over neighbours. 20 browsers on the same two processors would
measure themselves. It writes `bench/results/console.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.console.browsing import browser, page_at

from bench.machine import ROOT, provenance
from bench.overhead import config_text, fire
from bench.processes import child, free_port, serving

RESULTS = ROOT / "bench" / "results" / "console.json"
N_CONSOLES = 20
WATCH_S = 16.0
N_CONNECTIONS = 8
N_RESAMPLES = 2000


def first_page_ms(base: str, *, n: int) -> list[float]:
    """Return the milliseconds from the navigation until the console can be used, for `n` fresh profiles."""
    found = []
    with browser() as running:
        for _ in range(n):
            with page_at(running, base) as page:
                page.wait_for_selector("textarea")
                found.append(float(page.evaluate("performance.getEntriesByName('interactive')[0].startTime")))
    return found


def asked_by_a_page(base: str) -> list[tuple[float, str]]:
    """Return what an open traffic page asks: seconds since its start, and the path."""
    found: list[tuple[float, str]] = []
    with browser() as running, page_at(running, base, "#/traffic") as page:
        page.check("input[name=period] >> nth=0", force=True)
        page.wait_for_selector(".cards")
        began_s = time.perf_counter()

        def note(url: str) -> None:
            found.append((time.perf_counter() - began_s, url.removeprefix(base)))

        page.on("request", lambda sent: note(sent.url))
        page.wait_for_timeout(1000 * WATCH_S)
    return found


async def pretend(port: int, script: Sequence[tuple[float, str]], *, n: int, rng: random.Random) -> None:
    """Ask as `n` open pages do, each at a phase of its own, until cancelled; says so when it has begun."""
    import aiohttp

    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

        async def one(phase_s: float) -> None:
            await asyncio.sleep(phase_s)
            while True:
                began_s = time.perf_counter()
                for at_s, path in script:
                    await asyncio.sleep(max(0.0, began_s + at_s - time.perf_counter()))
                    async with session.get(path) as answer:
                        assert answer.status == 200, path
                        await answer.read()
                await asyncio.sleep(max(0.0, began_s + WATCH_S - time.perf_counter()))

        async with session.get("/healthz") as answer:
            await answer.read()
        print("asking", flush=True)
        await asyncio.gather(asyncio.Event().wait(), *(one(rng.uniform(0.0, WATCH_S)) for _ in range(n)))


def consoles(order: str) -> None:
    """Be the process that pretends: `order` is JSON with `port`, `script` and `n`."""
    given = json.loads(order)
    asyncio.run(pretend(given["port"], given["script"], n=given["n"], rng=random.Random(1)))


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the bootstrap interval of the median that holds 19 times in 20."""
    rng = random.Random(7)
    medians = sorted(median(rng.choices(ratios, k=len(ratios))) for _ in range(N_RESAMPLES))
    return medians[int(0.025 * N_RESAMPLES)], medians[int(0.975 * N_RESAMPLES)]


def run(*, n_rounds: int, n_requests: int, n_pages: int, folder: Path) -> dict[str, object]:
    """Measure both."""
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        mock_words = ["-m", "bench.mock_upstream", "--port", str(ports[0])]
        stack.enter_context(serving("mock", mock_words, port=ports[0], cpu=None, log=folder / "mock.log"))
        file = folder / "unisono.toml"
        file.write_text(config_text(port=ports[1], upstream_port=ports[0], store=folder / "record.db"))
        words = ["-m", "unisono.cli", "serve", "--config", str(file), "--quiet"]
        server = stack.enter_context(serving("unisono", words, port=ports[1], cpu=None, log=folder / "unisono.log"))
        load = stack.enter_context(child(["-m", "bench.load"], cpu=None, log=folder / "load.log", piped=True))
        base = f"http://127.0.0.1:{ports[1]}"
        order: dict[str, object] = {
            "model": "auto",
            "n_bytes": 1024,
            "stream": False,
            "n_connections": N_CONNECTIONS,
            "n_requests": n_requests,
        }
        fire(load, server, order, what="first round")  # connections, caches, and a record that holds something
        times = first_page_ms(base, n=n_pages)
        script = asked_by_a_page(base)
        rounds: dict[int, list[dict[str, float]]] = {0: [], N_CONSOLES: []}
        for round_ in range(n_rounds):
            for n in (0, N_CONSOLES) if round_ % 2 else (N_CONSOLES, 0):  # nobody: the same process, empty
                given = json.dumps({"port": ports[1], "script": script, "n": n})
                pretending = ["-m", "bench.console", "--consoles", given]
                with child(pretending, cpu=None, log=folder / "consoles.log", piped=True) as process:
                    assert process.stdout is not None
                    assert process.stdout.readline() == "asking\n", (folder / "consoles.log").read_text()
                    rounds[n].append(fire(load, server, order, what=f"{n} consoles"))
            print(f"round {round_ + 1} of {n_rounds} done", file=sys.stderr)
    return {
        "first_page_ms": {"median": round(median(times)), "most": round(max(times)), "n": len(times)},
        "asked_per_console_per_s": round(len(script) / WATCH_S, 2),
        "paths": sorted({path for _, path in script}),
        **compared(rounds[0], rounds[N_CONSOLES]),
        "n_requests": n_requests,
        "n_connections": N_CONNECTIONS,
        "n_consoles": N_CONSOLES,
    }


def compared(alone: Sequence[Mapping[str, float]], beside: Sequence[Mapping[str, float]]) -> dict[str, object]:
    """Return the medians of rounds without consoles and beside them, and the ratio of the 99th percentiles."""

    def medians(name: str, digits: int | None) -> dict[str, float]:
        return {
            "alone": round(median(r[name] for r in alone), digits),
            "beside": round(median(r[name] for r in beside), digits),
        }

    ratios = [two["p99_ms"] / one["p99_ms"] for one, two in zip(alone, beside, strict=True)]
    return {
        "p99_ms": medians("p99_ms", 2),
        "p50_ms": medians("p50_ms", 2),
        "cpu_us": medians("cpu_us", None),
        "p99_ratio": {
            "median": round(median(ratios), 3),
            "interval": [round(x, 3) for x in interval(ratios)],
            "rounds": [round(x, 3) for x in ratios],
        },
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--consoles", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.consoles:
        consoles(given.consoles)
        return
    size = (
        {"n_rounds": 3, "n_requests": 2000, "n_pages": 3}
        if given.quick
        else {"n_rounds": 9, "n_requests": 4000, "n_pages": 9}
    )
    with tempfile.TemporaryDirectory() as folder:
        result = run(**size, folder=Path(folder))
    print(json.dumps(result, indent=2))
    if not given.quick:
        RESULTS.write_text(json.dumps({**provenance(), **result}, indent=2) + "\n")
        print(f"written to {os.path.relpath(RESULTS, ROOT)}")


if __name__ == "__main__":
    main()
