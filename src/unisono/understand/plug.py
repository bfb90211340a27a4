"""Announces the built-in encoder."""

from __future__ import annotations

from unisono.plugins import Registry
from unisono.protocols import Encoder


def plug(registry: Registry) -> None:
    """Register the encoder; its weights are read when it is built."""
    registry.encoders["static"] = _static


def _static() -> Encoder:
    from unisono.understand.embed import StaticEncoder

    return StaticEncoder()
