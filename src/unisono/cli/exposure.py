"""What `unisono doctor` says about safety: who can reach the server, with which keys, and what of the users is kept.

It judges a configuration and the keys of its record; it attacks nothing and mends nothing.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unisono.cli.finding import Finding, State

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.record.keys import StoredKey

SHORTEST_KEY_CHARS = 24
_NAMED = 10
LARGE_BODY_BYTES = 128 * 1024 * 1024


def exposure(config: Config, *, now: datetime) -> Iterator[Finding]:
    """Yield everything that is unsafe; one good word when nothing is."""
    n_found = 0
    keys = [key for key in _stored(config.store.path) if key.state(now) == "active"]
    for finding in (*_door(config, keys), *_keys(config, keys), *_kept(config), *_files(config), *_on_the_way(config)):
        n_found += 1
        yield finding
    if not n_found:
        yield _finding("ok", "nothing unsafe was found in this configuration", "")


def _stored(path: Path) -> list[StoredKey]:
    from unisono.errors import StoreError
    from unisono.record.keys import list_keys

    if not path.exists():
        return []
    try:
        return list_keys(path)
    except StoreError:
        return []  # the check of the record says why


def _door(config: Config, keys: list[StoredKey]) -> Iterator[Finding]:
    from unisono.config.kinds import is_loopback

    host, origins = config.server.host, config.server.origins
    if origins and not (keys or config.server.keys or config.callers):
        yield _finding(
            "warn",
            f"whatever runs in a page of {', '.join(origins)} may ask models here, and no key says in whose name",
            "unisono keys create NAME",
        )
    if is_loopback(host):
        return
    if not (keys or config.server.keys or config.callers):
        yield _finding("fail", f"{host} can be reached by other machines and no key exists", "unisono keys create NAME")
    yield _finding(
        "warn",
        f"{host} can be reached by other machines, and Unisono speaks HTTP without TLS",
        "put a proxy that speaks TLS in front of it and let it listen on 127.0.0.1 or a private network",
    )
    if config.server.console:
        yield _finding("warn", "the console is open to every machine that reaches the server", "server.console = false")
    if not config.limits and not any(key.limits for key in keys):
        yield _finding("warn", "no usage limit holds anybody back", "add [[limits]], or keys with --limit")


def _keys(config: Config, keys: list[StoredKey]) -> Iterator[Finding]:
    own = [("server.keys", key) for key in config.server.keys] + [(c.name, c.key) for c in config.callers]
    for name, key in own:
        if len(key.reveal()) < SHORTEST_KEY_CHARS:
            todo = "use a longer one: unisono keys create NAME"
            yield _finding("warn", f"the key {name} is shorter than {SHORTEST_KEY_CHARS} characters", todo)
    endless = sorted({key.name for key in keys if key.expires is None})
    if endless:
        todo = "unisono keys rotate NAME --expires 90d"
        more = f" and {len(endless) - _NAMED} more" if len(endless) > _NAMED else ""
        yield _finding("warn", f"keys that never end: {', '.join(endless[:_NAMED])}{more}", todo)


def _kept(config: Config) -> Iterator[Finding]:
    if config.store.text == "text":
        todo = 'store.text = "hash" or "none"; `unisono log purge` deletes what is there'
        yield _finding("warn", "the record keeps the words of users' prompts", todo)
    if config.server.max_body_bytes > LARGE_BODY_BYTES:
        yield _finding("warn", "server.max_body_bytes lets one request fill much memory", "lower it")


def _files(config: Config) -> Iterator[Finding]:
    if config.file is not None and config.file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = f"{config.file} can be changed by others: whoever does reads every prompt and key of an upstream"
        yield _finding("warn", text, f"chmod go-w {config.file}")


def _on_the_way(config: Config) -> Iterator[Finding]:
    from unisono.config.kinds import is_loopback

    for model in config.models:
        parts = urlsplit(model.base_url or "")
        if parts.scheme == "http" and not is_loopback(parts.hostname or "") and model.api_key is None:
            text = f"prompts for {model.name} travel unencrypted to {parts.hostname}"
            yield _finding("warn", text, "use https:// in `base_url`, or a private network")


def _finding(state: State, text: str, todo: str) -> Finding:
    return Finding(check="safety", state=state, text=text, todo=todo)
