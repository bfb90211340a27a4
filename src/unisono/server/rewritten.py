"""What the road reads in place of the body that was sent."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from starlette.types import Message, Receive

from unisono.edge.parse import load_body
from unisono.server.reply import LESS_OR_RAISE, read_body
from unisono.types import Json


class Rewritten:
    """Receives a body as `rewrite` makes it of the one that was sent, when it is asked for: the key was looked at."""

    def __init__(self, receive: Receive, rewrite: Callable[[Json], Json], *, max_bytes: int) -> None:
        """Read nothing yet."""
        self._receive = receive
        self._rewrite = rewrite
        self._max_bytes = max_bytes
        self._is_read = False

    async def __call__(self) -> Message:
        """Return the body at the first call, and what comes after it at later ones."""
        if self._is_read:
            return await self._receive()
        raw = await read_body(self._receive, max_bytes=self._max_bytes, todo=LESS_OR_RAISE)
        self._is_read = True
        return {"type": "http.request", "body": orjson.dumps(self._rewrite(load_body(raw))), "more_body": False}
