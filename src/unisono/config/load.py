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

from unisono.config.access import build_callers, build_limits
from unisono.config.describe import config_hash
from unisono.config.embedding import build_embeddings
from unisono.config.figures import priced_models
from unisono.config.house import build_rules
from unisono.config.kinds import Around
from unisono.config.locate import Path as Place
from unisono.config.locate import line_of, locate
from unisono.config.marks import mark_of
from unisono.config.mistake import Mistake, written
from unisono.config.outward import proxy_of
from unisono.config.source import folder_of, read_text, syntax_problem
from unisono.config.tables import Tables, read_tables
from unisono.config.tls import FILES, tls_of
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
from unisono.errors import ConfigError, Problem
from unisono.types import Mode, Model, Proxy, Timeouts


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
    tables = read_tables(raw, around)
    prices_file: Any = tables.top.values.get("prices_file")
    models, unpriced = priced_models(tables.models, prices_file=prices_file, now=now or datetime.now(UTC))
    if mistakes := [*tables.mistakes(), *unpriced]:
        raise ConfigError(_problems(mistakes, lines=lines, file=named))
    return _built(tables, models, proxy=proxy_of(environ), file=file, folder=folder)


def _problems(mistakes: Sequence[Mistake], *, lines: Mapping[Place, int], file: str) -> list[Problem]:
    problems = [Problem(file=file, line=line_of(lines, path), key=written(path), text=text) for path, text in mistakes]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _built(tables: Tables, models: Sequence[Model], *, proxy: Proxy | None, file: Path | None, folder: Path) -> Config:
    """Make a Config of tables without a mistake; everything that calls another host goes out by `proxy`."""
    top: dict[str, Any] = dict(tables.top.values)
    values: dict[str, dict[str, Any]] = {name: dict(section.values) for name, section in tables.sections.items()}
    routing = RoutingConfig(**{"artifact": None, "style_note": None, **values["routing"]})
    routing = replace(routing, cascade=tuple(sorted(routing.cascade)))
    models = tuple(replace(model, proxy=proxy) for model in models)
    rules = build_rules(tables.rules)
    hedge = tuple(Mode(name) for name in values["calls"]["hedge"])
    encoder = {name: value for name, value in values["encoder"].items() if name not in FILES}
    return Config(
        default=top["default"],
        models=models,
        server=ServerConfig(**values["server"]),
        store=StoreConfig(**values["store"]),
        routing=routing,
        timeouts=Timeouts(**values["timeouts"]),
        calls=CallsConfig(**{**values["calls"], "hedge": hedge}),
        callers=build_callers(tables.callers),
        limits=build_limits(tables.limits),
        rules=rules,
        encoder=EncoderConfig(name=routing.encoder, tls=tls_of(tables.sections["encoder"]), proxy=proxy, **encoder),
        embeddings=tuple(replace(model, proxy=proxy) for model in build_embeddings(tables.embeddings)),
        tracing=TracingConfig(**values["tracing"]),
        canaries=CanariesConfig(**values["canaries"]),
        hash=config_hash(default=top["default"], models=models, routing=routing, folder=folder, rules=rules),
        file=file,
        prices_file=top.get("prices_file"),
        removed=tuple(top.get("removed") or ()),
    )
