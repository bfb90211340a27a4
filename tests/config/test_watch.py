"""A changed file is read again; a broken one is told, and the iteration goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from unisono.config import Config
from unisono.config.watch import watch
from unisono.errors import ConfigError

GOOD = 'default = "a"\n[[models]]\nname = "a"\nupstream = "scripted"\n'
BROKEN = GOOD.replace("scripted", "scriptd")
DIALED = GOOD + "[routing]\ndial = 0.9\n"


async def writes(file: Path, *texts: str | None) -> AsyncIterator[object]:
    """Play an operating system that tells of each write."""
    for text in texts:
        write(file, text)
        yield None


def write(file: Path, text: str | None) -> None:
    """Overwrite the file, or remove it."""
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(text, encoding="utf-8")


def told(tmp_path: Path, *texts: str | None) -> list[Config | ConfigError]:
    """Return what `watch` yields while a good file is overwritten with these texts."""
    file = tmp_path / "unisono.toml"
    file.write_text(GOOD, encoding="utf-8")

    async def follow() -> list[Config | ConfigError]:
        return [change async for change in watch(file, environ={}, changes=writes(file, *texts))]

    return asyncio.run(follow())


def test_a_change_gives_the_new_configuration(tmp_path: Path) -> None:
    (change,) = told(tmp_path, DIALED)
    assert isinstance(change, Config)
    assert change.routing.dial == 0.9


def test_a_broken_file_gives_its_error_and_the_next_change_is_seen(tmp_path: Path) -> None:
    broken, mended = told(tmp_path, BROKEN, DIALED)
    assert isinstance(broken, ConfigError)
    assert broken.problems[0].line == 4
    assert isinstance(mended, Config)


def test_the_same_content_again_gives_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, GOOD, GOOD) == []


def test_a_removed_file_gives_an_error(tmp_path: Path) -> None:
    removed, back = told(tmp_path, None, GOOD)
    assert isinstance(removed, ConfigError)
    assert isinstance(back, Config)


def test_a_replaced_file_is_seen_and_stop_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(GOOD, encoding="utf-8")

    async def follow() -> list[Config | ConfigError]:
        stop = asyncio.Event()
        changes = watch(file, seen=file.read_bytes(), stop=stop, environ={})
        beside = tmp_path / "new"
        beside.write_text(DIALED, encoding="utf-8")
        beside.replace(file)
        first = await anext(changes)
        stop.set()
        return [first] + [change async for change in changes]

    seen = asyncio.run(asyncio.wait_for(follow(), 30))
    assert isinstance(seen[0], Config)
    assert seen[0].routing.dial == 0.9
    assert len(seen) == 1
