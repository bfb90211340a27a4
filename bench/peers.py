"""Other gateways as servers under measurement: nginx, LiteLLM's proxy, TensorZero's embedded gateway.

nginx comes from the system, the other two from a virtual environment of their own (`--venv`); one that is not there is
left out and named. Each forwards to the mock and keeps no record. It measures nothing itself.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """How to start one gateway, and how requests name what stands behind it.

    Attributes:
        name: in the table.
        words: the command.
        model: what requests write into `model`.
        path: where it serves chat completions.
        health: what it answers with 200 when it is ready.
        announce: the file into which it writes its port, when it takes one of its own choice and is ready.
        share: of the requests that the others get; for those that would take minutes.
    """

    name: str
    words: tuple[str, ...]
    model: str
    path: str = "/v1/chat/completions"
    health: str = "/healthz"
    announce: Path | None = None
    share: float = 1.0


def peer(name: str, *, venv: Path | None, folder: Path, port: int, upstream: int) -> Peer | None:
    """Write a peer's configuration into `folder` and return how to start it; None where it is not installed.

    Args:
        name: one of `NAMES`.
        venv: where LiteLLM and TensorZero are installed; None: nowhere.
        folder: for the configurations.
        port: where it is to serve.
        upstream: the mock's port.
    """
    return _MAKERS[name](venv, folder, port, upstream)


def _nginx(venv: Path | None, folder: Path, port: int, upstream: int) -> Peer | None:
    """One process; its connections to the upstream are kept."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        return None
    file = folder / "nginx.conf"
    file.write_text(
        f"""daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 1m;
    keepalive_requests 1000000;
    upstream mock {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location = /healthz {{ return 200 "{{}}"; }}
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""
    )
    return Peer(name="nginx", words=(program, "-p", str(folder), "-c", str(file)), model="mock-1")


def _litellm(venv: Path | None, folder: Path, port: int, upstream: int) -> Peer | None:
    """Its proxy as it comes: no database, no key, no metrics."""
    program = None if venv is None else venv / "bin" / "litellm"
    if program is None or not program.exists():
        return None
    file = folder / "litellm.json"
    params = {"model": "openai/mock-1", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
    settings = {
        "dangerously_permit_weak_or_unset_master_key": True
    }  # on loopback, and the others ask for no key either
    models = [{"model_name": "mock-1", "litellm_params": params}]
    file.write_text(json.dumps({"model_list": models, "general_settings": settings}))
    words = (str(program), "--config", str(file), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False")
    return Peer(name="LiteLLM", words=words, model="mock-1", health="/health/liveliness", share=0.1)


def _tensorzero(venv: Path | None, folder: Path, port: int, upstream: int) -> Peer | None:
    """The gateway that its Python package holds, without observability."""
    program = None if venv is None else venv / "bin" / "python"
    if program is None or not any((venv / "lib").glob("python*/site-packages/tensorzero")):  # type: ignore[operator]
        return None
    file = folder / "tensorzero.toml"
    file.write_text(
        f"""[gateway]
observability.enabled = false

[models.mock]
routing = ["local"]

[models.mock.providers.local]
type = "openai"
model_name = "mock-1"
api_base = "http://127.0.0.1:{upstream}/v1"
api_key_location = "none"
"""
    )
    return Peer(
        name="TensorZero",
        words=(
            str(program),
            "-m",
            "bench.tensorzero_gateway",
            "--config",
            str(file),
            "--announce",
            str(file.with_suffix(".port")),
        ),
        model="tensorzero::model_name::mock",
        path="/openai/v1/chat/completions",
        announce=file.with_suffix(".port"),
    )


_MAKERS = {"nginx": _nginx, "LiteLLM": _litellm, "TensorZero": _tensorzero}
NAMES = tuple(_MAKERS)
