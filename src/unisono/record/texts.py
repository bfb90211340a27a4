"""Whole conversations and their answers, kept only where operator and holder of the key agreed, for an export.

It judges nothing and filters nothing but what no training could use: cut answers, tool calls, refusals, huge bodies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from unisono.record.reader import Reader
from unisono.record.rows import Value, as_bytes, from_us, of_a_decision, to_us
from unisono.types import Json, JsonValue, Said

MAX_BYTES = 256 * 1024
"""Longer conversations are not kept: images mostly."""

_PUT = of_a_decision("texts", n_columns=3)
_PAGE = """
SELECT t.decision, t.messages, t.answer, d.at, d.key, d.user, o.model,
    (SELECT upstream_model FROM attempts a WHERE a.decision = t.decision ORDER BY n DESC LIMIT 1)
FROM texts t JOIN decisions d ON d.id = t.decision JOIN outcomes o ON o.decision = t.decision
WHERE t.decision > ? AND d.at >= ? AND o.status = 'ok' AND d.degraded = 0 AND d.pattern = 'single'
    AND o.model IS NOT NULL
ORDER BY t.decision LIMIT 500
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One conversation with the answer that one model gave to it."""

    decision: str
    at: datetime
    key: str
    user: str | None
    model: str
    upstream_model: str
    messages: tuple[JsonValue, ...]
    answer: str


def text_row(decision: str, body: Json, said: Said) -> tuple[str, tuple[Value, ...]] | None:
    """Return the statement that keeps an answer's words, or None where they are of no use.

    Args:
        decision: its id.
        body: the caller's own, as chat completions have it.
        said: the answer.
    """
    messages = body.get("messages")
    whole = said.finish in (None, "stop") and said.text.strip() and not (said.tool_calls or said.refusal)
    if not whole or not isinstance(messages, list):
        return None
    asked = msgspec.json.encode(messages)
    if len(asked) > MAX_BYTES:
        return None
    return _PUT, (decision, asked, said.text.encode("utf-8", "surrogatepass"))


def kept(reader: Reader, *, since: datetime | None) -> Iterator[Kept]:
    """Yield what is kept, oldest first.

    Raises:
        StoreError: the record cannot be read.
    """
    last, at = "", -(2**63) if since is None else to_us(since)
    while rows := reader.rows(_PAGE, (last, at)):
        for decision, messages, answer, made, key, user, model, upstream in rows:
            last = str(decision)
            yield Kept(
                decision=last,
                at=from_us(int(made or 0)),
                key=str(key),
                user=None if user is None else str(user),
                model=str(model),
                upstream_model=str(upstream or model),
                messages=tuple(msgspec.json.decode(as_bytes(messages), type=list)),
                answer=as_bytes(answer).decode("utf-8", "replace"),
            )
