"""`GET /admin/keys`: which keys there are, what each may do and has left. The keys themselves are never shown."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.record.keys import key_to_json, list_keys
from unisono.server.facts import OrjsonResponse
from unisono.types import Caller, Json


class KeysEndpoint:
    """Tells of the keys of the record and of those that the configuration names."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def show(self, http: HttpRequest) -> Response:
        """`GET /admin/keys`, oldest first, with the limits that each name stands under."""
        now = datetime.now(UTC)
        stored = await asyncio.to_thread(list_keys, self._live.config.store.path)
        rows = [{**key_to_json(key, now=now), "from": "record"} for key in stored]
        rows += [_of_caller(caller) for caller in self._live.config.callers]
        for row in rows:
            row["usage"] = self._live.ledger.view(key=str(row["name"]), user=None, now=now)
        return OrjsonResponse({"object": "list", "data": list(rows)})


def _of_caller(caller: Caller) -> Json:
    return {
        "id": None,
        "name": caller.name,
        "state": "active",
        "admin": caller.scope.admin,
        "models": list(caller.scope.models),
        "modes": [mode.value for mode in caller.scope.modes],
        "limits": [],
        "created": None,
        "expires": None,
        "revoked": None,
        "from": "configuration",
    }
