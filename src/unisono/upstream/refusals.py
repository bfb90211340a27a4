"""What a host means by a refusal: its status, codes and words to the status that says who is to mend what.

Hosts tell the operator's matters (a wrong key, an empty account, a model that is gone) with the status of a caller's
mistake, each in its own words; a prompt that is too long they tell in a dozen ways. What no row here knows stays as its
status says. The words that make a model rest are looked for at the beginning of a message only, and never in a list of
details: further on a host may quote what the caller wrote, and no caller may take a model away from the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from unisono.errors import UpstreamRefused
from unisono.types import Json, JsonValue
from unisono.upstream.health import LONGEST_REST_S
from unisono.upstream.quota import span_s

TOO_LONG = "context_length_exceeded"
"""OpenAI's code, by which clients shorten a conversation."""
_FLAGGED = "content_filter"
_CALLERS = (400, 403, 404, 413, 415, 422)
"""Statuses that may mean another one; and 429, for an account that is empty."""
_TOKEN = re.compile(r"[\w.:-]{1,64}")
_NUMBER = re.compile(r"\d+")

_KEY = re.compile(r"(?:incorrect|invalid) api[ _-]?key|api[ _-]?key (?:not valid|expired|not found)", re.I)
_UNPAID = re.compile(
    r"your credit balance is too low|you have reached your specified api usage limits|billing hard limit|"
    r"your account is not active|insufficient (?:credit|balance|quota|fund)|"
    r"your team \S+ has either used all available credits",
    re.I,
)
_GONE = re.compile(
    r"invalid model: |model not exist|\S+ is not a valid model id$|"
    r"the model \S+ has been (?:decommissioned|deprecated)|model \S+ is enabled only for api versions|"
    r"the \w+ operation does not work with the specified model",
    re.I,
)
_BARRED = re.compile(r"user location is not supported", re.I)
_STATUS_OF_CODE = {
    "API_KEY_INVALID": 401,
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "insufficient_user_quota": 402,
    "billing_hard_limit_reached": 402,
    "billing_not_active": 402,
    "insufficient_balance": 402,
    "Arrearage": 402,
    "model_not_found": 404,
    "model_decommissioned": 404,
    "invalid_model": 404,
    "DeploymentNotFound": 404,
    "OperationNotSupported": 404,
}
"""Codes and types that say whose matter it is, whatever status they come with."""

_LONG = re.compile(
    r"maximum (?:context|prompt) length|prompt is too long|exceed\w* (?:the )?(?:model'?s? )?context|context limit|"
    r"maximum number of tokens allowed|exceed the configured limit of \d+ tokens|exceeds the available context|"
    r"longer than the model'?s context|reduce the length of|length of all messages is too long|input is too long|"
    r"exceed\w* model token limit|too many (?:input )?tokens|range of input length|"
    r"`inputs` tokens \+ `max_new_tokens`",
    re.I,
)
_LONG_CODES = frozenset({TOO_LONG, "exceed_context_size_error"})
_OF_MODEL = frozenset(
    {
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "tool_use_failed",
        "json_validate_failed",
    }
)
_SAYS_MODEL = re.compile(
    r"\bthis model\b|\bmodel does not support\b|\bdoes not support parameter\b|\bdoes not support tools\b|"
    r"\bsupport tool use\b|\bsupport image input\b|--enable-auto-tool-choice|at most 0 \w+\(s\)|"
    r"not a multimodal model|only supported by certain models|\bthought_signature\b|"
    r"extra inputs are not permitted|^unknown parameter|^unrecognized request argument|"
    r"unknown name \\?\"|^property '[^']*' is unsupported|^argument not supported",
    re.I,
)
"""What a refusal is about that another model may take: fields it does not know, what this model lacks."""
_OF_REQUEST = re.compile(r"no endpoints found that|no allowed providers", re.I)
"""How OpenRouter says with a 404 that nobody serves this model to this request."""
DAILY_S = 3600.0
"""How long a limit of a day is left alone whose host does not say when it is renewed."""
_HEAD = 160
"""Of a message so many characters are its host's own words."""
_PER_DAY = re.compile(r"\bper[ -]?day\b|PerDay|\bdaily\b", re.I)
_AGAIN = re.compile(r"(?:try again|retry) (?:in|after) (\d[\dhms.]*(?: ?seconds?)?)", re.I)

_HINTS = {
    401: "check `api_key`",
    402: "its account there has no money or quota left",
    403: "check what `api_key` may use",
    404: "check `base_url` and `upstream_model`",
}
_OTHER_API = re.compile(r"\bv1/(?:responses|completions)\b", re.I)


def refusal(model: str, *, http_status: int, body: Json | None, retry_s: float | None = None) -> UpstreamRefused:
    """Build the error of a refused call.

    The text names the upstream's error type or code, never its message: that may quote the prompt or a key. The
    whole body stays in `body`, for the caller. What the caller did wrong for this model alone may be tried at another.

    Args:
        model: catalogue name, for the text.
        http_status: the answer's own.
        body: the document that came with it, if it was one.
        retry_s: for how long its headers ask to be left alone; None: they do not say, and the body may.
    """
    error = _error_in(body)
    names, said = _names(error), _said(error)
    read = _read(http_status, names, said, error)
    name = next((n for n in names if _TOKEN.fullmatch(n) and not _NUMBER.fullmatch(n)), "")
    told = f"{http_status} {name}".strip()
    text = f"{model}: the upstream answered {told}"
    hint = _hint(read, said)
    rests_s = _rests_s(error, said, retry_s=retry_s) if read == 429 else retry_s
    refused = UpstreamRefused(
        text + (f"; {hint}." if hint else "."),
        http_status=read,
        body=body,
        retry_after_s=None if rests_s is None else min(rests_s, LONGEST_REST_S),
    )
    if read in (400, 413, 415, 422):
        about = _everything(error, said)
        if _LONG_CODES & names.keys() or _LONG.search(about):
            refused.code = TOO_LONG
        elif read == 400 and http_status == 403:
            refused.code = _FLAGGED
        refused.retryable = read == 413 or bool(
            refused.code == TOO_LONG or _OF_MODEL & names.keys() or _SAYS_MODEL.search(about) or http_status == 404
        )
    return refused


def told_by(refused: UpstreamRefused) -> str:
    """Return all that an upstream wrote of a body that it did not take as it was, as JSON; else an empty text."""
    if refused.http_status not in (400, 422) or refused.body is None:
        return ""
    return orjson.dumps(refused.body).decode()


def _read(http_status: int, names: dict[str, None], said: str, error: Json) -> int:
    """Return the status that a refusal should have had."""
    if http_status == 429:
        return 402 if "insufficient_quota" in names or _UNPAID.match(said) else 429
    if http_status not in _CALLERS:
        return http_status
    if http_status == 403 and _is_flagged(error):
        return 400
    if http_status == 404:
        return 400 if _OF_REQUEST.match(said) else 404
    for name in names:
        if name in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[name]
    rows = ((_KEY, 401), (_UNPAID, 402), (_GONE, 404), (_BARRED, 403))
    return next((status for words, status in rows if words.match(said)), http_status)


def _hint(read: int, said: str) -> str:
    if read == 404 and (other := _OTHER_API.search(said)):
        return f"this model is served at {other[0].lower()} there and not at chat completions, which is what is asked"
    return _HINTS.get(read, "")


def _error_in(body: Json | None) -> Json:
    """Return the error of a body with `message`: OpenAI's object, xAI's text, or Mistral's and FastAPI's bare body."""
    if body is None:
        return {}
    error = body.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {**body, "message": error}
    return body


def _names(error: Json) -> dict[str, None]:
    """Return what a refusal calls itself, in order: code, type, and the reasons of Google's details."""
    given = [error.get("code"), error.get("type")]
    given += [detail.get("reason") for detail in _objects(error.get("details"))]
    return {str(name): None for name in given if isinstance(name, (str, int))}


def _said(error: Json) -> str:
    message = error.get("message")
    return message if isinstance(message, str) else ""


def _everything(error: Json, said: str) -> str:
    """Return the message, as JSON where it is a list of details, and what OpenRouter says of its own upstream."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    details = "" if said else orjson.dumps(error.get("message") or error.get("detail")).decode()
    return f"{said}{details} {raw}" if isinstance(raw, str) else said or details


def _is_flagged(error: Json) -> bool:
    metadata = error.get("metadata")
    return isinstance(metadata, dict) and "flagged_input" in metadata


def _rests_s(error: Json, said: str, *, retry_s: float | None) -> float | None:
    """Return for how long a limit stays used up: as the headers say, else the body; a day's limit for an hour at least.

    Google tells a retry in seconds of limits that a day renews. Where the words name such a limit and no time, an hour
    is the pace at which it is asked again.
    """
    asked_s = _asked_s(error, said) if retry_s is None else retry_s
    if any(_PER_DAY.search(str(one.get("quotaId"))) for one in _violations(error)):
        return max(asked_s or 0.0, DAILY_S)
    return DAILY_S if asked_s is None and _PER_DAY.search(said[:_HEAD]) else asked_s


def _violations(error: Json) -> Iterator[Json]:
    for detail in _objects(error.get("details")):
        yield from _objects(detail.get("violations"))


def _asked_s(error: Json, said: str) -> float | None:
    """Return for how long a body asks to be left alone: Google's details, OpenRouter's headers, or the words."""
    waits = [detail.get("retryDelay") for detail in _objects(error.get("details"))]
    metadata = error.get("metadata")
    headers = metadata.get("headers") if isinstance(metadata, dict) else None
    waits.append(headers.get("X-RateLimit-Reset") if isinstance(headers, dict) else None)
    if (found := _AGAIN.search(said)) is not None:
        waits.append(re.sub(r" ?seconds?$", "s", found[1]).rstrip("."))
    known = [wait for text in waits if isinstance(text, str) and (wait := span_s(text)) is not None]
    return max(known[0], 0.0) if known else None


def _objects(value: JsonValue) -> Iterator[Json]:
    return (part for part in value if isinstance(part, dict)) if isinstance(value, list) else iter(())
