"""OpenAI's chat completions dialect: any endpoint that speaks it, hosted or local (vLLM, Ollama, llama.cpp's server).

Bytes pass through as they came; each document is parsed once, only to see what the router must know. It does not
repair or translate answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial

from unisono.config.hosts import served_at
from unisono.errors import UpstreamError, UpstreamRefused
from unisono.native import RESPONSES
from unisono.types import Call, Chunk, Json, JsonValue, Model, Secret, Timeouts, Usage
from unisono.upstream.alike import Alike
from unisono.upstream.charges import charged_usd
from unisono.upstream.customs import refuses_customs, with_customs
from unisono.upstream.documents import Documents, NoDocument
from unisono.upstream.exchange import Exchange
from unisono.upstream.failing import error_in, refusing
from unisono.upstream.http import Transport, under
from unisono.upstream.plain import plain
from unisono.upstream.quirks import (
    Calls,
    counts_unasked,
    is_azure,
    is_gemini,
    is_mistral,
    is_openai,
    parted,
    tells_charges,
    with_deltas,
    with_known_fields,
    with_known_roles,
    with_known_seed,
    with_limit,
    without_openais_own,
)
from unisono.upstream.reading import BrokenEvent
from unisono.upstream.reminders import reminded
from unisono.upstream.thoughts import chat_otherwise, signed_otherwise
from unisono.upstream.wishes import Asked, Refuses

_MENDS = (chat_otherwise, signed_otherwise)
_CONTENT_KEYS = (
    "content",
    "tool_calls",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "refusal",
    "audio",
    "images",
    "function_call",
)


def openai_provider(model: Model, timeouts: Timeouts) -> OpenAIProvider:
    """Build the provider of one OpenAI-compatible model; opens nothing before `start`."""
    return OpenAIProvider(model, timeouts)


class OpenAIProvider:
    """One model behind `<base_url>/chat/completions`."""

    def __init__(self, model: Model, timeouts: Timeouts) -> None:
        base_url = served_at(model)
        self._transport = Transport(
            model=model.name,
            url=under(base_url, "/chat/completions"),
            headers=key_headers(model.api_key, base_url=base_url),
            timeouts=timeouts,
            proxy=model.proxy,
            tls=model.tls,
        )
        self._reading = _reading(base_url)
        self._refuses = Refuses()

    @property
    def used_up_for_s(self) -> float | None:
        """For how long the upstream would refuse, as its latest headers say; None where something is left."""
        return self._transport.used_up_for_s

    async def start(self) -> None:
        """Open the connection pool."""
        await self._transport.start()

    def send(self, call: Call) -> AsyncIterator[Chunk]:
        """Yield the answer's chunks; the last of a stream may be `usage_only`.

        Raises:
            UpstreamError: the attempt failed.
        """
        name = call.model.name
        try:
            body = chat_body(call)
        except UpstreamRefused as refused:
            return refusing(refused)
        mends = _MENDS if RESPONSES not in call.body else (partial(_without_customs, call), *_MENDS)
        asked = Asked(body, call, refuses=self._refuses, mends=mends)
        return Exchange(
            self._transport,
            self._reading(name),
            model=name,
            body=asked.body,
            stream=call.stream,
            otherwise=asked.otherwise,
            left_out=asked.left_out,
        )

    async def close(self) -> None:
        """Close the pool; calls in flight fail."""
        await self._transport.close()


def _without_customs(call: Call, body: Json, refused: UpstreamRefused) -> Json | None:
    """Return the call's body with functions where a host refused custom tools; None where it refused something else."""
    return chat_body(call, customs=False) if refuses_customs(body, refused) else None


def key_headers(key: Secret | None, *, base_url: str) -> dict[str, str]:
    """Return the header that a host finds its key in: Azure its own kind of key in `api-key`, all others a bearer."""
    if key is None:
        return {}
    secret = key.reveal()
    is_token = secret.startswith("eyJ")  # as every JSON web token does, Entra's among them
    return {"api-key": secret} if is_azure(base_url) and not is_token else {"Authorization": f"Bearer {secret}"}


def chat_body(call: Call, *, customs: bool = True) -> Json:
    """Return the caller's body with the upstream's model name; a stream also asks for usage.

    Nothing else changes, but for `quirks`, and for what came in by the edge of another API: see `plain`.

    Args:
        call: what the upstream is asked.
        customs: custom tools go to hosts that know them as what they are.

    Raises:
        UpstreamRefused: status 400, retryable elsewhere: the body asks for what only another API has.
    """
    base_url, source = served_at(call.model), call.body
    if RESPONSES in source:
        source = without_openais_own(source, base_url=base_url)
        if customs and is_openai(base_url):
            source = with_customs(source)
    body: Json = {**plain(source, model=call.model.name), "model": call.model.upstream_model}
    if RESPONSES in source and not is_openai(base_url) and isinstance(messages := body["messages"], list):
        body["messages"] = reminded(messages)
    body = with_known_roles(with_limit(body, base_url=base_url), base_url=base_url)
    body = with_known_seed(with_known_fields(body, base_url=base_url), base_url=base_url)
    if call.stream:
        options = body.pop("stream_options", None)
        body["stream"] = True
        if not counts_unasked(base_url):
            body["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    else:
        body.pop("stream_options", None)
        if "stream" in body:
            body["stream"] = False
    return body


class ChatReading:
    """Reads `chat.completion` and `chat.completion.chunk` documents. One per call."""

    __slots__ = ("_alike", "_charges", "_documents", "_model", "ended", "finished")

    def __init__(self, model: str, *, charges: bool = False) -> None:
        """Have read nothing yet.

        Args:
            model: catalogue name, for messages.
            charges: the `cost` in `usage` is what the host charges, in USD.
        """
        self._model = model
        self._charges = charges
        self._alike: Alike | None = None
        self._documents = Documents()
        self.ended = False
        self.finished = False

    @property
    def alike(self) -> Alike | None:
        """The event that most of those to come differ from by their text alone; None where each must be read."""
        return self._alike

    def event(self, name: bytes, data: bytes) -> tuple[Chunk, ...]:
        """Read one stream event; `[DONE]` ends the stream."""
        alike = self._alike
        if alike is None:
            alike = self._alike = Alike()
        if not name and (known := alike.chunk(data)) is not None:
            return (known,)
        if data.startswith(b"[DONE]"):
            self.ended = True
            return ()
        if not data:
            return ()
        if b"\n" in data:  # written over several lines: it goes out as one, where a blank means the same in JSON
            data = data.replace(b"\n", b" ")
        document, data = self._read(data, goes_on=True)
        choices = document.get("choices")
        if not isinstance(choices, list) or "error" in document:
            if (error := self._error(name, document)) is not None:
                raise error
            if not isinstance(choices, list):
                raise BrokenEvent("no `choices`")
        counts = _counts(document)
        usage = None if counts is None else usage_of(counts, charges=self._charges)
        reported = document.get("model")
        finish, has_content = _seen_in(choices)
        if finish is not None:
            self._refuse_failed(finish, choices)
            self.finished = True
        chunk = Chunk(
            data=data,
            has_content=has_content,
            model=reported if isinstance(reported, str) and reported else None,
            finish=finish,
            usage=usage,
            usage_only=isinstance(counts, dict) and not choices,
        )
        alike.note(chunk)
        return (chunk,)

    def whole(self, data: bytes) -> Chunk:
        """Read a plain answer."""
        document, data = self._read(data, goes_on=False)
        if (error := error_in(document, self._model)) is not None:
            raise error
        choices = document.get("choices")
        if not isinstance(choices, list):
            raise BrokenEvent("no `choices`")
        finish = _seen_in(choices)[0]
        self._refuse_failed(finish, choices)
        self.finished = self.ended = True
        reported = document.get("model")
        return Chunk(
            data=data,
            has_content=bool(choices),
            model=reported if isinstance(reported, str) and reported else None,
            finish=finish,
            usage=usage_of(document.get("usage"), charges=self._charges),
        )

    def _read(self, data: bytes, *, goes_on: bool) -> tuple[Json, bytes]:
        try:
            return self._documents.read(data, goes_on=goes_on)
        except NoDocument as exc:
            raise BrokenEvent(str(exc)) from exc

    def _refuse_failed(self, finish: str | None, choices: list[JsonValue]) -> None:
        """Raise what a choice says that has failed: OpenRouter tells so of an upstream of its own."""
        if finish == "error":
            told = (choice.get("error") for choice in choices if isinstance(choice, dict))
            error = error_in({"error": next((e for e in told if e), None) or {"type": "api_error"}}, self._model)
            if error is not None:
                raise error

    def _error(self, name: bytes, document: Json) -> UpstreamError | None:
        if name == b"error" and "error" not in document:
            document = {"error": document}
        return error_in(document, self._model)


class GeminiReading(ChatReading):
    """Reads Gemini's OpenAI surface; see `quirks`."""

    __slots__ = ("_calls",)

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self._calls = Calls()

    @property
    def alike(self) -> None:
        """None: each may have to be mended."""

    def event(self, name: bytes, data: bytes) -> tuple[Chunk, ...]:
        """Read one stream event; see `ChatReading`."""
        return tuple(self._calls.mended(chunk) for chunk in super().event(name, data))


class MistralReading(ChatReading):
    """Reads Mistral's answers; see `quirks`."""

    __slots__ = ()

    def event(self, name: bytes, data: bytes) -> tuple[Chunk, ...]:
        """Read one stream event; see `ChatReading`."""
        return super().event(name, parted(data))

    def whole(self, data: bytes) -> Chunk:
        """Read a plain answer."""
        return super().whole(parted(data))


class AzureReading(ChatReading):
    """Reads Azure's streams; see `quirks`."""

    __slots__ = ()

    def event(self, name: bytes, data: bytes) -> tuple[Chunk, ...]:
        """Read one stream event; see `ChatReading`."""
        return super().event(name, with_deltas(data))


def _reading(base_url: str) -> Callable[[str], ChatReading]:
    """Return what reads one answer of this host, given the model's name."""
    if is_gemini(base_url):
        return GeminiReading
    if is_mistral(base_url):
        return MistralReading
    if is_azure(base_url):
        return AzureReading
    return partial(ChatReading, charges=tells_charges(base_url))


MOST_TOKENS = 10**9
"""More than any call takes."""


def usage_of(value: JsonValue, *, charges: bool = False) -> Usage | None:
    """Read OpenAI's `usage`; None when it is absent, or a count is none: what is not known is not taken for nothing.

    Args:
        value: the member as it came.
        charges: its `cost` is what the host charges, in USD.
    """
    if not isinstance(value, dict) or ("prompt_tokens" not in value and "completion_tokens" not in value):
        return None
    n_in, n_out = _count(value.get("prompt_tokens", 0)), _count(value.get("completion_tokens", 0))
    if n_in is None or n_out is None:
        return None
    n_cached = n_reasoning = 0
    if isinstance(details := value.get("prompt_tokens_details"), dict):
        n_cached = min(n_in, _count(details.get("cached_tokens")) or 0)
    if isinstance(details := value.get("completion_tokens_details"), dict):
        n_reasoning = min(n_out, _count(details.get("reasoning_tokens")) or 0)
    return Usage(
        input_tokens=n_in,
        output_tokens=n_out,
        cached_input_tokens=n_cached,
        reasoning_tokens=n_reasoning,
        charged_usd=charged_usd(value, credits_too=charges),
    )


def _counts(document: Json) -> JsonValue:
    """Return the usage of a stream's event, which Groq may tell in a place of its own alone."""
    counts = document.get("usage")
    if counts is None and isinstance(groqs := document.get("x_groq"), dict):
        return groqs.get("usage")
    return counts


def _count(value: object) -> int | None:
    """Return a count of tokens, None where it cannot be one; some write 12.0."""
    if type(value) is int:  # nearly always
        return value if 0 <= value <= MOST_TOKENS else None
    if not isinstance(value, (int, float)) or not 0 <= value <= MOST_TOKENS or value != int(value):
        return None
    return int(value)


def _seen_in(choices: list[JsonValue]) -> tuple[str | None, bool]:
    """Return the first finish reason of a stream event's choices, and whether any of them has content."""
    finish: str | None = None
    has_content = False
    for choice in choices:
        if not isinstance(choice, dict):
            continue
        reason = choice.get("finish_reason")
        if finish is None and isinstance(reason, str):
            finish = reason
        delta = choice.get("delta")
        if not has_content and isinstance(delta, dict):
            has_content = bool(delta.get("content")) or any(delta.get(key) for key in _CONTENT_KEYS)
    return finish, has_content
