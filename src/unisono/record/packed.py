"""Features and JSON to compact blobs and back, so that a decision with all it was made from fits into about 2 kB.

It leaves the user's words out: `Features.task` is not stored and comes back empty.
"""

from __future__ import annotations

import struct
import zlib
from datetime import date
from typing import Literal, get_args

from unisono.errors import StoreError
from unisono.types import (
    Asked,
    Capability,
    Effort,
    Features,
    Freshness,
    Json,
    JsonValue,
    Likeness,
    ReasoningEffort,
    Thinking,
    Vector,
)

_VERSION = 3
_RULED = 4
_LIKENED = 5
_THOUGHT = 6
_VERSIONS = (1, 2, 3, 4, 5, 6)
"""1 knew the first two flags and no freshness; 2 no form; 3 no rule; 4 no likeness; 5 no thinking."""
_HEAD = struct.Struct("<BBHHHII")  # version, flags, n_surface, dim, n_needs_bytes, n_input_tokens, n_turns
_IN_TOOL_LOOP = 1
_HAS_EMBEDDING = 2
_HAS_FRESHNESS = 4
_LESS = 8
_MORE = 16
_CHINESE = 32
_DISSATISFIED = 64
_BOUND = 128
_FRESHNESS = struct.Struct("<dBI")  # changing, place of the pace, the day asked about as an ordinal or 0
_FORM = struct.Struct("<BBB")  # place of `checkable`, number of parts, whether several models may work on it
_CHECKABLE: tuple[Literal["", "final", "format", "code"], ...] = ("", "final", "format", "code")
_PACES: tuple[Literal["evergreen", "slow", "fast"], ...] = ("evergreen", "slow", "fast")
_RULE = b"\0"  # parts the needs from the name of the rule, where there is one, and that from the likeness
_THINKING = struct.Struct("<BqBq")  # for Anthropic's API and for others: place of the effort, budget of tokens or -1
_EFFORTS: tuple[ReasoningEffort, ...] = get_args(ReasoningEffort)
_NOTHING_SAID, _NO_EFFORT = 255, 254
_MAX_I64 = 2**63 - 1
_LIKENESS = struct.Struct("<Hd")  # place of the example, share of ordinary prompts that come as near
_MAX_U32 = 2**32 - 1

_DICTIONARY_1 = (
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
    b's":{"model":"auto","n_messages":1,"needs":["json","tools"],"max_output_tokens":}}'
)
_SAID_SINCE = (
    "预计质量低 0.，且不便宜：质量 0.，费用 $0.00更便宜，但预计质量低 0.预计质量高 0.，但在此不值其价更慢，"
    "而质量优势不足并不明显好于默认模型继续使用默认模型：预计没有其他模型在此明显更好。预计回答得最好在此物有所值在此足够好且更便宜：；为"
    '"switch" answers from here; answered before. Why: "may_be_stale","May be out of date: the knowledge of ends 20'
    "; knowledge ends 20, out of date here with probability 0. goes on with this conversation: is better here by "
    "only 0. after costs, and a switch needs 0.better here by 0. after costs, which does not pay for a switch"
    '"min_quality":null,"language":"en"},"config_hash":"},"waited_us":1,"situation":{"models":["'
    '"],"not_up":{"":"down","":"probing"},"past":{"model":"","at":"2026-","n_turns":1,"n_switches":1,"caches":[{"mo'
    'del":"","tokens":,"at":"2026-"}],"raised":1,"wishes":{"dial":0.}},"spent":[{"limit":"","model":"","used":,"amo'
    'unt":,"over":true,"near":true,"returns":"2026-"}],"anchor":"","retry":{"decision":"","model":"","how":null},"es'
    'timates":[[0,[0.[0,1,2,3,4,5,6,7,8,9],"scores":1}}'
)
_DICTIONARY_2 = _DICTIONARY_1 + _SAID_SINCE.encode()
_DICTIONARIES = (_DICTIONARY_1, _DICTIONARY_2)
"""Text that such documents hold, so that a short one need not spell it. Released ones never change: add the next."""

SQUEEZED_FROM_BYTES = 1024
_AS_IT_IS = b"\0"


def pack_features(features: Features) -> bytes:
    """Return the features as bytes: head of 16 bytes, freshness, form, thinking, needs, rule, likeness, vectors."""
    needs = ",".join(sorted(features.needs)).encode() if features.needs else b""
    if features.rule is not None:
        needs += _RULE + features.rule.encode()
    if features.likeness is not None:
        needs += _RULE + _LIKENESS.pack(features.likeness.example, features.likeness.chance)
    embedding = features.embedding
    head = _HEAD.pack(
        _version(features),
        _flags(features),
        features.surface.size,
        0 if embedding is None else embedding.size,
        len(needs),
        min(features.n_input_tokens, _MAX_U32),
        min(features.n_turns, _MAX_U32),
    )
    vectors = b"" if features.surface.size == 0 else _floats(features.surface)  # of a pin nothing is measured
    if embedding is not None:
        vectors += _floats(embedding)
    form = _FORM.pack(_CHECKABLE.index(features.checkable), min(features.n_parts, 255), features.joint)
    return head + _pack_freshness(features.freshness) + form + _pack_thinking(features.thinking) + needs + vectors


def _version(features: Features) -> int:
    """Return the least version that knows all that is there, so that an earlier Unisono reads what it can."""
    if features.thinking is not None:
        return _THOUGHT
    if features.likeness is not None:
        return _LIKENED
    return _VERSION if features.rule is None else _RULED


def unpack_features(blob: bytes) -> Features:
    """Return the features of a blob; `task` is empty.

    Raises:
        StoreError: the blob was not written by this version of Unisono.
    """
    import numpy as np  # here, so that `unisono log` does not load it

    _, flags, n_surface, dim, n_needs, n_input_tokens, n_turns = _head(blob)
    start = _needs_at(blob, flags)
    at = start + n_needs
    checkable, n_parts, joint = _form(blob, flags)
    needs, rule, likeness = _needs_and_rule(blob[start:at])
    # Copies, since these places of the blob are aligned to nothing, and sums in another order end in other bits.
    surface = np.frombuffer(blob, dtype="<f4", count=n_surface, offset=at).astype(np.float32)
    embedding = np.frombuffer(blob, dtype="<f4", count=dim, offset=at + 4 * n_surface).astype(np.float32)
    return Features(
        task="",
        n_input_tokens=n_input_tokens,
        n_turns=n_turns,
        needs=needs,
        surface=surface,
        embedding=embedding if flags & _HAS_EMBEDDING else None,
        in_tool_loop=bool(flags & _IN_TOOL_LOOP),
        effort=_effort(flags),
        freshness=_freshness(blob, flags),
        language="zh" if flags & _CHINESE else "en",
        dissatisfied=bool(flags & _DISSATISFIED),
        bound=bool(flags & _BOUND),
        checkable=checkable,
        n_parts=n_parts,
        joint=joint,
        rule=rule,
        likeness=likeness,
        thinking=_thinking(blob, flags),
    )


def packed_facts(blob: bytes) -> Json:
    """Return the few plain facts of a blob without reading its vectors; of the rarer ones those that hold."""
    _, flags, _, _, n_needs, n_input_tokens, n_turns = _head(blob)
    facts: Json = {
        "n_input_tokens": n_input_tokens,
        "n_turns": n_turns,
        "in_tool_loop": bool(flags & _IN_TOOL_LOOP),
    }
    if (effort := _effort(flags)) is not None:
        facts["effort"] = effort.value
    if (freshness := _freshness(blob, flags)) is not None:
        day = None if freshness.asks_about is None else freshness.asks_about.isoformat()
        facts["freshness"] = {"changing": freshness.changing, "pace": freshness.pace, "asks_about": day}
    if flags & _CHINESE:
        facts["language"] = "zh"
    facts |= {name: True for flag, name in ((_DISSATISFIED, "dissatisfied"), (_BOUND, "bound")) if flags & flag}
    checkable, n_parts, _ = _form(blob, flags)
    if checkable:
        facts["checkable"] = checkable
    if n_parts > 1:
        facts["n_parts"] = n_parts
    if (thinking := _thinking(blob, flags)) is not None:
        facts["thinking"] = {"anthropic": _told(thinking.anthropic), "others": _told(thinking.others)}
    start = _needs_at(blob, flags)
    _, rule, likeness = _needs_and_rule(blob[start : start + n_needs])
    if rule is not None:
        facts["rule"] = rule
    if likeness is not None:
        facts["like"] = {"example": likeness.example + 1, "chance": likeness.chance}
    return facts


def _needs_and_rule(part: bytes) -> tuple[frozenset[Capability], str | None, Likeness | None]:
    needs, *more = part.split(_RULE, 2)
    named = frozenset(Capability(need) for need in needs.decode().split(",") if need)
    rule = more[0].decode() if more else None
    if len(more) < 2:
        return named, rule, None
    example, chance = _LIKENESS.unpack(more[1])
    return named, rule, Likeness(example=example, chance=chance)


def _needs_at(blob: bytes, flags: int) -> int:
    """Return where the needs begin."""
    return _thinking_at(blob, flags) + _THINKING.size * (blob[0] >= _THOUGHT)


def _thinking_at(blob: bytes, flags: int) -> int:
    """Return where what is said about thinking begins, behind the form."""
    return _HEAD.size + _FRESHNESS.size * bool(flags & _HAS_FRESHNESS) + _FORM.size * (blob[0] >= _VERSION)


def _form(blob: bytes, flags: int) -> tuple[Literal["", "final", "format", "code"], int, bool]:
    if blob[0] < _VERSION:
        return "", 1, True
    checkable, n_parts, joint = _FORM.unpack_from(blob, _thinking_at(blob, flags) - _FORM.size)
    return _CHECKABLE[checkable], n_parts, bool(joint)


def _pack_thinking(asked: Asked | None) -> bytes:
    return b"" if asked is None else _THINKING.pack(*_said(asked.anthropic), *_said(asked.others))


def _said(thinking: Thinking | None) -> tuple[int, int]:
    if thinking is None:
        return _NOTHING_SAID, -1
    effort, budget = thinking
    place = _NO_EFFORT if effort is None else _EFFORTS.index(effort)
    return place, -1 if budget is None else min(budget, _MAX_I64)


def _thinking(blob: bytes, flags: int) -> Asked | None:
    if blob[0] < _THOUGHT:
        return None
    own, own_budget, effort, budget = _THINKING.unpack_from(blob, _thinking_at(blob, flags))
    return Asked(_unsaid(own, own_budget), _unsaid(effort, budget))


def _unsaid(place: int, budget: int) -> Thinking | None:
    if place == _NOTHING_SAID:
        return None
    return Thinking(None if place == _NO_EFFORT else _EFFORTS[place], None if budget < 0 else budget)


def _told(thinking: Thinking | None) -> JsonValue:
    return None if thinking is None else {"effort": thinking.effort, "budget_tokens": thinking.budget_tokens}


def _flags(features: Features) -> int:
    return (
        _IN_TOOL_LOOP * features.in_tool_loop
        | _HAS_EMBEDDING * (features.embedding is not None)
        | _HAS_FRESHNESS * (features.freshness is not None)
        | _LESS * (features.effort is Effort.LESS)
        | _MORE * (features.effort is Effort.MORE)
        | _CHINESE * (features.language == "zh")
        | _DISSATISFIED * features.dissatisfied
        | _BOUND * features.bound
    )


def _effort(flags: int) -> Effort | None:
    return Effort.LESS if flags & _LESS else Effort.MORE if flags & _MORE else None


def _pack_freshness(freshness: Freshness | None) -> bytes:
    if freshness is None:
        return b""
    day = freshness.asks_about
    return _FRESHNESS.pack(freshness.changing, _PACES.index(freshness.pace), 0 if day is None else day.toordinal())


def _freshness(blob: bytes, flags: int) -> Freshness | None:
    if not flags & _HAS_FRESHNESS:
        return None
    changing, pace, day = _FRESHNESS.unpack_from(blob, _HEAD.size)
    return Freshness(changing=changing, pace=_PACES[pace], asks_about=date.fromordinal(day) if day else None)


def pack_json(document: bytes, *, from_bytes: int = SQUEEZED_FROM_BYTES) -> bytes:
    """Return a JSON document as one byte for the dictionary's version and a zlib stream; a short one as it is.

    Args:
        document: JSON.
        from_bytes: what is shorter is kept as it is.
    """
    if len(document) < from_bytes:
        return _AS_IT_IS + document
    stream = zlib.compressobj(level=1, zdict=_DICTIONARIES[-1])
    return bytes([len(_DICTIONARIES)]) + stream.compress(document) + stream.flush()


def unpack_json(blob: bytes) -> bytes:
    """Return the JSON document of a blob.

    Raises:
        StoreError: the blob is damaged, or a newer version of Unisono wrote it.
    """
    if blob[:1] == _AS_IT_IS:
        return blob[1:]
    if not blob or not 1 <= blob[0] <= len(_DICTIONARIES):
        raise StoreError("A stored decision is of an unknown form; update Unisono to read it.")
    stream = zlib.decompressobj(zdict=_DICTIONARIES[blob[0] - 1])
    try:
        return stream.decompress(blob[1:]) + stream.flush()
    except zlib.error as exc:
        raise StoreError(f"A stored decision is damaged: {exc}.") from exc


def _head(blob: bytes) -> tuple[int, ...]:
    if len(blob) < _HEAD.size or blob[0] not in _VERSIONS:
        raise StoreError("The stored features of this decision are of an unknown form; update Unisono to read them.")
    head = _HEAD.unpack_from(blob)
    if len(blob) != _needs_at(blob, head[1]) + head[4] + 4 * (head[2] + head[3]):
        raise StoreError("The stored features of this decision are damaged; the rest of its record can be read.")
    return head


def _floats(vector: Vector) -> bytes:
    return vector.astype("<f4", copy=False).tobytes()
