"""Which rules of the house texts and recorded requests would fall under, and how near they come; nothing is decided.

Of recorded requests the words are not kept, so conditions on words are not looked at there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from unisono.record.reader import Reader
from unisono.types import Json, Message, Mode, Request
from unisono.understand.house import HouseRules, Looked, may_fall_under_rules
from unisono.understand.reading import Reading

OF_WORDS = frozenset({"words", "scripts", "tasks"})
"""Conditions that need more of a request than its record holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One text beside every rule.

    Attributes:
        first: name of the rule that counts; None where none holds.
        looked: what each rule makes of it, in their order.
    """

    first: str | None
    looked: tuple[Looked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What recorded requests would meet.

    Attributes:
        n: requests of `auto` that were looked at.
        n_other: further ones that another encoder has read, or none.
        met: for each rule the ids of decisions whose request it would be about, newest first.
        blind: for each rule the keys of its conditions that were not looked at.
    """

    n: int
    n_other: int
    met: dict[str, tuple[str, ...]]
    blind: dict[str, tuple[str, ...]]


def try_text(reading: Reading, text: str, *, mode: Mode, key: str) -> Tried:
    """Return what the rules make of a user's words.

    Args:
        reading: with the rules.
        text: the user's words.
        mode: of `auto`.
        key: the name of the key that asks.
    """
    body: Json = {"messages": [{"role": "user", "content": text}]}
    request = Request(
        id="try",
        received=datetime.now(UTC),
        body=body,
        model="auto",
        mode=mode,
        pin=None,
        messages=(Message(role="user", text=text),),
        key=key,
    )
    reading.at_once(request)
    looked = tuple(reading.rules.each(request, reading.now(request)))
    return Tried(first=next((one.rule for one in looked if not one.misses), None), looked=looked)


def try_record(rules: HouseRules, reader: Reader, *, dim: int, limit: int) -> Traffic:
    """Return what the latest recorded requests would meet, each rule by itself.

    Args:
        rules: what is tried.
        reader: of the record.
        dim: length of the vectors of the encoder that the rules' examples were read with.
        limit: at most so many.

    Raises:
        StoreError: the record cannot be read.
    """
    met: dict[str, list[str]] = {name: [] for name in rules.names}
    n = n_other = 0
    for decision in _ids(reader, limit=limit):
        stored = reader.stored(decision)
        if stored is None or stored.features is None or stored.request.mode is None:
            continue
        embedding = stored.features.embedding
        if embedding is None or embedding.size != dim:
            n_other += 1
            continue
        n += 1
        if may_fall_under_rules(stored.request, stored.features):
            for one in rules.each(stored.request, stored.features):
                if OF_WORDS.issuperset(one.misses):
                    met[one.rule].append(decision)
    blind = {name: tuple(key for key in keys if key in OF_WORDS) for name, keys in rules.conditions.items()}
    return Traffic(n=n, n_other=n_other, met={name: tuple(ids) for name, ids in met.items()}, blind=blind)


def _ids(reader: Reader, *, limit: int) -> Iterable[str]:
    rows: Sequence[Json] = reader.decisions(limit=limit)
    return [str(row["decision"]) for row in rows]
