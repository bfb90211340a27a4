"""Features to one compact blob and back, so that a stored decision can be replayed.

It leaves the user's words out: `Features.task` is not stored and comes back empty.
"""

from __future__ import annotations

import struct

from unisono.errors import StoreError
from unisono.types import Capability, Features, Json, Vector

_VERSION = 1
_HEAD = struct.Struct("<BBHHHII")  # version, flags, n_surface, dim, n_needs_bytes, n_input_tokens, n_turns
_IN_TOOL_LOOP = 1
_HAS_EMBEDDING = 2
_MAX_U32 = 2**32 - 1


def pack_features(features: Features) -> bytes:
    """Return the features as bytes: a head of 16 bytes, the needs, then float32 vectors, bit for bit."""
    needs = ",".join(sorted(features.needs)).encode()
    embedding = features.embedding
    flags = _IN_TOOL_LOOP * features.in_tool_loop + _HAS_EMBEDDING * (embedding is not None)
    head = _HEAD.pack(
        _VERSION,
        flags,
        features.surface.size,
        0 if embedding is None else embedding.size,
        len(needs),
        min(features.n_input_tokens, _MAX_U32),
        min(features.n_turns, _MAX_U32),
    )
    return head + needs + _floats(features.surface) + (b"" if embedding is None else _floats(embedding))


def unpack_features(blob: bytes) -> Features:
    """Return the features of a blob; `task` is empty.

    Raises:
        StoreError: the blob was not written by this version of Unisono.
    """
    import numpy as np  # here, so that `unisono log` does not load it

    _, flags, n_surface, dim, n_needs, n_input_tokens, n_turns = _head(blob)
    at = _HEAD.size + n_needs
    needs = blob[_HEAD.size : at].decode()
    surface = np.frombuffer(blob, dtype="<f4", count=n_surface, offset=at)
    embedding = np.frombuffer(blob, dtype="<f4", count=dim, offset=at + 4 * n_surface)
    return Features(
        task="",
        n_input_tokens=n_input_tokens,
        n_turns=n_turns,
        needs=frozenset(Capability(need) for need in needs.split(",") if need),
        surface=surface,
        embedding=embedding if flags & _HAS_EMBEDDING else None,
        in_tool_loop=bool(flags & _IN_TOOL_LOOP),
    )


def packed_facts(blob: bytes) -> Json:
    """Return the few plain facts of a blob without reading its vectors."""
    _, flags, _, _, _, n_input_tokens, n_turns = _head(blob)
    return {"n_input_tokens": n_input_tokens, "n_turns": n_turns, "in_tool_loop": bool(flags & _IN_TOOL_LOOP)}


def _head(blob: bytes) -> tuple[int, ...]:
    if len(blob) < _HEAD.size or blob[0] != _VERSION:
        raise StoreError("The stored features of this decision are of an unknown form; update Unisono to read them.")
    head = _HEAD.unpack_from(blob)
    if len(blob) != _HEAD.size + head[4] + 4 * (head[2] + head[3]):
        raise StoreError("The stored features of this decision are damaged; the rest of its record can be read.")
    return head


def _floats(vector: Vector) -> bytes:
    return vector.astype("<f4", copy=False).tobytes()
