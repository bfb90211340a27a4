"""Reads one table of the file by its keys: unknown names, missing ones, wrong values, defaults.

It does not know what the keys mean together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unisono.config.keys import ARRAYS, SECTIONS, TABLE, Key
from unisono.config.kinds import Around, read_value
from unisono.config.locate import Path
from unisono.config.mistake import Mistake, Wrong, offer, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a table held: good values (given or default) by key, the keys given, and the mistakes.

    A key whose value was refused is in `given` and not in `values`.
    """

    path: Path
    values: Mapping[str, object]
    given: frozenset[str]
    mistakes: tuple[Mistake, ...]

    def get(self, name: str) -> Any:
        """Return a good value, or None."""
        return self.values.get(name)


def read_section(table: object, keys: Sequence[Key], *, path: Path, around: Around) -> Section:
    """Read a table that must hold nothing but these keys."""
    if not isinstance(table, dict):
        text = f"must be a table: write [{path[-1]}] on a line of its own, not {shown(table)}"
        return Section(path=path, values={}, given=frozenset(), mistakes=(Mistake(path, text),))
    values: dict[str, object] = {}
    mistakes = list(_unknown(table, keys, path=path))
    for key in keys:
        at = (*path, key.name)
        if key.name not in table:
            if key.required:
                mistakes.append(Mistake(at, f"is missing: {key.text[0].lower()}{key.text[1:]}"))
            elif key.default is not None:
                values[key.name] = read_value(key, key.default, around)
            continue
        try:
            values[key.name] = read_value(key, table[key.name], around)
        except Wrong as refusal:
            mistakes += [Mistake((*at, *inner), text) for inner, text in refusal.mistakes]
    return Section(path=path, values=values, given=frozenset(table), mistakes=tuple(mistakes))


def _unknown(table: Iterable[str], keys: Sequence[Key], *, path: Path) -> Iterable[Mistake]:
    known = [key.name for key in keys]
    for name in table:
        if name not in known and (path or name not in SECTIONS):
            yield Mistake((*path, name), _why_unknown(name, known, path=path))


def _why_unknown(name: str, known: Sequence[str], *, path: Path) -> str:
    """Say where the key belongs, if it is one of another table, else which names are near."""
    section = str(path[0]) if path else ""
    homes = [key for key in TABLE if key.name == name]
    same = [key for key in homes if key.section == section]
    if same:
        readers = ", ".join(dict.fromkeys(up for key in same for up in key.upstreams))
        return f"is read by the upstream {readers} only; take it out, or check `upstream`"
    if homes and not homes[0].section:
        return "belongs to the top of the file, before the first [table]"
    near = offer(name, (*known, *(SECTIONS if not path else ())))
    if homes and not near:
        home = homes[0].section
        return f"belongs into a [[{home}]]" if home in ARRAYS else f"belongs into [{home}]"
    place = f" in [{section}]" if path else ""
    listed = ", ".join(known)
    return f"is not a key{place}{near}" if near else f"is not a key{place}; the keys are {listed}"
