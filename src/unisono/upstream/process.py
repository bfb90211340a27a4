"""Keeps one model server running as a child process: start, health, restart with growing pauses, stop, no orphan.

It does not send requests to it (`local.py` does) and does not know what a model is (`gguf.py` does).

The child leads a process group of its own, so that Ctrl-C in a terminal reaches us and not it: we end it in order.
If we are killed outright, the kernel ends it (Linux; elsewhere a `kill -9` of the parent leaves it running).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from unisono.errors import StartError, UpstreamTimeout, UpstreamUnreachable

State = Literal["new", "starting", "ready", "waiting", "stopped"]
HOST = "127.0.0.1"
_TAIL_LINES = 30
_LINE_CHARS = 400
_READ_BYTES = 4096
_PROBE_S = 2.0
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a child shall listen, and the file from which it reads the key that callers must show."""

    port: int
    key_file: str


Command = Callable[[Endpoint], Sequence[str]]
"""Builds the command line for an endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that govern a child's life.

    Attributes:
        poll_s: between two looks at a starting child's health.
        start_limit_s: a child that is not ready by then is ended and started again.
        stop_grace_s: from SIGTERM to SIGKILL.
        first_pause_s: before the first restart; each failure in a row doubles it.
        longest_pause_s: the pause grows no further.
        steady_s: a child that lived this long after it was ready starts the count of failures anew.
    """

    poll_s: float = 0.05
    start_limit_s: float = 300.0
    stop_grace_s: float = 3.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    steady_s: float = 60.0

    def pause_s(self, n_failures: int) -> float:
        """Return the wait before the next start, after this many failures in a row (at least one)."""
        doublings = min(n_failures - 1, 32)
        return min(self.longest_pause_s, self.first_pause_s * 2.0**doublings)


class LlamaServer:
    """One child process with an HTTP address and a health page, for as long as `start` to `stop`."""

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start nothing yet.

        Args:
            name: the model's name, for messages.
            command: builds the command line.
            pace: the seconds of its life.
            clock: monotonic seconds.
        """
        self.name = name
        self.key = secrets.token_urlsafe(24)
        self.n_restarts = 0
        self._command = command
        self._pace = pace or Pace()
        self._clock = clock
        self._state: State = "new"
        self._changed = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._port: int | None = None
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._failure = ""
        self._n_failures = 0
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """Where the child stands; `waiting` is the pause before a restart."""
        return self._state

    @property
    def url(self) -> str:
        """The child's address. A restart may change it."""
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The running child's process id."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines that the child wrote to its error stream; bounded."""
        return tuple(self._tail)

    async def start(self) -> None:
        """Start the child and its supervision; returns once the process runs, before it is ready.

        Raises:
            StartError: the program cannot be run.
        """
        if self._supervisor is not None:
            raise StartError(f"{self.name}: its server was started twice. Stop it first.")
        try:
            await self._spawn()
        except asyncio.CancelledError:
            await self._end()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name=f"server of {self.name}")

    async def ready(self, limit_s: float) -> str:
        """Wait until the child answers; return its address.

        Raises:
            UpstreamUnreachable: it is down; a restart comes.
            UpstreamTimeout: it is still loading after `limit_s`.
        """
        try:
            async with asyncio.timeout(limit_s):
                while self._state == "starting":
                    await self._changed.wait()
        except TimeoutError as exc:
            raise UpstreamTimeout(f"{self.name}: its server is still loading after {limit_s:g} s.") from exc
        if self._state != "ready":
            raise UpstreamUnreachable(f"{self.name}: {self._failure or 'its server does not run'}.")
        return self.url

    async def stop(self) -> None:
        """End the child and wait until it is gone. After a stop that was cancelled, another one finishes it."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            self._enter("stopped")
            await self._end()
            return
        supervisor.cancel()
        try:
            await asyncio.wait([supervisor])
        finally:
            self._enter("stopped")
            if not supervisor.done():  # this wait was interrupted: nothing may stay behind
                self._signal(signal.SIGKILL)
        await self._end()  # a supervisor that was stopped before its first step ended nothing
        if not supervisor.cancelled() and (error := supervisor.exception()):
            raise error

    # ------------------------------------------------------------------------------------ supervision

    async def _supervise(self) -> None:
        while True:
            process = self._process
            if process is None:
                return
            try:
                why = await self._live(process)
            finally:
                await self._end()
            self._failure = self._told(why, process.returncode)
            await self._pause()
            await self._respawn()

    async def _live(self, process: asyncio.subprocess.Process) -> str:
        """See one child through its life; return how it ended."""
        if not await self._became_ready(process):
            died = process.returncode is not None
            return "before it was ready" if died else f"was not ready after {self._pace.start_limit_s:g} s"
        since_s = self._clock()
        self._failure = ""
        self._enter("ready")
        await process.wait()
        if self._clock() - since_s >= self._pace.steady_s:
            self._n_failures = 0
        return "while it was serving"

    async def _became_ready(self, process: asyncio.subprocess.Process) -> bool:
        until_s = self._clock() + self._pace.start_limit_s
        while process.returncode is None and self._clock() < until_s:
            if self._port is not None and await _healthy(self._port):
                return process.returncode is None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.poll_s):
                    await process.wait()
        return False

    async def _pause(self) -> None:
        self._n_failures += 1
        pause_s = self._pace.pause_s(self._n_failures)
        self._failure += f"; it is started again in {pause_s:g} s"
        _log.warning("model=%s event=child_down text=%r", self.name, self._failure)
        self._enter("waiting")
        await asyncio.sleep(pause_s)

    async def _respawn(self) -> None:
        while True:
            try:
                await self._spawn()
            except StartError as exc:
                self._failure = str(exc).rstrip(".")
                await self._pause()
            else:
                self.n_restarts += 1
                return

    async def _spawn(self) -> None:
        # A new port each time: another program may have taken the old one.
        port = _free_port()
        # The key goes through a pipe: neither the process list nor the disk shows it.
        read_fd, write_fd = os.pipe()
        with open(write_fd, "wb") as pipe:  # noqa: PTH123, ASYNC230 - a descriptor; a pipe takes this much at once
            pipe.write(self.key.encode() + b"\n")
        command = self._command(Endpoint(port=port, key_file=f"/dev/fd/{read_fd}"))
        try:
            process = await self._create(command, read_fd)
        except (OSError, ValueError) as exc:
            raise StartError(f"{self.name}: the server {command[0]} cannot be run: {exc}. Mend `server`.") from exc
        finally:
            os.close(read_fd)
        self._port = port
        self._tail.clear()
        self._adopt(process)
        self._enter("starting")
        _log.info("model=%s event=child_started pid=%d port=%d", self.name, process.pid, port)

    async def _create(self, command: Sequence[str], read_fd: int) -> asyncio.subprocess.Process:
        creating = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(read_fd,),
                start_new_session=True,
                preexec_fn=_tie_to_parent(),
            )
        )
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            # A half-made process would be an orphan: let it be made, so that `_end` can end it.
            with contextlib.suppress(OSError, ValueError):
                self._adopt(await creating)
            raise

    def _adopt(self, process: asyncio.subprocess.Process) -> None:
        """From here on `_end` ends it. Its error stream is read to the end, or the pipe would outlive it."""
        self._process = process
        self._reader = asyncio.create_task(self._collect(process), name=f"error stream of {self.name}")

    async def _end(self) -> None:
        """SIGTERM, SIGKILL after the grace, always reaped. Safe to cancel: then SIGKILL at once."""
        process, reader = self._process, self._reader
        if process is None:
            return
        try:
            if process.returncode is None:
                self._signal(signal.SIGTERM)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.stop_grace_s):
                        await process.wait()
        finally:
            # Also when the leader has ended: what it started may live on in its group.
            self._signal(signal.SIGKILL)
        await process.wait()
        if reader is not None:
            await reader
        self._process = self._reader = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last lines of the error stream; without a reader, the pipe would fill and stall the child."""
        stream = process.stderr
        rest = ""
        while stream is not None and (data := await stream.read(_READ_BYTES)):
            *lines, rest = (rest + data.decode(errors="replace")).split("\n")
            rest = rest[:_LINE_CHARS]
            self._tail.extend(line[:_LINE_CHARS] for line in lines if line.strip())
        if rest.strip():
            self._tail.append(rest)

    def _told(self, why: str, code: int | None) -> str:
        if why.startswith("was not"):
            ending = f"its server {why}"
        elif code is not None and code < 0:
            ending = f"its server was ended by signal {signal.Signals(-code).name} {why}"
        else:
            ending = f"its server ended with code {code} {why}"
        return f"{ending}; it last said: {self._tail[-1]!r}" if self._tail else ending

    def _enter(self, state: State) -> None:
        self._state = state
        self._changed.set()
        self._changed = asyncio.Event()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def _healthy(port: int) -> bool:
    """Ask the health page once. A dozen bytes over a socket need no HTTP client."""
    try:
        async with asyncio.timeout(_PROBE_S):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]


def _tie_to_parent() -> Callable[[], None] | None:
    """Return what the child does before it becomes the server: ask the kernel to end it together with us."""
    if sys.platform != "linux":
        return None
    # Everything is looked up here: after the fork, as little as possible may run.
    prctl = ctypes.CDLL(None).prctl
    number = int(signal.SIGKILL)
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # we died before the request was made
            os._exit(1)

    return tie
