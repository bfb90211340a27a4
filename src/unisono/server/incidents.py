"""`GET /admin/incidents`: what an operator must know of."""

from __future__ import annotations

import asyncio

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.server.facts import OrjsonResponse, whole


class IncidentsEndpoint:
    """Tells the latest incidents."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def show(self, http: HttpRequest) -> Response:
        """`GET /admin/incidents`, newest first; `limit` from 1 to 1000."""
        limit = whole(http.query_params.get("limit", "50"))
        rows = await asyncio.to_thread(self._live.alerts.incidents.latest, limit)
        return OrjsonResponse({"object": "list", "data": list(rows)})
