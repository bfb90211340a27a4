"""What single hosts do otherwise than OpenAI's dialect says, each mended where it would break a caller.

Told by the address, never by the model's name. A quirk that harms nobody is not here: bytes pass as they came.

- OpenAI (and Azure) refuse `max_tokens` for their newer models: it goes out as `max_completion_tokens`.
- Ollama ignores `max_completion_tokens` and writes on without a limit: it goes out as `max_tokens` too.
- Gemini's OpenAI surface ends a stream of tool calls with the reason `stop`, at which agents end their loop.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import orjson
from yarl import URL

from unisono.types import Chunk, Json

_OLLAMA_PORT = 11434


def with_limit(body: Json, *, base_url: str) -> Json:
    """Return the body with the length of the answer under the name that this host obeys; the same object mostly."""
    if "max_tokens" not in body and "max_completion_tokens" not in body:
        return body
    wants = _limit_wanted(base_url)
    if wants == "max_completion_tokens" and wants not in body:
        return {(wants if k == "max_tokens" else k): v for k, v in body.items()}
    if wants == "max_tokens" and wants not in body:
        return {**body, wants: body["max_completion_tokens"]}
    return body


@cache  # of the few addresses of a configuration
def _limit_wanted(base_url: str) -> Literal["max_completion_tokens", "max_tokens"] | None:
    url = URL(base_url)
    host = url.host or ""
    if host == "api.openai.com" or host.endswith(".openai.azure.com"):
        return "max_completion_tokens"
    return "max_tokens" if url.port == _OLLAMA_PORT or host in ("ollama", "ollama.com") else None


def ends_calls_with_stop(base_url: str) -> bool:
    """Say whether this host calls the end of a stream of tool calls `stop`."""
    return URL(base_url).host == "generativelanguage.googleapis.com"


class CallsEnd:
    """Mends the finish reason of one stream; a stream without tool calls passes as it came."""

    __slots__ = ("_has_calls",)

    def __init__(self) -> None:
        self._has_calls = False

    def mended(self, chunk: Chunk) -> Chunk:
        """Return the chunk, with the reason `tool_calls` where tool calls went before a `stop`."""
        self._has_calls = self._has_calls or b'"tool_calls"' in chunk.data
        if chunk.finish != "stop" or not self._has_calls:
            return chunk
        document = orjson.loads(chunk.data)
        for choice in document["choices"]:
            if isinstance(choice, dict) and choice.get("finish_reason") == "stop":
                choice["finish_reason"] = "tool_calls"
        return Chunk(
            data=orjson.dumps(document),
            has_content=chunk.has_content,
            model=chunk.model,
            finish="tool_calls",
            usage=chunk.usage,
            usage_only=chunk.usage_only,
        )
