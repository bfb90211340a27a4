"""`/v1/sessions/{id}`: what a caller prefers in one conversation, and who has spoken in it.

It does not route; the preference counts from the next request of the conversation on.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.edge.parse import load_body
from unisono.edge.preference import STORED
from unisono.edge.wishes import read_wishes
from unisono.errors import RequestError
from unisono.record.view import stamp
from unisono.server.facts import OrjsonResponse
from unisono.server.reply import read_body
from unisono.types import Json, JsonValue, Past

MAX_BODY_BYTES = 65_536
MAX_ID_CHARS = 200


class SessionEndpoint:
    """GET shows, PUT replaces the preference, DELETE forgets the conversation."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def show(self, http: HttpRequest) -> Response:
        """`GET /v1/sessions/{id}`; a conversation that nobody knows is empty, not an error."""
        key, session = self._place(http)
        past = await self._live.sessions.load(key, session)
        return OrjsonResponse(_view(session, past or Past()))

    async def prefer(self, http: HttpRequest) -> Response:
        """`PUT /v1/sessions/{id}` with the fields of the object `unisono`."""
        key, session = self._place(http)
        raw = await read_body(http.receive, max_bytes=MAX_BODY_BYTES)
        given = load_body(raw)
        if odd := sorted(set(given) - set(STORED)):
            known = ", ".join(STORED)
            raise RequestError(f"A conversation cannot prefer {', '.join(odd)}. Known: {known}.", param=odd[0])
        wishes = read_wishes(given, {}, catalog=self._live.router.catalog, today=datetime.now(UTC).date())
        await self._live.sessions.load(key, session)
        past = self._live.sessions.prefer(key, session, replace(wishes, session=None, explain=False))
        return OrjsonResponse(_view(session, past))

    async def forget(self, http: HttpRequest) -> Response:
        """`DELETE /v1/sessions/{id}`: who spoke, what it preferred, and what the record has of its words."""
        key, session = self._place(http)
        self._live.sessions.forget(key, session)
        await asyncio.to_thread(self._live.store.erase, key=key, session=session)
        return OrjsonResponse(_view(session, Past()))

    def _place(self, http: HttpRequest) -> tuple[str, str]:
        session = http.path_params["id"]
        if len(session) > MAX_ID_CHARS:
            raise RequestError(f"A conversation's id has at most {MAX_ID_CHARS} characters.", param="id")
        return http.state.grant.name, session


def _view(session: str, past: Past) -> Json:
    wishes: dict[str, JsonValue] = {}
    for name in STORED:
        value = getattr(past.wishes, name)
        if value not in (None, ()):
            wishes[name] = list(value) if isinstance(value, tuple) else value
    return {
        "id": session,
        "object": "session",
        "prefers": wishes,
        "model": past.model,
        "at": None if past.at is None else stamp(past.at),
        "n_turns": past.n_turns,
        "n_switches": past.n_switches,
    }
