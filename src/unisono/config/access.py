"""Makes the named keys and the limits of a configuration.

What they mean together with the models is checked here too; what they do at run time stands in `record.limits`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from unisono.config.keys import section_keys
from unisono.config.kinds import Around, is_family
from unisono.config.mistake import Mistake, offer
from unisono.config.section import Section, read_section
from unisono.types import Caller, Limit, Mode, Role, Scope, Wishes

_OF_THIS_FILE = "the name of a key in this file; for keys of `unisono keys` write how their names begin, as `red-*`"
_WISHES = ("dial", "max_cost_usd", "max_first_token_s", "min_quality", "allow_fallback", "on_limit")


def read_access(tables: Sequence[dict[str, object]], name: str, *, around: Around) -> list[Section]:
    """Read the `[[keys]]` or the `[[limits]]` of a file, each with its mistakes."""
    keys = section_keys(name)
    return [read_section(table, keys, path=(name, place), around=around) for place, table in enumerate(tables)]


def check_access(keys: Sequence[Section], limits: Sequence[Section], *, models: Sequence[str]) -> Iterator[Mistake]:
    """Yield what is wrong between keys, limits and models."""
    names = [str(section.values["name"]) for section in keys if "name" in section.values]
    for sections in (keys, limits):
        yield from twice(sections)
    yield from _same_secret(keys)
    for section in (*keys, *limits):
        for field in ("models", "ban"):
            yield from not_known(section, field, models, "the name of a model in this file")
    for section in limits:
        yield from not_known(section, "keys", names, _OF_THIS_FILE)
        if {"window", "window_s"} <= section.given:
            yield Mistake((*section.path, "window_s"), "and `window` exclude each other; take one out")
        if section.values.get("counts") == "concurrent_requests":
            for field in sorted({"window", "window_s"} & section.given):
                yield Mistake(
                    (*section.path, field), "says nothing of concurrent requests, which have none; take it out"
                )


def twice(sections: Sequence[Section]) -> Iterator[Mistake]:
    """Yield each name that an earlier table of the same kind has."""
    seen: set[object] = set()
    for section in sections:
        name = section.values.get("name")
        if name is not None and name in seen:
            yield Mistake((*section.path, "name"), f"{name!r} is taken by an earlier table")
        seen.add(name)


def _same_secret(keys: Sequence[Section]) -> Iterator[Mistake]:
    seen: dict[str, object] = {}
    for section in keys:
        secret = section.values.get("key")
        text = secret.reveal() if hasattr(secret, "reveal") else None
        if text is not None and text in seen:
            yield Mistake((*section.path, "key"), f"is the key of {seen[text]!r} already; each name needs its own")
        if text is not None:
            seen[text] = section.values.get("name")


def not_known(section: Section, field: str, known: Sequence[str], what: str) -> Iterator[Mistake]:
    """Yield each name under a field that is not `what` it must be: one of those known."""
    values = section.values.get(field)
    for place, name in enumerate(values if isinstance(values, tuple) else ()):
        if name not in known and not (field == "keys" and is_family(name)):
            yield Mistake((*section.path, field, place), f"{name!r} is not {what}{offer(name, known)}")


def build_callers(sections: Sequence[Section]) -> tuple[Caller, ...]:
    """Return the named keys of sections without mistakes."""
    return tuple(
        Caller(
            name=section.get("name"),
            key=section.get("key"),
            wishes=Wishes(**{field: section.get(field) for field in _WISHES if field in section.values}),
            scope=_scope(section.values),
        )
        for section in sections
    )


def _scope(values: Mapping[str, Any]) -> Scope:
    return Scope(
        admin=values["admin"],
        export=values["export"],
        models=tuple(values["models"]),
        ban=tuple(values["ban"]),
        modes=tuple(Mode(mode) for mode in values["modes"]),
    )


def build_limits(sections: Sequence[Section]) -> tuple[Limit, ...]:
    """Return the limits of sections without mistakes."""
    limits = []
    for section in sections:
        values: dict[str, Any] = dict(section.values)
        window = values.pop("window", "day")
        window = values.pop("window_s", None) or window
        if values["counts"] == "concurrent_requests":
            window = None
        values["roles"] = tuple(Role(role) for role in values["roles"])
        limits.append(Limit(window=window, **values))
    return tuple(limits)
