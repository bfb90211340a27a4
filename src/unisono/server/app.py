"""The ASGI application: which route is served by what.

It starts nothing: who runs it has started `live`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unisono.compose import Live
from unisono.edge.failure import error_body
from unisono.edge.messages import CountForm, MessagesForm
from unisono.edge.responses import ResponsesForm
from unisono.errors import NotFound, Overloaded, RequestError, UnisonoError
from unisono.server.add import AddEndpoint
from unisono.server.azure import named_in
from unisono.server.chat import ChatEndpoint, RouteEndpoint
from unisono.server.counts import CountEndpoint
from unisono.server.cycle import Cycle
from unisono.server.edges import EdgeEndpoint
from unisono.server.embeddings import EmbeddingsEndpoint
from unisono.server.facts import Facts, OrjsonResponse
from unisono.server.feedback import FeedbackEndpoint
from unisono.server.incidents import IncidentsEndpoint
from unisono.server.keys import KeysEndpoint
from unisono.server.limits import LimitsEndpoint
from unisono.server.openapi import openapi
from unisono.server.overview import OverviewEndpoint
from unisono.server.pages import Pages
from unisono.server.paths import instead, usual
from unisono.server.policies import PoliciesEndpoint
from unisono.server.pool import PoolEndpoint
from unisono.server.reply import send_error
from unisono.server.rewritten import Rewritten
from unisono.server.sessions import SessionEndpoint
from unisono.server.short import ShortWay

SHED_RETRY_S = 1.0
"""When a caller that was turned away may come again."""


class App:
    """Starlette, with a short cut past its middleware and routing for the routes that every request pays for."""

    def __init__(
        self, starlette: Starlette, *, hot: Mapping[str, ASGIApp], live: Live, short: Mapping[str, ShortWay]
    ) -> None:
        """Serve POST at the paths of `hot` directly, `server.max_requests` at a time; the rest by `starlette`.

        Those at the paths of `short` go the short way, where the server offers it.
        """
        self._starlette = starlette
        self._hot = hot
        self._short = short
        self._live = live
        self._pages = Pages(self._within, origins=lambda: live.config.server.origins)
        self._n_requests = 0

    @property
    def routes(self) -> list[BaseRoute]:
        """Every route there is."""
        return self._starlette.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"] not in self._hot:
            if (named := named_in(scope["path"])) is not None:
                model, served = named
                max_bytes = self._live.config.server.max_body_bytes
                receive = Rewritten(receive, lambda body: {**body, "model": model}, max_bytes=max_bytes)
                scope = {**scope, "path": served, "raw_path": served.encode()}
            elif path := usual(scope["path"]):
                scope = {**scope, "path": path, "raw_path": path.encode()}
        if scope["type"] == "http" and self._pages.lets_in(scope["path"], scope["headers"]):
            await self._pages(scope, receive, send)
            return
        await self._within(scope, receive, send)

    async def _within(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            endpoint = self._hot.get(scope["path"])
            if endpoint is not None:
                await self._serve(endpoint, scope, receive, send)
                return
        await self._starlette(scope, receive, send)

    def at_once(self, cycle: Cycle, by_task: Callable[[Cycle, ASGIApp], None]) -> bool:
        """Serve a request that is here whole, without a task as long as that is possible.

        Args:
            cycle: the request, and the way to its caller.
            by_task: has an application go on with it in a task.

        Returns:
            False when nothing was done.
        """
        short = self._short.get(cycle.scope["path"])
        if (
            short is None
            or cycle.scope["method"] != "POST"
            or (self._live.config.server.origins and self._pages.lets_in(cycle.scope["path"], cycle.scope["headers"]))
            or self._n_requests >= self._live.config.server.max_requests
        ):
            return False
        self._n_requests += 1
        taken = short.take(cycle, by_task=partial(self._by_task, cycle, by_task), over=self._over)
        if not taken:
            self._n_requests -= 1
        return taken

    def _by_task(self, cycle: Cycle, by_task: Callable[[Cycle, ASGIApp], None], endpoint: ASGIApp) -> None:
        async def go_on(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await _guarded(endpoint, scope, receive, send)
            finally:
                self._over()

        by_task(cycle, go_on)

    def _over(self) -> None:
        self._n_requests -= 1

    async def _serve(self, endpoint: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._live.config.server.max_requests
        if self._n_requests >= most:
            self._live.metrics.observe_shed()
            text = f"{most} requests are in hand, as many as this server takes at a time. Come again in a moment."
            await send_error(send, Overloaded(text, retry_after_s=SHED_RETRY_S))
            return
        self._n_requests += 1
        try:
            await _guarded(endpoint, scope, receive, send)
        finally:
            self._n_requests -= 1


async def _guarded(endpoint: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an endpoint; a fault of ours becomes an answer as long as none has begun, and goes to the server's log."""
    noting = send if isinstance(send, Cycle) else _Noting(send)
    try:
        await endpoint(scope, receive, noting)
    except Exception:
        if not noting.response_started:
            await send_error(send, _fault())
        raise


class _Noting:
    """Sends as another server than ours has it, and remembers that an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.response_started = False

    def __call__(self, message: Message) -> Awaitable[None]:
        self.response_started = True
        return self._send(message)


def create_app(live: Live, *, extra_routes: Sequence[BaseRoute] = ()) -> App:
    """Return the application over a started `Live`."""
    facts = Facts(live)
    guarded = facts.guarded
    sessions = SessionEndpoint(live)
    policies = PoliciesEndpoint(live)
    chat = ChatEndpoint(live)
    overview = OverviewEndpoint(live)

    def max_bytes() -> int:
        return live.config.server.max_body_bytes

    hot: dict[str, ASGIApp] = {
        "/v1/chat/completions": chat,
        "/v1/responses": EdgeEndpoint(chat, ResponsesForm, max_bytes=max_bytes),
        "/v1/messages": EdgeEndpoint(chat, MessagesForm, max_bytes=max_bytes),
        "/v1/messages/count_tokens": EdgeEndpoint(CountEndpoint(live), CountForm, max_bytes=max_bytes),
        "/v1/embeddings": EmbeddingsEndpoint(live),
    }
    routes: list[BaseRoute] = [
        *(Route(path, endpoint, methods=["POST"]) for path, endpoint in hot.items()),
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
        Route("/admin/traffic", guarded(overview.traffic, admin=True)),
        Route("/admin/spending", guarded(overview.spending, admin=True)),
        Route("/admin/plane", guarded(overview.plane, admin=True)),
        Route("/admin/bench", guarded(overview.bench, admin=True)),
        Route("/admin/keys", guarded(KeysEndpoint(live).show, admin=True)),
        Route("/admin/incidents", guarded(IncidentsEndpoint(live).show, admin=True)),
        Route("/admin/models", guarded(PoolEndpoint(live).show, admin=True), methods=["GET"]),
        Route("/admin/models", guarded(AddEndpoint(live).add, admin=True), methods=["POST"]),
        Route("/admin/policies", guarded(policies.show, admin=True), methods=["GET"]),
        Route("/admin/policies", guarded(policies.create, admin=True), methods=["POST"]),
        Route("/admin/policies/{id}/diff", guarded(policies.diff, admin=True)),
        Route("/admin/policies/{id}/promote", guarded(policies.promote, admin=True), methods=["POST"]),
        Route("/admin/rollback", guarded(policies.roll_back, admin=True), methods=["POST"]),
        Route("/openapi.json", openapi),
        Route("/", facts.root),
        Route("/healthz", facts.healthz),
        Route("/readyz", guarded(facts.readyz)),
        Route("/metrics", guarded(facts.metrics)),
        *extra_routes,
    ]
    starlette = Starlette(routes=routes, exception_handlers={HTTPException: _http_error, Exception: _broken})
    starlette.router.redirect_slashes = False  # it would lead to whatever name `host` says, and off TLS behind a proxy
    return App(starlette, hot=hot, live=live, short={"/v1/chat/completions": ShortWay(live, chat)})


def _fault() -> UnisonoError:
    return UnisonoError("Unisono itself failed on this request. The server's log says where; please report it.")


async def _http_error(http: HttpRequest, exc: Exception) -> Response:
    """Send Starlette's own 404 and 405 in OpenAI's form."""
    status, headers = (exc.status_code, exc.headers) if isinstance(exc, HTTPException) else (500, None)
    error: UnisonoError
    if status == 405 and "sec-websocket-key" in http.headers:  # a client that is told so goes on by POST at once
        status, headers = 426, {"upgrade": "HTTP/1.1"}
        error = RequestError(f"No websocket is served at {http.url.path}. Send POST.", code="websocket_not_served")
    elif status == 405:
        served = f" Send {headers['Allow']}." if headers and "Allow" in headers else ""
        error = RequestError(f"{http.method} is not served at {http.url.path}.{served}", code="method_not_allowed")
    else:
        error = NotFound(f"Nothing is served at {http.url.path}. {instead(http.url.path)}")
    return OrjsonResponse(error_body(error), status_code=status, headers=headers)


async def _broken(http: HttpRequest, exc: Exception) -> Response:
    """Send a fault of ours in OpenAI's form; the exception itself goes to the log, not to the caller."""
    error = _fault()
    return OrjsonResponse(error_body(error), status_code=error.status)
