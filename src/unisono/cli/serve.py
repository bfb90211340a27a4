"""`unisono serve`: a server over one configuration, until a signal ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from socket import socket

    from unisono.compose import Live
    from unisono.config import Config

CONFIG = typer.Option(Path("unisono.toml"), "--config", "-c", help="The TOML file with the models.")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    config: Path = CONFIG,
    host: str = typer.Option("", help="Listen here instead of `server.host`."),
    port: int = typer.Option(-1, help="Listen here instead of `server.port`; 0 takes a free one."),
    quiet: bool = typer.Option(False, "--quiet", help="Log warnings only, not a line for each request."),
) -> None:
    """Start the server.

    Example: `unisono serve --config unisono.toml --port 8080`
    """
    from unisono.config import load_config

    run_server(load_config(config), host=host or None, port=None if port < 0 else port, quiet=quiet, ready=_say_ready)


def _say_ready(live: Live, address: str) -> None:
    print(f"unisono serves {len(live.config.models)} models at {address}/v1 · console: {address}/console", flush=True)


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
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("unisono").setLevel(logging.WARNING if quiet else logging.INFO)
    chosen_host = host or config.server.host
    _safe_to_listen(chosen_host, config)
    listening = _listen(chosen_host, config.server.port if port is None else port)
    try:
        _run(_serve(config, listening, ready))
    finally:
        listening.close()


def _run(main: object) -> None:
    import uvloop

    uvloop.run(main)  # type: ignore[arg-type]


def _safe_to_listen(host: str, config: Config) -> None:
    from unisono.config.kinds import is_loopback
    from unisono.errors import StartError

    if not is_loopback(host) and not config.server.keys:
        raise StartError(f'Listening on {host} needs keys: set `server.keys = ["env:NAME"]`, or listen on 127.0.0.1.')


def _listen(host: str, port: int) -> socket:
    import socket as sockets

    from unisono.errors import StartError

    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listening = sockets.socket(family, sockets.SOCK_STREAM)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as exc:
        listening.close()
        what = exc.strerror or str(exc)
        raise StartError(
            f"Cannot listen on {host}:{port}: {what}. Stop what uses it, or choose another --port."
        ) from exc
    listening.listen(2048)
    listening.setblocking(False)
    return listening


async def _serve(config: Config, listening: socket, ready: Callable[[Live, str], None]) -> None:
    import signal

    import uvicorn

    from unisono.compose import build
    from unisono.console.app import routes
    from unisono.server.app import create_app

    live = build(config)
    try:
        await live.start()
        app = create_app(live, extra_routes=routes())
        settings = uvicorn.Config(
            app,
            http="httptools",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=75,
        )
        host, bound = listening.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{bound}"

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket] | None = None) -> None:
                await super().startup(sockets)
                ready(live, address)

            @contextmanager
            def capture_signals(self) -> Iterator[None]:
                """End on a signal, but do not raise it again as uvicorn does: the record must still be closed."""
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, self.handle_exit, number, None)
                yield

        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, live.want_reload)
        await Server(settings).serve(sockets=[listening])
    finally:
        await live.close()
