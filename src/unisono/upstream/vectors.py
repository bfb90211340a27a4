"""Vectors from the configured models: one POST to `<base_url>/embeddings`, the answer as it came but for the name.

There is no second model to fall back to: vectors of two models cannot be compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import orjson

from unisono.config.hosts import OPENAI
from unisono.errors import UpstreamMalformed
from unisono.types import EmbeddingModel, Json, Timeouts
from unisono.upstream.http import Transport, under
from unisono.upstream.openai import key_headers


class Embedders:
    """The embedding models of one server, each with its pool of connections."""

    def __init__(self) -> None:
        """Hold none yet; see `follow`."""
        self._models: dict[str, EmbeddingModel] = {}
        self._transports: dict[str, Transport] = {}

    @property
    def models(self) -> Mapping[str, EmbeddingModel]:
        """The models by name."""
        return self._models

    async def follow(self, models: Sequence[EmbeddingModel], *, timeouts: Timeouts) -> None:
        """Put these models in force; pools of models that went or changed are closed."""
        old, transports = self._transports, {}
        for model in models:
            kept = old.pop(model.name, None) if self._models.get(model.name) == model else None
            if kept is None:
                kept = _transport(model, timeouts)
                await kept.start()
            transports[model.name] = kept
        self._models = {model.name: model for model in models}
        self._transports = transports
        await asyncio.gather(*(transport.close() for transport in old.values()))

    async def close(self) -> None:
        """Close every pool."""
        transports, self._transports = self._transports, {}
        await asyncio.gather(*(transport.close() for transport in transports.values()))

    async def embed(self, model: EmbeddingModel, body: Json) -> Json:
        """Return the upstream's answer, with our name of the model.

        Args:
            model: one of `models`.
            body: the caller's; everything but `model` goes out as it came.

        Raises:
            UpstreamError: the call failed.
        """
        raw = orjson.dumps({**body, "model": model.upstream_model})
        with await self._transports[model.name].post(raw) as answer:
            data = await answer.read_all()
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as exc:
            raise UpstreamMalformed(f"{model.name}: its answer is not JSON.") from exc
        if not isinstance(document, dict) or not isinstance(document.get("data"), list):
            raise UpstreamMalformed(f"{model.name}: its answer holds no vectors.")
        return {**document, "model": model.name}


def _transport(model: EmbeddingModel, timeouts: Timeouts) -> Transport:
    base_url = model.base_url or OPENAI
    return Transport(
        model=model.name,
        url=under(base_url, "/embeddings"),
        headers=key_headers(model.api_key, base_url=base_url),
        timeouts=timeouts,
        proxy=model.proxy,
        tls=model.tls,
    )
