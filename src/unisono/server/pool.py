"""`GET /admin/models`: the pool for operators, with health, life, lineage, and what was measured."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.catalog.fingerprint import fingerprint
from unisono.compose import Live
from unisono.evaluate.roster import NEWS, roster
from unisono.record.incidents import changes
from unisono.record.lineage import events
from unisono.server.facts import OrjsonResponse
from unisono.types import Json


class PoolEndpoint:
    """Tells what `unisono models list --json` tells, and each model's health."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live

    async def show(self, http: HttpRequest) -> Response:
        """`GET /admin/models`, in the order of the file."""
        rows = await asyncio.to_thread(self._rows)
        return OrjsonResponse({"object": "list", "data": list(rows)})

    def _rows(self) -> list[Json]:
        live, models = self._live, self._live.config.models
        scores = live.store.reader.scores({model.name: fingerprint(model) for model in models})
        changed = changes(live.store.rows, since=datetime.now(UTC) - NEWS)
        rows = roster(models, scores, events(live.store.rows), changed)
        return [{**row, "health": live.health_of(model.name)[0].value} for row, model in zip(rows, models, strict=True)]
