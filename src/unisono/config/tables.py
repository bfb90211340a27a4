"""The tables of a configuration as they stand in the file, each read by its keys, and what is wrong in and among them.

It builds no values of them (`load.py` does) and knows no lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from unisono.config.access import check_access, read_access
from unisono.config.embedding import check_embeddings
from unisono.config.entry import Entry, read_entry
from unisono.config.house import check_rules
from unisono.config.keys import ARRAYS, SECTIONS, section_keys
from unisono.config.kinds import Around
from unisono.config.mistake import Mistake
from unisono.config.section import Section, read_section
from unisono.config.tls import amiss
from unisono.config.whole import check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What was read: the keys at the top of the file, the tables by name, and the arrays of tables."""

    top: Section
    sections: Mapping[str, Section]
    models: list[Entry]
    callers: list[Section]
    limits: list[Section]
    rules: list[Section]
    embeddings: list[Section]

    def mistakes(self) -> Iterator[Mistake]:
        """Yield what is wrong in each table, then what is wrong among them."""
        arrays = (*self.callers, *self.limits, *self.rules, *self.embeddings)
        for part in (self.top, *self.sections.values(), *arrays, *(entry.section for entry in self.models)):
            yield from part.mistakes
        names = [entry.get("name") for entry in self.models]
        aliases = [alias for entry in self.models for alias in entry.get("aliases") or ()]
        vectors = [section.get("name") for section in self.embeddings]
        encoder = self.sections["encoder"]
        yield from check_whole(self.top, self.sections["routing"], self.models)
        yield from check_access(self.callers, self.limits, models=[*names, *vectors])
        yield from check_rules(self.rules, models=names)
        yield from check_embeddings(self.embeddings, taken=[*names, *aliases])
        for name, text in amiss(encoder, base_url=encoder.get("base_url")):
            yield Mistake((*encoder.path, name), text)


def read_tables(raw: Mapping[str, object], around: Around) -> Tables:
    """Read every table that there may be; one that is not there has its defaults."""
    top = read_section(raw, section_keys(""), path=(), around=around)

    def array(name: str) -> Any:
        return top.values.get(name, ())

    return Tables(
        top=top,
        sections={
            name: read_section(raw.get(name, {}), section_keys(name), path=(name,), around=around)
            for name in SECTIONS
            if name not in ARRAYS
        },
        models=[read_entry(table, place=place, around=around) for place, table in enumerate(array("models"))],
        callers=read_access(array("keys"), "keys", around=around),
        limits=read_access(array("limits"), "limits", around=around),
        rules=read_access(array("rules"), "rules", around=around),
        embeddings=read_access(array("embeddings"), "embeddings", around=around),
    )
