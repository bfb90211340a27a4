"""Who still relies on a model: the configuration's own parts, keys, conversations and callers who pin it.

It reads and forbids nothing; the command says what stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from unisono.catalog.catalog import is_retired
from unisono.config import Config
from unisono.record.keys import StoredKey
from unisono.record.reader import Reader
from unisono.record.rows import from_us, to_us
from unisono.types import Scope

MOST_PINS = 50
"""So many of the keys whose callers pin a model are told of each."""
_PINS = (
    "SELECT key, count(*), max(at), count(*) OVER () FROM decisions WHERE pin = ? AND at >= ?"
    " GROUP BY key ORDER BY count(*) DESC LIMIT ?"
)
_TALKS = (
    "SELECT count(*) FROM sessions WHERE at >= ? AND"
    " CASE WHEN json_valid(CAST(body AS TEXT)) THEN json_extract(CAST(body AS TEXT), '$.model') END = ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A key whose callers pin the model: how often since the stamp, and when last."""

    key: str
    n: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependents:
    """Who relies on a model.

    Attributes:
        parts: keys of the configuration that name it, where it must still serve: `default`, `routing.judge`.
        only: names of API keys that may use this model and no other that serves.
        keys: names of all API keys whose scope lists it.
        limits: names of limits about it.
        rules: names of rules that have it answer.
        names: aliases, and retired models whose names lead to it.
        pins: callers who pinned it: those who did most often.
        n_pinning: how many keys' callers did.
        ends: on which day it goes already, and who follows; None while nothing is said.
        n_conversations: that it answered last, and that have gone on since the stamp.
    """

    parts: tuple[str, ...]
    only: tuple[str, ...]
    keys: tuple[str, ...]
    limits: tuple[str, ...]
    rules: tuple[str, ...]
    names: tuple[str, ...]
    pins: tuple[Pin, ...]
    n_pinning: int
    ends: str | None
    n_conversations: int


def dependents(
    config: Config,
    name: str,
    *,
    stored: Sequence[StoredKey],
    reader: Reader | None,
    since: datetime,
    today: date,
) -> Dependents:
    """Return who relies on a model.

    Args:
        config: as it stands.
        name: of the model.
        stored: the keys of the record that are in force.
        reader: of the record; None where there is none.
        since: pins and conversations before this do not count.
        today: a model whose sunset has ended serves no more.
    """  # fmt: skip
    scopes: list[tuple[str, Scope]] = [(c.name, c.scope) for c in config.callers]
    scopes += [(key.name, key.scope) for key in stored]
    pins, n_pinning = ((), 0) if reader is None else _pins(reader, name, since)
    serving = {m.name for m in config.models if m.name != name and not is_retired(m, today=today)}
    return Dependents(
        parts=tuple(_parts(config, name)),
        only=tuple(n for n, s in scopes if name in s.models and not serving & set(s.models)),
        keys=tuple(n for n, s in scopes if name in s.models),
        limits=tuple(limit.name for limit in config.limits if name in limit.models),
        rules=tuple(rule.name for rule in config.rules if name in rule.models),
        names=tuple(_names(config, name)),
        pins=pins,
        n_pinning=n_pinning,
        ends=_ends(config, name),
        n_conversations=0 if reader is None else _conversations(reader, name, since),
    )


def _parts(config: Config, name: str) -> list[str]:
    judge = ["routing.judge"] if config.routing.judge == name else []
    return (["default"] if config.default == name else []) + judge


def _ends(config: Config, name: str) -> str | None:
    life = next(m for m in config.models if m.name == name).lifecycle
    if life.until is None:
        return None
    return f"last day {life.until}" + (f", then {life.successor}" if life.successor else "")


def _names(config: Config, name: str) -> list[str]:
    model = next(m for m in config.models if m.name == name)
    return [*model.aliases, *(m.name for m in config.models if m.lifecycle.successor == name)]


def _pins(reader: Reader, name: str, since: datetime) -> tuple[tuple[Pin, ...], int]:
    rows = reader.rows(_PINS, (name, to_us(since), MOST_PINS))
    pins = tuple(Pin(key=str(key), n=int(n or 0), last=from_us(int(last or 0))) for key, n, last, _ in rows)
    return pins, int(rows[0][3] or 0) if rows else 0


def _conversations(reader: Reader, name: str, since: datetime) -> int:
    return int(reader.rows(_TALKS, (int(since.timestamp()), name))[0][0] or 0)
