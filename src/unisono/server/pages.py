"""Lets web pages of other origins call: those that `server.origins` names, and no others.

A page that is let in is a caller as any other and needs a key where callers do. It reaches what callers ask for, under
`/v1`, and nothing of an operator's. What browsers are told is Starlette's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = "/v1/"
_METHODS = ("GET", "POST", "PUT", "DELETE")
_ORIGIN = b"origin"


class Pages:
    """The way in for pages, before an application."""

    def __init__(self, app: ASGIApp, *, origins: Callable[[], Sequence[str]]) -> None:
        """Pass pages on to `app`; `origins` tells at any time which are let in."""
        self._app = app
        self._origins = origins
        self._for: Sequence[str] = ()
        self._inner: ASGIApp = app

    def lets_in(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Say whether a request comes from a page that is let in, and asks for what pages may have."""
        if not (origins := self._origins()) or not path.startswith(_OPEN):
            return False
        return any(name == _ORIGIN and value.decode("latin-1") in origins for name, value in headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of a page that is let in."""
        if (origins := self._origins()) != self._for:
            self._for = origins
            self._inner = CORSMiddleware(
                self._as_any_other, allow_origins=origins, allow_methods=_METHODS, allow_headers=("*",),
                expose_headers=("*",),
            )  # fmt: skip
        await self._inner(scope, receive, send)

    async def _as_any_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != _ORIGIN]
        await self._app({**scope, "headers": headers}, receive, send)
