"""Kept connections to one address: the freshest idle one is taken, a new one is made when there is none.

It opens connections (names, TCP, TLS) and closes idle ones. It sends nothing and knows no limit of a call.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass

import aiohappyeyeballs

from unisono.upstream.wire import Wire

KEEP_S = 55.0
"""An idle connection is closed after so long: common servers close theirs after 60 s or later."""
LINGER_S = 1.0
"""How long the few bytes behind a protocol's own end may take to come, so that the connection can serve again."""
MAX_LINGER_BYTES = 64 * 1024
_NEXT_ADDRESS_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an upstream listens."""

    host: str
    port: int
    tls: bool


class Pool:
    """The connections to one address. It belongs to one event loop."""

    def __init__(self, address: Address) -> None:
        """Open nothing yet."""
        self.address = address
        self._tls: ssl.SSLContext | None = None
        self._idle: list[Wire] = []
        self._sweeping: asyncio.TimerHandle | None = None
        self._lingering: dict[Wire, asyncio.TimerHandle] = {}
        self._closed = False

    async def start(self) -> None:
        """Read the certificates that are trusted, which takes some milliseconds, beside the event loop."""
        if self.address.tls:
            self._tls = await asyncio.to_thread(ssl.create_default_context)

    def kept(self) -> Wire | None:
        """Return an idle connection, or None. Whether its server has just closed it, only a write can tell."""
        while self._idle:
            wire = self._idle.pop()
            wire.on_idle_end = None
            if not wire.closed:
                return wire
        return None

    async def connect(self) -> Wire:
        """Return a new connection; addresses of a name are tried side by side, each with a short head start.

        Raises:
            OSError: no address answers, or TLS fails (`ssl.SSLError`).
        """
        loop = asyncio.get_running_loop()
        host, port = self.address.host, self.address.port
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        connected = await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=loop)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _, wire = await loop.create_connection(
                Wire, sock=connected, ssl=self._tls, server_hostname=host if self._tls is not None else None
            )
        except BaseException:
            connected.close()
            raise
        return wire

    def give_back(self, wire: Wire) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        if self._closed or not wire.reusable():
            wire.close()
            return
        loop = asyncio.get_running_loop()
        wire.idle_since_s = loop.time()
        wire.on_idle_end = self._forget
        self._idle.append(wire)
        if self._sweeping is None:
            self._sweeping = loop.call_later(KEEP_S, self._sweep)

    def linger(self, wire: Wire) -> None:
        """Wait a moment, at nobody's cost, for the end of an answer whose reader has all that it wants."""
        if self._closed or wire.closed or wire.error is not None:
            wire.close()
        elif wire.complete:
            self.give_back(wire)
        else:
            loop = asyncio.get_running_loop()
            task = loop.create_task(_until_complete(wire))
            self._lingering[wire] = loop.call_later(LINGER_S, task.cancel)
            task.add_done_callback(lambda _: self._lingered(wire))

    def close(self) -> None:
        """Close what is idle; connections in use are closed when they are given back."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for wire in (*self._idle, *self._lingering):
            wire.on_idle_end = None
            wire.close()
        self._idle.clear()

    def _lingered(self, wire: Wire) -> None:
        self._lingering.pop(wire).cancel()
        self.give_back(wire)

    def _forget(self, wire: Wire) -> None:
        """Drop an idle connection that its server has closed."""
        if wire in self._idle:
            self._idle.remove(wire)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeping = None
        old = [wire for wire in self._idle if loop.time() - wire.idle_since_s >= KEEP_S]
        for wire in old:
            wire.close()
        self._idle = [wire for wire in self._idle if wire not in old]
        if self._idle:
            self._sweeping = loop.call_later(KEEP_S / 4, self._sweep)


async def _until_complete(wire: Wire) -> None:
    left_bytes = MAX_LINGER_BYTES
    while not wire.complete and wire.error is None and left_bytes > 0:
        left_bytes -= len(wire.take())
        await wire.more()
