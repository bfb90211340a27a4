"""Reads one `[[models]]` table and makes a Model of it.

It does not compare models with each other: `whole` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from unisono.catalog.benchmarks import BENCHMARKS
from unisono.catalog.facts import Facts
from unisono.config import tls
from unisono.config.hosts import OPENAI, amiss, usual_capabilities
from unisono.config.keys import BUILT_IN, model_keys, section_keys
from unisono.config.kinds import Around, plain
from unisono.config.mistake import Mistake, Wrong, offer, shown
from unisono.config.section import Section, read_section
from unisono.types import Capability, JsonValue, Lifecycle, Model, Prices, Role

_DEFAULT_CONTEXT_TOKENS = 8192
"""Of a server of one's own: what fits on it is rarely more, and some cut a longer prompt without a word."""
_HOSTED_CONTEXT_TOKENS = 131_072
"""Of a host on the internet: nearly all take so much, and say so where they do not."""
_FREE = ("local", "scripted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table: its checked keys, and the keys for a plug-in, unchecked."""

    section: Section
    options: dict[str, JsonValue]

    @property
    def base_url(self) -> str | None:
        """The upstream's address: OpenAI's own where a file names none."""
        written: str | None = self.get("base_url")
        return written or (OPENAI if self.upstream == "openai" else None)

    @property
    def upstream(self) -> str | None:
        """The provider, if it was written right."""
        value = self.section.values.get("upstream")
        return value if isinstance(value, str) else None

    def get(self, name: str) -> Any:
        """Return a good value, or None."""
        return self.section.values.get(name)


def read_entry(table: dict[str, object], *, place: int, around: Around) -> Entry:
    """Read the table at this place of the file (from 0)."""
    path = ("models", place)
    upstream = table.get("upstream")
    named = upstream if isinstance(upstream, str) else ""
    if named in BUILT_IN:
        section = read_section(table, model_keys(named), path=path, around=around)
        return _checked(Entry(section=section, options=_options(section)))
    general = {key.name: key for key in section_keys("models") if not key.option}
    extra = {name: value for name, value in table.items() if name not in general}
    section = read_section(
        {name: value for name, value in table.items() if name in general},
        tuple(general.values()),
        path=path,
        around=around,
    )
    options, mistakes = _extras(extra, section=section)
    if "upstream" not in table:  # what the others mean is not known then, but one may be meant for it
        near = ((name, offer(name, ("upstream",))) for name in extra)
        mistakes += [Mistake((*path, name), f"is not a key in [models]{hint}") for name, hint in near if hint]
    return _checked(Entry(section=replace(section, mistakes=(*section.mistakes, *mistakes)), options=options))


def _extras(extra: dict[str, object], *, section: Section) -> tuple[dict[str, JsonValue], list[Mistake]]:
    """Return a plug-in's own keys as they stand; where the upstream itself is wrong nothing is said of them."""
    options: dict[str, JsonValue] = {}
    mistakes: list[Mistake] = []
    for name, value in extra.items():
        try:
            options[name] = plain(value)
        except Wrong as refusal:
            mistakes += [Mistake((*section.path, name), text) for _, text in refusal.mistakes]
    return options, mistakes if "upstream" in section.values else []


def _options(section: Section) -> dict[str, JsonValue]:
    """Return the given keys that only the provider reads, as JSON has them."""
    options: dict[str, JsonValue] = {}
    for key in section_keys("models"):
        if key.option and key.name in section.values:
            value = section.values[key.name]
            if isinstance(value, Path):
                value = str(value)
            options[key.name] = plain(list(value) if isinstance(value, tuple) else value)
    return options


def _checked(entry: Entry) -> Entry:
    """Return the entry with the mistakes that only several keys together show."""
    section = entry.section
    found = [Mistake((*section.path, name), text) for name, text in _together(entry)]
    return replace(entry, section=replace(section, mistakes=(*section.mistakes, *found)))


def _together(entry: Entry) -> Iterator[tuple[str, str]]:
    given, state, until = entry.section.given, entry.get("lifecycle"), entry.get("until")
    if entry.upstream == "openai" and not {"base_url", "api_key"} & given:
        yield (
            "base_url",
            'is missing: upstream = "openai" needs the address, such as http://127.0.0.1:9001/v1; OpenAI itself '
            'is meant where only an api_key stands, such as "env:OPENAI_API_KEY"',
        )
    if (base_url := entry.get("base_url")) is not None and (wrong := amiss(base_url)) is not None:
        yield "base_url", wrong
    yield from tls.amiss(entry.section, base_url=entry.base_url)
    if state == "sunset" and "until" not in given:
        yield "until", 'is missing: lifecycle = "sunset" needs its last day, such as until = 2026-12-01'
    if until is not None and state in ("active", "legacy"):
        yield "until", f'means nothing for lifecycle = "{state}"; write lifecycle = "sunset", or take it out'
    context, longest = entry.get("context_tokens"), entry.get("max_output_tokens")
    if context is not None and longest is not None and longest > context:
        yield "max_output_tokens", f"must not be above context_tokens ({context}), not {longest}"
    yield from (("benchmarks", text) for text in _figures(entry.get("benchmarks")))
    name = entry.get("name")
    if name is not None and name in (entry.get("aliases") or ()):
        yield "aliases", f"holds the model's own name {shown(name)}; take it out"


def _figures(table: object) -> Iterator[str]:
    if table is None:
        return
    if not isinstance(table, dict):
        yield "must be a table of figures in percent, such as { mmlu_pro = 81.2, gpqa = 70.1 }"
        return
    for benchmark, figure in table.items():
        scale = BENCHMARKS.get(benchmark)
        if scale is None:
            near = offer(benchmark, BENCHMARKS) or f"; the known ones are {', '.join(BENCHMARKS)}"
            yield f"{shown(benchmark)} is no benchmark that anything is known of{near}"
        elif not isinstance(figure, (int, float)) or isinstance(figure, bool) or not scale.low <= figure <= scale.high:
            yield f"{benchmark} must be a number from {scale.low:g} to {scale.high:g}, not {shown(figure)}"


def build_model(entry: Entry, facts: Facts) -> Model | Mistake:
    """Return the model of an entry without mistakes; its own figures win over the published ones."""
    get = entry.get
    prices = _prices(entry, facts.prices)
    if isinstance(prices, Mistake):
        return prices
    successor, until = get("successor"), get("until")
    is_hosted = (entry.base_url or "").startswith("https://")
    assumed = _HOSTED_CONTEXT_TOKENS if is_hosted else _DEFAULT_CONTEXT_TOKENS
    context: int = get("context_tokens") or facts.context_tokens or assumed
    longest: int | None = get("max_output_tokens")
    if longest is None and facts.max_output_tokens is not None:
        longest = min(facts.max_output_tokens, context)
    cutoff: date | None = get("knowledge_cutoff")
    return Model(
        name=get("name"),
        upstream=get("upstream"),
        upstream_model=get("upstream_model") or get("name"),
        base_url=entry.base_url,
        api_key=get("api_key"),
        reports=get("reports"),
        aliases=get("aliases"),
        role=Role(get("role")),
        capabilities=_capabilities(entry),
        context_tokens=context,
        max_output_tokens=longest,
        prices=prices,
        knowledge_cutoff=cutoff,
        quality=get("quality"),
        benchmarks=get("benchmarks") or {},
        lifecycle=Lifecycle(state=get("lifecycle"), until=until, successor=successor),
        cache_ttl_s=get("cache_ttl_s"),
        tls=tls.tls_of(entry.section),
        options=entry.options,
    )


def _capabilities(entry: Entry) -> frozenset[Capability]:
    if "capabilities" in entry.section.given:
        return frozenset(Capability(name) for name in entry.get("capabilities"))
    return usual_capabilities(entry.base_url, upstream=entry.upstream or "")


def _prices(entry: Entry, listed: Prices | None) -> Prices | Mistake | None:
    """Merge the entry's prices over the listed ones, one by one."""
    if entry.upstream in _FREE:
        listed = Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=0.0, usd_per_mtok_cached_in=0.0, source="local")
    into, out, cached = (entry.get(f"usd_per_mtok_{part}") for part in ("in", "out", "cached_in"))
    if into is None and out is None and cached is None:
        return listed
    if listed is not None:
        # A cache price of the list goes with the list's price of the prompt, not with another.
        kept = listed.usd_per_mtok_cached_in if into is None else None
        return Prices(
            usd_per_mtok_in=listed.usd_per_mtok_in if into is None else into,
            usd_per_mtok_out=listed.usd_per_mtok_out if out is None else out,
            usd_per_mtok_cached_in=kept if cached is None else cached,
            source="config" if into is not None and out is not None else f"config and {listed.source}",
        )
    if into is None or out is None:
        missing = "usd_per_mtok_in" if into is None else "usd_per_mtok_out"
        text = "is missing: the price list does not know this model, so both prices must stand here"
        return Mistake((*entry.section.path, missing), text)
    return Prices(usd_per_mtok_in=into, usd_per_mtok_out=out, usd_per_mtok_cached_in=cached)
