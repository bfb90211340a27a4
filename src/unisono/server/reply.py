"""Small ASGI pieces: read a bounded body, send JSON, send an error.

It knows no route.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import orjson
from starlette.types import Message, Receive, Scope, Send

from unisono.edge.failure import error_body
from unisono.errors import RequestError, RouterBroken, UnisonoError
from unisono.types import Decision, JsonValue, Notice

_ONCE = frozenset({b"authorization", b"x-api-key", b"api-key", b"host", b"origin", b"content-type", b"content-length"})
_LISTS = ("anthropic-beta",)
"""Headers of which each line adds to the one before."""
Headers = Iterable[tuple[bytes, bytes]]
LESS_OR_RAISE = "Send less, or raise `server.max_body_bytes`."


class ClientGone(Exception):
    """The caller left before the request was read."""


def headers_in(scope: Scope) -> Mapping[str, str]:
    """Return the request's headers with lower-case names; of a repeated one that means nothing to us, the last.

    Raises:
        RequestError: a header that must not be said twice is: two programs would read different ones.
    """
    pairs = scope["headers"]
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        for name in sorted(set(names)):
            if names.count(name) > 1 and (name in _ONCE or name.startswith(b"x-unisono-")):
                raise RequestError(f"The header `{name.decode('latin-1')}` was sent twice.")
        for listed in _LISTS:
            if listed in found:
                found[listed] = ",".join(v.decode("latin-1") for name, v in pairs if name == listed.encode())
    return found


async def read_body(receive: Receive, *, max_bytes: int, todo: str = "Send less.") -> bytes:
    """Return the body.

    Args:
        receive: as ASGI has it.
        max_bytes: the longest that is read.
        todo: what to do where it is longer.

    Raises:
        RequestError: it is longer than `max_bytes`.
        ClientGone: the caller left.
    """
    parts: list[bytes] = []
    n_bytes = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        n_bytes += len(part)
        if n_bytes > max_bytes:
            raise RequestError(f"The body is larger than {max_bytes} bytes. {todo}", code="request_too_large")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def send_json(send: Send, value: JsonValue | bytes, *, status: int = 200, headers: Headers = ()) -> None:
    """Send a JSON document; bytes are taken as JSON already."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    start = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


async def send_error(
    send: Send,
    error: UnisonoError,
    *,
    decision: Decision | None = None,
    notices: Sequence[Notice] = (),
    headers: Headers = (),
) -> None:
    """Send an error in OpenAI's form, with `Retry-After` where it is known."""
    extra = list(headers)
    if error.retry_after_s is not None:
        extra.append((b"retry-after", str(math.ceil(error.retry_after_s)).encode()))
    if error.lasting:
        extra.append((b"x-should-retry", b"false"))  # what OpenAI's and Anthropic's clients go by
    if isinstance(error, RouterBroken):
        extra.append((b"x-unisono-degraded", b"true"))
    await send_json(send, error_body(error, decision=decision, notices=notices), status=error.status, headers=extra)
