"""Chaos soak: 64 clients, upstreams that fail at random, workers killed with -9 again and again.

    python -m bench.soak --seconds 120             # the short form
    python -m bench.soak --seconds 600             # the nightly form: .ci/nightly
    python -m bench.soak --seconds 600 --workers 1 # without workers: the whole server is killed

It holds four promises, and exits with 1 when one is broken:

- every request ends with a whole answer or a clear error, unless the server was killed under it;
- every outcome that a client saw whole is in the record, unless there was a kill between its question and the flush
  interval after its answer;
- memory does not grow after warm-up;
- nor do open files.

The first half of the time has the kills, the second none, so that there is something to measure growth on. It measures
no speed, and holds on a busy machine: how late rows reach the record is looked at all the time, and a row that may have
been that late is not called lost. Several may run side by side.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp

from bench.machine import ROOT
from bench.processes import environment, free_port

N_CLIENTS = 64
KILL_EVERY_S = 10.0
FLUSH_S = 0.05
LATE_S = 1.0
"""How much later than `store.flush_s` a row may be in the record; more on a machine on which others were seen later."""
MAX_LATE_S = 5.0
"""No machine is so busy: a row that comes later counts as a broken promise by itself."""
LOOK_S = 0.1
THINK_S = 0.25
WARM_S = 10.0
"""How long a worker that has just come again may take until its memory stays."""
MAX_GROWTH_MB = 12.0
"""Of each worker, from the first third of the samples to the last. What is remembered of prompts, conversations and
words fills up over some 13,000 requests, more than there are after the last kill: 15 MB in all, then nothing more."""
MAX_MORE_FILES = 16
CLEAR = frozenset({200, 400, 429, 502, 503, 504})
_MODES = ("auto", "auto:fast", "auto:deep", "steady", "shaky", "broken")
_UPSTREAM_FAILS = {"steady": 5, "shaky": 30, "broken": 80}


@dataclass(slots=True)
class Seen:
    """What the clients saw, and when the server was down."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    settled: list[tuple[str, float, float]] = field(default_factory=list)
    """Decisions whose answers came whole: when each was asked for, and when its client had read it."""
    down: list[tuple[float, float]] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    latest_s: float = 0.0

    @property
    def margin_s(self) -> float:
        """How long before a kill an outcome must have been seen to be looked for."""
        return max(FLUSH_S + LATE_S, 2 * self.latest_s)

    def was_down(self, began_s: float, ended_s: float) -> bool:
        """Say whether the server was down at some moment of an interval."""
        return any(began_s <= until and ended_s >= since for since, until in self.down)


class House:
    """The server over one port and one record, with its workers."""

    def __init__(self, folder: Path, upstream_port: int, *, n_workers: int) -> None:
        self.n_workers = n_workers
        self.port = free_port()
        self.store = folder / "soak.db"
        self._log = folder / "log.txt"
        self._config = folder / "soak.toml"
        self._config.write_text(_config(self.port, upstream_port, self.store))
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start the server and wait until it answers."""
        words = ["-m", "unisono.cli", "serve", "--config", str(self._config), "--quiet"]
        words += ["--workers", str(self.n_workers)] if self.n_workers > 1 else []
        with self._log.open("a") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
                [sys.executable, *words], stdout=log, stderr=log, env=environment(), cwd=ROOT
            )
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                if self.process.poll() is not None:
                    raise RuntimeError(f"the server ended: {self._log.read_text()[-2000:]}")
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise RuntimeError("the server did not start within 30 s")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the server."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)

    def workers(self) -> list[int]:
        """Return the process ids of those who serve."""
        assert self.process is not None
        if self.n_workers == 1:
            return [self.process.pid]
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def size(self) -> tuple[float, int]:
        """Return resident megabytes and open files of all who serve."""
        folders = [Path(f"/proc/{pid}") for pid in self.workers()]
        rows = [row for folder in folders for row in (folder / "status").read_text().splitlines()]
        kilobytes = sum(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))
        return kilobytes / 1024, sum(len(os.listdir(folder / "fd")) for folder in folders)  # noqa: PTH208 - names only


def _config(port: int, upstream_port: int, store: Path) -> str:
    models = "".join(
        f"""
[[models]]
name = "{name}"
upstream = "openai"
base_url = "http://127.0.0.1:{upstream_port}/{share}/v1"
quality = {0.8 - place * 0.1:.1f}
usd_per_mtok_in = 1.0
usd_per_mtok_out = 2.0
"""
        for place, (name, share) in enumerate(_UPSTREAM_FAILS.items())
    )
    return f"""default = "steady"

[server]
port = {port}

[store]
path = "{store}"
flush_s = {FLUSH_S}

[timeouts]
first_content_s = 2
gap_s = 2
total_s = 8

[calls]
hedge = ["fast"]
max_in_flight = 24
max_wait_s = 3
{models}"""


async def client(house: House, seen: Seen, *, number: int, ends_s: float) -> None:
    """Ask until the time is over, one request after the other."""
    rng = Random(number)
    # A connection for each request: one that was kept may have died with its worker long before it is used again.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30), connector=connector) as session:
        while time.monotonic() < ends_s:
            began_s = time.monotonic()
            try:
                await _ask(session, house.port, seen, rng)
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                await asyncio.sleep(0.3)  # so that a kill has been noted
                if seen.was_down(began_s, time.monotonic()):
                    seen.answers["killed under it"] += 1
                else:
                    seen.wrong.append(f"no answer: {type(exc).__name__} {exc}")
            await asyncio.sleep(rng.expovariate(1.0 / THINK_S))


async def _ask(session: aiohttp.ClientSession, port: int, seen: Seen, rng: Random) -> None:
    stream = rng.random() < 0.5
    text = f"Question {rng.randrange(400)}: " + "compare the two and say which is cheaper. " * rng.choice((1, 1, 4, 40))
    body = {
        "model": rng.choice(_MODES),
        "stream": stream,
        "messages": [{"role": "user", "content": text}],
        "unisono": {"session": f"s-{rng.randrange(200)}"},
    }
    began_s = time.monotonic()
    async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body) as answer:
        if stream and answer.status == 200 and rng.random() < 0.05:
            await answer.content.readany()
            seen.answers["left by its caller"] += 1
            return
        raw = await answer.read()
        ended_s = time.monotonic()
        what = _judged(answer.status, raw, stream=stream and answer.status == 200)
        if what is None:
            seen.wrong.append(f"status {answer.status}, stream {stream}: {raw[-200:]!r}")
            return
        seen.answers[what] += 1
        if (decision := answer.headers.get("x-unisono-decision")) is not None:
            seen.settled.append((decision, began_s, ended_s))


def _judged(status: int, raw: bytes, *, stream: bool) -> str | None:
    """Name how a request ended; None where that is neither a whole answer nor a clear error."""
    if stream:
        events = [part.removeprefix(b"data: ") for part in raw.split(b"\n\n") if part.startswith(b"data: ")]
        if events and events[-1] == b"[DONE]":
            return "whole stream"
        last = _json(events[-1]) if events else None
        return "stream with an error event" if last is not None and _is_error(last) else None
    document = _json(raw)
    if document is None or status not in CLEAR:
        return None
    if status == 200:
        return "whole answer" if document.get("choices") else None
    return f"error {status}" if _is_error(document) else None


def _json(raw: bytes) -> dict[str, object] | None:
    try:
        document = json.loads(raw)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _is_error(document: dict[str, object]) -> bool:
    error = document.get("error")
    return isinstance(error, dict) and bool(error.get("code")) and bool(error.get("message"))


async def kill_again_and_again(house: House, seen: Seen, rng: Random, *, until_s: float) -> None:
    """Kill with -9 and let come again, until the time for that is over."""
    while time.monotonic() + KILL_EVERY_S < until_s:
        await asyncio.sleep(KILL_EVERY_S)
        since = time.monotonic()
        if house.n_workers > 1:  # the others go on, and the dead one comes again by itself
            alive = house.workers()
            if not alive:
                seen.wrong.append("no worker lives, and none comes again")
                continue
            seen.down.append((since, float("inf")))
            seen.killed.append(since)
            os.kill(victim := rng.choice(alive), signal.SIGKILL)
            while victim in house.workers():  # noqa: ASYNC110 - another process's state
                await asyncio.sleep(0.01)
            seen.down[-1] = (since, time.monotonic())
            continue
        seen.down.append((since, float("inf")))
        house.kill()
        seen.killed.append(since)
        await house.start()
        seen.down[-1] = (since, time.monotonic())


async def follow(house: House, seen: Seen, *, ends_s: float) -> None:
    """Look all the time how late outcomes reach the record after their clients saw them."""
    looked_for: dict[str, float] = {}
    place = 0
    with closing(sqlite3.connect(f"file:{house.store}?mode=ro", uri=True, check_same_thread=False)) as record:
        while time.monotonic() < ends_s:
            looked_for |= {decision: ended_s for decision, _, ended_s in seen.settled[place:]}
            place = len(seen.settled)
            marks = ", ".join("?" * len(looked_for))
            found = await asyncio.to_thread(
                lambda sql, names: record.execute(sql, names).fetchall(),
                f"SELECT decision FROM outcomes WHERE decision IN ({marks})",  # noqa: S608 - marks only
                list(looked_for),
            )
            now_s = time.monotonic()
            for (decision,) in found:
                seen.latest_s = max(seen.latest_s, now_s - looked_for.pop(decision))
            looked_for = {decision: at for decision, at in looked_for.items() if now_s - at < 2 * MAX_LATE_S}
            await asyncio.sleep(LOOK_S)


async def sizes(house: House, *, since_s: float, ends_s: float) -> list[tuple[float, int]]:
    """Return memory and open files, once a second from a moment on."""
    await asyncio.sleep(max(0.0, since_s - time.monotonic()))
    found = []
    while time.monotonic() < ends_s:
        found.append(house.size())
        await asyncio.sleep(1.0)
    return found


async def run(
    seconds: float, folder: Path, *, seed: int, n_workers: int
) -> tuple[Seen, list[tuple[float, int]], House]:
    """Let it all happen."""
    port = free_port()
    words = ["-m", "bench.faulty_upstream", "--port", str(port), "--seed", str(seed)]
    upstream = subprocess.Popen([sys.executable, *words], env=environment(), cwd=ROOT)  # noqa: ASYNC220
    house, seen = House(folder, port, n_workers=n_workers), Seen()
    try:
        await house.start()
        began_s = time.monotonic()
        half_s, ends_s = began_s + seconds / 2, began_s + seconds
        clients = [client(house, seen, number=seed * 1000 + n, ends_s=ends_s) for n in range(N_CLIENTS)]
        measured, *_ = await asyncio.gather(
            sizes(house, since_s=half_s + max(WARM_S, seconds / 8), ends_s=ends_s),
            kill_again_and_again(house, seen, Random(seed), until_s=half_s),
            follow(house, seen, ends_s=ends_s),
            *clients,
        )
        await asyncio.sleep(seen.margin_s)
        house.kill(signal.SIGTERM)
    finally:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            house.kill()
        upstream.kill()
        upstream.wait()
    return seen, measured, house


def lost(house: House, seen: Seen) -> list[str]:
    """Return the decisions whose outcome should be on disk and is not, and how long it had had.

    A client may read an answer after the kill of the worker that had sent it just before. So a kill counts for an
    outcome from when it was asked for, until the margin after it was read.
    """
    with closing(sqlite3.connect(house.store)) as record:
        kept = {row[0] for row in record.execute("SELECT decision FROM outcomes")}
        kept &= {row[0] for row in record.execute("SELECT id FROM decisions")}
    left_s = {
        decision: min((at - ended_s for at in seen.killed if at >= began_s), default=float("inf"))
        for decision, began_s, ended_s in seen.settled
        if decision not in kept
    }
    return [f"{decision}, seen {s:.2f} s before the next kill" for decision, s in left_s.items() if s >= seen.margin_s]


def grown(measured: Sequence[tuple[float, int]], *, n_workers: int) -> list[str]:
    """Return what grew from the first third of the samples to the last, by their medians' slope."""
    third = max(1, len(measured) // 3)
    first, last = measured[:third], measured[-third:]
    middle = [sorted(part)[len(part) // 2] for part in ([mb for mb, _ in first], [mb for mb, _ in last])]
    files = [max(n for _, n in part) for part in (first, last)]
    said = []
    if middle[1] - middle[0] > MAX_GROWTH_MB * n_workers:
        said.append(f"memory grew from {middle[0]:.1f} to {middle[1]:.1f} MB")
    if files[1] - files[0] > MAX_MORE_FILES:
        said.append(f"open files grew from {files[0]} to {files[1]}")
    return said


def main() -> None:
    """Soak, report, and exit with 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen, measured, house = asyncio.run(run(given.seconds, Path(folder), seed=given.seed, n_workers=given.workers))
        missing = lost(house, seen)
        log = (Path(folder) / "log.txt").read_text()
    broken = [*(f"wrong: {text}" for text in seen.wrong[:10]), *(f"lost: {decision}" for decision in missing[:10])]
    if seen.latest_s > MAX_LATE_S:
        broken.append(f"late: an outcome came into the record {seen.latest_s:.1f} s after its client had seen it")
    broken += grown(measured, n_workers=given.workers)
    for what, n in sorted(seen.answers.items()):
        print(f"{n:7d}  {what}")
    print(f"{len(seen.killed)} kills, {len(seen.settled)} outcomes looked for")
    print(f"the latest was in the record {seen.latest_s:.2f} s after its client had seen it")
    print(f"{len(missing)} lost, {len(seen.wrong)} neither whole nor a clear error")
    print(f"memory {measured[0][0]:.0f} to {measured[-1][0]:.0f} MB, open files {measured[0][1]} to {measured[-1][1]}")
    if broken:
        print("\n".join(broken))
        print(f"the end of the server's log:\n{log[-6000:]}")
        sys.exit(1)


if __name__ == "__main__":
    main()
