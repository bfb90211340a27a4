"""The layers of multilingual-e5-small as an ONNX model with 8-bit weights, built in memory.

It runs nothing: `session` does. Weights go from 4 bits in blocks of 32 to 8 bits a row; activations become 8 bits on
the way. The cosine to the package's own engine is above .99, see `tests/understand/test_encoders.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unisono.errors import StartError

if TYPE_CHECKING:
    from unisono.types import Vector
    from unisono.understand.e5 import Shape, Weights

_OPSET = 18
_IR_VERSION = 9
_MS = "com.microsoft"


def graph(weights: Weights) -> bytes:
    """Return the model: input `x`, shape (1, n, hidden), tokens and places added up; output `z` of the same shape.

    Raises:
        StartError: the package onnx is not installed.
    """
    try:
        from onnx import TensorProto, helper
    except ImportError as exc:
        raise StartError("The encoder e5 needs the package onnx: pip install 'unisono[e5]'.") from exc
    build, shape = _Build(), weights.shape
    x = build.norm("x", weights.plain("emb.ln.w"), weights.plain("emb.ln.b"), out="0.x", shape=shape)
    for layer in range(shape.layers):
        x = _layer(build, weights, layer=layer, x=x, out="z" if layer == shape.layers - 1 else f"{layer}.z")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "n", shape.hidden]) for name in ("x", "z")]
    whole = helper.make_model(
        helper.make_graph(build.nodes, "e5", ends[:1], ends[1:], build.tensors),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_MS, 1)],
        ir_version=_IR_VERSION,
    )
    content: bytes = whole.SerializeToString()
    return content


def _layer(build: _Build, weights: Weights, *, layer: int, x: str, out: str) -> str:
    shape, p = weights.shape, f"l{layer}."
    hidden = shape.hidden
    joint = np.concatenate([weights.matrix(f"{p}{part}.w", hidden) for part in "qkv"])
    joint_bias = np.concatenate([weights.plain(f"{p}{part}.b") for part in "qkv"])
    build.multiply(x, joint, joint_bias, out=p + "qkv")
    build.node("Split", [p + "qkv"], [p + "q", p + "k", p + "v"], domain="", axis=-1, num_outputs=3)
    build.node("MultiHeadAttention", [p + "q", p + "k", p + "v"], [p + "seen"], num_heads=shape.heads)
    build.multiply(p + "seen", weights.matrix(p + "ao.w", hidden), weights.plain(p + "ao.b"), out=p + "told")
    y = build.add_norm(p + "told", x, weights.plain(p + "aln.w"), weights.plain(p + "aln.b"), out=p + "y", shape=shape)
    build.multiply(y, weights.matrix(p + "fi.w", shape.wide), weights.plain(p + "fi.b"), out=p + "wide")
    build.node("Gelu", [p + "wide"], [p + "bent"])
    build.multiply(p + "bent", weights.matrix(p + "fo.w", hidden), weights.plain(p + "fo.b"), out=p + "narrow")
    return build.add_norm(p + "narrow", y, weights.plain(p + "oln.w"), weights.plain(p + "oln.b"), out=out, shape=shape)


class _Build:
    """Nodes and tensors of a graph under construction."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def tensor(self, array: np.ndarray[Any, Any], name: str) -> str:
        from onnx import numpy_helper

        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, inputs: list[str], outputs: list[str], *, domain: str = _MS, **settings: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **settings))

    def multiply(self, x: str, matrix: Vector, bias: Vector, *, out: str) -> None:
        """Multiply by a matrix (n_out, n_in) in 8 bits, with one scale for each row."""
        scale = np.maximum(np.abs(matrix).max(axis=1), 1e-8) / 127.0
        small = np.rint(matrix / scale[:, None]).astype(np.int8).T
        inputs = [
            x,
            self.tensor(small, out + ".w"),
            self.tensor(scale.astype(np.float32), out + ".s"),
            self.tensor(np.zeros(len(scale), dtype=np.int8), out + ".0"),
            self.tensor(bias, out + ".b"),
        ]
        self.node("DynamicQuantizeMatMul", inputs, [out])

    def add_norm(self, x: str, y: str, weight: Vector, bias: Vector, *, out: str, shape: Shape) -> str:
        """Add two inputs and normalise the sum.

        Two nodes: onnxruntime's own joint one, SkipLayerNormalization, takes four times as long as they do together.
        """
        self.node("Add", [x, y], [out + ".sum"], domain="")
        return self.norm(out + ".sum", weight, bias, out=out, shape=shape)

    def norm(self, x: str, weight: Vector, bias: Vector, *, out: str, shape: Shape) -> str:
        inputs = [x, self.tensor(weight, out + ".g"), self.tensor(bias, out + ".h")]
        self.node("LayerNormalization", inputs, [out], domain="", epsilon=float(shape.epsilon))
        return out
