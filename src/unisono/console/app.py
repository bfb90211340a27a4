"""The routes of the console: one page, its modules and its style, and the Vue that comes with a package; all from here.

It reads no record and knows no router: the pages call the public JSON API.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

STATIC = Path(__file__).parent / "static"
PAGE = "console.html"
VUE_PACKAGE = "trame_client"
VUE_FILE = "module/vue3-www/vue.global.js"
"""Vue's production build, as Kitware's package carries it (docs/decisions/0010-console.md)."""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types vue"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
    "vary": "accept-encoding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is sent: plain, packed, and the mark by which a browser knows that it has it."""

    plain: bytes
    packed: bytes
    mark: str
    type: str


def files() -> dict[str, Path]:
    """Return what is served: name to file. Nothing else of the package can be reached."""
    own = {file.name: file for file in sorted(STATIC.iterdir()) if file.suffix in _TYPES and file.name != PAGE}
    return {**own, "vue.js": vue()}


def vue() -> Path:
    """Return where the installed package has Vue; importing it is not needed."""
    spec = find_spec(VUE_PACKAGE)
    folder = Path(spec.origin or "").parent if spec is not None else Path()
    return folder / VUE_FILE


def routes() -> list[BaseRoute]:
    """Return the routes to mount in the server's application."""
    known = files()

    async def page(request: Request) -> Response:
        return await _sent(request, STATIC / PAGE)

    async def file(request: Request) -> Response:
        name = request.path_params["file"]
        if name not in known:
            raise HTTPException(404)
        return await _sent(request, known[name])

    async def without_slash(request: Request) -> Response:
        return Response(status_code=307, headers={"location": "../console"})  # whatever a proxy calls this place

    return [
        Route("/console", page, methods=["GET"]),
        Route("/console/", without_slash, methods=["GET"]),
        Route("/console/{file}", file, methods=["GET"]),
    ]


@cache
def asset(file: Path) -> Asset:
    """Read a file once for all who ask."""
    plain = file.read_bytes()
    return Asset(
        plain=plain,
        packed=gzip.compress(plain, mtime=0),
        mark=f'"{blake2b(plain, digest_size=12).hexdigest()}"',
        type=_TYPES[file.suffix],
    )


async def _sent(request: Request, file: Path) -> Response:
    found = await run_in_threadpool(asset, file)
    headers = {**HEADERS, "etag": found.mark}
    if request.headers.get("if-none-match") == found.mark:
        return Response(status_code=304, headers=headers)
    headers["content-type"] = found.type
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers={**headers, "content-encoding": "gzip"})
    return Response(found.plain, headers=headers)
