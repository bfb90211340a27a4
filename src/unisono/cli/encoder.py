"""Which encoder a command reads prompts with: the one that is named, with the settings of the configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisono.config import Config, EncoderConfig


def encoder_settings(known: Config | None, name: str) -> EncoderConfig:
    """Return the settings of an encoder.

    Args:
        known: the configuration, where there is one: it says where an `onnx` or `endpoint` encoder is.
        name: of the encoder; empty takes the configuration's, else `static`.
    """
    from unisono.config import EncoderConfig

    settings = EncoderConfig() if known is None else known.encoder
    return replace(settings, name=name) if name else settings
