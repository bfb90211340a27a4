"""The routes that tell: models, decisions, health, metrics.

Each reads; none changes anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono import __version__
from unisono.catalog import MODES
from unisono.catalog.catalog import is_retired
from unisono.compose import Live, readiness
from unisono.edge.failure import error_body
from unisono.edge.scope import may_use
from unisono.errors import NotAllowed, NotFound, RequestError, UnisonoError
from unisono.record.metrics import CONTENT_TYPE
from unisono.server.auth import admin_only, admit
from unisono.server.reply import ClientGone, headers_in
from unisono.terms import STATUSES
from unisono.types import EmbeddingModel, Grant, Json, JsonValue, Mode, Model, Scope

Answer = Callable[[HttpRequest], Awaitable[Response]]
_BEGINNING = "1970-01-01T00:00:00Z"
"""When a model began, which is not known."""


class OrjsonResponse(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: JsonValue) -> bytes:
        """Return the body."""
        return orjson.dumps(content)


class Facts:
    """Answers from a running Unisono."""

    def __init__(self, live: Live) -> None:
        """Tell about `live`."""
        self._live = live

    def guarded(self, answer: Answer, *, admin: bool = False) -> Answer:
        """Return an endpoint that authenticates first and sends our errors in OpenAI's form.

        Args:
            answer: finds who calls in `http.state.grant`.
            admin: only for keys with that scope.
        """

        async def endpoint(http: HttpRequest) -> Response:
            try:
                http.state.grant = admit(self._live, http.scope, headers_in(http.scope))
                if admin:
                    admin_only(http.state.grant)
                return await answer(http)
            except ClientGone:
                return Response(status_code=499)  # nobody reads it
            except UnisonoError as error:
                return OrjsonResponse(error_body(error), status_code=error.status)

        return endpoint

    async def models(self, http: HttpRequest) -> Response:
        """`GET /v1/models`."""
        scope = http.state.grant.scope
        today = datetime.now(UTC).date()
        rows = [_auto_row(mode) for mode in MODES if _may_ask(scope, mode)]
        rows += [self._model_row(model, today) for model in self._live.router.catalog if may_use(scope, model.name)]
        rows += [_embedding_row(model) for model in self._live.config.embeddings if may_use(scope, model.name)]
        ends: Json = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
        return OrjsonResponse({"object": "list", "data": list[JsonValue](rows), "has_more": False, **ends})

    async def model(self, http: HttpRequest) -> Response:
        """`GET /v1/models/{name}`: one of those that `GET /v1/models` lists, or whom its name means now."""
        name, scope, today = http.path_params["name"], http.state.grant.scope, datetime.now(UTC).date()
        embedding = next((model for model in self._live.config.embeddings if model.name == name), None)
        if name in MODES:
            allowed, row = _may_ask(scope, name), _auto_row(name)
        elif embedding is not None:
            allowed, row = may_use(scope, name), _embedding_row(embedding)
        else:
            model = self._live.router.catalog.resolve(name, today=today)
            allowed, row = may_use(scope, model.name), self._model_row(model, today)
        if not allowed:
            raise NotAllowed(f"Your key may not use {name!r}. GET /v1/models lists what it may use.", param="model")
        return OrjsonResponse(row)

    def _model_row(self, model: Model, today: date) -> Json:
        health, _ = self._live.health_of(model.name)
        prices = model.prices
        return {
            **_row(model.name, owned_by=model.upstream),
            "unisono": {
                "role": model.role.value,
                "upstream_model": model.upstream_model,
                "capabilities": list[JsonValue](sorted(c.value for c in model.capabilities)),
                "context_tokens": model.context_tokens,
                "usd_per_mtok_in": None if prices is None else prices.usd_per_mtok_in,
                "usd_per_mtok_out": None if prices is None else prices.usd_per_mtok_out,
                "prices_from": None if prices is None else prices.source,
                "knowledge_cutoff": None if model.knowledge_cutoff is None else model.knowledge_cutoff.isoformat(),
                "lifecycle": "retired" if is_retired(model, today=today) else model.lifecycle.state,
                "until": None if model.lifecycle.until is None else model.lifecycle.until.isoformat(),
                "successor": model.lifecycle.successor,
                "health": health.value,
            },
        }

    async def decision(self, http: HttpRequest) -> Response:
        """`GET /v1/decisions/{id}`."""
        asked = http.path_params["id"]
        found = await asyncio.to_thread(self._live.store.decision, asked, examples=http.state.grant.scope.admin)
        if found is None or not _may_see(http.state.grant, found["request"]):
            raise NotFound(f"No decision {asked!r} is recorded. GET /v1/decisions lists the latest.")
        return OrjsonResponse(found)

    async def decisions(self, http: HttpRequest) -> Response:
        """`GET /v1/decisions`, newest first: of everybody for an admin, else of this key."""
        query = http.query_params
        limit = whole(query.get("limit", "50"))
        grant, key = http.state.grant, query.get("key")
        if not grant.scope.admin and key not in (None, grant.name):
            raise NotAllowed("A key sees its own decisions only; those of others need one with the scope `admin`.")
        rows = await asyncio.to_thread(
            lambda: self._live.store.decisions(
                limit=limit,
                before=query.get("before"),
                model=query.get("model"),
                status=_status(query.get("status")),
                since=moment(query.get("since"), name="since"),
                key=key if grant.scope.admin else grant.name,
                user=query.get("user"),
            )
        )
        return OrjsonResponse({"object": "list", "data": list(rows)})

    async def root(self, http: HttpRequest) -> Response:
        """`GET /`: who answers here; clients look before they ask."""
        return OrjsonResponse({"name": "unisono", "version": __version__, "routes": "/openapi.json"})

    async def healthz(self, http: HttpRequest) -> Response:
        """`GET /healthz`: the process answers."""
        return OrjsonResponse({"status": "ok"})

    async def readyz(self, http: HttpRequest) -> Response:
        """`GET /readyz`: what is degraded. Still 200 then: a degraded router serves, and says so."""
        return OrjsonResponse(readiness(self._live))

    async def metrics(self, http: HttpRequest) -> Response:
        """`GET /metrics` for Prometheus."""
        self._live.refresh_metrics()
        text = await asyncio.to_thread(self._live.metrics_page)
        return Response(text, media_type=CONTENT_TYPE)


def _embedding_row(model: EmbeddingModel) -> Json:
    about: Json = {
        "role": "embedding",
        "upstream_model": model.upstream_model,
        "usd_per_mtok_in": model.usd_per_mtok_in,
    }
    return {**_row(model.name, owned_by="openai"), "unisono": about}


def _may_see(grant: Grant, request: JsonValue) -> bool:
    return grant.scope.admin or (isinstance(request, dict) and request.get("key") == grant.name)


def _may_ask(scope: Scope, name: str) -> bool:
    mode = Mode(name.partition(":")[2] or Mode.BALANCED)
    return not scope.modes or mode in scope.modes


def _auto_row(name: str) -> Json:
    return _row(name, owned_by="unisono")


def _row(name: str, *, owned_by: str) -> Json:
    """Return what OpenAI's clients and Anthropic's want to know of a model, in one object."""
    anthropics: Json = {"type": "model", "display_name": name, "created_at": _BEGINNING}
    return {"id": name, "object": "model", "created": 0, "owned_by": owned_by, **anthropics}


def whole(text: str, *, name: str = "limit") -> int:
    """Return the number of rows that a caller wants.

    Raises:
        RequestError: no whole number from 1 to 1000.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= 1000):
        raise RequestError(f"`{name}` must be a whole number from 1 to 1000.", param=name)
    return int(text)


def _status(text: str | None) -> str | None:
    if text is not None and text not in STATUSES:
        raise RequestError(f"`status` must be one of {', '.join(STATUSES)}.", param="status")
    return text


def moment(text: str | None, *, name: str) -> datetime | None:
    """Return the aware stamp that a caller wrote, or None where there is none.

    Raises:
        RequestError: it is no stamp, or has no time zone.
    """
    if text is None:
        return None
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError as exc:
        raise RequestError(f"`{name}` must be a time such as 2026-11-23T10:00:00Z.", param=name) from exc
    if stamp.tzinfo is None:
        raise RequestError(f"`{name}` needs a time zone, such as 2026-11-23T10:00:00Z.", param=name)
    return stamp
