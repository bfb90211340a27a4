"""Errors as callers see them: OpenAI's error body, with the router's facts beside it.

It decides no status: the error tree does.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from unisono.edge.answer import notices_to_json
from unisono.errors import NoAnswer, UnisonoError, UpstreamRefused
from unisono.types import Decision, Json, Notice


def error_body(error: UnisonoError, *, decision: Decision | None = None, notices: Sequence[Notice] = ()) -> Json:
    """Return OpenAI's error object for an error of ours; an upstream's own word to the caller passes through.

    Args:
        error: what went wrong.
        decision: that was being carried out, if there was one.
        notices: what the caller must be told of it.
    """
    body: Json = {"error": _error_object(error)}
    facts = error.detail
    if decision is not None:
        facts = {
            "decision": decision.id,
            "reason": decision.reason,
            "degraded": decision.degraded,
            "notices": notices_to_json(notices),
            **facts,
        }
    if facts:
        body["unisono"] = facts
    return body


def _error_object(error: UnisonoError) -> Json:
    theirs = _passed_through(error.last if isinstance(error, NoAnswer) else error)
    if theirs is not None:
        return theirs
    code = error.last.code if isinstance(error, NoAnswer) and len(error.attempts) == 1 else error.code
    return {"message": str(error), "type": error.type, "param": error.param, "code": code}


def _passed_through(error: UnisonoError) -> Json | None:
    """Return the upstream's own error object when it speaks to the caller (a 400), not to the operator."""
    if not isinstance(error, UpstreamRefused) or error.status not in (400, 413, 415, 422) or error.body is None:
        return None
    theirs = _error_in(error.body)
    if theirs is None:
        return None
    message = theirs.get("message") or str(error)
    read = error.code if error.code != UpstreamRefused.code else None  # what was read from it goes before its own word
    return {"param": None, **theirs, "message": message, "code": read or theirs.get("code") or error.code}


def _error_in(body: Json) -> Json | None:
    """Return the error that a body holds: OpenAI's `{"error": {…}}`, or what older vLLM, Mistral and FastAPI write."""
    error = body.get("error")
    if isinstance(error, dict):
        return error
    said = error or body.get("message") or body.get("detail")
    if not said:
        return None
    text = said if isinstance(said, str) else orjson.dumps(said).decode()
    known: Json = {name: body[name] for name in ("type", "param", "code") if name in body}
    return {"type": "invalid_request_error", **known, "message": text}
