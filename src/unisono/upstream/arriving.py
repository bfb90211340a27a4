"""The answer to one POST while it arrives over a connection: its head, its bytes as they come, and what ends it.

Every foreign exception becomes one of the error tree here. It sends nothing (`http.py` does), knows no dialect and does
not decode what it reads. The limits that it guards, `http.py` tells.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from types import TracebackType
from typing import Self

from unisono.errors import UpstreamCut, UpstreamError, UpstreamMalformed, UpstreamTimeout, UpstreamUnreachable
from unisono.types import Timeouts, Told
from unisono.upstream.pool import Pool
from unisono.upstream.trust import tls_failed
from unisono.upstream.wire import Broken, Clock, NotHttp, Wire

MAX_PLAIN_BYTES = 64 * 1024 * 1024
_MAX_INFLATED_BYTES = 1024 * 1024
"""Of a compressed body no more than this is unpacked at once."""


class Stale(Exception):
    """A kept connection was closed before any answer came."""


class Answer:
    """The answer to one POST while it arrives. One watchdog timer guards all limits of the call."""

    __slots__ = (
        "_clock",
        "_due_s",
        "_end_s",
        "_inflate",
        "_last_s",
        "_limits",
        "_loop",
        "_model",
        "_open_answers",
        "_packed",
        "_pool",
        "_seen",
        "_waiting",
        "_wire",
    )

    def __init__(
        self, wire: Wire, *, pool: Pool, model: str, limits: Timeouts, began_s: float, open_answers: set[Answer]
    ) -> None:
        """Watch over a connection; the answer stands in `open_answers` until it is closed."""
        self._wire = wire
        self._pool = pool
        self._model = model
        self._limits = limits
        self._loop = pool.loop
        self._seen = False
        self._last_s = began_s
        self._waiting = True
        self._inflate: zlib._Decompress | None = None
        self._packed = b""
        self._end_s = began_s + limits.total_s
        due_s = began_s + limits.first_content_s
        self._due_s = due_s if due_s < self._end_s else self._end_s
        clock = wire.clock
        if clock is None:
            clock = wire.clock = Clock(self._loop)
        self._clock = clock
        clock.rings = self._watch
        clock.until(self._due_s)
        self._open_answers = open_answers
        open_answers.add(self)

    @property
    def http_status(self) -> int:
        """The status."""
        return self._wire.status

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case; empty when the header is absent."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    def header(self, name: bytes) -> str:
        """Return a header by its lower-case name; empty when it is absent."""
        return self._wire.headers.get(name, b"").decode("latin-1")

    @property
    def headers(self) -> Mapping[str, str]:
        """All headers by lower-case name."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self._wire.headers.items()}

    @property
    def tells_limits(self) -> bool:
        """Say whether the headers speak of rate limits: one look at all names before the whole reading."""
        return b" ".join(self._wire.headers).find(b"ratelimit") >= 0  # `in` looks for a number first

    @property
    def content_seen(self) -> bool:
        """Has the reader seen content?"""
        return self._seen

    @property
    def began_s(self) -> float:
        """When the call began, on the event loop's clock."""
        return self._end_s - self._limits.total_s

    def peek(self) -> bytes | None:
        """Return the whole body of an answer of status 200 that came unpacked; nothing is taken."""
        wire = self._wire
        if not wire.complete or wire.error is not None or wire.status != 200:
            return None
        return None if b"content-encoding" in wire.headers else wire.peek()

    def streams(self) -> bool | None:
        """Say whether it is a stream of status 200 that comes unpacked; None while its head has not come."""
        wire = self._wire
        if wire.error is None and wire.status < 200:
            return None
        is_good = wire.error is None and wire.status == 200 and b"content-encoding" not in wire.headers
        return is_good and self.content_type == "text/event-stream"

    def taken(self) -> bytes:
        """Return the bytes of a stream that have come since the last look; empty when there are none."""
        return self._taken()

    @property
    def over(self) -> bool:
        """Has it ended, well or not?"""
        return self._wire.complete or self._wire.error is not None

    def tell(self, news: Callable[[], None], *, stream: bool) -> None:
        """Call `news` when the body is whole, has ended otherwise, or is so long that somebody must take of it.

        Of a stream it is called with every part of it.
        """
        wire = self._wire
        if stream:
            wire.on_news = news
            return

        def told() -> None:
            if wire.complete or wire.error is not None or wire.paused:
                news()

        wire.on_news = told

    def wait_by_task(self) -> None:
        """Tell nobody of news any more: a task waits for them from here on."""
        self._wire.on_news = None

    async def until_head(self) -> None:
        """Wait for status and headers.

        Raises:
            Stale: the connection had served before, and was closed without a word.
            UpstreamError: no answer came, or something that is none.
        """
        wire = self._wire
        while not wire.status or wire.status < 200:
            if wire.error is not None:
                if wire.served > 1 and type(wire.error) is Broken:
                    raise Stale
                raise self._translated(wire.error)
            await wire.more()
        self._waiting = False
        self._inflate = _unpacking(self.header(b"content-encoding"), self._model)

    def mark_content(self) -> None:
        """Say that content was seen: from now on the gap is limited, not the first content."""
        self._seen = True
        self._due_s = min(self._loop.time() + self._limits.gap_s, self._end_s)
        self._clock.until(self._due_s)

    async def read(self) -> bytes:
        """Return the bytes that have arrived, waiting for some; empty at the end."""
        wire = self._wire
        while True:
            if data := self._taken():
                return data
            if wire.error is not None:
                raise self._translated(wire.error)
            if wire.complete:
                return b""
            self._waiting = True
            try:
                await wire.more()
            finally:
                self._waiting = False

    async def pour(self, into: Callable[[bytes], Awaitable[None] | bool]) -> Awaitable[None] | None:
        """Hand on bytes in the very callback that brings them, until the end or until it is enough.

        No task is woken for them, which costs as much as reading them.

        Args:
            into: takes bytes; says whether it is enough, or what must be awaited before it is given more.

        Returns:
            What `into` said must be awaited; None at the end, and when it was enough.
        """
        ended: asyncio.Future[Awaitable[None] | None] = self._loop.create_future()

        def told(found: Awaitable[None] | None, exc: BaseException | None) -> None:
            if ended.done():  # nobody waits any more
                return
            if exc is None:
                ended.set_result(found)
            else:
                ended.set_exception(exc)

        self._waiting = True
        try:
            self.flow(into, told)
            return await ended
        finally:
            self._wire.on_news = self._wire.on_part = None
            self._waiting = False

    def flow(self, into: Callable[[bytes], Awaitable[None] | bool], told: Told) -> None:
        """Hand on bytes as `pour` does, and tell once what it returns or raises."""
        wire, pouring = self._wire, _Pouring(self, into, told)
        wire.on_news, wire.on_part = pouring.news, None if self._inflate is not None else pouring.part
        pouring.news()

    def _taken(self) -> bytes:
        """Return the bytes that have arrived since the last look."""
        self._last_s = self._loop.time()
        data = self._packed or self._wire.take()
        return self._unpacked(data) if data and self._inflate is not None else data

    async def read_all(self, max_bytes: int = MAX_PLAIN_BYTES) -> bytes:
        """Return the whole body.

        Raises:
            UpstreamMalformed: it is longer than `max_bytes`.
        """
        parts: list[bytes] = []
        n_bytes = 0
        while data := await self.read():
            parts.append(data)
            n_bytes += len(data)
            if n_bytes > max_bytes:
                raise UpstreamMalformed(f"{self._model}: its answer is longer than {max_bytes} bytes; it was dropped.")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Free the connection when the body was read to its end, else close it at once."""
        self._clock.rings = None
        self._open_answers.discard(self)
        self._wire.on_news = self._wire.on_part = None
        self._pool.give_back(self._wire)

    def close_behind_end(self) -> None:
        """Free the connection behind the protocol's own end: the few bytes that follow are read at nobody's cost."""
        self._clock.rings = None
        self._open_answers.discard(self)
        self._wire.on_news = self._wire.on_part = None
        self._pool.linger(self._wire)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        if self in self._open_answers:
            self.close()

    def _unpacked(self, data: bytes) -> bytes:
        inflate = self._inflate
        assert inflate is not None  # noqa: S101 - the caller has looked
        try:
            data = inflate.decompress(data, _MAX_INFLATED_BYTES)
        except zlib.error as exc:
            raise UpstreamMalformed(f"{self._model}: its compressed answer cannot be read.") from exc
        self._packed = inflate.unconsumed_tail
        return data

    def _watch(self) -> None:
        """Say the time again when the limit has moved since (each read only moves a number), else break the read.

        While nobody reads, the silence is our reader's (a slow client), not the upstream's: only `total_s` counts then.
        """
        now_s = self._loop.time()
        heard_s = self._last_s if self._seen else -inf
        if not self._waiting:
            heard_s = now_s
        self._due_s = min(max(self._due_s, heard_s + self._limits.gap_s), self._end_s)
        if now_s < self._due_s:
            self._clock.until(self._due_s)
            return
        if now_s >= self._end_s:
            why = f"the call took longer than {self._limits.total_s:g} s in all (`total_s`)"
        elif self._seen:
            why = f"nothing came for {self._limits.gap_s:g} s in mid-answer (`gap_s`)"
        else:
            why = f"no content within {self._limits.first_content_s:g} s (`first_content_s`)"
        self._wire.fail(UpstreamTimeout(f"{self._model}: {why}."))

    def abandon(self) -> None:
        """End the call from our side: the upstream is being closed."""
        error = UpstreamCut if self._seen else UpstreamUnreachable
        self._wire.fail(error(f"{self._model}: its upstream was closed here during the call."))

    def _translated(self, error: Exception) -> UpstreamError:
        """Turn what ended the connection into one error of our tree."""
        if isinstance(error, UpstreamError):
            return error
        cause = getattr(error, "cause", None) or error
        found: UpstreamError
        if isinstance(cause, ssl.SSLError) and not self._wire.status:  # our certificate is refused behind the handshake
            found = tls_failed(self._model, cause, self._pool.files)
        elif isinstance(error, NotHttp):
            found = UpstreamMalformed(f"{self._model}: the answer is not sound HTTP ({error}).")
        elif self._seen:
            found = UpstreamCut(f"{self._model}: the connection broke in mid-answer ({type(cause).__name__}).")
        elif not self._wire.status:
            found = UpstreamUnreachable(f"{self._model}: the connection was reset before an answer came.")
        else:
            found = UpstreamUnreachable(f"{self._model}: the connection broke before the answer was whole.")
        found.__cause__ = cause
        return found


class _Pouring:
    """Hands on the bytes of an answer in the callbacks that bring them, and tells once how that ended."""

    __slots__ = ("_answer", "_clock_s", "_into", "_packed", "_told", "_wire")

    def __init__(self, answer: Answer, into: Callable[[bytes], Awaitable[None] | bool], told: Told) -> None:
        self._answer = answer
        self._into = into
        self._told = told
        self._wire = answer._wire
        self._packed = answer._inflate is not None
        self._clock_s = answer._loop.time

    def part(self, data: bytes) -> None:
        """Take a part of the body that came by itself; see `Wire.on_part`."""
        self._answer._last_s = self._clock_s()
        try:
            found = self._into(data)
        except UpstreamError as exc:
            self._end(None, exc)
        except BaseException as exc:  # a fault of ours: to who awaits, and to the event loop's log
            self._end(None, exc)
            raise
        else:
            if found is not False:
                self._end(None if found is True else found)

    def news(self) -> None:
        """Take what has come; see `Wire.on_news`."""
        wire = self._wire
        try:
            found = self._taken()
        except UpstreamError as exc:
            self._end(None, exc)
        except BaseException as exc:
            self._end(None, exc)
            raise
        else:
            if found is not False:
                self._end(None if found is True else found)
            elif wire.error is not None:
                self._end(None, self._answer._translated(wire.error))
            elif wire.complete:
                self._end(None)

    def _taken(self) -> Awaitable[None] | bool:
        found: Awaitable[None] | bool = False
        while found is False and (data := self._answer._taken()):
            found = self._into(data)
            if not self._packed:
                break
        return found

    def _end(self, found: Awaitable[None] | None, exc: BaseException | None = None) -> None:
        self._wire.on_news = self._wire.on_part = None
        self._told(found, exc)


def _unpacking(encoding: str, model: str) -> zlib._Decompress | None:
    """Return what unpacks a body; we ask for none to be packed, and some upstreams do it all the same.

    Raises:
        UpstreamMalformed: it is packed in a way that we do not know.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        case "deflate":
            return zlib.decompressobj()
        case other:
            raise UpstreamMalformed(f"{model}: asked for plain bytes, it answered in {other[:20]!r}.")
