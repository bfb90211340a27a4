"""`unisono log replay` recomputes a decision and says by its exit code whether anything differs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unisono.catalog import Catalog
from unisono.cli.log import app
from unisono.config import parse_config
from unisono.config.kept import kept_of
from unisono.errors import NotFound, UpstreamError
from unisono.plugins import load
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.recipe import chooser_of, settings_of
from unisono.record.store import Store
from unisono.router import Router, Stages
from unisono.types import Attempt, Call, Chunk, Health, Message, Mode, Request
from unisono.understand.features import Understanding

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONFIG = """
default = "small"
[[models]]
name = "small"
upstream = "openai"
base_url = "http://127.0.0.1:1/v1"
usd_per_mtok_in = 1.0
usd_per_mtok_out = 2.0
[[models]]
name = "big"
upstream = "openai"
base_url = "http://127.0.0.1:2/v1"
usd_per_mtok_in = 3.0
usd_per_mtok_out = 9.0
"""


class AllUp:
    """No upstream is ever down."""

    def state(self, model: str, now_s: float) -> tuple[Health, float | None]:
        return Health.UP, None

    def observe(self, attempt: Attempt, error: UpstreamError | None, now_s: float) -> None:
        raise AssertionError


async def _nothing(call: Call) -> AsyncIterator[Chunk]:
    raise AssertionError
    yield


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, str]:
    """A record with one decision: of a router without its trained parts, so that nothing needs to be loaded."""
    path, kept = tmp_path / "record.db", kept_of(parse_config(CONFIG))
    stages = Stages(
        understand=Understanding(None),
        rules=[rule() for rule in load().rules.values()],
        quality=None,
        cost=TokenCost(),
        latency=RecentLatency(),
        chooser=chooser_of(kept),
        health=AllUp(),
        send=_nothing,
    )
    router = Router(Catalog(kept.models), stages=stages, settings=settings_of(kept, artifact="none", scores=0))
    request = Request(
        id="r",
        received=NOON,
        body={"messages": [{"role": "user", "content": "你好，请介绍一下自己。"}]},
        model="auto",
        mode=Mode.BALANCED,
        pin=None,
        messages=(Message(role="user", text="你好，请介绍一下自己。"),),
    )
    features, decision = router.decide(request)
    with closing(Store(path)) as store:
        store.keep_config(kept)
        store.record_request(request, features, decision)
    return path, decision.id


def test_a_decision_that_comes_out_the_same_exits_with_0(recorded: tuple[Path, str]) -> None:
    path, decision = recorded
    told = CliRunner().invoke(app, ["replay", decision[:13], "--store", str(path)])
    assert told.exit_code == 0, told.output
    assert f"{decision}: same" in told.output


def test_json_holds_the_verdict(recorded: tuple[Path, str]) -> None:
    path, decision = recorded
    told = CliRunner().invoke(app, ["--store", str(path), "--json", "replay", decision])
    assert json.loads(told.output) == {"decision": decision, "verdict": "same", "why": None, "differences": []}


def test_a_decision_that_differs_exits_with_1_and_names_the_field(recorded: tuple[Path, str]) -> None:
    path, decision = recorded
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE decisions SET reason = 'small is best'")
        connection.commit()
    told = CliRunner().invoke(app, ["replay", decision, "--store", str(path)])
    assert told.exit_code == 1
    assert "differs in 1 field" in told.output
    assert "reason: recorded 'small is best', recomputed" in told.output


def test_a_decision_that_cannot_be_replayed_says_why_and_exits_with_1(recorded: tuple[Path, str]) -> None:
    path, decision = recorded
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM configs")
        connection.commit()
    told = CliRunner().invoke(app, ["replay", decision, "--store", str(path)])
    assert told.exit_code == 1
    assert "configuration" in told.output


def test_an_unknown_decision_is_an_error(recorded: tuple[Path, str]) -> None:
    told = CliRunner().invoke(app, ["replay", "ffff", "--store", str(recorded[0])])
    assert isinstance(told.exception, NotFound)


def test_commands_add_by_one_thread_as_the_server_does_so_that_sums_are_equal_to_the_last_bit() -> None:
    """Numpy asks the environment when it is loaded: the command line must have said so by then."""
    code = """
import os, sys
from unisono.cli.main import main
sys.argv = ["unisono", "log", "replay", "--help"]
try:
    main()
except SystemExit:
    print("numpy" in sys.modules, os.environ.get("OPENBLAS_NUM_THREADS"))
"""
    bare = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False 1"
