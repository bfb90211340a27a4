"""The encoders that come with Unisono, announced through the same door as plug-ins.

None is read before it is built, and a library that one of them needs is imported then.
"""

from __future__ import annotations

from unisono.config.values import EncoderConfig
from unisono.errors import StartError
from unisono.plugins import Registry
from unisono.protocols import Encoder


def plug(registry: Registry) -> None:
    """Register the encoders; weights are read when one is built."""
    registry.encoders["static"] = _static
    registry.encoders["use"] = _use
    registry.encoders["e5"] = _e5
    registry.encoders["onnx"] = _onnx


def _static(settings: EncoderConfig) -> Encoder:
    from unisono.understand.embed import StaticEncoder

    return StaticEncoder()


def _use(settings: EncoderConfig) -> Encoder:
    from unisono.understand.use import UseEncoder

    return UseEncoder()


def _e5(settings: EncoderConfig) -> Encoder:
    from unisono.understand.e5 import E5Encoder

    return E5Encoder()


def _onnx(settings: EncoderConfig) -> Encoder:
    from unisono.understand.onnx import OnnxEncoder

    if settings.hub is not None:
        from unisono.understand.hub import fetch

        if settings.sha256 is None:
            raise StartError("An encoder from a hub needs `sha256` under [encoder]: the hash of its ONNX model.")
        return OnnxEncoder(fetch(settings.hub), sha256=settings.sha256)
    if settings.path is None:
        raise StartError("The encoder onnx needs `path` (or `hub`) under [encoder].")
    return OnnxEncoder(settings.path, sha256=settings.sha256)
