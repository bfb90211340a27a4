"""`unisono serve`: a server over one configuration, until a signal ends it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from socket import socket

    from unisono.cli.lines import Lines
    from unisono.compose import Live
    from unisono.config import Config

COLLECT_EVERY = 20_000
"""So many more objects than were freed before the collector of cycles looks: a request makes hundreds that live until
they are recorded and then go by themselves, and at the interpreter's 700 a tenth of the time went into looking."""
MOST_WORKERS = 64
CONFIG = typer.Option(Path("unisono.toml"), "--config", "-c", help="The TOML file with the models.")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    config: Path = CONFIG,
    host: str = typer.Option("", help="Listen here instead of `server.host`."),
    port: int | None = typer.Option(
        None, min=0, max=65535, help="Listen here instead of `server.port`; 0 takes a free one."
    ),
    quiet: bool = typer.Option(False, "--quiet", help="Log warnings only, not a line for each request."),
    workers: int = typer.Option(
        1, "--workers", min=1, max=MOST_WORKERS, help="So many processes on this machine, over the same record."
    ),
    as_json: bool = typer.Option(False, "--json", help="Say where it answers as a line of JSON."),
    fd: int = typer.Option(-1, "--fd", hidden=True),
    worker: int = typer.Option(-1, "--worker", hidden=True),
) -> None:
    """Start the server.

    With `--json` the line that says where it answers is an object: `url`, `models`, `workers`. The log goes to standard
    error, with it and without.

    Example: `unisono serve --config unisono.toml --port 8080`
    """
    from unisono.config import load_config

    loaded = load_config(config)
    if worker >= 0:
        run_worker(loaded, fd=fd, worker=worker, quiet=quiet)
    elif workers != 1:
        _serve_with(loaded, config, n=workers, host=host, port=port, quiet=quiet, as_json=as_json)
    else:

        def ready(live: Live, address: str) -> None:
            if as_json:
                _say_ready_as_json(live.config, address, workers=1)
            else:
                _say_ready(live, address)

        run_server(loaded, host=host or None, port=port, quiet=quiet, ready=ready)


def _serve_with(config: Config, file: Path, *, n: int, host: str, port: int | None, quiet: bool, as_json: bool) -> None:
    from unisono.cli.sockets import handed, listen
    from unisono.cli.workers import run_workers

    def ready(address: str) -> None:
        if as_json:
            _say_ready_as_json(config, address, workers=n)
            return
        print(f"unisono serves {_models(config)} at {address}/v1 with {n} workers", flush=True)

    _log_lines(quiet=quiet)
    listening = handed() or listen(host or config.server.host, config.server.port if port is None else port)
    try:
        run_workers(config, file, n=n, listening=listening, quiet=quiet, ready=ready)
    finally:
        listening.close()


def run_worker(config: Config, *, fd: int, worker: int, quiet: bool) -> None:
    """Serve as one of several workers, on a socket that was handed on, until a signal or the end of standard input."""
    import socket as sockets

    lines = _log_lines(quiet=quiet)
    tell = None if quiet else lines.tell
    listening = sockets.socket(fileno=fd)
    try:
        _run(_serve(config, listening, lambda _, address: print(address, flush=True), worker=worker, tell=tell))
    finally:
        listening.close()


def _say_ready(live: Live, address: str) -> None:
    console = f" · console: {address}/console" if _shows_console(live) else ""
    print(f"unisono serves {_models(live.config)} at {address}/v1{console}", flush=True)


def _say_ready_as_json(config: Config, address: str, *, workers: int) -> None:
    import json

    told = {"url": f"{address}/v1", "models": [model.name for model in config.models], "workers": workers}
    print(json.dumps(told, ensure_ascii=False), flush=True)


def _models(config: Config) -> str:
    n = len(config.models)
    return "1 model" if n == 1 else f"{n} models"


def _shows_console(live: Live) -> bool:
    """Say whether the console is served: as configured, else only where nobody but this machine can reach it."""
    wanted = live.config.server.console
    return live.keys.open if wanted is None else wanted


def run_server(
    config: Config,
    *,
    ready: Callable[[Live, str], None],
    host: str | None = None,
    port: int | None = None,
    quiet: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        config: what to serve.
        ready: called once with the running parts and the base address, when requests are accepted.
        host: instead of the configured one.
        port: instead of the configured one.
        quiet: log warnings only.

    Raises:
        StartError: the port is taken, or a model cannot start.
    """
    from unisono.cli.sockets import handed, listen

    lines = _log_lines(quiet=quiet)
    listening = handed() or listen(host or config.server.host, config.server.port if port is None else port)
    try:
        _run(_serve(config, listening, ready, tell=None if quiet else lines.tell))
    finally:
        listening.close()
        lines.flush()


def _log_lines(*, quiet: bool) -> Lines:
    import logging

    from unisono.cli.lines import Line, Lines, Stamped

    lines = Lines()
    lines.setFormatter(Stamped())
    logging.setLogRecordFactory(Line)
    # Nothing that our lines do not say is looked up for them: logging's own switches, see its HOWTO, "Optimization".
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(level=logging.WARNING, handlers=[lines])
    logging.getLogger("unisono").setLevel(logging.WARNING if quiet else logging.INFO)
    return lines


def _run(main: Coroutine[Any, Any, None]) -> None:
    import uvloop

    from unisono.config.files import allow_files

    allow_files()
    uvloop.run(main)


def _end_with_parent(end: Callable[[], None]) -> None:
    """End when whoever started this worker is gone: then its standard input, which nobody writes to, ends."""
    asyncio.get_running_loop().remove_reader(sys.stdin)
    end()


def _calm_collector() -> None:
    """Leave out of every look what was built at the start, and look seldom."""
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 10, 10)


def _safe_to_listen(host: str, live: Live) -> None:
    from unisono.errors import StartError

    if not live.keys.open and live.keys.is_empty:
        raise StartError(
            f"{host} can be reached by other machines, and there is no key to ask of them: make one with"
            " `unisono keys create NAME`, or listen on 127.0.0.1."
        )


async def _serve(
    config: Config,
    listening: socket,
    ready: Callable[[Live, str], None],
    *,
    tell: Callable[[str], None] | None,
    worker: int | None = None,
) -> None:
    import signal

    from unisono.cli.sockets import names_of
    from unisono.compose import build
    from unisono.config.kinds import is_loopback
    from unisono.console.app import routes
    from unisono.server.app import create_app
    from unisono.server.listen import settings_of
    from unisono.server.until import Server

    live = build(config)
    if tell is not None:
        live.requests.tell = tell
    try:
        host, address = names_of(listening)
        live.keys.open = is_loopback(host)
        _safe_to_listen(host, live)
        await live.start(worker=worker)
        _calm_collector()
        pages = routes() if _shows_console(live) else ()
        settings = settings_of(create_app(live, extra_routes=pages), graceful_s=config.server.grace_s)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, live.want_reload)
        server = Server(settings, ready=partial(ready, live, address))
        if worker is not None:
            asyncio.get_running_loop().add_reader(sys.stdin, _end_with_parent, server.end)
        await server.serve(sockets=[listening])
    finally:
        await live.close()
