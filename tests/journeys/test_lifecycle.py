"""A model goes with notice: it serves until its sunset has passed, and callers are told when and what follows."""

from __future__ import annotations

import signal
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from tests.journeys.house import config_text, model, process, serving
from tests.journeys.upstream import says, upstream

from unisono.compose import build
from unisono.config import load_config
from unisono.errors import StartError

UNTIL = "2999-12-31"


@pytest.mark.parametrize("stream", [False, True])
def test_a_sunset_model_serves_and_says_when_it_ends_and_what_follows(tmp_path: Path, stream: bool) -> None:
    with upstream(says("hi there")) as up:
        old = model("old", up, lifecycle="sunset", until=UNTIL, successor="new")
        with serving(tmp_path, config_text(model("new", up), old, default="new")) as house:
            pinned = house.chat(model="old", stream=stream)
            assert pinned.headers["x-unisono-model"] == "old"
            assert parsedate_to_datetime(pinned.headers["sunset"]).date().isoformat() == UNTIL
            assert pinned.headers["link"] == '</v1/models/new>; rel="successor-version"'
            assert UNTIL in pinned.headers["x-unisono-notices"]
            assert "sunset" not in house.chat(model="new", stream=stream).headers
            (listed,) = [m for m in house.get("/v1/models")["data"] if m["id"] == "old"]
            assert (listed["unisono"]["lifecycle"], listed["unisono"]["until"]) == ("sunset", UNTIL)


def test_a_sunset_that_has_ended_is_listed_as_retired_and_its_name_shows_the_successor(tmp_path: Path) -> None:
    with upstream(says("hi there")) as up:
        old = model("old", up, lifecycle="sunset", until="2020-01-31", successor="new")
        with serving(tmp_path, config_text(model("new", up), old, default="new")) as house:
            (listed,) = [m for m in house.get("/v1/models")["data"] if m["id"] == "old"]
            assert listed["unisono"]["lifecycle"] == "retired"
            assert house.get("/v1/models/old")["id"] == "new" == house.chat(model="old").json["model"]


def test_a_model_that_served_is_not_lost_between_two_starts_unless_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    with upstream(says("ok")) as up:
        small, big = model("small", up), model("big", up)
        with process(tmp_path, config_text(small, big, default="small")) as house:
            assert house.chat(model="big").status == 200
        file.write_text(config_text(small, default="small"))
        with pytest.raises(StartError, match=r"'big' would lead to nothing.*removed = "):
            _start(file)
        file.write_text('removed = ["big"]\n' + config_text(small, default="small"))
        with process(tmp_path) as house:
            assert house.chat(model="big").status == 404
        file.write_text(config_text(small, default="small"))
        with process(tmp_path) as house:  # what was removed on purpose need not be named for ever
            assert house.chat().status == 200


def _start(file: Path) -> None:
    import asyncio

    async def start() -> None:
        await build(load_config(file)).start()

    asyncio.run(start())


def test_a_running_server_keeps_a_model_that_a_new_file_forgets(tmp_path: Path) -> None:
    with upstream(says("ok")) as up:
        small, big = model("small", up), model("big", up)
        with process(tmp_path, config_text(small, big, default="small")) as house:
            (tmp_path / "unisono.toml").write_text(config_text(small, default="small"))
            assert house.process is not None
            house.process.send_signal(signal.SIGHUP)
            told = house.until(lambda: house.get("/readyz")["degraded"].get("config"), "the refusal is told")
            assert "'big' would lead to nothing" in told
            assert house.chat(model="big").json["model"] == "big"
