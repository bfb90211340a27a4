"""Anthropic's Messages API as one more upstream: OpenAI's chat form goes in and comes out.

It joins the two halves of the translation (`anthropic_request.py`, `anthropic_answer.py`) to the transport.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import orjson
from yarl import URL

from unisono.errors import UpstreamRefused
from unisono.native import MARK
from unisono.types import Call, Chunk, Model, Timeouts
from unisono.upstream.answers import answers_otherwise
from unisono.upstream.anthropic_answer import MessagesReading
from unisono.upstream.anthropic_request import beta_field, messages_body
from unisono.upstream.exchange import Exchange, Instead
from unisono.upstream.http import Transport
from unisono.upstream.reminders import messages_reminded
from unisono.upstream.thoughts import messages_otherwise
from unisono.upstream.wishes import Refuses, without

DEFAULT_BASE_URL = "https://api.anthropic.com"
API_VERSION = "2023-06-01"


def anthropic_provider(model: Model, timeouts: Timeouts) -> AnthropicProvider:
    """Build the provider of one model behind the Messages API; opens nothing before `start`."""
    return AnthropicProvider(model, timeouts)


class AnthropicProvider:
    """One model behind `<base_url>/v1/messages`."""

    def __init__(self, model: Model, timeouts: Timeouts, *, now: Callable[[], float] = time.time) -> None:
        headers = {"anthropic-version": API_VERSION}
        if model.api_key is not None:
            headers["x-api-key"] = model.api_key.reveal()
        self._transport = Transport(
            model=model.name,
            url=messages_url(model.base_url or DEFAULT_BASE_URL),
            headers=headers,
            timeouts=timeouts,
            proxy=model.proxy,
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
        return self._send(call)

    async def close(self) -> None:
        """Close the pool; calls in flight fail."""
        await self._transport.close()

    async def _send(self, call: Call) -> AsyncGenerator[Chunk, None]:
        name = call.model.name
        asked = messages_body(call)
        left_out = self._refuses.of(asked, call)
        asked = without(asked, left_out)
        native = MARK in call.body
        reading = MessagesReading(name, created=int(self._now()), native=native)

        def otherwise(refused: UpstreamRefused) -> Instead | None:
            nonlocal asked
            made = messages_otherwise(asked, refused) or messages_reminded(asked, refused)
            if made is None and not native:
                made = answers_otherwise(asked, refused)
            if made is not None:
                asked = made
                return Instead(orjson.dumps(asked))
            asked, instead = self._refuses.learned(asked, refused, call)
            return instead

        chunks = Exchange(
            self._transport,
            reading,
            model=name,
            body=orjson.dumps(asked),
            stream=call.stream,
            fields=beta_field(call),
            otherwise=otherwise,
            left_out=tuple(sorted(left_out)),
        )
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()


def messages_url(base_url: str) -> str:
    """Return the address of messages under a base address, with or without `/v1` and a slash at its end."""
    base = URL(base_url)
    path = base.path.rstrip("/")
    path = path if path.endswith("/v1") else path + "/v1"
    return str(base.with_path(path + "/messages").with_query(base.query))
