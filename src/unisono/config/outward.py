"""Reads from the environment which proxy is on the way out, in the variables that curl and most programs know.

It connects nowhere: `upstream.pool` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from unisono.config.kinds import is_loopback
from unisono.errors import ConfigError, Problem
from unisono.types import Proxy, Secret

_PROXY = ("https_proxy", "HTTPS_PROXY")
_BUT = ("no_proxy", "NO_PROXY")
_DEFAULT_PORT = 1080
"""As curl has it."""


def proxy_of(environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that `HTTPS_PROXY` names, with the exceptions of `NO_PROXY`; None where it names none.

    A lower-case variable wins. The address may hold a user and a password; `http://` may be missing.

    Raises:
        ConfigError: it is not the address of an HTTP proxy.
    """
    name = next((name for name in _PROXY if environ.get(name, "").strip()), None)
    if name is None:
        return None
    written = environ[name].strip()
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        host, port = parts.hostname, parts.port or _DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "http":
        text = f"{name} of the environment must be the address of an HTTP proxy, such as http://proxy.example:3128"
        raise ConfigError([Problem(file="(environment)", line=None, key=name, text=text)])
    login = None
    if parts.username is not None:
        login = Secret(f"{unquote(parts.username)}:{unquote(parts.password or '')}")
    said = next((environ[name] for name in _BUT if environ.get(name)), "")
    return Proxy(host=host, port=port, login=login, but=tuple(part.strip() for part in said.split(",") if part.strip()))


def is_direct(host: str, proxy: Proxy) -> bool:
    """Return whether a host is called without the proxy: this machine, and what `NO_PROXY` names or lies below."""
    name = host.casefold().rstrip(".")
    if is_loopback(name):
        return True
    for written in proxy.but:
        but = written.casefold().lstrip("*.")
        if written == "*" or name == but or (but and name.endswith(f".{but}")):
            return True
    return False
