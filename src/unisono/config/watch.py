"""Follows a configuration file and the files of secrets that it names, and reads all of it again after each change.

It puts nothing in force: a broken file is handed on as its error, and what was in force stays.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing
from pathlib import Path

from unisono.config.load import load_config
from unisono.config.lookout import Lookout
from unisono.config.marks import Stamps, mark_of
from unisono.config.values import Config
from unisono.errors import ConfigError

LOOK_S = 0.2
"""How often the file is looked at. An editor writes, renames and sets rights: a change counts once two looks agree."""


async def watch(
    path: str | Path,
    *,
    stop: asyncio.Event | None = None,
    environ: Mapping[str, str] = os.environ,
    upstreams: Collection[str] | None = None,
    changes: AsyncIterator[object] | None = None,
    seen: bytes | None = None,
    lookout: Lookout | None = None,
) -> AsyncIterator[Config | ConfigError]:
    """Yield the configuration, or what is wrong with it, after each change of the file's content or of a secret.

    Files are looked at by their names, so that an editor that replaces it and a mounted volume that swaps a link are
    seen too. Saving the same content again yields nothing.

    Args:
        path: the TOML file.
        stop: set it to end the iteration; cancelling the task ends it as well.
        environ: see `load_config`.
        upstreams: see `load_config`.
        changes: yields whenever something may have changed; None looks at the file every `LOOK_S`.
        seen: the mark of what is in force; None takes what the files hold when the iteration starts.
        lookout: looks at the file beside other things; None has one of its own.
    """
    file = Path(path)
    if seen is None:
        seen = await asyncio.to_thread(mark_of, file)
    async for _ in changes if changes is not None else _looks(file, lookout or Lookout(), stop=stop):
        while (mark := await asyncio.to_thread(mark_of, file)) is None:  # noqa: ASYNC110  (nobody tells of room)
            await asyncio.sleep(LOOK_S)
        if mark == seen:
            continue
        seen = mark
        try:
            yield await asyncio.to_thread(load_config, file, environ, upstreams=upstreams)
        except ConfigError as error:
            yield error


async def _looks(file: Path, lookout: Lookout, *, stop: asyncio.Event | None) -> AsyncGenerator[None, None]:
    """Yield when the file has changed and settled, the first time at once.

    Looking beats being told: the operating system tells nothing of what changed just before the watch stood, nor on
    some network and container volumes, and tells of every write to the record that lies in the same folder.
    """
    told: tuple[int, ...] | None = None
    stamps = Stamps(file)
    before = await asyncio.to_thread(stamps.now)

    def settled() -> bool:
        nonlocal told, before
        last, before = before, stamps.now()
        if before != last or before == told:
            return stop is not None and stop.is_set()
        told = before
        return True

    async with aclosing(lookout.when(settled, every_s=LOOK_S)) as looks:
        async for _ in looks:
            if stop is not None and stop.is_set():
                return
            yield
