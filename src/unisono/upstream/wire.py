"""One connection to an upstream that speaks HTTP/1.1: a request goes out, the parts of its answer come in.

llhttp (by httptools) reads the protocol; this file keeps what it says, bounds it, and tells whether the connection can
serve again. It knows no limit in seconds, no dialect and no address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httptools

from unisono.outbox import Outbox

MAX_HEAD_BYTES = 64 * 1024
"""Status line and headers, trailers and the frames of chunks: what is held beside the body."""
_PAUSE_ABOVE_BYTES = 256 * 1024
"""While a reader is slower than the wire, no more than about this is taken from it."""


class Broken(Exception):
    """The connection or what came over it is of no use. `how` says when, in the words that callers of it need."""

    def __init__(self, how: str, *, cause: BaseException | None = None) -> None:
        super().__init__(how)
        self.cause = cause


class NotHttp(Broken):
    """What came is not HTTP, or more of it than anybody needs."""


class Clock:
    """A timer that outlives the calls of a connection: each call only says when it is due, and is looked at in time.

    Attributes:
        rings: what is called when the time has come; None while nobody waits. It may say `until` again.
    """

    __slots__ = ("_at_s", "_loop", "_timer", "rings")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for nothing."""
        self.rings: Callable[[], None] | None = None
        self._loop = loop
        self._at_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def until(self, due_s: float) -> None:
        """Ring at this time of the event loop, or before: who is rung too early says the time again."""
        if self._timer is not None:
            if self._at_s <= due_s:
                return
            self._timer.cancel()
        self._at_s = due_s
        self._timer = self._loop.call_at(due_s, self._ring)

    def stop(self) -> None:
        """Never ring again."""
        self.rings = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self.rings is not None:
            self.rings()


class Wire(asyncio.Protocol):
    """A connection. One request at a time; `begin` starts the next when `reusable` says that it may.

    Attributes:
        on_news: called when something has changed, in place of waking who waits in `more`.
        on_part: takes a part of the body that came as one chunk by itself, in place of `on_news`; all else that comes
            waits for `take`, and `on_news` is told.
        lost: with what the connection was lost, also while nothing was asked.
        outbox: by it requests leave; without one each leaves at once.
    """

    __slots__ = (
        "_between",
        "_buffered",
        "_head_bytes",
        "_informational",
        "_n_header_bytes",
        "_parser",
        "_parts",
        "_stays",
        "_transport",
        "_until_close",
        "_waiter",
        "clock",
        "complete",
        "error",
        "headers",
        "idle_since_s",
        "lost",
        "on_idle_end",
        "on_news",
        "on_part",
        "outbox",
        "paused",
        "served",
        "status",
    )

    def __init__(self) -> None:
        """Wait for `connection_made`."""
        self._transport: asyncio.Transport | None = None
        self.on_idle_end: Callable[[Wire], None] | None = None
        self.idle_since_s = 0.0
        self.clock: Clock | None = None
        self.lost: Exception | None = None
        self.outbox: Outbox | None = None
        self.served = 0
        self._parser = httptools.HttpResponseParser(self)
        self._reset()
        self.complete = True

    def _reset(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.complete = False
        self.error: Exception | None = None
        self._parts: list[bytes] = []
        self._buffered = 0
        self._head_bytes = 0
        self._n_header_bytes = 0
        self.paused = False
        self._informational = False
        self._stays = False
        self._until_close = True
        self._waiter: asyncio.Future[None] | None = None
        self._between = False
        self.on_news: Callable[[], None] | None = None
        self.on_part: Callable[[bytes], None] | None = None

    # ----------------------------------------------------------------------------- for who uses it

    @property
    def closed(self) -> bool:
        """Is it of no more use?"""
        return self._transport is None or self._transport.is_closing()

    def begin(self, head: bytes, body: bytes) -> None:
        """Send a request; forget the answer before."""
        assert self._transport is not None  # noqa: S101 - made connections only
        self._reset()
        self.served += 1
        if self.outbox is None:
            self._transport.writelines((head, body))
        else:
            self.outbox.put(self._transport, head, body)

    def take(self) -> bytes:
        """Return the body's bytes that have come since the last call; empty when there are none."""
        parts = self._parts
        if not parts:
            return b""
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._buffered = 0
        if self.paused:
            self.paused = False
            if not self.closed:
                self._transport.resume_reading()  # type: ignore[union-attr]  # not closed
        return data

    def peek(self) -> bytes:
        """Return the body's bytes that have come since the last `take`, and leave them there."""
        parts = self._parts
        if len(parts) != 1:
            parts[:] = [b"".join(parts)]
        return parts[0]

    async def more(self) -> None:
        """Wait until something has changed."""
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def reusable(self) -> bool:
        """Say whether the connection can serve another request: all was sent, all was read, and both sides stay."""
        transport = self._transport
        return (
            self.complete
            and self.error is None
            and self._stays
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def fail(self, error: Exception) -> None:
        """End the answer with this error, unless it has ended by itself; the connection is closed."""
        if self.error is None:
            self.error = error
        self.close()
        self._wake()

    def close(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------------------ for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "writelines")  # noqa: S101 - uvloop's own
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Parse what came; anything while no request is under way ends the connection."""
        on_part = self.on_part
        if on_part is not None and self._between and self.error is None and not self._parts:
            size, _, rest = data.partition(b"\r\n")  # `find` and `endswith` read their arguments the slow way
            part = rest.removesuffix(b"\r\n")
            n_bytes = len(part)
            if 0 < n_bytes == len(rest) - 2 and (size == b"%x" % n_bytes or size == b"%X" % n_bytes):
                on_part(part)  # one whole chunk, as most come: the parser stays where it is
                return
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self.complete or self.error is not None:
            self.close()
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            self.fail(NotHttp("it wants another protocol", cause=exc))
            return
        except httptools.HttpParserError as exc:
            if not self.complete:  # bytes behind a whole answer spoil the connection, not the answer
                self.fail(NotHttp(type(exc).__name__, cause=exc))
                return
            self.close()
        if self._n_header_bytes > MAX_HEAD_BYTES or (self._head_bytes > MAX_HEAD_BYTES and not self.complete):
            self.status = 0
            self.fail(NotHttp("its header is too long"))
            return
        if self._buffered > _PAUSE_ABOVE_BYTES and not self.paused and not self.closed:
            self.paused = True
            self._transport.pause_reading()  # type: ignore[union-attr]  # not closed
        self._between = self.on_part is not None and self._ends_with_chunk(data)
        if self.on_news is not None:
            self.on_news()
        else:
            self._wake()

    def eof_received(self) -> None:
        """Let the transport close itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        """End the answer: well when its end is the connection's, else as broken."""
        self._transport = None
        self.lost = exc
        if self.clock is not None:
            self.clock.stop()
        if not self.complete and self.error is None:
            if exc is None and self.status and self._until_close and not self._informational:
                self.complete = True
            else:
                self.error = Broken("the connection was lost", cause=exc)
        self._wake()
        if self.on_idle_end is not None:
            self.on_idle_end(self)

    def _ends_with_chunk(self, data: bytes) -> bool:
        """Say whether what was read last was a whole chunk, so that the next begins where these bytes end.

        Its content is the last part; a part is cut by nothing but the end of the bytes, so its size stands before it.
        """
        if self.complete or not self._parts or self.headers.get(b"transfer-encoding", b"").lower() != b"chunked":
            return False
        part = self._parts[-1]
        return data.endswith((b"%x\r\n%b\r\n" % (len(part), part), b"%X\r\n%b\r\n" % (len(part), part)))

    def _wake(self) -> None:
        if self.on_news is not None:
            self.on_news()
            return
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # -------------------------------------------------------------------------------- for the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; of a repeated one the last. Trailers are dropped."""
        if self.status and not self._informational:
            return
        name = name.lower()
        if name in (b"content-length", b"transfer-encoding"):
            self._until_close = False
        self.headers[name] = value
        self._n_header_bytes += len(name) + len(value)

    def on_headers_complete(self) -> None:
        """Note the status; an informational one (100 to 199) is followed by the real one."""
        self.status = self._parser.get_status_code()
        self._informational = self.status < 200
        self._stays = self._parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body. What it weighs does not count as a head; frames of chunks do, within reason."""
        n_bytes = len(part)
        self._parts.append(part)
        self._buffered += n_bytes
        left = self._head_bytes - 16 * n_bytes
        self._head_bytes = left if left > 0 else 0

    def on_message_complete(self) -> None:
        """Note the end; nothing of an informational answer is kept."""
        if self._informational:
            self.status, self._informational, self._until_close = 0, False, True
            self.headers = {}
            return
        self.complete = True
