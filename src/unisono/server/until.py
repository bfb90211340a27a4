"""uvicorn's server until a signal ends it.

How it speaks HTTP, `listen.py` says; what it serves, `app.py`.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import socket
from types import FrameType

import uvicorn

DATE_S = 1.0
"""How often the date in the answers' heads is renewed."""


class Server(uvicorn.Server):
    """Serves until SIGINT, SIGTERM or `end`; then requests in flight have their grace."""

    def __init__(self, settings: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        """Serve as `settings` say; `ready` is called once, when requests are accepted."""
        super().__init__(settings)
        self._ready = ready
        self._ending = asyncio.Event()

    async def main_loop(self) -> None:
        """Bring the date up to date each second; uvicorn's own loop looks ten times as often for an end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), DATE_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second SIGINT waits for nobody."""
        super().handle_exit(sig, frame)
        self._ending.set()

    def end(self) -> None:
        """Begin to end."""
        self.should_exit = True
        self._ending.set()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Accept requests, and say so."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on a signal, but do not raise it again as uvicorn does: the record must still be closed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
        yield
