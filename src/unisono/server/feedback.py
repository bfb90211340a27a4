"""`POST /v1/decisions/{id}/feedback`: what a caller says of an answer.

It learns nothing: the signal is recorded, and the learner takes it in within seconds.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.edge.feedback import read_feedback
from unisono.edge.parse import load_body
from unisono.server.facts import OrjsonResponse
from unisono.server.reply import read_body

MAX_BODY_BYTES = 4096


class FeedbackEndpoint:
    """Takes feedback on decisions of the caller's own key."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def take(self, http: HttpRequest) -> Response:
        """`POST /v1/decisions/{id}/feedback`: the same said twice counts once, and the last of a kind counts."""
        raw = await read_body(http.receive, max_bytes=MAX_BODY_BYTES)
        today = datetime.now(UTC).date()
        said = read_feedback(load_body(raw), catalog=self._live.router.catalog, today=today)
        decision = http.path_params["id"]
        before = await asyncio.to_thread(self._live.signals.take, decision, said, by=http.state.grant.name)
        return OrjsonResponse({"object": "feedback", "decision": decision, "kind": said.kind, "joined": before})
