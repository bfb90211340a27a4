"""`POST /v1/chat/completions`, plain and streamed, and its dry run `POST /v1/route`.

It reads who asks what; from there on an `Exchange` serves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from starlette.types import Receive, Scope, Send
from uuid_utils import uuid7

from unisono.compose import Live
from unisono.edge.answer import headers_of
from unisono.edge.parse import parse
from unisono.edge.preference import merged
from unisono.edge.scope import within_scope
from unisono.errors import ModelNotFound, RequestError, UnisonoError
from unisono.record.view import decision_to_json
from unisono.server.auth import admit
from unisono.server.deciding import decide, read_ahead
from unisono.server.edges import LEFT_OUT
from unisono.server.exchange import Exchange
from unisono.server.gone import Watch
from unisono.server.reply import LESS_OR_RAISE, ClientGone, headers_in, read_body, send_error, send_json
from unisono.types import Grant, Request, Situation
from unisono.values import changed, value


@value
class Asked:
    """A request as it was read, and who asks."""

    request: Request
    grant: Grant

    def known(self, known: Situation) -> Request:
        """Return the request with what its conversation and its key wish, within what its key may.

        Raises:
            UnisonoError: the key may not ask this.
        """
        request, grant, past = self.request, self.grant, known.past
        wishes = merged(request.wishes, *(() if past is None else (past.wishes,)), grant.wishes)
        return within_scope(request if wishes is request.wishes else changed(request, wishes=wishes), grant)


def asked(live: Live, raw: bytes, headers: Mapping[str, str], grant: Grant) -> Asked:
    """Read a request.

    Raises:
        UnisonoError: it cannot be read.
    """
    now = datetime.now(UTC)
    try:
        request = parse(
            raw,
            headers,
            catalog=live.router.catalog,
            request_id=str(uuid7()),
            now=now,
            key=grant.name,
            seed=live.keys.seed,
        )
    except ModelNotFound as error:
        if any(model.name == error.name for model in live.config.embeddings):
            text = f"{error.name!r} makes vectors and does not chat: ask it at POST /v1/embeddings."
            raise RequestError(text, param="model") from error
        raise
    if live.tracing is not None:
        live.tracing.note_parent(request.id, headers)
    return Asked(request=request, grant=grant)


async def _asked(live: Live, scope: Scope, receive: Receive) -> Asked:
    headers = headers_in(scope)
    grant = admit(live, scope, headers)
    raw = await read_body(receive, max_bytes=live.config.server.max_body_bytes, todo=LESS_OR_RAISE)
    read = asked(live, raw, headers, grant)
    left_out = scope.get(LEFT_OUT)
    return replace(read, request=replace(read.request, left_out=left_out)) if left_out else read


async def _ready(live: Live, asked: Asked) -> tuple[Request, Situation]:
    known = await live.requests.known(asked.request)
    request = asked.known(known)
    await read_ahead(live, request)
    return request, known


class RouteEndpoint:
    """The decision that the same body would get; nothing is called and nothing recorded."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            request, known = await _ready(self._live, await _asked(self._live, scope, receive))
            _, decision = decide(self._live, request, known)
        except ClientGone:
            return
        except UnisonoError as error:
            await send_error(send, error)
            return
        life = self._live.router.models[decision.model].lifecycle
        headers = headers_of(decision, model=decision.model, notices=decision.notices, life=life)
        await send_json(send, decision_to_json(decision), headers=headers)


class ChatEndpoint:
    """Chat completions."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a caller who leaves cancels the upstream call at once."""
        await self.go_on(None, scope, receive, send)

    async def go_on(self, read: Asked | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, the body of which may have been read already."""
        try:
            await self._serve(read, scope, receive, send)
        except Exception as exc:
            note_failed(self._live, exc)
            raise

    async def _serve(self, read: Asked | None, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request, known = await _ready(self._live, read or await _asked(self._live, scope, receive))
        except ClientGone:
            return
        except UnisonoError as error:
            await send_error(send, error)
            return
        exchange = Exchange(self._live, request, known, send)
        await while_there(scope, receive, exchange, exchange.serve())


async def while_there(scope: Scope, receive: Receive, exchange: Exchange, work: Coroutine[None, None, None]) -> None:
    """Do what is to be done for a caller until he leaves, or until the server, which ends, waits no more for it."""
    with Watch(scope, receive) as watch:
        exchange.watch = watch
        try:
            await work
        except asyncio.CancelledError:
            if not watch.caller_left:
                await exchange.break_off()


def note_failed(live: Live, exc: Exception) -> None:
    """Tell operators that a request failed by a fault of ours."""
    live.alerts.incident("router_failed", "request", f"A request failed with {type(exc).__name__}; see the log.")
