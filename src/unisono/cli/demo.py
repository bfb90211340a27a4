"""`unisono demo`: real local models behind one endpoint, with no key and no configuration of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from unisono.compose import Live
    from unisono.config import Config


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    port: int = typer.Option(8080, min=0, max=65535, help="Listen here; 0 takes a free port."),
    folder: Path = typer.Option(Path(".demo"), help="Where the demo keeps its configuration and its record."),
    quiet: bool = typer.Option(True, help="Log warnings only, not a line for each request."),
    as_json: bool = typer.Option(False, "--json", help="Say where it answers, and the licences, as a line of JSON."),
) -> None:
    """Serve two small real models on this machine, and show how to ask them.

    With `--json` one line is printed once it answers: `url`, `console`, `config` and the `licences` of what
    runs.

    Example: `unisono demo --port 8080`
    """
    started_s = perf_counter()
    from unisono.cli.serve import run_server
    from unisono.config import load_config
    from unisono.demo.pool import LICENCES, demo_config_text, missing_packages
    from unisono.errors import StartError

    if missing := missing_packages():
        raise StartError("The demo's models are not installed. Run: " + " && ".join(missing))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "unisono.toml"
    if not path.exists():
        path.write_text(demo_config_text(), encoding="utf-8")
    if not as_json:
        print("What runs here, and its licence:")
        for name, licence in LICENCES.items():
            print(f"  {name}: {licence}")
    config = load_config(path)
    _know_pool(config)

    def ready(live: Live, address: str) -> None:
        if as_json:
            told = {
                "url": f"{address}/v1",
                "console": f"{address}/console",
                "config": str(path),
                "licences": dict(LICENCES),
            }
            print(json.dumps(told), flush=True)
            return
        _say_ready(address, seconds=perf_counter() - started_s, path=path)

    run_server(config, port=port, quiet=quiet, ready=ready)


def _know_pool(config: Config) -> None:
    """Put the shipped probe scores of these very models into an empty record, so that the first answer is routed."""
    from unisono.catalog.fingerprint import fingerprint
    from unisono.demo.scores import shipped_scores
    from unisono.record.store import Store

    models = {model.name: fingerprint(model) for model in config.models}
    store = Store(config.store.path, text=config.store.text, flush_s=config.store.flush_s)
    try:
        if not store.reader.scores(models):
            store.add_scores(shipped_scores(config.models), models)
    finally:
        store.close()


def _say_ready(address: str, *, seconds: float, path: Path) -> None:
    print(
        f"""
Ready after {seconds:.1f} s. Ask it, in another terminal:

  curl -s {address}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{"model": "auto", "messages": [{{"role": "user", "content": "What is the opposite of hot?"}}]}}'

Console:        {address}/console
Configuration:  {path} (change it while this runs: it is read again)
Ctrl-C ends everything.""",
        flush=True,
    )
