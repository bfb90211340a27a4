"""Makes a Config of a file, or refuses it as a whole with every mistake that was found.

How a file, a table, a value and a price are read stands in the files beside it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unisono.config.access import build_callers, build_limits, check_access, read_access
from unisono.config.describe import config_hash
from unisono.config.embedding import build_embeddings, check_embeddings
from unisono.config.entry import read_entry
from unisono.config.figures import priced_models
from unisono.config.house import build_rules, check_rules
from unisono.config.keys import ARRAYS, SECTIONS, section_keys
from unisono.config.kinds import Around
from unisono.config.locate import Path as Place
from unisono.config.locate import line_of, locate
from unisono.config.marks import mark_of
from unisono.config.mistake import Mistake, written
from unisono.config.outward import proxy_of
from unisono.config.section import Section, read_section
from unisono.config.source import folder_of, read_text, syntax_problem
from unisono.config.tls import FILES, amiss, tls_of
from unisono.config.values import (
    CallsConfig,
    CanariesConfig,
    Config,
    EncoderConfig,
    RoutingConfig,
    ServerConfig,
    StoreConfig,
    TracingConfig,
)
from unisono.config.whole import check_whole
from unisono.errors import ConfigError, Problem
from unisono.types import HouseRule, Mode, Model, Timeouts


def load_config(
    path: str | Path,
    environ: Mapping[str, str] = os.environ,
    *,
    now: datetime | None = None,
    upstreams: Collection[str] | None = None,
) -> Config:
    """Read, check and complete a configuration file.

    Args:
        path: the TOML file; relative paths in it start at its folder.
        environ: where `env:NAME` is looked up, and the proxy on the way out.
        now: some published prices depend on the time; None is this moment.
        upstreams: the installed providers' names; None accepts any name that is not a mistyped built-in one.

    Raises:
        ConfigError: the file cannot be read, or holds mistakes; `problems` lists them all, by line.
    """
    file = Path(path)
    mark = mark_of(file)  # before it is read: what changes meanwhile will differ from this
    config = parse_config(read_text(file), environ, file=file, now=now, upstreams=upstreams)
    return replace(config, mark=mark)


def parse_config(
    text: str,
    environ: Mapping[str, str] = os.environ,
    *,
    file: Path | None = None,
    now: datetime | None = None,
    upstreams: Collection[str] | None = None,
) -> Config:
    """Check and complete the text of a configuration; see `load_config`.

    Args:
        file: where the text came from, for messages and relative paths; None takes the current folder.

    Raises:
        ConfigError: the text holds mistakes.
    """
    named = str(file) if file is not None else "(text)"
    try:
        raw = tomllib.loads(text)
        lines = locate(text)
    except (ValueError, RecursionError) as exc:
        raise ConfigError([syntax_problem(exc, file=named, text=text)]) from None
    return _parse(raw, environ, named=named, lines=lines, file=file, now=now, upstreams=upstreams)


def parse_tables(
    tables: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
    *,
    file: Path | None = None,
    now: datetime | None = None,
    upstreams: Collection[str] | None = None,
) -> Config:
    """Check and complete a configuration that is data already, such as `config show --json` prints.

    Raises:
        ConfigError: the data holds mistakes; they have no lines.
    """
    return _parse(dict(tables), environ, named="(data)", lines={}, file=file, now=now, upstreams=upstreams)


def _parse(
    raw: dict[str, Any],
    environ: Mapping[str, str],
    *,
    named: str,
    lines: Mapping[Place, int],
    file: Path | None,
    now: datetime | None,
    upstreams: Collection[str] | None,
) -> Config:
    folder = folder_of(file)
    around = Around(folder=folder, environ=environ, upstreams=None if upstreams is None else frozenset(upstreams))
    top = read_section(raw, section_keys(""), path=(), around=around)
    sections = {
        name: read_section(raw.get(name, {}), section_keys(name), path=(name,), around=around)
        for name in SECTIONS
        if name not in ARRAYS
    }
    tables: Any = top.values.get("models", ())
    entries = [read_entry(table, place=place, around=around) for place, table in enumerate(tables)]
    callers, limits, rules, vectors = (
        read_access(_tables(top, name), name, around=around) for name in ("keys", "limits", "rules", "embeddings")
    )
    parts = (top, *sections.values(), *callers, *limits, *rules, *vectors, *(entry.section for entry in entries))
    mistakes = [mistake for part in parts for mistake in part.mistakes]
    mistakes += check_whole(top, sections["routing"], entries)
    names = [entry.get("name") for entry in entries]
    aliases = [alias for entry in entries for alias in entry.get("aliases") or ()]
    mistakes += check_access(callers, limits, models=[*names, *(section.get("name") for section in vectors)])
    mistakes += check_rules(rules, models=names)
    mistakes += check_embeddings(vectors, taken=[*names, *aliases])
    encoder = sections["encoder"]
    wrong = amiss(encoder, base_url=encoder.get("base_url"))
    mistakes += [Mistake((*encoder.path, name), text) for name, text in wrong]
    models, more = priced_models(entries, prices_file=top.values.get("prices_file"), now=now or datetime.now(UTC))
    mistakes += more
    if mistakes:
        raise ConfigError(_problems(mistakes, lines=lines, file=named))
    proxy = proxy_of(environ)
    models = tuple(replace(model, proxy=proxy) for model in models)
    config = _build(top, sections, models, rules=build_rules(rules), file=file, folder=folder)
    return replace(
        config,
        callers=build_callers(callers),
        limits=build_limits(limits),
        encoder=replace(config.encoder, proxy=proxy),
        embeddings=tuple(replace(model, proxy=proxy) for model in build_embeddings(vectors)),
    )


def _tables(top: Section, name: str) -> Any:
    return top.values.get(name, ())


def _problems(mistakes: Sequence[Mistake], *, lines: Mapping[Place, int], file: str) -> list[Problem]:
    problems = [Problem(file=file, line=line_of(lines, path), key=written(path), text=text) for path, text in mistakes]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _without_files(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in FILES}


def _calls(values: dict[str, Any]) -> CallsConfig:
    return CallsConfig(**{**values, "hedge": tuple(Mode(name) for name in values["hedge"])})


def _build(
    top: Section,
    sections: Mapping[str, Section],
    models: tuple[Model, ...],
    *,
    rules: tuple[HouseRule, ...],
    file: Path | None,
    folder: Path,
) -> Config:
    values: dict[str, dict[str, Any]] = {name: dict(section.values) for name, section in sections.items()}
    routing = RoutingConfig(**{"artifact": None, "style_note": None, **values["routing"]})
    routing = replace(routing, cascade=tuple(sorted(routing.cascade)))
    whole: dict[str, Any] = dict(top.values)
    return Config(
        default=whole["default"],
        models=models,
        server=ServerConfig(**values["server"]),
        store=StoreConfig(**values["store"]),
        routing=routing,
        timeouts=Timeouts(**values["timeouts"]),
        tracing=TracingConfig(**values["tracing"]),
        canaries=CanariesConfig(**values["canaries"]),
        encoder=EncoderConfig(
            name=routing.encoder, tls=tls_of(sections["encoder"]), **_without_files(values["encoder"])
        ),
        calls=_calls(values["calls"]),
        rules=rules,
        hash=config_hash(default=whole["default"], models=models, routing=routing, folder=folder, rules=rules),
        file=file,
        prices_file=whole.get("prices_file"),
        removed=tuple(whole.get("removed") or ()),
    )
