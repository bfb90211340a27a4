"""Follows a configuration file and reads it again after each change.

It puts nothing in force: a broken file is handed on as its error, and what was in force stays.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from unisono.config.load import load_config
from unisono.config.values import Config
from unisono.errors import ConfigError

if TYPE_CHECKING:
    from watchfiles import Change

DEBOUNCE_MS = 300
"""An editor writes, renames and sets rights: what happens within this time is one change."""


async def watch(
    path: str | Path,
    *,
    stop: asyncio.Event | None = None,
    environ: Mapping[str, str] = os.environ,
    upstreams: Collection[str] | None = None,
    changes: AsyncIterator[object] | None = None,
) -> AsyncIterator[Config | ConfigError]:
    """Yield the configuration, or what is wrong with it, after each change of the file's content.

    The folder is watched, not the file, so that an editor that replaces the file and a mounted volume that
    swaps a link are seen too. Saving the same content again yields nothing.

    Args:
        path: the TOML file.
        stop: set it to end the iteration; cancelling the task ends it as well.
        environ: see `load_config`.
        upstreams: see `load_config`.
        changes: yields whenever something may have changed; None asks the operating system.
    """
    file = Path(path)
    seen = await asyncio.to_thread(_content, file)
    async for _ in changes if changes is not None else _system_changes(file, stop=stop):
        content = await asyncio.to_thread(_content, file)
        if content == seen:
            continue
        seen = content
        try:
            yield await asyncio.to_thread(load_config, file, environ, upstreams=upstreams)
        except ConfigError as error:
            yield error


def _system_changes(file: Path, *, stop: asyncio.Event | None) -> AsyncIterator[object]:
    from watchfiles import awatch

    def concerns(change: Change, changed: str) -> bool:
        return Path(changed).name == file.name or file.is_symlink()

    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 - a link's own folder, not its target's
    return awatch(folder, watch_filter=concerns, stop_event=stop, recursive=False, debounce=DEBOUNCE_MS)


def _content(file: Path) -> bytes | None:
    """Return the file's bytes; None while there is no such file, as in the middle of a replacement."""
    try:
        return file.read_bytes()
    except OSError:
        return None
