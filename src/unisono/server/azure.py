"""Azure's addresses, where the path names the deployment: `/openai/deployments/{model}/chat/completions`.

The request becomes the one that OpenAI's clients send: the same body with this model's name. `api-version` is not read.
"""

from __future__ import annotations

import re

import orjson
from starlette.types import Message, Receive

from unisono.edge.parse import load_body
from unisono.server.reply import LESS_OR_RAISE, read_body

_ADDRESS = re.compile(r"/openai/deployments/([^/]+)(/chat/completions|/embeddings)/?")


def named_in(path: str) -> tuple[str, str] | None:
    """Return the model that a path of Azure's names, and the path that is served for it; None of any other path."""
    found = _ADDRESS.fullmatch(path)
    return None if found is None else (found[1], f"/v1{found[2]}")


class WithModel:
    """Receives a body with the model's name that its path gave."""

    def __init__(self, model: str, receive: Receive, *, max_bytes: int) -> None:
        """Read nothing yet: that is for who looked at the key."""
        self._model = model
        self._receive = receive
        self._max_bytes = max_bytes
        self._is_read = False

    async def __call__(self) -> Message:
        """Return the body at the first call, and what comes after it at later ones."""
        if self._is_read:
            return await self._receive()
        raw = await read_body(self._receive, max_bytes=self._max_bytes, todo=LESS_OR_RAISE)
        self._is_read = True
        body = {**load_body(raw), "model": self._model}
        return {"type": "http.request", "body": orjson.dumps(body), "more_body": False}
