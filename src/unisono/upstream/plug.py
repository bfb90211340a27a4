"""The encoder that asks an upstream, announced through the same door as plug-ins.

Providers are not announced here: `plugins` finds them by the names of their modules.
"""

from __future__ import annotations

from unisono.config.values import EncoderConfig
from unisono.errors import StartError
from unisono.plugins import Registry
from unisono.protocols import Encoder


def plug(registry: Registry) -> None:
    """Register the encoder; nothing is asked before it is used."""
    registry.encoders["endpoint"] = _endpoint


def _endpoint(settings: EncoderConfig) -> Encoder:
    from unisono.upstream.embeddings import EndpointEncoder

    if settings.base_url is None or settings.model is None:
        raise StartError("The encoder endpoint needs `base_url` and `model` under [encoder].")
    return EndpointEncoder(
        settings.base_url, model=settings.model, api_key=settings.api_key, proxy=settings.proxy, tls=settings.tls
    )
