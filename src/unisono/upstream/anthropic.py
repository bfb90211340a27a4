"""Anthropic's Messages API as one more upstream: OpenAI's chat form goes in and comes out.

It joins the two halves of the translation (`anthropic_request.py`, `anthropic_answer.py`) to the transport.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

from yarl import URL

from unisono.config.hosts import served_at
from unisono.errors import UpstreamRefused
from unisono.native import MARK
from unisono.types import Call, Chunk, Model, Secret, Timeouts
from unisono.upstream.answers import answers_otherwise
from unisono.upstream.anthropic_answer import MessagesReading
from unisono.upstream.anthropic_request import beta_field, messages_body
from unisono.upstream.exchange import Exchange
from unisono.upstream.failing import refusing
from unisono.upstream.http import Transport, under
from unisono.upstream.reminders import messages_reminded
from unisono.upstream.thoughts import messages_otherwise
from unisono.upstream.wishes import Asked, Refuses

API_VERSION = "2023-06-01"
_OF_ITS_OWN = (messages_otherwise, messages_reminded)
"""How a body of a caller of this API is mended."""
_OF_CHAT = (*_OF_ITS_OWN, answers_otherwise)


def anthropic_provider(model: Model, timeouts: Timeouts) -> AnthropicProvider:
    """Build the provider of one model behind the Messages API; opens nothing before `start`."""
    return AnthropicProvider(model, timeouts)


class AnthropicProvider:
    """One model behind `<base_url>/v1/messages`."""

    def __init__(self, model: Model, timeouts: Timeouts, *, now: Callable[[], float] = time.time) -> None:
        self._transport = Transport(
            model=model.name,
            url=api_url(served_at(model), "/messages"),
            headers=api_headers(model.api_key),
            timeouts=timeouts,
            proxy=model.proxy,
            tls=model.tls,
        )
        self._now = now
        self._refuses = Refuses()

    @property
    def used_up_for_s(self) -> float | None:
        """For how long the upstream would refuse, as its latest headers say; None where something is left."""
        return self._transport.used_up_for_s

    async def start(self) -> None:
        """Open the connection pool."""
        await self._transport.start()

    def send(self, call: Call) -> AsyncIterator[Chunk]:
        """Yield the answer as OpenAI documents; the last of a stream is `usage_only`.

        Raises:
            UpstreamError: the attempt failed, or the body has something that this API cannot say.
        """
        name, native = call.model.name, MARK in call.body
        try:
            body = messages_body(call)
        except UpstreamRefused as refused:
            return refusing(refused)
        asked = Asked(body, call, refuses=self._refuses, mends=_OF_ITS_OWN if native else _OF_CHAT)
        return Exchange(
            self._transport,
            MessagesReading(name, created=int(self._now()), native=native),
            model=name,
            body=asked.body,
            stream=call.stream,
            fields=beta_field(call),
            otherwise=asked.otherwise,
            left_out=asked.left_out,
        )

    async def close(self) -> None:
        """Close the pool; calls in flight fail."""
        await self._transport.close()


def api_url(base_url: str, path: str) -> str:
    """Return an address of the API under a base address, with or without `/v1` and a slash at its end."""
    is_whole = URL(base_url).path.rstrip("/").endswith("/v1")
    return under(base_url, path if is_whole else f"/v1{path}")


def api_headers(key: Secret | None) -> dict[str, str]:
    """Return the headers of every call: the API's version, and the key."""
    return {"anthropic-version": API_VERSION, **({} if key is None else {"x-api-key": key.reveal()})}
