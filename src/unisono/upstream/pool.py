"""Kept connections to one address: the freshest idle one is taken, a new one is made when there is none.

It opens connections (names, TCP, a proxy's tunnel, TLS) and closes idle ones. It sends no request and knows no limit
of a call.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass

import aiohappyeyeballs

from unisono.config.outward import is_direct
from unisono.config.tls import context_of
from unisono.outbox import outbox
from unisono.types import Proxy, Tls
from unisono.upstream.names import Look, Name, look_up
from unisono.upstream.wire import Wire

KEEP_S = 55.0
"""An idle connection is closed after so long: common servers close theirs after 60 s or later."""
LINGER_S = 1.0
"""How long the few bytes behind a protocol's own end may take to come, so that the connection can serve again."""
MAX_LINGER_BYTES = 64 * 1024
_NEXT_ADDRESS_S = 0.25
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_MAX_TUNNEL_BYTES = 16 * 1024
"""The head of a proxy's answer."""


class NoProxy(OSError):
    """The proxy on the way out cannot be reached, or does not let a connection through; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an upstream listens."""

    host: str
    port: int
    tls: bool


class Pool:
    """The connections to one address. It belongs to one event loop.

    Attributes:
        address: where to.
        files: what TLS is made with there.
        loop: that one; asking for it at each step would be a system call each time.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(
        self, address: Address, *, proxy: Proxy | None = None, tls: Tls | None = None, look: Look = look_up
    ) -> None:
        """Open nothing yet; `proxy` is asked for connections with TLS to hosts that it does not except."""
        self.address = address
        self.files = tls
        self._proxy = proxy if proxy is not None and address.tls and not is_direct(address.host, proxy) else None
        reached = address if self._proxy is None else self._proxy
        self._name = Name(reached.host, reached.port, look=look)
        self._tls: ssl.SSLContext | None = None
        self._idle: list[Wire] = []
        self._sweeping: asyncio.TimerHandle | None = None
        self._lingering: dict[Wire, asyncio.TimerHandle] = {}
        self._closed = False

    async def start(self) -> None:
        """Read the certificates, which takes some milliseconds, beside the event loop.

        Raises:
            OSError: a file of certificates cannot be read, or (`ssl.SSLError`) holds none.
        """
        self.loop, self._outbox = asyncio.get_running_loop(), outbox()
        if self.address.tls:
            self._tls = await asyncio.to_thread(context_of, self.files)

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
            OSError: no address answers, TLS fails (`ssl.SSLError`), or the proxy refuses (`NoProxy`).
        """
        host, proxy = self.address.host, self._proxy
        connected = await (_reached(self._name) if proxy is None else _proxy_reached(self._name))
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if proxy is not None:
                await _open_tunnel(connected, self.address, proxy)
            _, wire = await self.loop.create_connection(
                Wire, sock=connected, ssl=self._tls, server_hostname=host if self._tls is not None else None
            )
        except BaseException:
            connected.close()
            raise
        wire.outbox = self._outbox
        return wire

    def give_back(self, wire: Wire) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        if self._closed or not wire.reusable():
            wire.close()
            return
        wire.idle_since_s = self.loop.time()
        wire.on_idle_end = self._forget
        self._idle.append(wire)
        if self._sweeping is None:
            self._sweeping = self.loop.call_later(KEEP_S, self._sweep)

    def linger(self, wire: Wire) -> None:
        """Wait a moment, at nobody's cost, for the end of an answer whose reader has all that it wants."""
        if self._closed or wire.closed or wire.error is not None:
            wire.close()
        elif wire.complete:
            self.give_back(wire)
        else:
            task = self.loop.create_task(_until_complete(wire))
            self._lingering[wire] = self.loop.call_later(LINGER_S, task.cancel)
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
        self._sweeping = None
        old = [wire for wire in self._idle if self.loop.time() - wire.idle_since_s >= KEEP_S]
        for wire in old:
            wire.close()
        self._idle = [wire for wire in self._idle if wire not in old]
        if self._idle:
            self._sweeping = self.loop.call_later(KEEP_S / 4, self._sweep)


async def _reached(name: Name) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await name.addresses()
    return await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=loop)


async def _proxy_reached(name: Name) -> socket.socket:
    try:
        return await _reached(name)
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno and exc.errno > 0 else exc.strerror or type(exc).__name__
        raise NoProxy(f"the proxy {name.host}:{name.port} (HTTPS_PROXY) cannot be reached ({why}).") from exc


def login(proxy: Proxy) -> dict[str, str]:
    """Return the header by which a proxy that asks for it knows us."""
    if proxy.login is None:
        return {}
    return {"Proxy-Authorization": f"Basic {b64encode(proxy.login.reveal().encode()).decode()}"}


async def _open_tunnel(connected: socket.socket, address: Address, proxy: Proxy) -> None:
    """Have the proxy connect to an address: what is sent and read behind its answer is the address's own."""
    loop = asyncio.get_running_loop()
    host = f"[{address.host}]" if ":" in address.host else address.host
    lines = [f"CONNECT {host}:{address.port} HTTP/1.1", f"Host: {host}:{address.port}"]
    lines += [f"{name}: {value}" for name, value in login(proxy).items()]
    await loop.sock_sendall(connected, "\r\n".join([*lines, "", ""]).encode("latin-1"))
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MAX_TUNNEL_BYTES:
        part = await loop.sock_recv(connected, 4096)
        if not part:
            break
        head += part
    status = _STATUS.match(head)
    if status is not None and status[1].startswith(b"2"):
        return
    if status is None:
        what = "does not answer as an HTTP proxy does"
    elif status[1] == b"407":
        what = "asks for a user and a password, which its address may hold"
    else:
        what = f"refuses with {status[1].decode()}"
    where = f"{proxy.host}:{proxy.port}"
    raise NoProxy(f"the proxy {where} (HTTPS_PROXY) {what}; NO_PROXY names hosts that are called directly.")


async def _until_complete(wire: Wire) -> None:
    left_bytes = MAX_LINGER_BYTES
    while not wire.complete and wire.error is None and left_bytes > 0:
        left_bytes -= len(wire.take())
        await wire.more()
