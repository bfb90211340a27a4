"""What single hosts do otherwise than OpenAI's dialect says, each mended where it would break a caller.

Told by the address, never by the model's name. A quirk that harms nobody is not here: bytes pass as they came.

- OpenAI (and Azure) refuse `max_tokens` for their newer models: it goes out as `max_completion_tokens`.
- Only OpenAI and Azure know the role `developer`: to every other host such a message goes out as `system`.
- Ollama ignores `max_completion_tokens` and writes on without a limit: it goes out as `max_tokens` too.
- Mistral refuses `max_completion_tokens` (it goes out as `max_tokens`), `seed` (as `random_seed`), and
  `stream_options` (it counts unasked).
- OpenAI, Azure, Mistral, Groq and Cerebras refuse fields that they do not know in a message: what another model thought
  is taken out, so is what says nothing, and ids of tool calls are made to fit (`ids.py`). A conversation that changes
  its model would end there with a 400.
- Mistral, Groq, Cerebras and Gemini refuse fields of a body that they do not know: what OpenAI's Responses API alone
  has (`prompt_cache_key` and the like) does not go there when a caller of that API sent it.
- Gemini's OpenAI surface ends a stream of tool calls with the reason `stop`, at which agents end their loop, and gives
  calls beside each other one place, at which clients run their arguments together.
- Mistral's reasoning models write a list of parts where a text belongs, their thinking among them: clients that read a
  text break, and hosts that get the list back refuse it.
- Azure tells of its filters in events of a stream that have no choice, or a choice without a delta: clients that read
  the first choice's delta break.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, TypeGuard

import orjson

from unisono.config.hosts import host_at
from unisono.loose import inside, objects_in
from unisono.types import Chunk, Json, JsonValue
from unisono.upstream.ids import MISTRAL, OPENAI, fitting
from unisono.upstream.thoughts import FIELDS

_STRICT = frozenset({"groq", "cerebras"})
_OPENAIS_OWN = frozenset({"prompt_cache_key", "safety_identifier", "service_tier", "verbosity"})
_EMPTY = frozenset({"refusal", "annotations", "audio", "function_call", "tool_calls"})
"""What clients send back empty, as it came in an answer."""
_OF_CALLS = frozenset({"extra_content", "index", "provider_specific_fields"})


def with_limit(body: Json, *, base_url: str) -> Json:
    """Return the body with the length of the answer under the name that this host obeys; the same object mostly."""
    if "max_tokens" not in body and "max_completion_tokens" not in body:
        return body
    wants = _LIMITS.get(host_at(base_url))
    if wants == "both":
        return body if "max_tokens" in body else {**body, "max_tokens": body["max_completion_tokens"]}
    if wants is None:
        return body
    other = "max_tokens" if wants == "max_completion_tokens" else "max_completion_tokens"
    if wants not in body:
        return {(wants if k == other else k): v for k, v in body.items()}
    return {k: v for k, v in body.items() if k != other} if wants == "max_tokens" and other in body else body


def without_openais_own(body: Json, *, base_url: str) -> Json:
    """Return a body of the Responses API without what a strict host does not know; the same object for others."""
    if is_openai(base_url) or (_ids_taken(base_url) is None and not is_gemini(base_url)):
        return body
    return {key: value for key, value in body.items() if key not in _OPENAIS_OWN}


def with_known_seed(body: Json, *, base_url: str) -> Json:
    """Return the body with the seed as this host calls it; the same object where that is `seed`."""
    if "seed" not in body or host_at(base_url) != "mistral":
        return body
    return {"random_seed" if key == "seed" else key: value for key, value in body.items()}


_LIMITS: dict[str | None, Literal["max_completion_tokens", "max_tokens", "both"]] = {
    "openai": "max_completion_tokens",
    "azure": "max_completion_tokens",
    "mistral": "max_tokens",
    "ollama": "both",
}


def is_openai(base_url: str) -> bool:
    """Say whether OpenAI itself, or Azure for it, answers there."""
    return host_at(base_url) in ("openai", "azure")


def is_azure(base_url: str) -> bool:
    """Say whether this is an address of Azure's, of whatever resource and model."""
    return host_at(base_url) in ("azure", "azure_ai")


def tells_charges(base_url: str) -> bool:
    """Say whether this host tells in `usage.cost` what it charges in USD."""
    return host_at(base_url) == "openrouter"


def with_known_roles(body: Json, *, base_url: str) -> Json:
    """Return the body with roles that this host knows; the same object where it has no other."""
    messages = body.get("messages")
    if is_openai(base_url) or not isinstance(messages, list) or not any(map(_is_developers, messages)):
        return body
    said = [{**message, "role": "system"} if _is_developers(message) else message for message in messages]
    return {**body, "messages": said}


def _is_developers(message: JsonValue) -> TypeGuard[Json]:
    return isinstance(message, dict) and message.get("role") == "developer"


def counts_unasked(base_url: str) -> bool:
    """Say whether this host counts a stream's tokens unasked, and refuses to be asked."""
    return host_at(base_url) == "mistral"


@cache
def _ids_taken(base_url: str) -> re.Pattern[str] | None:
    """Return what ids of tool calls a strict host takes; None for every other host."""
    host = host_at(base_url)
    if host == "mistral":
        return MISTRAL
    return OPENAI if host in _STRICT or is_openai(base_url) else None


def with_known_fields(body: Json, *, base_url: str) -> Json:
    """Return the body with messages that a strict host takes; the same object for every other host."""
    messages, ids = body.get("messages"), _ids_taken(base_url)
    if ids is None or not isinstance(messages, list):
        return body
    return {**body, "messages": [_known(message, ids=ids) for message in messages]}


def _known(message: JsonValue, *, ids: re.Pattern[str]) -> JsonValue:
    if not isinstance(message, dict):
        return message
    if message.get("role") == "tool":
        return {k: fitting(v, ids) if k == "tool_call_id" else v for k, v in message.items()}
    if message.get("role") != "assistant":
        return message
    kept = {k: v for k, v in message.items() if k not in FIELDS and (v or k not in _EMPTY)}
    if isinstance(calls := kept.get("tool_calls"), list):
        kept["tool_calls"] = [_known_call(call, ids=ids) for call in calls]
    return kept


def _known_call(call: JsonValue, *, ids: re.Pattern[str]) -> JsonValue:
    if not isinstance(call, dict):
        return call
    return {k: fitting(v, ids) if k == "id" else v for k, v in call.items() if k not in _OF_CALLS}


def is_gemini(base_url: str) -> bool:
    """Say whether this host tells of tool calls in a stream as Gemini does; see `Calls`."""
    return host_at(base_url) == "gemini"


class Calls:
    """Mends the tool calls of one stream of Gemini's; a stream without them passes as it came."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: dict[str, list[JsonValue]] = {}

    def mended(self, chunk: Chunk) -> Chunk:
        """Return the chunk with a place for each call, and the reason `tool_calls` where some went before."""
        has_calls = b'"tool_calls"' in chunk.data
        if not has_calls and not (chunk.finish == "stop" and self._places):
            return chunk
        document = orjson.loads(chunk.data)
        for choice in document["choices"]:
            if isinstance(choice, dict):
                self._place(choice)
        return Chunk(
            data=orjson.dumps(document),
            has_content=chunk.has_content,
            model=chunk.model,
            finish="tool_calls" if chunk.finish == "stop" and self._places else chunk.finish,
            usage=chunk.usage,
            usage_only=chunk.usage_only,
        )

    def _place(self, choice: Json) -> None:
        for call in objects_in(inside(choice, "delta").get("tool_calls")):
            ids, given = self._places.setdefault(str(choice.get("index")), []), call.get("id")
            if not ids or (given and given not in ids):
                ids.append(given)
            call["index"] = ids.index(given) if given in ids else len(ids) - 1
        if choice.get("finish_reason") == "stop" and self._places:
            choice["finish_reason"] = "tool_calls"


def is_mistral(base_url: str) -> bool:
    """Say whether this host writes thinking into the content; see `parted`."""
    return host_at(base_url) == "mistral"


def parted(data: bytes) -> bytes:
    """Return a document of Mistral's with thinking in `reasoning_content` and a text as content; others as they are."""
    if b'"thinking"' not in data:
        return data
    document, choices = _read(data)
    for choice in choices or ():
        for name in ("message", "delta"):
            if isinstance(choice, dict) and isinstance(said := choice.get(name), dict):
                _part(said)
    return data if choices is None else orjson.dumps(document)


def _part(said: Json) -> None:
    content = said.get("content")
    parts = [*objects_in(content)]
    if not isinstance(content, list) or len(parts) < len(content):
        return
    thought, text = "", ""
    for part in parts:
        if part.get("type") == "thinking":
            thought += _texts(part.get("thinking"))
        elif part.get("type") == "text":
            text += _texts([part])
        else:
            return  # a reference, or what is not known: it stays as it came
    said["content"] = text
    if thought:
        said["reasoning_content"] = thought


def _texts(parts: JsonValue) -> str:
    if isinstance(parts, str):
        return parts
    return "".join(text for part in objects_in(parts) if isinstance(text := part.get("text"), str))


def with_deltas(data: bytes) -> bytes:
    """Return an event of Azure's in which its filters are told beside an empty delta; others as they are."""
    if b"content_filter" not in data or b'"delta"' in data:
        return data
    document, choices = _read(data)
    if choices is None or document.get("usage"):
        return data
    if not choices:
        choices.append({"index": 0, "finish_reason": None})
    for choice in choices:
        if isinstance(choice, dict):
            choice.setdefault("delta", {})
    return orjson.dumps(document)


def _read(data: bytes) -> tuple[Json, list[JsonValue] | None]:
    """Return a document and its choices; None for these where there are none."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}, None
    choices = document.get("choices") if isinstance(document, dict) else None
    return document, choices if isinstance(choices, list) else None
