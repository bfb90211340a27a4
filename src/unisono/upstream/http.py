"""The one place with an HTTP client: POST bytes, read bytes, within the limits of `Timeouts`.

Every foreign exception becomes one of the error tree here. It knows no dialect and does not decode what it reads.

Limits: `connect_s` bounds name look-up, TCP and TLS; `first_content_s` runs from the start of the call until the
reader says that content was seen (so a role chunk or a ping does not stop it); `gap_s` is the longest silence on the
wire after that; `total_s` bounds the whole call.
"""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

import aiohttp
import orjson
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from unisono.errors import (
    StartError,
    UpstreamCut,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.types import Json, Timeouts

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

MAX_PLAIN_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 256 * 1024
_MAX_DRAIN_BYTES = 64 * 1024
_DRAIN_S = 0.05
_COPY_ABOVE_BYTES = 1024 * 1024
_TOKEN = re.compile(r"[\w.:-]{1,64}")

_KEEP_S = 55.0
_MAX_STALE = 3
_reused: ContextVar[bool] = ContextVar("reused", default=False)

_HINTS = {
    401: "check `api_key`",
    403: "check what `api_key` may use",
    404: "check `base_url` and `upstream_model`",
}


class _Pool(aiohttp.TCPConnector):
    """A connector that tells whether the connection it gave out has served before.

    A kept connection may be closed by the server just as we write on it (llama.cpp's server closes each one behind a
    stream, whatever its headers say). Then the request most likely was never read, so it is sent again, as curl
    does; that is a guess, so after a break on a fresh connection it is not. aiohttp's own
    tracing tells it too, for 10 to 20 µs a call.
    """

    def __init__(self) -> None:
        super().__init__(limit=0, keepalive_timeout=_KEEP_S, ttl_dns_cache=60)
        self._served: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> Connection:
        """Return a connection, and note in the task's context whether it is a used one."""
        connection = await super().connect(req, traces, timeout)
        protocol = connection.protocol
        if protocol is not None:
            _reused.set(protocol in self._served)
            self._served.add(protocol)
        return connection


class Transport:
    """A keep-alive pool to one upstream address."""

    def __init__(self, *, model: str, url: str, headers: Mapping[str, str], timeouts: Timeouts) -> None:
        """Open nothing yet.

        Args:
            model: catalogue name, for messages.
            url: the full address to POST to.
            headers: sent with every call.
            timeouts: limits in seconds.
        """
        self._model = model
        self._url = URL(url)
        self._timeouts = timeouts
        self._headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "unisono",
            **headers,
        }
        self._session: aiohttp.ClientSession | None = None
        self._open: set[Answer] = set()

    async def start(self) -> None:
        """Make the pool. Proxy settings of the environment are not read, cookies not kept."""
        if self._session is not None:
            raise StartError(f"{self._model}: its upstream was started twice; close it first.")
        self._session = aiohttp.ClientSession(
            connector=_Pool(),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
        )

    async def close(self) -> None:
        """Close every connection; calls in flight fail."""
        session, self._session = self._session, None
        for answer in tuple(self._open):
            answer.abandon()  # aiohttp closes their sockets without waking who reads
        if session is not None:
            await session.close()

    async def post(self, body: bytes) -> Answer:
        """Send one body and wait for a status of 200.

        Returns:
            The answer, to be used as a context manager: leaving it frees or closes the connection.

        Raises:
            UpstreamError: no connection, a limit reached, an error status, or not HTTP.
        """
        if self._session is None:
            raise UpstreamUnreachable(f"{self._model}: its upstream is not started.")
        loop = asyncio.get_running_loop()
        began = loop.time()
        limits = self._timeouts
        try:
            async with asyncio.timeout_at(began + min(limits.first_content_s, limits.total_s)) as limit:
                response = await self._sent(self._session, body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            if isinstance(exc, TimeoutError) and limit.expired():
                raise UpstreamTimeout(_late(self._model, limits)) from exc
            raise _translated(exc, model=self._model, after_content=False, limits=limits) from exc
        answer = Answer(response, model=self._model, limits=limits, began_s=began, open_answers=self._open)
        if response.status != 200:
            with answer:
                raise await _refusal(answer, response, model=self._model)
        return answer

    async def _sent(self, session: aiohttp.ClientSession, body: bytes) -> aiohttp.ClientResponse:
        """Post; on another connection, up to three times, while a kept one turns out to be closed."""
        n_stale = 0
        while True:
            data = body if len(body) < _COPY_ABOVE_BYTES else io.BytesIO(body)
            _reused.set(False)
            try:
                return await session.post(self._url, data=data, allow_redirects=False)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                n_stale += 1
                if not _reused.get() or n_stale > _MAX_STALE:
                    raise


class Answer:
    """The answer to one POST while it arrives. One watchdog timer guards all limits of the call."""

    __slots__ = (
        "_content",
        "_due_s",
        "_end_s",
        "_limits",
        "_loop",
        "_model",
        "_open_answers",
        "_response",
        "_seen",
        "_timer",
        "_waiting",
    )

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        *,
        model: str,
        limits: Timeouts,
        began_s: float,
        open_answers: set[Answer],
    ) -> None:
        """Watch over a response; it stands in `open_answers` until it is closed."""
        self._response = response
        self._content = response.content
        self._model = model
        self._limits = limits
        self._loop = loop = asyncio.get_running_loop()
        self._seen = False
        self._waiting = False
        self._end_s = began_s + limits.total_s
        self._due_s = min(began_s + limits.first_content_s, self._end_s)
        self._timer = loop.call_at(self._due_s, self._watch)
        self._open_answers = open_answers
        open_answers.add(self)

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case; empty when the header is absent."""
        return self._response.content_type if "Content-Type" in self._response.headers else ""

    @property
    def content_seen(self) -> bool:
        """Has the reader seen content?"""
        return self._seen

    def mark_content(self) -> None:
        """Say that content was seen: from now on the gap is limited, not the first content."""
        self._seen = True
        self._due_s = min(self._loop.time() + self._limits.gap_s, self._end_s)
        if self._timer.when() > self._due_s:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._due_s, self._watch)

    async def read(self) -> bytes:
        """Return the bytes that have arrived, waiting for some; empty at the end."""
        if self._seen:
            self._due_s = min(self._loop.time() + self._limits.gap_s, self._end_s)
        self._waiting = True
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError) as exc:
            raise _translated(exc, model=self._model, after_content=self._seen, limits=self._limits) from exc
        finally:
            self._waiting = False

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

    async def drain(self) -> None:
        """Read the few bytes behind the protocol's own end, so that the connection can serve again."""
        if self._content.at_eof():
            return
        self._seen = False
        self._due_s = self._loop.time() + _DRAIN_S
        self._timer.cancel()
        self._timer = self._loop.call_at(self._due_s, self._watch)
        left_bytes = _MAX_DRAIN_BYTES
        try:
            while left_bytes > 0 and (data := await self.read()):
                left_bytes -= len(data)
        except UpstreamError:
            return  # the answer is complete; only the connection is lost

    def close(self) -> None:
        """Free the connection when the body was read to its end, else close it at once."""
        self._timer.cancel()
        self._open_answers.discard(self)
        if self._content.at_eof() and self._content.exception() is None:
            self._response.release()
        else:
            self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _watch(self) -> None:
        """Re-arm when the limit has moved since (each read only moves a number), else break the read.

        While nobody reads, the silence is our reader's (a slow client), not the upstream's: only `total_s` counts then.
        """
        now_s = self._loop.time()
        if not self._waiting:
            self._due_s = min(max(self._due_s, now_s + self._limits.gap_s), self._end_s)
        if now_s < self._due_s:
            self._timer = self._loop.call_at(self._due_s, self._watch)
            return
        if now_s >= self._end_s:
            why = f"the call took longer than {self._limits.total_s:g} s in all (`total_s`)"
        elif self._seen:
            why = f"nothing came for {self._limits.gap_s:g} s in mid-answer (`gap_s`)"
        else:
            why = f"no content within {self._limits.first_content_s:g} s (`first_content_s`)"
        self._break_off(UpstreamTimeout(f"{self._model}: {why}."))

    def abandon(self) -> None:
        """End the call from our side: the upstream is being closed."""
        error = UpstreamCut if self._seen else UpstreamUnreachable
        self._break_off(error(f"{self._model}: its upstream was closed here during the call."))

    def _break_off(self, error: UpstreamError) -> None:
        self._content.set_exception(error)
        self._response.close()


def retry_after_s(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds to wait that the headers ask for, in milliseconds, in seconds or as a date."""
    for name, scale in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) * scale
        except ValueError:
            try:
                seconds = parsedate_to_datetime(text).timestamp() - now()
            except ValueError:
                continue
        if seconds == seconds:  # not NaN
            return max(0.0, seconds)
    return None


def refusal(model: str, *, http_status: int, body: Json | None, retry_s: float | None = None) -> UpstreamRefused:
    """Build the error of a refused call.

    The text names the upstream's error type or code, never its message: that may quote the prompt or a key. The
    whole body stays in `body`, for the caller.
    """
    error = body.get("error") if body else None
    names = [error.get("code"), error.get("type")] if isinstance(error, dict) else []
    name = next((n for n in names if isinstance(n, str) and _TOKEN.fullmatch(n)), "")
    what = f"{http_status} {name}".strip()
    hint = _HINTS.get(http_status, "")
    text = f"{model}: the upstream answered {what}" + (f"; {hint}." if hint else ".")
    return UpstreamRefused(text, http_status=http_status, body=body, retry_after_s=retry_s)


async def _refusal(answer: Answer, response: aiohttp.ClientResponse, *, model: str) -> UpstreamError:
    """Read a bounded error body; the status counts even if the body cannot be read."""
    body: Json | None = None
    try:
        parsed = orjson.loads(await answer.read_all(MAX_ERROR_BYTES))
        if isinstance(parsed, list) and parsed:  # Gemini's OpenAI surface puts its error into an array
            parsed = parsed[0]
        body = parsed if isinstance(parsed, dict) else None
    except (UpstreamError, orjson.JSONDecodeError):
        body = None
    return refusal(model, http_status=response.status, body=body, retry_s=retry_after_s(response.headers))


def _late(model: str, limits: Timeouts) -> str:
    if limits.total_s <= limits.first_content_s:
        return f"{model}: no answer within {limits.total_s:g} s (`total_s`)."
    return f"{model}: no answer within {limits.first_content_s:g} s (`first_content_s`)."


def _translated(exc: Exception, *, model: str, after_content: bool, limits: Timeouts) -> UpstreamError:
    """Turn what aiohttp or the system raised into one error of our tree."""
    error: UpstreamError
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        error = UpstreamTimeout(f"{model}: no connection within {limits.connect_s:g} s (`connect_s`).")
    elif isinstance(exc, TimeoutError):
        error = UpstreamTimeout(f"{model}: the connection timed out.")
    elif isinstance(exc, aiohttp.InvalidURL):
        error = UpstreamUnreachable(f"{model}: `base_url` is not an address; check the configuration.")
    elif isinstance(exc, aiohttp.ClientSSLError):
        error = UpstreamUnreachable(f"{model}: TLS failed ({type(exc).__name__}); check `base_url` and certificates.")
    elif isinstance(exc, aiohttp.ClientConnectorError):
        reason = exc.os_error.strerror or type(exc.os_error).__name__
        error = UpstreamUnreachable(f"{model}: no connection to {exc.host}:{exc.port} ({reason}); is it running?")
    elif after_content:
        error = UpstreamCut(f"{model}: the connection broke in mid-answer ({type(exc).__name__}).")
    elif isinstance(exc, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)):
        error = UpstreamUnreachable(f"{model}: the connection was reset before an answer came.")
    elif isinstance(exc, aiohttp.ClientPayloadError):
        error = UpstreamUnreachable(f"{model}: the connection broke before the answer was whole.")
    elif isinstance(exc, OSError):
        error = UpstreamUnreachable(f"{model}: the connection failed ({type(exc).__name__}).")
    else:
        error = UpstreamMalformed(f"{model}: the answer is not sound HTTP ({type(exc).__name__}).")
    return error
