"""`unisono serve`: a server over one configuration, until a signal ends it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from socket import socket
    from types import FrameType

    from unisono.cli.lines import Lines
    from unisono.compose import Live
    from unisono.config import Config

COLLECT_EVERY = 20_000
"""So many more objects than were freed before the collector of cycles looks: a request makes hundreds that live until
they are recorded and then go by themselves, and at the interpreter's 700 a tenth of the time went into looking."""
MOST_WORKERS = 64
DATE_S = 1.0
"""How often the date in the answers' heads is renewed."""
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
    fd: int = typer.Option(-1, "--fd", hidden=True),
    worker: int = typer.Option(-1, "--worker", hidden=True),
) -> None:
    """Start the server.

    Example: `unisono serve --config unisono.toml --port 8080`
    """
    from unisono.config import load_config
    from unisono.config.threads import one_thread

    one_thread()

    loaded = load_config(config)
    if worker >= 0:
        run_worker(loaded, fd=fd, worker=worker, quiet=quiet)
    elif workers != 1:
        _serve_with(loaded, config, n=workers, host=host, port=port, quiet=quiet)
    else:
        run_server(loaded, host=host or None, port=port, quiet=quiet, ready=_say_ready)


def _serve_with(config: Config, file: Path, *, n: int, host: str, port: int | None, quiet: bool) -> None:
    from unisono.cli.workers import run_workers

    def ready(address: str) -> None:
        print(f"unisono serves {_models(config)} at {address}/v1 with {n} workers", flush=True)

    _log_lines(quiet=quiet)
    listening = _handed() or _listen(host or config.server.host, config.server.port if port is None else port)
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
    lines = _log_lines(quiet=quiet)
    listening = _handed() or _listen(host or config.server.host, config.server.port if port is None else port)
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


def _run(main: object) -> None:
    import uvloop

    from unisono.config.files import allow_files

    allow_files()
    uvloop.run(main)  # type: ignore[arg-type]


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


def _handed() -> socket | None:
    """Return the socket that a supervisor opened and keeps: who comes between two processes waits in its queue."""
    import socket as sockets

    from unisono.config.handed import handed_socket
    from unisono.errors import StartError

    number = handed_socket()
    if number is None:
        return None
    try:
        handed = sockets.socket(fileno=number)
        if handed.type != sockets.SOCK_STREAM or not handed.getsockopt(sockets.SOL_SOCKET, sockets.SO_ACCEPTCONN):
            raise OSError("it is not one that listens for streams")
    except OSError as exc:
        raise StartError(f"The socket that was handed on (LISTEN_FDS) cannot be used: {exc}.") from exc
    handed.setblocking(False)
    return handed


def _names_of(listening: socket) -> tuple[str, str]:
    """Return the host by which a socket is reached, and the address of the server behind it; a file is its own host."""
    name = listening.getsockname()
    if not isinstance(name, tuple):
        path = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
        return path, f"unix:{path}"
    host, port = name[:2]
    return host, f"http://{f'[{host}]' if ':' in host else host}:{port}"


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


async def _serve(
    config: Config,
    listening: socket,
    ready: Callable[[Live, str], None],
    *,
    tell: Callable[[str], None] | None,
    worker: int | None = None,
) -> None:
    import signal

    import uvicorn

    from unisono.compose import build
    from unisono.config.kinds import is_loopback
    from unisono.console.app import routes
    from unisono.server.app import create_app
    from unisono.server.listen import settings_of

    live = build(config)
    if tell is not None:
        live.requests.tell = tell
    try:
        host, address = _names_of(listening)
        live.keys.open = is_loopback(host)
        _safe_to_listen(host, live)
        await live.start(worker=worker)
        _calm_collector()
        pages = routes() if _shows_console(live) else ()
        settings = settings_of(create_app(live, extra_routes=pages), graceful_s=config.server.grace_s)

        class Server(uvicorn.Server):
            ending = asyncio.Event()

            async def main_loop(self) -> None:
                """Bring the date up to date each second; uvicorn's own loop looks ten times as often for an end."""
                while not await self.on_tick(0):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.ending.wait(), DATE_S)

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                super().handle_exit(sig, frame)
                self.ending.set()

            def end(self) -> None:
                self.should_exit = True
                self.ending.set()

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
        server = Server(settings)
        if worker is not None:
            asyncio.get_running_loop().add_reader(sys.stdin, _end_with_parent, server.end)
        await server.serve(sockets=[listening])
    finally:
        await live.close()
