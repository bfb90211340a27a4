"""Policies from the command line: made, compared, refused with exit code 1, put in force with a reason, taken back."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import islice
from pathlib import Path
from random import Random
from shutil import copytree
from types import SimpleNamespace

import pytest
from tests.worlds import POOL, answer, house_at, pool
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.errors import PolicyRefused
from unisono.testing import ManualClock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration, and a record with judged answers of a policy that explores."""
    found = tmp_path_factory.mktemp("policies")
    house, rng = house_at(found / "record.db"), Random(3)
    house.config = pool(explore=0.5)
    with closing(house.store):
        router = house.router()
        for n in range(160):
            answer(house, router, rng, n)
        assert house.store.flush(timeout_s=60)
    configure(found)
    return found


def configure(folder: Path) -> None:
    text = POOL.format(dial=0.5, margin=0.01, price=10.0, explore=0.5)
    (folder / "unisono.toml").write_text(text + f'\n[store]\npath = "{folder / "record.db"}"\n')


def run(folder: Path, *words: str, code: int = 0) -> str:
    told = CliRunner().invoke(app, [*words, "--config", str(folder / "unisono.toml")])
    assert told.exit_code == code, told.output
    return told.output


def test_a_policy_goes_from_candidate_to_live_and_back(folder: Path) -> None:
    made = json.loads(run(folder, "policies", "create", "--name", "cheap", "--set", "dial=0.0", "--json"))
    assert (made["state"], made["settings"]) == ("candidate", {"dial": 0.0})
    assert "dial: cheap 0.0, config 0.5" in run(folder, "policies", "diff", "cheap")

    refused = json.loads(run(folder, "promote", "cheap", "--json", code=1))
    assert (refused["promoted"], refused["verdict"]["passes"]) == (False, False)
    told = CliRunner().invoke(app, ["promote", "cheap", "--config", str(folder / "unisono.toml")])
    assert isinstance(told.exception, PolicyRefused)  # the outer border makes a line and exit code 1 of it
    assert "Try it on a share with `--canary`, or say why with `--override`." in str(told.exception)
    assert refused["why"] == str(told.exception)

    tried = json.loads(run(folder, "promote", "cheap", "--canary", "0.1", "--json"))
    assert tried["canary"] == {"id": made["id"], "name": "cheap", "share": 0.1}
    assert "canary, 10%" in run(folder, "policies", "list")
    assert json.loads(run(folder, "rollback", "--json"))["ended"] == made["id"]

    assert "cheap is in force" in run(folder, "promote", "cheap", "--override", "a test")
    assert json.loads(run(folder, "policies", "show", "cheap", "--json"))["state"] == "live"
    assert "config is in force again" in run(folder, "rollback", "--why", "enough")
    listed = run(folder, "policies", "list")
    assert "scores held at 0" in listed
    assert "promoted cheap (command line): a test" in listed
    assert "config is in force." in run(folder, "promote", "config")


def test_what_a_policy_is_worth_and_what_it_would_change_is_shown_with_kinds_of_request(folder: Path) -> None:
    run(folder, "policies", "create", "--name", "dear", "--set", "dial=1.0", "--set", "explore=0.0")
    told = run(folder, "evaluate", "--policy", "dear")
    assert "doubly robust" in told and "language not zh" in told
    found = json.loads(run(folder, "evaluate", "--policy", "dear", "--against", "config", "--json"))
    assert found["n_judged"] > 50
    usd = found["expected"]["expected_usd"]
    assert usd["policy"] > usd["against"]
    assert {"language", "task", "length", "key"} >= {part["by"] for part in found["slices"]}

    assert "otherwise under dear" in run(folder, "shadow", "dear", "--last", "100")
    beside = json.loads(run(folder, "shadow", "dear", "--json"))
    assert beside["n"] >= found["n_judged"]
    assert 0.0 < beside["differ"] <= 1.0
    assert beside["expected_quality"]["policy"] > beside["expected_quality"]["against"]
    assert beside["moves"][0]["n"] > 0


def test_a_shadow_follows_what_is_decided_from_now_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copytree(folder, tmp_path / "own")  # what is decided here would change what the other tests look at
    configure(folder)
    run(folder, "policies", "create", "--name", "followed", "--set", "dial=1.0")
    house, rng, clock = house_at(folder / "record.db"), Random(9), ManualClock()
    house.config = pool(explore=0.5)
    numbers = iter(range(1000, 2000))

    def sleep(seconds: float) -> None:
        """While the command waits, more is decided."""
        for n in islice(numbers, 20):
            answer(house, router, rng, n)
        assert house.store.flush(timeout_s=60)
        clock.advance(seconds)

    with closing(house.store):
        router = house.router()
        monkeypatch.setattr("unisono.cli.shadow.time", SimpleNamespace(monotonic=clock.seconds, sleep=sleep))
        found = json.loads(run(folder, "shadow", "followed", "--last", "0", "--for", "2.5", "--json"))
    assert 20 < found["n"] <= 60


@pytest.mark.parametrize(
    "words",
    [
        ("policies", "create", "--set", "dial"),
        ("promote", "config", "--canary", "2"),
        ("shadow",),
        ("evaluate",),
    ],
)
def test_wrong_use_is_exit_code_2(folder: Path, words: tuple[str, ...]) -> None:
    run(folder, *words, code=2)
