"""`unisono config`: what is wrong with a configuration, what is in force, which keys there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unisono.config import Config
    from unisono.errors import Problem

app = typer.Typer(help="Check the configuration, show what is in force, list the keys.", no_args_is_help=True)

_PATH = typer.Argument(Path("unisono.toml"), help="The TOML file.")
_CONFIG = typer.Option(None, "--config", "-c", help="The same, as other commands write it.")
_JSON = typer.Option(False, "--json", help="Print JSON.")


@app.command("check")
def check(path: Path = _PATH, config: Path | None = _CONFIG, as_json: bool = _JSON) -> None:
    """List every mistake of a file with its line, its key and what to do; exit 1 if there is any.

    Example: `unisono config check unisono.toml`
    """
    from unisono.config import load_config
    from unisono.errors import ConfigError

    file = config or path
    try:
        settings = load_config(file)
    except ConfigError as error:
        _print_problems(error.problems, file=file, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"file": str(file), "valid": True, "hash": settings.hash, "problems": []}, indent=2))
        return
    n_models = len(settings.models)
    print(f"{file}: good. {n_models} model{'s' * (n_models != 1)}, default {settings.default}, hash {settings.hash}.")


def _print_problems(problems: Sequence[Problem], *, file: Path, as_json: bool) -> None:
    if as_json:
        rows = [{"file": p.file, "line": p.line, "key": p.key, "text": p.text} for p in problems]
        print(json.dumps({"file": str(file), "valid": False, "hash": None, "problems": rows}, indent=2))
        return
    for problem in problems:
        print(problem)
    n = len(problems)
    print(f"{n} problem{'s' * (n != 1)}. The keys: docs/reference/configuration.md, or `unisono config keys`.")


@app.command("show")
def show(path: Path = _PATH, config: Path | None = _CONFIG, as_json: bool = _JSON) -> None:
    """Show what is in force: defaults filled in, prices with their source, keys as `env:NAME`.

    Example: `unisono config show unisono.toml`
    """
    from unisono.config import load_config
    from unisono.config.describe import as_toml

    settings = load_config(config or path)
    print(json.dumps(shown(settings), indent=2, default=str) if as_json else as_toml(settings).rstrip())


def shown(settings: Config) -> dict[str, object]:
    """Return what `--json` prints; `config` has the form of the file."""
    from unisono.config.describe import as_tables

    return {
        "file": None if settings.file is None else str(settings.file),
        "hash": settings.hash,
        "config": as_tables(settings),
        "price_sources": {m.name: None if m.prices is None else m.prices.source for m in settings.models},
    }


@app.command("keys")
def keys(as_json: bool = _JSON) -> None:
    """List every key with its kind, its default and what it says: the reference page.

    Example: `unisono config keys`
    """
    from unisono.config.reference import page, table_rows

    print(json.dumps(table_rows(), indent=2) if as_json else page().rstrip())
