"""What leaves on many connections in one turn of the event loop, sent at its end: each send by itself wakes its reader.

Who reads on the other side of a busy server sleeps between two sends, and to wake it costs more than the send. Sent
together, the first wakes it and the others find it awake.
"""

from __future__ import annotations

import asyncio
from typing import Protocol
from weakref import WeakKeyDictionary, ref

MOST = 16
"""So many wait for each other at most: a long turn does not hold back what was ready at its beginning."""


class Sends(Protocol):
    """What is asked of a transport."""

    def write(self, data: bytes, /) -> None:
        """Send some bytes."""

    def writelines(self, parts: tuple[bytes, ...], /) -> None:
        """Send some bytes after each other."""

    def is_closing(self) -> bool:
        """Say whether nothing can be sent any more."""


class Outbox:
    """What waits to leave in one event loop. The first of a turn leaves at once: mostly it is the only one."""

    __slots__ = ("_joins", "_loop", "_now_s", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, joins: bool = False) -> None:
        """Hold nothing.

        Args:
            loop: whose turns are meant. Asking Python which one runs takes a system call.
            joins: send the parts as one. In `writelines` asyncio's own transports of Python 3.12.0 to 3.12.8 and 3.13.0
                and 3.13.1 tell nobody that a reader is slow, and fill the memory (CVE-2024-12254).
        """
        self._joins = joins
        self._loop = ref(loop)  # which the outbox of a loop does not keep alive
        self._now_s = -1.0
        self._waiting: list[tuple[Sends, tuple[bytes, ...]]] = []

    def put(self, transport: Sends, *parts: bytes) -> None:
        """Send bytes by the end of this turn, after all that was put before; what is closed by then gets nothing."""
        waiting = self._waiting
        if not waiting:
            loop = self._loop()
            assert loop is not None  # noqa: S101 - it runs
            now_s = loop.time()
            if now_s != self._now_s:  # uvloop's clock counts milliseconds; asyncio's never stands still
                self._now_s = now_s
                if self._joins:
                    transport.write(b"".join(parts))
                else:
                    transport.writelines(parts)
                return
            loop.call_soon(self.send)
        waiting.append((transport, parts))
        if len(waiting) >= MOST:
            self.send()

    def send(self) -> None:
        """Send all that waits: for who closes a connection, or writes to it directly."""
        waiting, self._waiting = self._waiting, []
        for transport, parts in waiting:
            if transport.is_closing():
                continue
            if self._joins:
                transport.write(b"".join(parts))
            else:
                transport.writelines(parts)


_OUTBOXES: WeakKeyDictionary[asyncio.AbstractEventLoop, Outbox] = WeakKeyDictionary()


def outbox() -> Outbox:
    """Return the one outbox of the event loop that runs."""
    loop = asyncio.get_running_loop()
    found = _OUTBOXES.get(loop)
    if found is None:
        found = _OUTBOXES[loop] = Outbox(loop, joins=isinstance(loop, asyncio.BaseEventLoop))  # uvloop's is none
    return found
