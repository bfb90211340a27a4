"""A changed file is read again; a broken one is told, and the iteration goes on."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unisono.config import Config, load_config
from unisono.config.marks import Stamps, mark_of
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


FULL = """
import os, resource, sys
from pathlib import Path
from unisono.config.marks import Stamps, mark_of
file = Path(sys.argv[1])
before = mark_of(file)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
opened = []
try:
    while True:
        opened.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
assert mark_of(file) is None
os.close(opened.pop())
assert mark_of(file) == before
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_file_that_cannot_be_opened_for_too_many_are_open_is_not_taken_for_another_one(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(GOOD, encoding="utf-8")
    subprocess.run([sys.executable, "-c", FULL, str(file)], check=True, timeout=300)


def test_other_rights_are_a_change_to_look_at(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(GOOD, encoding="utf-8")
    stamps = Stamps(file)
    before = stamps.now()
    file.chmod(0o600)
    assert stamps.now() != before


def test_a_removed_file_gives_an_error(tmp_path: Path) -> None:
    removed, back = told(tmp_path, None, GOOD)
    assert isinstance(removed, ConfigError)
    assert isinstance(back, Config)


def test_a_replaced_file_is_seen_and_stop_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(GOOD, encoding="utf-8")

    async def follow() -> list[Config | ConfigError]:
        stop = asyncio.Event()
        changes = watch(file, seen=mark_of(file), stop=stop, environ={})
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


def test_a_key_that_changes_in_its_file_is_read_again_and_the_same_key_is_not(tmp_path: Path) -> None:
    file, key = tmp_path / "unisono.toml", tmp_path / "small.key"
    more = 'base_url = "http://127.0.0.1:9/v1"\napi_key = "file:small.key"\n'
    file.write_text(GOOD.replace("scripted", "openai") + more, encoding="utf-8")
    key.write_text("sk-1", encoding="utf-8")

    async def rotations() -> AsyncIterator[object]:
        for text in ("sk-1", "sk-2"):
            key.write_text(text, encoding="utf-8")
            yield None

    async def follow() -> list[Config | ConfigError]:
        return [change async for change in watch(file, environ={}, changes=rotations())]

    (change,) = asyncio.run(follow())
    assert isinstance(change, Config)
    assert change.models[0].api_key is not None
    assert change.models[0].api_key.reveal() == "sk-2"


def test_a_key_that_changes_between_the_reading_and_the_watch_is_not_missed(tmp_path: Path) -> None:
    file, key = tmp_path / "unisono.toml", tmp_path / "small.key"
    more = 'base_url = "http://127.0.0.1:9/v1"\napi_key = "file:small.key"\n'
    file.write_text(GOOD.replace("scripted", "openai") + more, encoding="utf-8")
    key.write_text("sk-1", encoding="utf-8")
    config = load_config(file, {})
    key.write_text("sk-2", encoding="utf-8")

    async def follow() -> Config | ConfigError:
        return await anext(watch(file, seen=config.mark, environ={}))

    change = asyncio.run(asyncio.wait_for(follow(), 30))
    assert isinstance(change, Config)
    assert change.models != config.models


def test_a_secret_that_is_replaced_as_mounted_volumes_do_is_seen(tmp_path: Path) -> None:
    file, link = tmp_path / "unisono.toml", tmp_path / "secrets"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(f"sk-{name}", encoding="utf-8")
    link.symlink_to("one")
    more = 'base_url = "http://127.0.0.1:9/v1"\napi_key = "file:secrets/key"\n'
    file.write_text(GOOD.replace("scripted", "openai") + more, encoding="utf-8")

    async def follow() -> Config | ConfigError:
        changes = watch(file, environ={})
        task = asyncio.ensure_future(anext(changes))
        wait_s = 0.5
        while not task.done():  # the first look may come before or after, and two that agree may take long
            beside = tmp_path / "next"
            beside.symlink_to("two" if link.readlink().name == "one" else "one")
            beside.replace(link)
            wait_s *= 2
            await asyncio.wait([task], timeout=wait_s)
        return task.result()

    change = asyncio.run(asyncio.wait_for(follow(), 30))
    assert isinstance(change, Config)
