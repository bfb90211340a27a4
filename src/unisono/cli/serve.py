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
    console = f" · console: {address}/console" if _shows_console(live) else ""
    print(f"unisono serves {len(live.config.models)} models at {address}/v1{console}", flush=True)


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
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("unisono").setLevel(logging.WARNING if quiet else logging.INFO)
    listening = _listen(host or config.server.host, config.server.port if port is None else port)
    try:
        _run(_serve(config, listening, ready))
    finally:
        listening.close()


def _run(main: object) -> None:
    import uvloop

    uvloop.run(main)  # type: ignore[arg-type]


def _safe_to_listen(host: str, live: Live) -> None:
    from unisono.errors import StartError

    if not live.keys.open and live.keys.is_empty:
        raise StartError(
            f"{host} can be reached by other machines, and there is no key to ask of them: make one with"
            " `unisono keys create NAME`, or listen on 127.0.0.1."
        )


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
    from unisono.config.kinds import is_loopback
    from unisono.console.app import routes
    from unisono.server.app import create_app
    from unisono.server.listen import settings_of

    live = build(config)
    try:
        host, bound = listening.getsockname()[:2]
        live.keys.open = is_loopback(host)
        _safe_to_listen(host, live)
        await live.start()
        settings = settings_of(create_app(live, extra_routes=routes() if _shows_console(live) else ()))
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
