"""`POST /v1/responses` and `POST /v1/messages`: other APIs' forms around the one road of chat completions.

The body is translated on its way in, each event and document on its way out; all that lies between (keys, limits, the
decision, upstreams, notices, the record) is what chat completions have.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unisono.edge.form import Form
from unisono.server.rewritten import Rewritten
from unisono.types import Json

_DATA = b"data: "
_DONE = b"[DONE]"
LEFT_OUT = "unisono.left_out"
"""Where a scope holds what the form left out of the body, for the notice."""


class EdgeEndpoint:
    """One route in another API's form."""

    def __init__(self, chat: ASGIApp, form: Callable[[], Form], *, max_bytes: Callable[[], int]) -> None:
        """Serve through `chat`.

        Args:
            chat: the endpoint of chat completions, or one that takes the same body.
            form: makes the form of one request.
            max_bytes: the largest body at this moment.
        """
        self._chat = chat
        self._form = form
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        form = self._form()

        def chat(body: Json) -> Json:
            made = form.chat(body)
            scope[LEFT_OUT] = form.left_out
            return made

        await self._chat(scope, Rewritten(receive, chat, max_bytes=self._max_bytes()), _Outward(form, send))


class _Outward:
    """What the road sends: documents and events, translated one by one."""

    def __init__(self, form: Form, send: Send) -> None:
        self._form = form
        self._send = send
        self._start: MutableMapping[str, Any] = {}
        self._is_stream = False
        self._held = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body":
            more = bool(message.get("more_body", False))
            self._held += message.get("body", b"")
            await (self._events(more=more) if self._is_stream else self._document(more=more))

    async def _begin(self, message: Message) -> None:
        self._start = message
        kinds = [value for name, value in message["headers"] if name == b"content-type"]
        self._is_stream = any(kind.startswith(b"text/event-stream") for kind in kinds)
        if self._is_stream:
            await self._send(message)

    async def _document(self, *, more: bool) -> None:
        if more:
            return
        document: Json = orjson.loads(self._held)
        status = self._start["status"]
        made = self._form.answer(document) if status < 400 else self._form.error(document, status=status)
        body = orjson.dumps(made)
        headers = [pair for pair in self._start["headers"] if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def _events(self, *, more: bool) -> None:
        *events, self._held = self._held.split(b"\n\n")
        made: list[bytes] = []
        for event in events:
            if not event.startswith(_DATA):
                continue  # a comment that keeps the line open
            data = event.removeprefix(_DATA)
            if data.startswith(_DONE):
                made += self._form.end()
                continue
            document: Json = orjson.loads(data)
            made += self._form.broken(document) if "error" in document else self._form.chunk(document)
        if made or not more:
            await self._send({"type": "http.response.body", "body": b"".join(made), "more_body": more})
