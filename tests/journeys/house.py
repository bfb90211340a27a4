"""A real Unisono on loopback for journeys: in a thread for most, as the real command in a process for the rest.

It fakes nothing of Unisono; upstreams stand beside it (`upstream.py`).
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import uvicorn
from tests.journeys.upstream import LIMIT_S, Upstream

import unisono
from unisono.compose import Live, build
from unisono.config import load_config
from unisono.server.app import create_app
from unisono.server.listen import settings_of

SOURCE = Path(unisono.__file__).resolve().parent.parent


def model(name: str, at: Upstream | str | None, **keys: object) -> str:
    """Return a `[[models]]` table; the upstream knows the model as `real-<name>`."""
    known: dict[str, object] = {"name": name, "upstream": "openai", "upstream_model": f"real-{name}"}
    if at is not None:
        known["base_url"] = at if isinstance(at, str) else at.base_url
    prices = {"usd_per_mtok_in": 1.0, "usd_per_mtok_out": 2.0}
    return "\n[[models]]\n" + "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in {**known, **prices, "context_tokens": 32768, **keys}.items()
    )


def config_text(*models: str, default: str, more: str = "") -> str:
    """Return a configuration with its record beside it; no test waits for these limits, nor for a loaded machine."""
    return f"""default = "{default}"

[server]
port = 0

[store]
path = "record.db"
flush_s = 0.05

[timeouts]
connect_s = 20
first_content_s = 60
gap_s = 60
total_s = 120
{more}
{"".join(models)}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer over HTTP."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.raw)

    @property
    def events(self) -> list[str]:
        """The data of the body's server-sent events."""
        blocks = self.raw.decode().split("\n\n")
        return [block.removeprefix("data: ") for block in blocks if block.startswith("data: ")]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A running Unisono. `live` only where it runs in this process, `process` only where it does not."""

    port: int
    folder: Path
    live: Live | None = None
    process: subprocess.Popen[str] | None = None

    @property
    def base_url(self) -> str:
        """What a client library is given."""
        return f"http://127.0.0.1:{self.port}/v1"

    def client(self, **options: Any) -> openai.OpenAI:
        """Return the official client, unchanged but for the address."""
        return openai.OpenAI(
            **{"base_url": self.base_url, "api_key": "none", "max_retries": 0, "timeout": LIMIT_S, **options}
        )

    def call(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request over a connection of its own; bytes go as they are."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        try:
            connection.request(method, path, raw, {"content-type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(status=answer.status, headers=named, raw=answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        reply = self.call("GET", path)
        assert reply.status == 200, reply.raw
        return reply.json

    def chat(
        self, text: str = "hello", *, model: str = "auto", headers: Mapping[str, str] | None = None, **more: Any
    ) -> Reply:
        """Ask over plain HTTP."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.call("POST", "/v1/chat/completions", body, headers=headers)

    def until(self, holds: Callable[[], Any], what: str) -> Any:
        """Ask again until it holds, and return what it gave; the wait is bounded."""
        end_s = time.monotonic() + LIMIT_S
        while time.monotonic() < end_s:
            if value := holds():
                return value
            time.sleep(0.02)
        raise AssertionError(f"not within {LIMIT_S:g} s: {what}")

    def ended(self, n: int, *, headers: Mapping[str, str] | None = None) -> list[Any]:
        """Wait until the record has `n` decisions, each with its end, and return their rows, the latest first."""

        def rows() -> list[Any] | None:
            reply = self.call("GET", "/v1/decisions?limit=1000", headers=headers)
            found: list[Any] = reply.json["data"] if reply.status == 200 else []
            return found if len(found) == n and all(row["status"] != "running" for row in found) else None

        return self.until(rows, f"{n} decisions have ended")  # type: ignore[no-any-return]

    def end_of(self, decision: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """Wait until a decision has its end in the record, and return all that is recorded of it."""

        def view() -> Any:
            reply = self.call("GET", f"/v1/decisions/{decision}", headers=headers)
            return reply.json if reply.status == 200 and reply.json["status"] != "running" else None

        return self.until(view, f"{decision} has ended")


@dataclass(slots=True)
class _Thread:
    server: uvicorn.Server | None = None
    failure: BaseException | None = None
    stopped: threading.Event = field(default_factory=threading.Event)


def _serve(live: Live, listening: socket.socket, box: _Thread) -> None:
    async def main() -> None:
        try:
            await live.start()
            box.server = uvicorn.Server(settings_of(create_app(live), graceful_s=2))
            if not box.stopped.is_set():
                await box.server.serve(sockets=[listening])
        finally:
            await live.close()

    try:
        asyncio.run(main())
    except BaseException as exc:  # noqa: BLE001 - handed to the test's own thread
        box.failure = exc
        listening.close()


@contextmanager
def serving(folder: Path, text: str) -> Iterator[House]:
    """Run a server over this configuration in a thread."""
    file = folder / "unisono.toml"
    file.write_text(text)
    live = build(load_config(file))
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    listening.setblocking(False)
    box = _Thread()
    port: int = listening.getsockname()[1]
    thread = threading.Thread(target=_serve, args=(live, listening, box), daemon=True)
    thread.start()
    house = House(port=port, folder=folder, live=live)
    try:
        house.get("/healthz")  # the listening socket holds it until the server accepts
        yield house
    finally:
        box.stopped.set()
        if box.server is not None:
            box.server.should_exit = True
        thread.join(LIMIT_S)
        listening.close()
    assert box.failure is None, box.failure
    assert not thread.is_alive()


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a child that imports this checkout."""
    paths = [str(SOURCE), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(p for p in paths if p), **more}


def command(*words: str) -> list[str]:
    """Return the words that run the command line of this checkout."""
    return [sys.executable, "-m", "unisono.cli", *words]


def listed(house: House, name: str) -> Any:
    """Return a model's row for operators; None when the server does not know it."""
    return next((row for row in house.get("/admin/models")["data"] if row["model"] == name), None)


def run(folder: Path, *words: str, code: int | None = 0) -> Any:
    """Run a command as its user does; returns its JSON, or what it complains of. A code of None: any, with JSON."""
    ran = subprocess.run(
        command(*words, "--json"), capture_output=True, text=True, env=environment(), cwd=folder, timeout=300
    )
    assert code is None or ran.returncode == code, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stderr if code else json.loads(ran.stdout)


@contextmanager
def process(
    folder: Path,
    text: str | None = None,
    *,
    before: Callable[[], None] | None = None,
    more: Sequence[str] = (),
    limit_s: float = LIMIT_S,
) -> Iterator[House]:
    """Run `unisono serve` in a process of its own, in `folder`; without `text` over the file that is there.

    Args:
        before: runs in the child just before Unisono, to set limits.
        more: further words of the command.
        limit_s: longest wait for the start.
    """
    file = folder / "unisono.toml"
    if text is not None:
        file.write_text(text)
    with (folder / "log.txt").open("a") as log:
        child = subprocess.Popen(
            command("serve", "--config", str(file), "--port", "0", *more),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(),
            cwd=folder,
            preexec_fn=before,
        )
    limit = threading.Timer(limit_s, child.kill)
    limit.start()
    try:
        assert child.stdout is not None
        found = None
        for line in child.stdout:
            if found := re.search(r"http://[\d.]+:(\d+)", line):
                break
        limit.cancel()
        assert found is not None, (folder / "log.txt").read_text()[-3000:]
        yield House(port=int(found[1]), folder=folder, process=child)
    finally:
        limit.cancel()
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        assert child.stdout is not None
        child.stdout.close()
