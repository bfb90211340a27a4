"""How fast a rollback is at every worker, under load, and whether a request fails: `python -m bench.rollback`.

Starts `unisono serve --workers 2` over scripted models, asks without pause from some connections, and again and again
puts a policy in force and takes it back. From the record: how long after the rollback's own stamp each worker still
decided by the policy that had gone. Writes `bench/results/rollback.json`. It measures no speed of answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bench.machine import ROOT, provenance
from bench.processes import environment, free_port
from unisono.record.policies import Policies, made
from unisono.record.reader import Reader
from unisono.record.rows import to_us

N_CLIENTS = 8
N_WORKERS = 2
WAIT_S = 20.0
AFTER_S = 1.0
CONFIG = """
default = "small"
[store]
path = "record.db"
[[models]]
name = "small"
upstream = "scripted"
upstream_model = "llama-3.1-8b"
usd_per_mtok_in = 0.1
usd_per_mtok_out = 0.2
[[models]]
name = "big"
upstream = "scripted"
upstream_model = "gpt-4o"
role = "deep"
usd_per_mtok_in = 2.5
usd_per_mtok_out = 10.0
"""


async def ask(port: int, statuses: Counter[int], stop: asyncio.Event, *, client: int) -> None:
    """Ask one question after the other until told to stop."""
    url, n = f"http://127.0.0.1:{port}/v1/chat/completions", 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        while not stop.is_set():
            n += 1
            question = f"Prove that the square root of {n % 97} is irrational."
            body = {"model": "auto", "messages": [{"role": "user", "content": question}], "user": f"u{client}-{n}"}
            async with session.post(url, json=body) as answer:
                await answer.read()
                statuses[answer.status] += 1


async def until(reader: Reader, policy: str, since: datetime) -> None:
    """Wait until every worker has decided by a policy since a moment."""
    end_s = time.monotonic() + WAIT_S
    sql = "SELECT count(DISTINCT run) FROM decisions WHERE policy = ? AND at > ?"
    while reader.rows(sql, (policy, to_us(since)))[0][0] != N_WORKERS:
        if time.monotonic() > end_s:
            raise RuntimeError(f"not every worker decides by {policy}")
        await asyncio.sleep(0.05)


async def rounds(folder: Path, n: int) -> list[float]:
    """Return for each rollback and worker the seconds in which it still decided by the policy that had gone."""
    lags = []
    with closing(Policies(folder / "record.db")) as policies, closing(Reader(folder / "record.db")) as reader:
        other = made(settings={"dial": 0.0}, name="cheaper", parent="config", artifact=None, scores=None)
        await until(reader, "config", datetime.now(UTC))
        policies.create(other, by="bench", now=datetime.now(UTC))
        for _ in range(n):
            now = datetime.now(UTC)
            policies.promote(other, live=policies.known().state().live, verdict=None, why="", by="bench", now=now)
            await until(reader, other.id, datetime.now(UTC))
            event = policies.roll_back(why="", by="bench", now=datetime.now(UTC))
            await asyncio.sleep(AFTER_S)
            await until(reader, "config", datetime.now(UTC))
            sql = "SELECT run, max(at) FROM decisions WHERE policy = ? AND at > ? GROUP BY run"
            late = {str(run): int(at or 0) for run, at in reader.rows(sql, (other.id, to_us(event.at)))}
            lags += [(at - to_us(event.at)) / 1e6 for at in late.values()] + [0.0] * (N_WORKERS - len(late))
    return lags


async def measure(folder: Path, port: int, n: int) -> dict[str, object]:
    """Return what happened under load."""
    statuses: Counter[int] = Counter()
    stop = asyncio.Event()
    clients = [asyncio.create_task(ask(port, statuses, stop, client=k)) for k in range(N_CLIENTS)]
    began_s = time.monotonic()
    lags = await rounds(folder, n)
    stop.set()
    await asyncio.gather(*clients)
    return {
        "n_rollbacks": n,
        "n_workers": N_WORKERS,
        "n_requests": statuses.total(),
        "n_failed": statuses.total() - statuses[200],
        "requests_per_s": round(statuses.total() / (time.monotonic() - began_s), 1),
        "lag_s": {"median": round(statistics.median(lags), 3), "max": round(max(lags), 3)},
    }


def main() -> None:
    """Start, measure, end, write; exit code 1 when a request failed or a rollback took a second."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    n = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), free_port()
        (folder / "unisono.toml").write_text(CONFIG)
        words = ["serve", "--config", "unisono.toml", "--port", str(port), "--workers", str(N_WORKERS), "--quiet"]
        server = subprocess.Popen(
            [sys.executable, "-m", "unisono.cli", *words], cwd=folder, env=environment(), stdout=subprocess.PIPE
        )
        try:
            assert server.stdout is not None
            server.stdout.readline()
            found = asyncio.run(measure(folder, port, n))
        finally:
            server.terminate()
            server.wait(30)
    print(json.dumps(found, indent=1))
    (ROOT / "bench" / "results" / "rollback.json").write_text(json.dumps({**provenance(), **found}, indent=1) + "\n")
    lag = found["lag_s"]
    assert isinstance(lag, dict)
    sys.exit(int(found["n_failed"] != 0 or lag["max"] >= 1.0))


if __name__ == "__main__":
    main()
