"""`GET /v1/limits`: what a caller has left, and when it returns."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.edge.parse import MAX_NAME_CHARS
from unisono.errors import RequestError
from unisono.server.facts import OrjsonResponse


class LimitsEndpoint:
    """Tells a key what it and one of its users have left."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def show(self, http: HttpRequest) -> Response:
        """`GET /v1/limits`, with `?user=` for limits per end user."""
        key, user = http.state.grant.name, http.query_params.get("user")
        if user is not None and len(user) > MAX_NAME_CHARS:
            raise RequestError(f"`user` is longer than {MAX_NAME_CHARS} characters.", param="user")
        rows = self._live.ledger.view(key=key, user=user, now=datetime.now(UTC))
        return OrjsonResponse({"object": "list", "key": key, "data": rows})
