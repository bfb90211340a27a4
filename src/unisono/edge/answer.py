"""What an answer carries of the decision: the object `unisono`, the headers, the model's name.

It changes two members of the upstream's JSON, `model` and `unisono`, and leaves every other byte alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

import orjson

from unisono.types import Decision, Json, JsonValue, Lifecycle, Notice

_PRINTABLE = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) != "%")
_MAX_HEADER_CHARS = 1000


def unisono_object(decision: Decision, *, model: str, notices: Sequence[Notice], reason: str | None = None) -> Json:
    """Return what is known when the answer begins: who answers, why, and what must be said about it."""
    return {
        "decision": decision.id,
        "model": model,
        "mode": None if decision.mode is None else decision.goal.mode.value,
        "pattern": decision.pattern,
        "reason": reason or reason_for(decision, model),
        "notices": notices_to_json(notices) if notices else [],
        "degraded": decision.degraded,
    }


def notices_to_json(notices: Sequence[Notice]) -> list[JsonValue]:
    """Return notices as bodies carry them."""
    return [{"code": n.code, "text": n.text} for n in notices]


def reason_for(decision: Decision, model: str) -> str:
    """Return why this model answers: the decision's reason, or that those ranked before it failed."""
    ranking = decision.ranking
    if len(ranking) < 2 or ranking[0].model == model:
        return decision.reason
    places = [ranked.model for ranked in ranking]
    if model not in places[1:]:
        return decision.reason
    failed = places[: places.index(model)]
    if decision.goal.language == "zh":
        return f"由 {model} 回答，因为 {'、'.join(failed)} 失败了。"
    return f"{model} answers because {' and '.join(failed)} failed."


def headers_of(
    decision: Decision,
    *,
    model: str,
    notices: Sequence[Notice],
    life: Lifecycle | None = None,
    reason: str | None = None,
) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer; text beyond printable ASCII is percent-encoded.

    Args:
        decision: that is carried out.
        model: who answers, as the answer shows it.
        notices: what the caller must be told.
        life: of the model; a sunset gets the headers `Sunset` (RFC 8594) and `Link` to its successor (RFC 5829).
        reason: why it answers, where the decision's own reason does not say it.
    """
    pairs = [
        (b"x-unisono-decision", decision.id.encode()),
        (b"x-unisono-model", header_text(model)),
        (b"x-unisono-reason", header_text(reason or reason_for(decision, model))),
        (b"x-unisono-degraded", b"true" if decision.degraded else b"false"),
    ]
    if notices:
        pairs.append((b"x-unisono-notices", header_text("; ".join(f"{n.code}: {n.text}" for n in notices))))
    if life is not None and life.state == "sunset" and life.until is not None:
        ends = datetime.combine(life.until, time(23, 59, 59), UTC)
        pairs.append((b"sunset", header_text(format_datetime(ends, usegmt=True))))
        if life.successor is not None:
            pairs.append((b"link", header_text(f'</v1/models/{quote(life.successor)}>; rel="successor-version"')))
    return pairs


@lru_cache(maxsize=1024)  # names and reasons come again and again
def header_text(value: str) -> bytes:
    """Return a text as the value of a header: one line, printable ASCII, the rest percent-encoded."""
    line = " ".join(value.split())[:_MAX_HEADER_CHARS]
    if line.isascii() and line.isprintable() and "%" not in line:
        return line.encode()
    return quote(line, safe=_PRINTABLE).encode("ascii")


def stamp(data: bytes, *, model: str, reported: str | None, extra: Json | None = None) -> bytes:
    """Return an upstream's JSON document with our name of the model and, where given, the object `unisono`.

    Args:
        data: one JSON object.
        model: the name that `model` is to have.
        reported: the name that it has, None when it has none.
        extra: what to put under `unisono`.
    """
    if reported is not None and reported != model:
        data = _rename(data, model=model, reported=reported)
    elif reported is None and extra is not None:
        data = _put(data, "model", model)
    return data if extra is None else _put(data, "unisono", extra)


def _rename(data: bytes, *, model: str, reported: str) -> bytes:
    for old, new in _members(model, reported):
        if data.count(old) == 1:
            return data.replace(old, new, 1)
    document = orjson.loads(data)
    document["model"] = model
    return orjson.dumps(document)


@lru_cache(maxsize=1024)  # each chunk of a stream asks for the same
def _members(model: str, reported: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return how the member `model` is written, with and without a blank: as reported, and as it is to be."""
    old, new = orjson.dumps(reported), orjson.dumps(model)
    return tuple((key + old, key + new) for key in (b'"model":', b'"model": '))


def _put(data: bytes, name: str, value: JsonValue) -> bytes:
    """Append a member to a JSON object without touching its other bytes, unless the name is there already."""
    end = data.rstrip()
    if not end.endswith(b"}") or end.find(b'"%b"' % name.encode()) >= 0:
        return orjson.dumps({**orjson.loads(data), name: value})
    inside = end[:-1].rstrip()
    comma = b"" if inside.endswith(b"{") else b","
    return inside + comma + orjson.dumps({name: value})[1:]
