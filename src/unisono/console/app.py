"""The routes of the console: one page, its script and its style sheet, nothing from outside.

It reads no record and knows no router: the page calls the public JSON API.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Route

STATIC = Path(__file__).parent / "static"
FILES = {"/console": "console.html", "/console/console.js": "console.js", "/console/console.css": "console.css"}
"""Path to file; nothing else of the package can be reached."""

HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def routes() -> list[BaseRoute]:
    """Return the routes to mount in the server's application."""
    return [Route(path, _serve(name), methods=["GET"], name=name) for path, name in FILES.items()]


def _serve(name: str) -> Callable[[Request], FileResponse]:
    def file(request: Request) -> FileResponse:
        return FileResponse(STATIC / name, headers=HEADERS)

    return file
