"""Child processes that a measurement starts, reads and ends: processor time, memory, cold start.

It reads Linux's own accounts (`/proc`, the per-process clock); elsewhere it refuses.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT

_PROCESS_CLOCK = 2
START_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server under measurement. `cold_s` ran from its start to its first answer."""

    name: str
    port: int
    pid: int
    cold_s: float

    def cpu_s(self) -> float:
        """Return the processor seconds of all its threads so far, in nanosecond steps."""
        return time.clock_gettime((~self.pid << 3) | _PROCESS_CLOCK)

    def rss_mb(self) -> float:
        """Return its resident memory."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"{self.name}: no VmRSS")


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(root: Path = ROOT) -> dict[str, str]:
    """Return an environment in which children import the checkout at `root` and use one thread each."""
    paths = [str(root / "src"), str(root), os.environ.get("PYTHONPATH", "")]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


@contextmanager
def child(
    words: Sequence[str], *, cpu: int | None, log: Path, piped: bool = False, root: Path = ROOT
) -> Iterator[subprocess.Popen[str]]:
    """Run a command (without a program of its own: `python <words>`) on one processor, until the block is left."""
    pipe = subprocess.PIPE if piped else None
    with log.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, *words] if words[0].startswith("-") else [*words],
            stdin=pipe,
            stdout=pipe if piped else err,
            stderr=err,
            env=environment(root),
            text=True,
            cwd=root,
        )
    try:
        if cpu is not None:
            os.sched_setaffinity(process.pid, {cpu})
        yield process
    finally:
        if piped and process.stdin is not None:
            process.stdin.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving(
    name: str,
    words: Sequence[str],
    *,
    port: int,
    cpu: int | None,
    log: Path,
    health: str = "/healthz",
    announce: Path | None = None,
    root: Path = ROOT,
) -> Iterator[Server]:
    """Run a server and wait until it is ready.

    Args:
        name: for messages.
        words: the command, or what follows `python`.
        port: where it serves.
        cpu: the processor it is held to.
        log: what it prints.
        health: what it answers with 200 when it is ready.
        announce: instead: the file into which it writes its port when it is ready.
        root: the checkout that it imports.
    """
    began_s = time.perf_counter()
    with child(words, cpu=cpu, log=log, root=root) as process:
        while not (_answers(port, health) if announce is None else announce.exists()):
            if process.poll() is not None or time.perf_counter() - began_s > START_LIMIT_S:
                raise RuntimeError(f"{name} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.005)
        cold_s = time.perf_counter() - began_s
        port = port if announce is None else int(announce.read_text())
        yield Server(name=name, port=port, pid=process.pid, cold_s=cold_s)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
