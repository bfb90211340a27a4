"""`unisono models add`, `replace` and `retire`: the price first, nothing left dangling, exit codes for scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.config import load_config
from unisono.errors import UnisonoError
from unisono.record.keys import create_key
from unisono.types import Scope

POOL = """
default = "a"
[[models]]
name = "a"
upstream = "scripted"
reply = "Paris"
[[models]]
name = "b"
upstream = "scripted"
reply = "yes"
usd_per_mtok_in = 3.0
usd_per_mtok_out = 9.0
[routing]
judge = "a"
"""
DAY = "2999-01-31"


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    file = tmp_path / "unisono.toml"
    file.write_text(POOL)
    return file


def run(file: Path, *words: str, code: int = 0) -> Any:
    ran = CliRunner().invoke(app, ["models", *words, "--config", str(file), "--json"])
    if isinstance(ran.exception, UnisonoError):
        assert code == 1, ran.exception
        return str(ran.exception)
    assert ran.exit_code == code, ran.output
    return json.loads(ran.stdout) if code == 0 else ran.output


def test_money_is_not_spent_before_somebody_agreed(pool: Path) -> None:
    dear = ("add", "c", "--upstream", "scripted", "--set", "usd_per_mtok_in=3.0", "--set", "usd_per_mtok_out=9.0")
    assert "--yes" in run(pool, *dear, code=2)
    told = run(pool, "probe", "b", "--n", "50", "--dry-run")
    assert (told[0]["n_questions"], told[0]["usd"]) == (50, pytest.approx(told[0]["usd"]))
    assert 0.0 < told[0]["usd"] < 0.1
    assert pool.read_text() == POOL
    assert not (pool.parent / "unisono.db").exists()


@pytest.mark.parametrize(("word", "n_asked"), [("n", 0), ("y", 10)])
def test_at_a_terminal_the_price_is_shown_and_somebody_asked_before_a_probe_spends(
    pool: Path, word: str, n_asked: int
) -> None:
    ours, theirs = os.openpty()
    words = ["models", "probe", "b", "--n", "10", "--config", str(pool)]
    asked = subprocess.Popen(
        [sys.executable, "-m", "unisono.cli", *words], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    os.write(ours, f"{word}\n".encode())
    _, told = asked.communicate(timeout=300)
    os.close(ours)
    os.close(theirs)
    assert b"b: 10 questions" in told
    assert b"Ask them?" in told
    assert asked.returncode == (0 if n_asked else 1)
    assert next(row for row in run(pool, "list") if row["model"] == "b")["n_probes"] == n_asked


def test_asking_again_costs_again(pool: Path) -> None:
    first = run(pool, "probe", "b", "--quick", "--dry-run")
    run(pool, "probe", "b", "--quick")
    assert run(pool, "probe", "b", "--quick", "--dry-run") == []
    assert run(pool, "probe", "b", "--quick", "--again", "--dry-run") == first


def test_a_model_is_probed_and_then_added_and_asked_nothing_twice(pool: Path) -> None:
    added = run(pool, "add", "c", "--upstream", "scripted", "--set", 'reply="Paris"', "--n", "20")
    assert (added["model"], added["n_probes"], added["server"]) == ("c", 20, "no server runs")
    (row,) = [row for row in run(pool, "list") if row["model"] == "c"]
    assert (row["n_probes"], row["lineage"][0]["event"]) == (20, "added")
    assert load_config(pool).models[-1].options["reply"] == "Paris"
    assert run(pool, "probe", "c", "--n", "20", "--dry-run") == []


def test_nobody_to_be_asked_is_told_only_of_options_that_the_command_has(pool: Path) -> None:
    dear = ("add", "c", "--upstream", "scripted", "--set", "usd_per_mtok_in=3.0", "--set", "usd_per_mtok_out=9.0")
    assert "--yes or --no-probe" in run(pool, *dear, code=2)
    told = run(pool, "replace", "a", "b", "--move-default", code=2)
    assert "--yes" in told
    assert "--no-probe" not in told


def test_what_ends_at_once_is_not_said_to_serve_on_and_an_end_that_was_set_is_told(pool: Path) -> None:
    def said(*words: str) -> str:
        return CliRunner().invoke(app, ["models", *words, "--config", str(pool)]).output

    assert "already" not in said("retire", "b", "--on", DAY)
    again = said("retire", "b", "--on", "2998-01-31", "--successor", "a")
    assert f"b: it already ends: last day {DAY}; this takes the place of that" in again
    assert "b serves until 2998-01-31, then a answers to its name" in again
    assert "b serves no more, and its name leads to nothing" in said("retire", "b", "--now", "--force")
    (row,) = [line for line in said("list").splitlines() if line.startswith("│ b ")]
    assert "retired" in row
    assert "until" not in row


def test_a_fragment_keeps_its_comments(pool: Path, tmp_path: Path) -> None:
    piece = tmp_path / "new.toml"
    piece.write_text('[[models]]\n# chosen by Ann\nname = "c"\nupstream = "scripted"\n')
    run(pool, "add", "--from", str(piece), "--no-probe")
    assert "# chosen by Ann" in pool.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("add", "c"),
        ("add", "c", "--upstream", "scripted", "--set", "role"),
        ("retire", "nobody"),
        ("retire", "b", "--on", "soon"),
        ("retire", "b", "--on", "2001-01-01"),
        ("retire", "b", "--now"),
        ("replace", "b", "b"),
    ],
)
def test_wrong_use_is_exit_code_2_and_changes_nothing(pool: Path, words: tuple[str, ...]) -> None:
    run(pool, *words, code=2)
    assert pool.read_text() == POOL


def test_a_default_and_a_judge_are_never_left_dangling(pool: Path) -> None:
    assert "`default` and `routing.judge`" in run(pool, "retire", "a", "--on", DAY, "--successor", "b", code=1)
    assert pool.read_text() == POOL
    run(pool, "retire", "a", "--on", DAY, "--successor", "b", "--move-default")
    after = load_config(pool)
    assert (after.default, after.routing.judge) == ("b", "b")
    assert (after.models[0].lifecycle.state, after.models[0].lifecycle.successor) == ("sunset", "b")


def test_a_dry_run_says_what_stands_in_the_way_and_is_no_failure(pool: Path) -> None:
    told = run(pool, "retire", "a", "--successor", "b", "--dry-run")
    assert told["parts"] == ["default", "routing.judge"]
    ran = CliRunner().invoke(app, ["models", "retire", "a", "--dry-run", "--config", str(pool)])
    assert (ran.exit_code, "it is `default`" in ran.output) == (0, True)


def test_a_key_is_not_left_without_a_model_unless_it_is_forced(pool: Path) -> None:
    path = load_config(pool).store.path
    create_key(path, "app", scope=Scope(models=("b",)), now=datetime.now(UTC))
    assert "the keys app" in run(pool, "retire", "b", "--on", DAY, "--successor", "a", code=1)
    found = run(pool, "retire", "b", "--on", DAY, "--successor", "a", "--force")
    assert (found["keys"], found["only"]) == (["app"], ["app"])


def test_by_force_a_model_goes_today_and_its_successor_answers(pool: Path) -> None:
    run(pool, "retire", "b", "--now", "--force", "--successor", "a")
    after = load_config(pool)
    assert (after.models[1].lifecycle.state, after.removed) == ("retired", ("b",))


def test_nobody_follows_who_serves_no_more(pool: Path) -> None:
    run(pool, "add", "c", "--upstream", "scripted", "--no-probe")
    run(pool, "retire", "b", "--now", "--force", "--successor", "a")
    text = pool.read_text()
    assert "serves no more" in run(pool, "retire", "c", "--on", DAY, "--successor", "b", code=2)
    assert "serves no more" in run(pool, "replace", "c", "b", "--yes", code=2)
    assert pool.read_text() == text


def test_without_a_day_there_is_a_month(pool: Path) -> None:
    told = run(pool, "retire", "b", "--successor", "a", "--dry-run")
    assert told["until"] == (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    assert pool.read_text() == POOL


def test_a_report_compares_on_the_same_questions_and_changes_nothing(pool: Path) -> None:
    told = run(pool, "replace", "b", "a", "--n", "12", "--report", "--yes")
    assert told["probes"]["quality"]["n"] == 12
    assert told["probes"]["old"]["model"] == "b"
    assert pool.read_text() == POOL


def test_a_report_can_compare_on_own_questions_alone(pool: Path, tmp_path: Path) -> None:
    run(pool, "replace", "b", "a", "--n", "12", "--report", "--yes")
    own = tmp_path / "own.jsonl"
    own.write_text('{"prompt": "Capital of France?", "answer": "Paris"}', encoding="utf-8")
    told = run(pool, "replace", "b", "a", "--questions", str(own), "--report", "--yes")
    assert told["probes"]["quality"]["n"] == 1


def test_a_judge_is_compared_on_what_it_need_not_score_itself(pool: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text('{"prompt": "Capital of France?", "answer": "Paris"}\n{"prompt": "Be kind."}', encoding="utf-8")
    told = run(pool, "replace", "b", "a", "--questions", str(own), "--judge", "b", "--report", "--yes")
    assert told["probes"]["quality"]["n"] == 1
    assert told["failures"] == []
    assert told["left_out"] == ["b is the judge: 1 question without a reference is not asked of it."]


def test_replacing_gives_a_last_day_a_successor_and_a_line_of_descent(pool: Path) -> None:
    told = run(pool, "replace", "b", "a", "--n", "12", "--on", DAY, "--yes")
    assert told["until"] == DAY
    row = next(row for row in run(pool, "list") if row["model"] == "a")
    assert row["follows"] == ["b"]
    assert (row["lineage"][-1]["event"], row["lineage"][-1]["known"]["until"]) == ("replaced", DAY)
