"""`unisono route`: which model a prompt would get, and why; nothing is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.record import print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from urllib.request import Request as HttpRequest

    from unisono.config import Config
    from unisono.types import Json


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("route")(route)


def route(
    prompt: str = typer.Argument("", help="The user's words; `-` reads them from standard input."),
    config: Path = CONFIG,
    model: str = typer.Option("auto", help="`auto`, `auto:fast`, ..., or a model's name."),
    dial: float | None = typer.Option(
        None, min=0.0, max=1.0, help="0: cheapest that is good enough, 1: best answer. Default: the mode's."
    ),
    body: Path | None = typer.Option(None, help="A JSON file with a whole chat body instead of a prompt."),
    url: str = typer.Option("", help="Ask this running server, such as http://127.0.0.1:8080."),
    offline: bool = typer.Option(False, "--offline", help="Do not ask a running server; decide here."),
    as_json: bool = typer.Option(False, "--json", help="Print the decision as JSON."),
) -> None:
    """Show the ranking with quality, cost and latency, the reason, and why not the others.

    Asks the server that runs with this configuration, so that health and measured latency count as they would in a
    request; without one, or with --offline, it decides here from the same configuration and record.

    Example: `unisono route "Prove that there are infinitely many primes."`
    """
    from unisono.config import load_config

    asked = _body(prompt, body, model=model, dial=dial)
    base = url.rstrip("/")
    if base:
        decision = _ask(base, asked, config=None)
    else:
        settings = load_config(config)
        base = "" if offline else _running(settings)
        decision = _ask(base, asked, config=settings) if base else _decide_here(settings, asked)
    if as_json:
        print_json(decision)
        return
    from unisono.cli.decisions import show_decision

    show_decision(decision)


def _body(prompt: str, file: Path | None, *, model: str, dial: float | None) -> Json:
    import orjson

    if file is not None:
        try:
            read: Json = orjson.loads(file.read_bytes())
        except (OSError, orjson.JSONDecodeError) as exc:
            raise typer.BadParameter(f"{file}: {exc}") from exc
        return read
    words = sys.stdin.read() if prompt == "-" else prompt
    if not words.strip():
        raise typer.BadParameter('Say what to route, such as: unisono route "What is 17 * 23?"')
    asked: Json = {"model": model, "messages": [{"role": "user", "content": words}]}
    if dial is not None:
        asked["unisono"] = {"dial": dial}
    return asked


def _running(config: Config) -> str:
    """Return the address of a server that runs with this very configuration, or an empty string."""
    import json
    import urllib.error
    import urllib.request

    base = f"http://{config.server.host}:{config.server.port}"
    try:
        with urllib.request.urlopen(_request(f"{base}/readyz", config), timeout=1.0) as answer:  # noqa: S310
            same = json.load(answer).get("config_hash") == config.hash
    except (OSError, ValueError, urllib.error.URLError):
        return ""
    return base if same else ""


def _ask(base: str, body: Json, *, config: Config | None) -> Json:
    import json
    import urllib.error
    import urllib.request

    from unisono.errors import RequestError

    request = _request(f"{base}/v1/route", config)
    request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=30.0) as answer:  # noqa: S310
            decision: Json = json.load(answer)
    except urllib.error.HTTPError as exc:
        told = json.load(exc)
        raise RequestError(str(told.get("error", {}).get("message", exc))) from exc
    except (OSError, ValueError) as exc:
        raise RequestError(f"No Unisono answers at {base}: {exc}. Start it with `unisono serve`.") from exc
    return decision


def _request(url: str, config: Config | None) -> HttpRequest:
    import urllib.request

    headers = {"content-type": "application/json"}
    if config is not None and config.server.keys:
        headers["authorization"] = f"Bearer {config.server.keys[0].reveal()}"
    return urllib.request.Request(url, headers=headers)  # noqa: S310


def _decide_here(config: Config, body: Json) -> Json:
    from datetime import UTC, datetime

    import orjson
    from uuid_utils import uuid7

    from unisono.compose import build
    from unisono.edge.parse import parse
    from unisono.record.view import decision_to_json

    live = build(config)
    try:
        request = parse(
            orjson.dumps(body), {}, catalog=live.router.catalog, request_id=str(uuid7()), now=datetime.now(UTC)
        )
        live.reading.at_once(request)
        _, decision = live.router_for(request).decide(request)
    finally:
        live.store.close()
    return decision_to_json(decision)
