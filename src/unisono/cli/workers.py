"""`unisono serve --workers N`: one listening socket, N processes over the same record, each restarted when it dies.

It serves nothing itself. What workers share, and how fast, stands in docs/explanation/workers.md.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from unisono.errors import StartError

if TYPE_CHECKING:
    from socket import socket

    from unisono.config import Config

LOOK_S = 0.2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 8.0
"""A worker that has lived so long starts at once when it dies; one that dies sooner waits twice as long each time."""
END_S = 10.0
"""More than a worker takes for its record once its requests in flight have ended; then it is killed."""

log = logging.getLogger("unisono")


class Comeback:
    """When a worker that has died starts again: one that cannot live must not take the processor from the others."""

    def __init__(self) -> None:
        """Begin without a death."""
        self._died_s = self._pause_s = self._next_s = 0.0

    def died(self, *, lived_s: float, now_s: float) -> None:
        """Take in a death."""
        self._died_s = now_s
        self._pause_s = 0.0 if lived_s >= STEADY_S else self._next_s
        self._next_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)

    def is_due(self, *, now_s: float, others_live: bool) -> bool:
        """Say whether it is to start now. Where no other lives the pause is short, however often this one has died."""
        pause_s = self._pause_s if others_live else min(self._pause_s, FIRST_PAUSE_S)
        return now_s >= self._died_s + pause_s


class _Worker:
    """One process, and when it may start again."""

    def __init__(self, number: int, words: list[str], fd: int) -> None:
        self.number = number
        self._words = words
        self._fd = fd
        self._process: subprocess.Popen[str] | None = None
        self._started_s = 0.0
        self._comeback = Comeback()

    def start(self) -> None:
        """Start the process. It ends by itself when this one is gone: its standard input ends then."""
        self._started_s = time.monotonic()
        words = [*self._words, "--fd", str(self._fd), "--worker", str(self.number)]
        self._process = subprocess.Popen(  # noqa: S603  (our own command)
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=(self._fd,)
        )

    def ready(self) -> str:
        """Wait for its line; an empty one means that it ended."""
        process = self._process
        return "" if process is None or process.stdout is None else process.stdout.readline().strip()

    @property
    def lives(self) -> bool:
        """Does the process run?"""
        return self._process is not None and self._process.poll() is None

    def keep_alive(self, *, others_live: bool) -> None:
        """Start it again when it has died and its pause is over.

        Args:
            others_live: does another worker live? Where none does, nobody waits for long.
        """
        if self.lives:
            return
        now_s = time.monotonic()
        if self._process is not None:
            self._comeback.died(lived_s=now_s - self._started_s, now_s=now_s)
            log.error("worker=%d ended code=%s; it starts again", self.number, self._process.returncode)
            self._close()
        if self._comeback.is_due(now_s=now_s, others_live=others_live):
            self.start()

    def send(self, number: int) -> None:
        """Send a signal, if it lives."""
        if self._process is not None and self.lives:
            self._process.send_signal(number)

    def end(self, *, until_s: float) -> None:
        """Wait for its end, and kill it when that takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(max(until_s - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            log.error("worker=%d does not end; killed", self.number)
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process = None


def run_workers(
    config: Config, file: Path, *, n: int, listening: socket, quiet: bool, ready: Callable[[str], None]
) -> None:
    """Serve with `n` processes until SIGINT or SIGTERM; SIGHUP is handed on.

    Args:
        config: what to serve.
        file: where it came from; each worker reads it itself.
        n: how many.
        listening: the socket that all accept from.
        quiet: log warnings only.
        ready: called once with the base address, when every worker serves.

    Raises:
        StartError: this configuration cannot be served by several processes, or the first worker cannot start.
    """
    refuse_what_cannot_be_shared(config, n=n)
    os.set_inheritable(listening.fileno(), True)
    words = [sys.executable, "-m", "unisono.cli", "serve", "--config", str(file), *(["--quiet"] if quiet else [])]
    workers = [_Worker(number, words, listening.fileno()) for number in range(n)]
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: asked.append(got))
    try:
        workers[0].start()  # alone: it makes or upgrades the record, and says what is wrong
        address = workers[0].ready()
        if not address:
            raise StartError("The first worker could not start; the line above says why.")
        for worker in workers[1:]:
            worker.start()
        for worker in workers[1:]:
            worker.ready()
        ready(address)
        _watch(workers, asked)
    finally:
        for worker in workers:
            worker.send(signal.SIGTERM)
        listening.close()  # else whoever comes now would wait for the last answer's end, and for nothing
        until_s = time.monotonic() + config.server.grace_s + END_S
        for worker in workers:
            worker.end(until_s=until_s)


def refuse_what_cannot_be_shared(config: Config, *, n: int) -> None:
    """Refuse models that would run once in each process.

    Raises:
        StartError: the message says what to do.
    """
    local = [model.name for model in config.models if model.upstream == "local"]
    if local and n > 1:
        raise StartError(
            f"{', '.join(local)} would be loaded by each of {n} workers: serve local models with one worker, or start"
            " `llama-server` yourself and name it as an `openai` upstream."
        )


def _watch(workers: list[_Worker], asked: list[int]) -> None:
    while True:
        while asked:
            number = asked.pop(0)
            if number != signal.SIGHUP:
                return
            for worker in workers:
                worker.send(number)
        for worker in workers:
            worker.keep_alive(others_live=any(other.lives for other in workers if other is not worker))
        time.sleep(LOOK_S)
