"""Checks what only the whole file shows: names that collide, successors, the default.

It reads values that are right on their own and changes none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from unisono.config.entry import Entry
from unisono.config.mistake import Mistake, offer
from unisono.config.section import Section


def check_whole(top: Section, routing: Section, entries: Sequence[Entry]) -> Iterator[Mistake]:
    """Yield every mistake between keys of different tables."""
    if "models" in top.values and not entries:
        yield Mistake(("models",), "is empty: at least one [[models]] is needed")
    yield from _names(entries)
    yield from _aliases(entries)
    yield from _successors(entries)
    yield from _default(top, entries)
    yield from _removed(top, entries)
    yield from check_routing(routing, _by_name(entries))


def check_routing(routing: Section, models: Collection[str]) -> Iterator[Mistake]:
    """Yield every mistake between `[routing]` and the names of the pool."""
    yield from _judge(routing, models)
    yield from _handoff(routing, models)


def _by_name(entries: Sequence[Entry]) -> dict[str, Entry]:
    named: dict[str, Entry] = {}
    for entry in entries:
        name = entry.get("name")
        if name is not None:
            named.setdefault(name, entry)
    return named


def _names(entries: Sequence[Entry]) -> Iterator[Mistake]:
    first = _by_name(entries)
    for entry in entries:
        name = entry.get("name")
        if name is not None and first[name] is not entry:
            place = first[name].section.path[1]
            yield Mistake((*entry.section.path, "name"), f"{name!r} is the name of models[{place}] already")


def _aliases(entries: Sequence[Entry]) -> Iterator[Mistake]:
    first = _by_name(entries)
    taken: dict[str, Entry] = {}
    for entry in entries:
        for place, alias in enumerate(entry.get("aliases") or ()):
            at = (*entry.section.path, "aliases", place)
            if alias in first and first[alias] is not entry:
                yield Mistake(at, f"{alias!r} is the name of another model")
            elif taken.setdefault(alias, entry) is not entry:
                yield Mistake(at, f"{alias!r} is an alias of {taken[alias].get('name')!r} already")


def _successors(entries: Sequence[Entry]) -> Iterator[Mistake]:
    named = _by_name(entries)
    for entry in entries:
        successor = entry.get("successor")
        if successor is None:
            continue
        at = (*entry.section.path, "successor")
        if successor == entry.get("name"):
            yield Mistake(at, "must be another model")
        elif successor not in named:
            yield Mistake(at, f"{successor!r} is not the name of a model in this file{offer(successor, named)}")
        elif _circles(entry, named):
            yield Mistake(at, f"{successor!r} leads back to this model; the last successor must be one that serves")


def _circles(entry: Entry, named: dict[str, Entry]) -> bool:
    """Return whether following the successors comes back to this entry."""
    seen: set[str] = set()
    name = entry.get("successor")
    while name in named and name not in seen:
        if named[name] is entry:
            return True
        seen.add(name)
        name = named[name].get("successor")
    return False


def _default(top: Section, entries: Sequence[Entry]) -> Iterator[Mistake]:
    default = top.values.get("default")
    if not isinstance(default, str):
        return
    named = _by_name(entries)
    entry = named.get(default)
    if entry is not None:
        if entry.get("lifecycle") == "retired":
            successor = entry.get("successor")
            instead = f"; its successor is {successor!r}" if successor else ""
            yield Mistake(("default",), f"{default!r} has retired and cannot serve{instead}")
        return
    owner = next((e for e in entries if default in (e.get("aliases") or ())), None)
    if owner is not None:
        yield Mistake(("default",), f"{default!r} is an alias; write the name: {owner.get('name')}")
    elif named:
        near = offer(default, named) or f"; the models are {', '.join(list(named)[:8])}"
        yield Mistake(("default",), f"{default!r} is not the name of a model in this file{near}")


def _removed(top: Section, entries: Sequence[Entry]) -> Iterator[Mistake]:
    named = _by_name(entries)
    names = top.values.get("removed")
    for place, name in enumerate(names if isinstance(names, (list, tuple)) else ()):
        if name in named and named[name].get("lifecycle") != "retired":
            yield Mistake(("removed", place), f"{name!r} still serves: take its [[models]] away, or this name")


def _handoff(routing: Section, named: Collection[str]) -> Iterator[Mistake]:
    table = routing.values.get("handoff")
    at = ("routing", "handoff")
    if table is not None and not isinstance(table, dict):
        yield Mistake(at, "must be a table of tables, such as { small = { big = 0.03 } }")
        return
    for before, row in (table or {}).items():
        if not isinstance(row, dict):
            yield Mistake(at, f"{before!r} must hold a table such as {{ big = 0.03 }}")
            continue
        for after, drift in row.items():
            if not isinstance(drift, (int, float)) or isinstance(drift, bool) or not 0 <= drift <= 1:
                yield Mistake(at, f"{before!r} to {after!r} must be a number from 0 to 1")
        for name in (before, *row):
            if named and name not in named:
                yield Mistake(at, f"{name!r} is not the name of a model in this file{offer(name, named)}")


def _judge(routing: Section, named: Collection[str]) -> Iterator[Mistake]:
    judge = routing.values.get("judge")
    if isinstance(judge, str) and named and judge not in named:
        yield Mistake(("routing", "judge"), f"{judge!r} is not the name of a model in this file{offer(judge, named)}")
