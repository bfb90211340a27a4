"""The ASGI application: which route is served by what.

It starts nothing: who runs it has started `live`.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from unisono.compose import Live
from unisono.edge.failure import error_body
from unisono.edge.messages import MessagesForm
from unisono.edge.responses import ResponsesForm
from unisono.errors import NotFound, RequestError, UnisonoError
from unisono.server.chat import ChatEndpoint, RouteEndpoint
from unisono.server.edges import EdgeEndpoint
from unisono.server.embeddings import EmbeddingsEndpoint
from unisono.server.facts import Facts, OrjsonResponse
from unisono.server.feedback import FeedbackEndpoint
from unisono.server.incidents import IncidentsEndpoint
from unisono.server.limits import LimitsEndpoint
from unisono.server.openapi import openapi
from unisono.server.sessions import SessionEndpoint


def create_app(live: Live, *, extra_routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the application over a started `Live`."""
    facts = Facts(live)
    guarded = facts.guarded
    sessions = SessionEndpoint(live)
    chat = ChatEndpoint(live)

    def max_bytes() -> int:
        return live.config.server.max_body_bytes

    routes: list[BaseRoute] = [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/responses", EdgeEndpoint(chat, ResponsesForm, max_bytes=max_bytes), methods=["POST"]),
        Route("/v1/messages", EdgeEndpoint(chat, MessagesForm, max_bytes=max_bytes), methods=["POST"]),
        Route("/v1/embeddings", EmbeddingsEndpoint(live), methods=["POST"]),
        Route("/v1/route", RouteEndpoint(live), methods=["POST"]),
        Route("/v1/models", guarded(facts.models)),
        Route("/v1/models/{name:path}", guarded(facts.model)),
        Route("/v1/decisions", guarded(facts.decisions)),
        Route("/v1/decisions/{id}", guarded(facts.decision)),
        Route("/v1/decisions/{id}/feedback", guarded(FeedbackEndpoint(live).take), methods=["POST"]),
        Route("/v1/limits", guarded(LimitsEndpoint(live).show)),
        Route("/v1/sessions/{id}", guarded(sessions.show), methods=["GET"]),
        Route("/v1/sessions/{id}", guarded(sessions.prefer), methods=["PUT"]),
        Route("/v1/sessions/{id}", guarded(sessions.forget), methods=["DELETE"]),
        Route("/admin/incidents", guarded(IncidentsEndpoint(live).show, admin=True)),
        Route("/openapi.json", openapi),
        Route("/healthz", facts.healthz),
        Route("/readyz", guarded(facts.readyz)),
        Route("/metrics", guarded(facts.metrics)),
        *extra_routes,
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error, Exception: _broken})


async def _http_error(http: HttpRequest, exc: Exception) -> Response:
    """Send Starlette's own 404 and 405 in OpenAI's form."""
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    error: UnisonoError
    if status == 405:
        error = RequestError(f"{http.method} is not served at {http.url.path}.", code="method_not_allowed")
    else:
        error = NotFound(f"Nothing is served at {http.url.path}. See docs/reference/http.md for the routes.")
    return OrjsonResponse(error_body(error), status_code=status)


async def _broken(http: HttpRequest, exc: Exception) -> Response:
    """Send a fault of ours in OpenAI's form; the exception itself goes to the log, not to the caller."""
    error = UnisonoError("Unisono itself failed on this request. The server's log says where; please report it.")
    return OrjsonResponse(error_body(error), status_code=error.status)
