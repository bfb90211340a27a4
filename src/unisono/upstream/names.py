"""Looks up the addresses of a host's name, in a thread of its own: one that hangs stands in no other's way.

It connects nowhere and keeps nothing: what a name means may change with the next look.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import cast

from aiohappyeyeballs import AddrInfoType

Found = Sequence[AddrInfoType]
Look = Callable[[str, int], Found]


def look_up(host: str, port: int) -> Found:
    """Ask the system, however long it takes.

    Raises:
        OSError: it knows no such name.
        ValueError: it is none.
    """
    return cast("Found", socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Name:
    """One host's name. Who asks while it is looked up waits for the same answer. It belongs to one event loop."""

    def __init__(self, host: str, port: int, *, look: Look = look_up) -> None:
        """Look nothing up yet."""
        self.host, self.port = host, port
        self._look = look
        self._looking: asyncio.Future[Found] | None = None

    async def addresses(self) -> Found:
        """Return what the name means now.

        Raises:
            OSError: there is no such name.
            ValueError: it cannot be one.
        """
        if _is_address(self.host):
            return look_up(self.host, self.port)
        if self._looking is None:
            self._looking = self._begin()
        return await asyncio.shield(self._looking)

    def _begin(self) -> asyncio.Future[Found]:
        """Look in a thread that ends with the process: loops share few threads among all names."""
        loop = asyncio.get_running_loop()
        looking: asyncio.Future[Found] = loop.create_future()

        def end(found: Found | None, exc: Exception | None) -> None:
            self._looking = None
            if exc is None and found is not None:
                looking.set_result(found)
            elif exc is not None:
                looking.set_exception(exc)
                looking.exception()  # perhaps nobody waits any more

        def work() -> None:
            found, failed = None, None
            try:
                found = self._look(self.host, self.port)
            except (OSError, ValueError) as exc:
                failed = exc
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(end, found, failed)

        Thread(target=work, name=f"look up {self.host}", daemon=True).start()
        return looking


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
