"""POST bytes to an upstream and have its answer, within the limits of `Timeouts`.

Every foreign exception becomes one of the error tree here and in `arriving.py`, which has the answer while it comes. It
knows no dialect. Connections are made and kept by `pool.py`, and read by `wire.py`.

Limits: `connect_s` bounds name look-up, TCP and TLS; `first_content_s` runs from the start of the call until the
reader says that content was seen (so a role chunk or a ping does not stop it); `gap_s` is the longest silence on the
wire after that; `total_s` bounds the whole call.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from math import inf

import orjson
from yarl import URL

from unisono.errors import (
    OutOfFiles,
    StartError,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.types import Json, Proxy, Timeouts, Tls
from unisono.upstream.arriving import Answer, Stale
from unisono.upstream.pool import Address, NoProxy, Pool
from unisono.upstream.quota import used_up_for_s
from unisono.upstream.refusals import refusal
from unisono.upstream.trust import tls_failed
from unisono.upstream.wire import Wire

MAX_ERROR_BYTES = 256 * 1024
_MAX_STALE = 3
_OF_KEYS = ("authorization", "api-key", "x-api-key")
SHORTEST_KEY = 12


class Transport:
    """A keep-alive pool to one upstream address."""

    def __init__(
        self,
        *,
        model: str,
        url: str,
        headers: Mapping[str, str],
        timeouts: Timeouts,
        proxy: Proxy | None = None,
        tls: Tls | None = None,
        method: str = "POST",
    ) -> None:
        """Open nothing yet.

        Args:
            model: catalogue name, for messages.
            url: the full address to ask.
            headers: sent with every call.
            timeouts: limits in seconds.
            proxy: what connections to an `https` address are asked of, unless it is excepted there.
            tls: whose certificates are trusted there, and ours.
            method: of every call.
        """
        self._method = method
        self._model = model
        self._proxy = proxy
        self._tls = tls
        self._url = url
        self._timeouts = timeouts
        self._headers = headers
        self._head = b""
        self._pool: Pool | None = None
        self._open: set[Answer] = set()
        self.used_up_for_s: float | None = None

    async def start(self) -> None:
        """Make the pool. Cookies are not kept, redirects not followed.

        Raises:
            StartError: it is started already, or its address or a certificate cannot be read.
        """
        if self._pool is not None:
            raise StartError(f"{self._model}: its upstream was started twice; close it first.")
        url = _url(self._url)
        if url is None:
            raise StartError(f"{self._model}: `base_url` is not an address; check the configuration.")
        self._head = _request_head(self._method, url, self._headers)
        address = Address(host=url.host or "", port=url.port or 0, tls=url.scheme == "https")
        pool = Pool(address, proxy=self._proxy, tls=self._tls)
        try:
            await pool.start()
        except OSError as exc:  # they were there when the configuration was read
            raise StartError(f"{self._model}: its certificates cannot be read ({exc}); check `ca_file`.") from exc
        self._pool = pool

    async def close(self) -> None:
        """Close every connection; calls in flight fail."""
        pool, self._pool = self._pool, None
        for answer in tuple(self._open):
            answer.abandon()
        if pool is not None:
            pool.close()

    def begin(self, body: bytes, news: Callable[[], None], *, stream: bool) -> Answer | None:
        """Send one body over a kept connection, if there is one.

        `news` is called whenever all of the answer (of a stream: some), or what ends it, may be there; then `whole`,
        `streams` or `post` goes on.
        """
        pool = self._pool
        wire = None if pool is None else pool.kept()
        if pool is None or wire is None:
            return None
        answer = self._sent(wire, pool, body, began_s=pool.loop.time())
        answer.tell(news, stream=stream)
        return answer

    def whole(self, answer: Answer) -> bytes | None:
        """Return the body of a begun answer, if it is there and has status 200; `post` can still go on with it."""
        data = answer.peek()
        if data is not None:
            self.used_up_for_s = used_up_for_s(answer.headers) if answer.tells_limits else None
        return data

    def streams(self, answer: Answer) -> bool | None:
        """Say whether a begun answer is a stream that can be read as it comes; None while its head has not come."""
        streams = answer.streams()
        if streams:
            self.used_up_for_s = used_up_for_s(answer.headers) if answer.tells_limits else None
        return streams

    async def post(self, body: bytes, begun: Answer | None = None, *, fields: bytes = b"") -> Answer:
        """Send one body and wait for a status of 200.

        A kept connection may be closed by the server just as we write on it (llama.cpp's server closes each one behind
        a stream, whatever its headers say). Then the request most likely was never read, so it is sent again, as curl
        does; that is a guess, so after a break on a fresh connection it is not.

        Args:
            body: what to send.
            begun: what came of it if it was sent already.
            fields: header fields of this call alone, each with its line's end.

        Returns:
            The answer, to be used as a context manager: leaving it frees or closes the connection.

        Raises:
            UpstreamError: no connection, a limit reached, an error status, or not HTTP.
        """
        pool = self._pool
        if pool is None:
            if begun is not None:
                begun.close()
            raise UpstreamUnreachable(f"{self._model}: its upstream is not started.")
        began_s = pool.loop.time() if begun is None else begun.began_s
        n_stale = 0
        while True:
            if begun is not None:
                answer, begun = begun, None
                answer.wait_by_task()
            else:
                wire = pool.kept() if n_stale <= _MAX_STALE else None
                if wire is None:
                    wire = await self._connected(pool, began_s)
                answer = self._sent(wire, pool, body, began_s=began_s, fields=fields)
            try:
                await answer.until_head()
            except Stale:
                answer.close()
                n_stale += 1
                continue
            except BaseException:
                answer.close()
                raise
            self.used_up_for_s = used_up_for_s(answer.headers) if answer.tells_limits else None
            if answer.http_status != 200:
                with answer:
                    raise await _refusal(answer, model=self._model, keys=_keys_in(self._headers))
            return answer

    def _sent(self, wire: Wire, pool: Pool, body: bytes, *, began_s: float, fields: bytes = b"") -> Answer:
        answer = Answer(
            wire, pool=pool, model=self._model, limits=self._timeouts, began_s=began_s, open_answers=self._open
        )
        wire.begin(self._head + b"%d\r\n%b\r\n" % (len(body), fields), body)
        return answer

    async def _connected(self, pool: Pool, began_s: float) -> Wire:
        """Return a new connection within `connect_s`, and within what is left of the other limits."""
        limits = self._timeouts
        now_s = pool.loop.time()
        left_s = began_s + min(limits.first_content_s, limits.total_s) - now_s
        try:
            async with asyncio.timeout(min(limits.connect_s, left_s)):
                return await pool.connect()
        except TimeoutError as exc:
            if left_s < limits.connect_s:
                raise UpstreamTimeout(_late(self._model, limits)) from exc
            text = f"{self._model}: no connection within {limits.connect_s:g} s (`connect_s`)."
            raise UpstreamTimeout(text) from exc
        except ssl.SSLError as exc:
            raise tls_failed(self._model, exc, self._tls) from exc
        except NoProxy as exc:
            where = f"{pool.address.host}:{pool.address.port}"
            raise UpstreamUnreachable(f"{self._model}: no connection to {where}: {exc}") from exc
        except (OSError, ValueError) as exc:  # ValueError: a host name that cannot be one
            where = f"{pool.address.host}:{pool.address.port}"
            kind = OutOfFiles if is_out_of_files(exc) else UpstreamUnreachable
            raise kind(f"{self._model}: {no_connection(where, exc)}") from exc


def under(base_url: str, path: str) -> str:
    """Return an address under a base address, with or without a slash at its end; its query stays."""
    base = URL(base_url)
    return str(base.with_path(base.path.rstrip("/") + path).with_query(base.query))


def is_out_of_files(exc: Exception) -> bool:
    """Say whether too many files are open here, or on this machine."""
    return getattr(exc, "errno", None) in (errno.EMFILE, errno.ENFILE)


def no_connection(where: str, exc: OSError | ValueError) -> str:
    """Say why there is none, and what to do: that too many files are open here says nothing of the upstream."""
    reason = getattr(exc, "strerror", None) or type(exc).__name__
    if is_out_of_files(exc):
        todo = "raise its limit of open files, or lower `server.max_requests`"
        return f"no connection to {where}, for Unisono itself has too many files open ({reason}); {todo}."
    return f"no connection to {where} ({reason}); is it running?"


def _url(text: str) -> URL | None:
    try:
        url = URL(text)
    except ValueError:
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def _request_head(method: str, url: URL, headers: Mapping[str, str]) -> bytes:
    """Return the head of every request but for the length of its body, which comes last."""
    sent = {
        "Host": url.host_port_subcomponent or "",
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "unisono",
        **headers,
    }
    lines = [f"{method} {url.raw_path_qs} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\nContent-Length: "


def retry_after_s(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds to wait that the headers ask for, in milliseconds, in seconds or as a date."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
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


def _keys_in(headers: Mapping[str, str]) -> list[bytes]:
    """Return the keys that headers hold; what is so short is none (`none`, `ollama`), and may be a word of an error."""
    values = (value.removeprefix("Bearer ") for name, value in headers.items() if name.lower() in _OF_KEYS)
    return [value.encode("latin-1") for value in values if len(value) >= SHORTEST_KEY]


async def _refusal(answer: Answer, *, model: str, keys: Sequence[bytes]) -> UpstreamError:
    """Read a bounded error body, which callers may get to see; the status counts even if the body cannot be read."""
    body: Json | None = None
    try:
        said = await answer.read_all(MAX_ERROR_BYTES)
        for key in keys:
            said = said.replace(key, b"[key]")
        parsed = orjson.loads(said)
        if isinstance(parsed, list) and parsed:  # Gemini's OpenAI surface puts its error into an array
            parsed = parsed[0]
        body = parsed if isinstance(parsed, dict) else None
    except (UpstreamError, orjson.JSONDecodeError):
        body = None
    return refusal(model, http_status=answer.http_status, body=body, retry_s=_asked_s(answer.headers))


def _asked_s(headers: Mapping[str, str]) -> float | None:
    """Return for how long a refusal's headers ask to be left alone: by `Retry-After`, or a limit that is used up."""
    told = (retry_after_s(headers), used_up_for_s(headers, longest_s=inf))
    return max((wait for wait in told if wait is not None), default=None)


def _late(model: str, limits: Timeouts) -> str:
    if limits.total_s <= limits.first_content_s:
        return f"{model}: no answer within {limits.total_s:g} s (`total_s`)."
    return f"{model}: no answer within {limits.first_content_s:g} s (`first_content_s`)."
