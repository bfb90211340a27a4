"""What many commands share: their options, reading the record, a decision by the beginning of its id, printing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from unisono.config import Config
    from unisono.record.reader import Reader
    from unisono.types import JsonValue, Score

CONFIG = typer.Option(Path("unisono.toml"), "--config", "-c", help="The TOML file whose `store.path` is read.")
STORE = typer.Option(None, "--store", help="Read this SQLite file instead; no configuration is needed.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")

_WIDE = 160  # columns where no terminal tells its width


def open_reader(config: Path, store: Path | None) -> Reader:
    """Return a reader of the record.

    Raises:
        StoreError: there is none.
        ConfigError: the configuration that should name it cannot be read.
    """
    from unisono.record.reader import Reader

    return Reader(record_path(config, store))


def record_path(config: Path, store: Path | None) -> Path:
    """Return the file of a record that exists; see `open_reader`."""
    from unisono.config import load_config
    from unisono.errors import StoreError

    path = store or load_config(config).store.path
    if not path.exists():
        raise StoreError(f"There is no record at {path}: it is made by the first `unisono serve` or `unisono demo`.")
    return path


def known_scores(settings: Config) -> tuple[Score, ...]:
    """Return the probes' scores of the configured models; none where there is no record yet."""
    from unisono.catalog.fingerprint import fingerprint
    from unisono.record.store import Store

    if not settings.store.path.exists():
        return ()
    store = Store(settings.store.path, text=settings.store.text, flush_s=settings.store.flush_s)
    try:
        return store.reader.scores({m.name: fingerprint(m) for m in settings.models})
    finally:
        store.close()


def with_outer(
    context: typer.Context, *, config: Path, store: Path | None, as_json: bool
) -> tuple[Path, Path | None, bool]:
    """Return the options of a subcommand; they may also stand before its name."""
    before = cast("tuple[Path, Path | None, bool] | None", context.obj)
    if before is None:
        return config, store, as_json
    given = context.get_parameter_source("config")
    own = given is not None and given.name == "COMMANDLINE"
    return config if own else before[0], store or before[1], as_json or before[2]


def one_id(reader: Reader, beginning: str) -> str:
    """Return the id of the one decision that begins so.

    Raises:
        NotFound: there is none.
        typer.BadParameter: there are several.
    """
    from unisono.errors import NotFound

    found = reader.ids_starting(beginning.strip().lower())
    if len(found) > 1 and beginning not in found:
        raise typer.BadParameter(f"{beginning!r} fits several: {', '.join(found)}. Give more of it.")
    if not found:
        raise NotFound(f"The record holds no decision {beginning!r}. `unisono log` lists them.")
    return found[0]


def console() -> Console:
    """Return where tables go."""
    from rich.console import Console

    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDE)


def cell(value: object) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def print_json(value: JsonValue) -> None:
    """Print indented JSON."""
    import orjson

    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
