"""Upstream errors that no status tells: in a document of status 200, in a stream, or before anything was sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from unisono.errors import UpstreamError, UpstreamRefused
from unisono.types import Chunk, Json
from unisono.upstream.refusals import refusal

_STATUS_OF = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def error_in(document: Json, model: str) -> UpstreamError | None:
    """Return the error that a document of status 200 or a stream event carries, or None.

    Known: `{"error": {"code" | "type" | "status": …}}` with a number or a well-known name, `{"error": "text"}`, and
    vLLM's older `{"object": "error", "code": 400}`. A name that is not known counts as 500.
    """
    error = document.get("error")
    if not error:
        if document.get("object") != "error":
            return None
        error = {"code": document.get("code"), "type": document.get("type"), "message": document.get("message")}
    fields = error if isinstance(error, dict) else {}
    values = [fields.get(k) for k in ("code", "status", "type")]
    numbers = [v for v in values if isinstance(v, int) and 400 <= v < 600]
    known = [_STATUS_OF[v] for v in values if isinstance(v, str) and v in _STATUS_OF]
    status = (numbers + known + [500])[0]
    return refusal(model, http_status=status, body={"error": error})


async def refusing(refused: UpstreamRefused) -> AsyncGenerator[Chunk, None]:
    """Raise an error where the answer's chunks are awaited: nothing was sent."""
    raise refused
    yield  # never; it makes this a generator of chunks


def untranslatable(model: str, what: str, *, param: str) -> UpstreamRefused:
    """Build the error for what a dialect cannot say: a 400 for the caller, yet another model may take it."""
    text = f"{model}: {what}"
    error: Json = {"message": text, "type": "invalid_request_error", "param": param, "code": "unsupported_parameter"}
    refused = UpstreamRefused(text, http_status=400, body={"error": error})
    refused.retryable = True
    return refused
