"""Features and JSON to compact blobs and back, so that a decision with all it was made from fits into about 2 kB.

It leaves the user's words out: `Features.task` is not stored and comes back empty.
"""

from __future__ import annotations

import struct
import zlib

from unisono.errors import StoreError
from unisono.types import Capability, Features, Json, Vector

_VERSION = 1
_HEAD = struct.Struct("<BBHHHII")  # version, flags, n_surface, dim, n_needs_bytes, n_input_tokens, n_turns
_IN_TOOL_LOOP = 1
_HAS_EMBEDDING = 2
_MAX_U32 = 2**32 - 1

_DICTIONARIES = (
    b'"wishes":{"dial":,"max_cost_usd":,"max_first_token_s":,"min_quality":,"models":["],"ban":["],"on_limit":'
    b'"downgrade" the upstream reports answered instead. serves until is retired; its successor, answers. upst'
    b"ream is failing window of tokens is shorter than the prompt of about cannot (capabilities lack tools, js"
    b"on, vision, audio, files) may cost above your bound of first token in about you asked for and for no oth"
    b'er banned by this request retired since"capability","lifecycle","policy","health","window","max_cost_usd'
    b'","max_first_token_s","min_quality","pin", measured here, about of them near by"never measured; declared'
    b" quality role fast deep role its prior probes answers is the only model that may serve this request., th"
    b"e default, stays: no other model is expected to be clearly better here., against of . clearly better che"
    b'apest that is good enough: quality for $0.00"slower without being better enough: quality for $0.00"cheap'
    b'er, but expected quality lower: quality for $0.000"expected quality higher, not worth its price here: qu'
    b'ality 0. for $0.000"not clearly better than the default: quality 0. for $0.000"expected quality 0. lower'
    b' and not cheaper: quality 0. for $"],["1.0,0.0,"{"ranking":[["]],"excluded":[["],["]],"notices":[["fallb'
    b'ack",""]],"goal":{"mode":"balanced","dial":0.5,"max_cost_usd":null,"max_first_token_s":null,"min_quality'
    b'":null},"config_hash":"","artifact":"","seed":,"decide_s":0.00,"allow_fallback":true,"baseline":"","fact'
    b's":{"model":"auto","n_messages":1,"needs":["json","tools"],"max_output_tokens":}}',
)
"""Text that such documents hold, so that a short one need not spell it. Released ones never change: add the next."""


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


def pack_json(document: bytes) -> bytes:
    """Return a JSON document as one byte for the dictionary's version and a zlib stream."""
    stream = zlib.compressobj(level=1, zdict=_DICTIONARIES[-1])
    return bytes([len(_DICTIONARIES)]) + stream.compress(document) + stream.flush()


def unpack_json(blob: bytes) -> bytes:
    """Return the JSON document of a blob.

    Raises:
        StoreError: the blob is damaged, or a newer version of Unisono wrote it.
    """
    if not blob or not 1 <= blob[0] <= len(_DICTIONARIES):
        raise StoreError("A stored decision is of an unknown form; update Unisono to read it.")
    stream = zlib.decompressobj(zdict=_DICTIONARIES[blob[0] - 1])
    try:
        return stream.decompress(blob[1:]) + stream.flush()
    except zlib.error as exc:
        raise StoreError(f"A stored decision is damaged: {exc}.") from exc


def _head(blob: bytes) -> tuple[int, ...]:
    if len(blob) < _HEAD.size or blob[0] != _VERSION:
        raise StoreError("The stored features of this decision are of an unknown form; update Unisono to read them.")
    head = _HEAD.unpack_from(blob)
    if len(blob) != _HEAD.size + head[4] + 4 * (head[2] + head[3]):
        raise StoreError("The stored features of this decision are damaged; the rest of its record can be read.")
    return head


def _floats(vector: Vector) -> bytes:
    return vector.astype("<f4", copy=False).tobytes()
