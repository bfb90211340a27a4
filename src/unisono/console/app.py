"""The routes of the console: one page, its modules and its style, and the Vue that comes with a package; all from here.

The page is asked for anew each time and names its files by their version: a browser asks for a version once, and never
gets files of two. It reads no record and knows no router: the pages call the public JSON API.
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
    "vary": "accept-encoding",
}
_ASK_AGAIN = "no-cache"
_TRIES = tuple("0123456789")
_FOR_EVER = "public, max-age=31536000, immutable"


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
        query = request.url.query
        n = int(query) if query in _TRIES else 0
        return _sent(request, await run_in_threadpool(_page, n), keep=_ASK_AGAIN)

    async def file(request: Request) -> Response:
        name = request.path_params["file"]
        asked, _, _ = request.path_params["version"].partition(".")
        if name not in known or asked != await run_in_threadpool(version):
            raise HTTPException(404)
        return _sent(request, await run_in_threadpool(asset, known[name]), keep=_FOR_EVER)

    async def without_slash(request: Request) -> Response:
        return Response(status_code=307, headers={"location": "../console"})  # whatever a proxy calls this place

    return [
        Route("/console", page, methods=["GET"]),
        Route("/console/", without_slash, methods=["GET"]),
        Route("/console/{version}/{file}", file, methods=["GET"]),
    ]


@cache
def asset(file: Path) -> Asset:
    """Read a file once for all who ask."""
    return _packed(file.read_bytes(), type_=_TYPES[file.suffix])


@cache
def version() -> str:
    """Return the name of all files together as they are: one byte more, and it is another."""
    return _mark(b"".join(f"{name} {asset(file).mark}\n".encode() for name, file in sorted(files().items())))


@cache
def _page(n: int) -> Asset:
    """Make the page for the n-th try: Safari never asks again for a module that failed, so each try names them anew."""
    text = (STATIC / PAGE).read_text(encoding="utf-8")
    text = text.replace('"console/', f'"console/{version()}.{n}/' if n else f'"console/{version()}/')
    return _packed(text.replace('"?1"', f'"?{(n + 1) % len(_TRIES)}"').encode(), type_=_TYPES[".html"])


def _packed(plain: bytes, *, type_: str) -> Asset:
    return Asset(plain=plain, packed=gzip.compress(plain, mtime=0), mark=f'"{_mark(plain)}"', type=type_)


def _mark(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()


def _sent(request: Request, found: Asset, *, keep: str) -> Response:
    headers = {**HEADERS, "etag": found.mark, "cache-control": keep}
    if request.headers.get("if-none-match") == found.mark:
        return Response(status_code=304, headers=headers)
    headers["content-type"] = found.type
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers={**headers, "content-encoding": "gzip"})
    return Response(found.plain, headers=headers)
