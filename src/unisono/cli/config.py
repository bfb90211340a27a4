"""`unisono config`: what is wrong with a configuration, what is in force, which keys there are."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unisono.config import Config
    from unisono.errors import Problem
    from unisono.evaluate.dial import Asked, Row
    from unisono.router import Router

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
    from unisono.errors import ConfigError, Problem, StartError
    from unisono.evaluate.probe.own import read_own
    from unisono.plugins import load

    file = config or path
    try:
        settings = load_config(file, upstreams=_providers())
    except ConfigError as error:
        _print_problems(error.problems, file=file, as_json=as_json)
        raise typer.Exit(1) from None
    own = settings.canaries.own
    for key, look in (
        ("routing.encoder", lambda: load().require_encoder(settings.encoder.name)),  # only the plug-ins know
        ("routing.predictor", lambda: load().predictor(settings.routing.predictor)),
        ("canaries.own", lambda: own is None or read_own(own)),
    ):
        try:
            look()
        except StartError as error:
            problem = Problem(file=str(file), line=None, key=key, text=str(error))
            _print_problems([problem], file=file, as_json=as_json)
            raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"file": str(file), "valid": True, "hash": settings.hash, "problems": []}, indent=2))
        return
    n_models = len(settings.models)
    print(f"{file}: good. {n_models} model{'s' * (n_models != 1)}, default {settings.default}, hash {settings.hash}.")


def _providers() -> frozenset[str] | None:
    """Return the installed providers; None where a plug-in cannot be loaded, which is told of by itself."""
    from unisono.errors import StartError
    from unisono.plugins import BUILT_IN_PROVIDERS, load

    try:
        return frozenset({*load().providers, *BUILT_IN_PROVIDERS})
    except StartError:
        return None


def _print_problems(problems: Sequence[Problem], *, file: Path, as_json: bool) -> None:
    if as_json:
        rows = [{"file": p.file, "line": p.line, "key": p.key, "text": p.text} for p in problems]
        print(json.dumps({"file": str(file), "valid": False, "hash": None, "problems": rows}, indent=2))
        return
    for problem in problems:
        print(problem)
    n = len(problems)
    print(f"{n} problem{'s' * (n != 1)}. The keys: docs/reference/configuration.md, or `unisono config keys`.")


@app.command("import")
def import_(
    file: Path = typer.Argument(..., help="LiteLLM's config.yaml."),
    as_json: bool = _JSON,
) -> None:
    """Print LiteLLM's configuration in our form: models, their hosts' keys by name, prices, and notes on the rest.

    Nothing is written, and no key is printed. Needs PyYAML: `pip install 'unisono[litellm]'`.

    Example: `unisono config import config.yaml > unisono.toml`
    """
    from unisono.config.from_litellm import from_litellm
    from unisono.errors import StartError

    made = from_litellm(_yaml(file))
    if made is None:
        raise StartError(f"{file} holds no model that can be taken over: nothing usable stands under `model_list`.")
    print(json.dumps({"toml": made.text, "notes": made.notes}, indent=2) if as_json else made.text, end="")


def _yaml(file: Path) -> dict[str, Any]:
    from unisono.errors import StartError
    from unisono.loose import as_object

    try:
        import yaml
    except ImportError:
        raise StartError("Reading YAML needs PyYAML: pip install 'unisono[litellm]'") from None
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise StartError(f"{file} cannot be read as YAML: {str(exc)[:200]}") from exc
    return as_object(read)


@app.command("show")
def show(path: Path = _PATH, config: Path | None = _CONFIG, as_json: bool = _JSON) -> None:
    """Show what is in force: defaults filled in, prices with their source, keys as `env:NAME` or `file:PATH`.

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


@app.command("dial")
def dial(
    path: Path = _PATH,
    config: Path | None = _CONFIG,
    last: int = typer.Option(
        500, min=1, max=1_000_000, help="How many of the latest recorded requests to decide again."
    ),
    everyday: bool = typer.Option(False, "--everyday", help="Take the prompts that come with Unisono, not the record."),
    as_json: bool = _JSON,
) -> None:
    """Show what share goes to which model, and what that costs, at each setting of the dial.

    Decides the latest recorded requests of `auto` again, under this configuration; while there are fewer than 50,
    ninety-four everyday prompts that come with Unisono. Nothing is called.

    Example: `unisono config dial unisono.toml`
    """
    from unisono.config import load_config
    from unisono.evaluate.dial import sweep

    settings = load_config(config or path)
    source, router, asked = _traffic(settings, last=0 if everyday else last)
    rows = sweep(router, asked)
    if as_json:
        told = [
            {
                "dial": row.dial,
                "shares": dict(row.shares),
                "usd_per_1000": row.usd_per_1000,
                "quality": row.quality,
                "n_refused": row.n_refused,
            }
            for row in rows
        ]
        print(json.dumps({"from": source, "n": len(asked), "dial": settings.routing.dial, "settings": told}, indent=2))
        return
    _print_dial(rows, source=source, n=len(asked), now=settings.routing.dial)


MIN_LOGGED = 50
"""Fewer recorded requests than this say too little about a pool's traffic."""


def _traffic(settings: Config, *, last: int) -> tuple[str, Router, Sequence[Asked]]:
    from datetime import UTC, datetime

    from unisono.compose import build
    from unisono.evaluate.dial import from_record, from_text
    from unisono.evaluate.everyday import PROMPTS
    from unisono.record.reader import Reader
    from unisono.types import Mode, Request

    live = build(settings)
    try:
        router = live.router
        with closing(Reader(settings.store.path)) as reader:
            asked = from_record(router, reader, limit=last) if last > 0 else []
        if len(asked) >= MIN_LOGGED:
            return "the record", router, asked
        blank = Request(
            id="dial",
            received=datetime.now(UTC),
            body={"model": "auto"},
            model="auto",
            mode=Mode.BALANCED,
            pin=None,
            messages=(),
        )
        return "everyday prompts", router, [from_text(router, text, blank=blank) for text in PROMPTS]
    finally:
        live.store.close()


def _print_dial(rows: Sequence[Row], *, source: str, n: int, now: float) -> None:
    from rich.console import Console
    from rich.table import Table

    models = sorted(
        {model for row in rows for model in row.shares}, key=lambda m: -max(r.shares.get(m, 0) for r in rows)
    )
    table = Table("dial", "USD per 1,000", "expected quality", *models, title=f"{n} requests from {source}")
    for row in rows:
        mark = " (now)" if abs(row.dial - now) < 0.05 else ""
        shares = (f"{row.shares[m]:.0%}" if m in row.shares else "" for m in models)
        table.add_row(f"{row.dial:.1f}{mark}", f"{row.usd_per_1000:.4f}", f"{row.quality:.3f}", *shares)
    Console().print(table)
    if any(row.n_refused for row in rows):
        print(f"At some settings up to {max(row.n_refused for row in rows)} requests are refused by their own bounds.")
    print("Expected figures, not measured ones. `routing.dial` sets the default; a request may send its own `dial`.")


@app.command("keys")
def keys(as_json: bool = _JSON) -> None:
    """List every key with its kind, its default and what it says: the reference page.

    Example: `unisono config keys`
    """
    from unisono.config.reference import page, table_rows

    print(json.dumps(table_rows(), indent=2) if as_json else page().rstrip())
