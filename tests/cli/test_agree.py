"""`unisono models handoff` and `unisono evaluate --consistency`, on scripted models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unisono.cli.agree import SEED
from unisono.cli.main import app
from unisono.cli.questions import bank, unprobed
from unisono.config import parse_config

POOL = """
default = "a"
[[models]]
name = "a"
upstream = "scripted"
reply = "The answer is 4."
[[models]]
name = "b"
upstream = "scripted"
reply = "The answer is 5."
"""


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    file = tmp_path / "unisono.toml"
    file.write_text(f'{POOL}\n[store]\npath = "{tmp_path}/record.db"\n', encoding="utf-8")
    return file


def test_handoff_prints_every_ordered_pair_and_a_key_that_the_configuration_takes(pool: Path) -> None:
    result = CliRunner().invoke(app, ["models", "handoff", "--n", "5", "--config", str(pool)], catch_exceptions=False)
    assert result.exit_code == 0
    assert "a -> b: " in result.stdout
    assert "b -> a: " in result.stdout
    printed = result.stdout.partition("[routing]")[2]
    routing = parse_config(f"{POOL}[routing]{printed}").routing
    assert set(routing.handoff) == {"a", "b"}
    assert 0 < routing.handoff["a"]["b"] < 0.03


def test_work_of_minutes_tells_how_far_it_is_where_no_one_watches_a_terminal_too(pool: Path) -> None:
    result = CliRunner().invoke(app, ["models", "handoff", "--n", "10", "--config", str(pool), "--json"])
    assert len(json.loads(result.stdout)) == 2
    assert "1 of 10, about " in result.stderr
    assert "10 of 10" in result.stderr


def test_a_pool_whose_router_keeps_its_model_has_no_excess_inconsistency(pool: Path) -> None:
    result = CliRunner().invoke(
        app, ["evaluate", "--consistency", "--questions", "5", "--config", str(pool), "--json"], catch_exceptions=False
    )
    told = json.loads(result.stdout)
    assert told["excess"] == 0.0
    assert told["fixed"] == {"a": 0.0, "b": 0.0}


def test_more_questions_than_there_are_means_all_of_them_and_none_is_the_probes(pool: Path) -> None:
    result = CliRunner().invoke(
        app,
        ["evaluate", "--consistency", "--questions", "1000", "--config", str(pool), "--json"],
        catch_exceptions=False,
    )
    told = json.loads(result.stdout)
    asked = {question.prompt for question in unprobed(seed=SEED)}
    assert 100 < told["n_questions"] <= len(asked)
    assert not asked & {question.prompt for question in bank()}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("models", "handoff", "--n", "5"), "a: 15 questions"),
        (("evaluate", "--consistency", "--questions", "5"), "auto, at"),
    ],
)
def test_what_asks_the_pool_shows_its_price_and_asks_at_a_terminal(
    pool: Path, words: tuple[str, ...], told: str
) -> None:
    pool.write_text(pool.read_text().replace('name = "a"\n', 'name = "a"\nusd_per_mtok_in = 3\nusd_per_mtok_out = 9\n'))
    ours, theirs = os.openpty()
    asked = subprocess.Popen(
        [sys.executable, "-m", "unisono.cli", *words, "--config", str(pool)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, b"n\n")
    out, shown = asked.communicate(timeout=300)
    os.close(ours)
    os.close(theirs)
    assert asked.returncode == 1
    assert told in shown
    assert "at most $" in shown
    assert not out.strip()
