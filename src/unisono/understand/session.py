"""The one file that knows onnxruntime: a model to a function of arrays, on one thread that never spins.

It knows no tokenizer and no pooling.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisono.errors import ArtifactError, StartError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FAILURES = (
    "EPFail",
    "EngineError",
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "ModelLoaded",
    "NoModel",
    "NoSuchFile",
    "NotImplemented",
    "RuntimeException",
)
"""onnxruntime's own errors, which share no base but `Exception`."""

_SLOWER = ["SkipLayerNormFusion"]
"""Joined by it, an addition and a normalisation take four times as long as one after the other (onnxruntime 1.32)."""


class Session:
    """A loaded ONNX model."""

    def __init__(self, model: Path | bytes) -> None:
        """Load a model.

        Args:
            model: a file, or the model itself.

        Raises:
            StartError: onnxruntime is not installed.
            ArtifactError: it is no model that onnxruntime can run.
        """
        try:
            import onnxruntime
            from onnxruntime.capi import onnxruntime_pybind11_state as states
        except ImportError as exc:
            raise StartError("An ONNX encoder needs onnxruntime: pip install 'unisono[onnx]'.") from exc
        self._failures: tuple[type[Exception], ...] = (
            *(getattr(states, name) for name in _FAILURES if hasattr(states, name)),
            RuntimeError,
            ValueError,
            OSError,
        )
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        settings.inter_op_num_threads = 1
        settings.enable_cpu_mem_arena = False
        settings.log_severity_level = 3
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model),
                settings,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=_SLOWER,
            )
        except self._failures as exc:
            named = "The encoder" if isinstance(model, bytes) else f"The encoder {model.name!r}"
            raise ArtifactError(f"{named} cannot be loaded by onnxruntime: {str(exc)[:200]}") from exc
        self.inputs: tuple[str, ...] = tuple(one.name for one in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(one.name for one in self._session.get_outputs())

    def run(self, output: str, inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        """Return one output.

        Raises:
            ArtifactError: the model failed.
        """
        try:
            found: NDArray[np.float32] = self._session.run([output], dict(inputs))[0]
        except self._failures as exc:
            raise ArtifactError(f"The encoder failed: {str(exc)[:200]}") from exc
        return found
