"""The routes of a server, for tests that hold pages and documents against them."""

from __future__ import annotations

from starlette.routing import Route

from unisono.console.app import routes as console_routes
from unisono.server.app import create_app


def served() -> list[tuple[str, str]]:
    """Method and path of every route of the server, read from the application's own list."""

    class NothingRuns:
        """Stands for a running Unisono; no request is made."""

        def __getattr__(self, name: str) -> None:
            return None

    application = create_app(NothingRuns(), extra_routes=console_routes())  # type: ignore[arg-type]
    found = [route for route in application.routes if isinstance(route, Route)]
    return [(method, route.path) for route in found for method in (route.methods or ()) if method != "HEAD"]
