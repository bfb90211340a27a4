"""`unisono keys` and `unisono log purge`: shown once, kept nowhere, gone for good."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.errors import StoreError
from unisono.record.ring import KeyRing

TOML = """default = "small"
[store]
path = "record.db"
[[models]]
name = "small"
upstream = "scripted"
"""
DAY_S = 86400.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unisono.toml"
    path.write_text(TOML)
    return path


def run(file: Path, *words: str) -> str:
    """Run a command of the group over the file and return what it printed."""
    told = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, [*words, "--config", str(file)])
    assert told.exit_code == 0, (told.output, told.exception)
    return told.output


def test_a_key_is_shown_once_and_opens_the_door(file: Path) -> None:
    words = ["keys", "create", "alice", "-m", "small", "--mode", "auto", "--limit", "usd=5/day", "--expires", "30d"]
    made = json.loads(run(file, *words, "--json"))
    grant = KeyRing(file.parent / "record.db").grant(made["key"])
    assert (grant.name, grant.scope.models, grant.scope.modes) == ("alice", ("small",), ("balanced",))
    for listed in (run(file, "keys", "list"), run(file, "keys", "list", "--json")):
        assert made["key"] not in listed
        assert "alice" in listed
        assert "usd=5/day" in listed
    ends = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(days=29) < ends <= timedelta(days=30)


def test_rotate_and_revoke_end_the_old_key(file: Path) -> None:
    old = json.loads(run(file, "keys", "create", "alice", "--json"))["key"]
    new = json.loads(run(file, "keys", "rotate", "alice", "--keep-old", "1h", "--json"))["key"]
    ring = KeyRing(file.parent / "record.db")
    assert ring.grant(old) == ring.grant(new)
    assert "Revoked" in run(file, "keys", "revoke", "alice")
    states = [row["state"] for row in json.loads(run(file, "keys", "list", "--json"))]
    assert states == ["revoked", "revoked"]


@pytest.mark.parametrize(
    "words",
    [
        ["create", "a b"],
        ["create", "alice", "--model", "smal"],
        ["create", "alice", "--mode", "deeper"],
        ["create", "alice", "--limit", "usd=0/day"],
        ["create", "alice", "--limit", "euro=5/day"],
        ["create", "alice", "--expires", "soon"],
        ["create", "alice", "--expires", "2020-01-01"],
        ["create", "alice", "--expires", "0d"],
        ["create", "alice", "--expires", "99999999d"],
        ["create", "alice", "--expires", "9999-12-31"],
        ["create", "alice", "--limit", "messages=1.5/day"],
        ["create", "alice", "--limit", "concurrent_requests=8/day"],
        ["create", "alice", "--limit", "concurrent_requests=0"],
    ],
)
def test_wrong_use_is_told_and_makes_nothing(file: Path, words: list[str]) -> None:
    told = CliRunner().invoke(app, ["keys", *words, "--config", str(file)])
    assert told.exit_code == 2
    assert run(file, "keys", "list").startswith("No key")


def test_a_key_lasts_through_the_day_that_is_named_as_a_models_last_day_does(file: Path) -> None:
    today = datetime.now(UTC).date()
    made = json.loads(run(file, "keys", "create", "alice", "--expires", today.isoformat(), "--json"))
    assert datetime.fromisoformat(made["expires"]) == datetime.combine(today + timedelta(days=1), time(), tzinfo=UTC)


def test_a_name_that_is_taken_is_no_fault_of_the_record(file: Path) -> None:
    run(file, "keys", "create", "alice")
    told = CliRunner().invoke(app, ["keys", "create", "alice", "--config", str(file)])
    assert str(told.exception) == "A key named 'alice' is in force. Choose another name, or use `unisono keys rotate`."


def test_a_limit_is_listed_with_all_its_digits_as_it_is_written(file: Path) -> None:
    bounds = ["tokens=1234567/month", "usd=0.00000125/day", "messages=60/minute", "concurrent_requests=8"]
    run(file, "keys", "create", "alice", *(word for bound in bounds for word in ("--limit", bound)))
    (row,) = json.loads(run(file, "keys", "list", "--json"))
    assert row["limits"] == bounds


def test_a_copy_is_whole_though_a_writer_is_in_the_middle_and_only_its_owner_reads_it(file: Path) -> None:
    run(file, "keys", "create", "alice")
    there, back = file.parent / "copy.db", file.parent / "back"
    with closing(sqlite3.connect(file.parent / "record.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM keys")
        told = json.loads(run(file, "log", "copy", str(there), "--json"))
        writer.execute("ROLLBACK")
    assert told == {"copy": str(there), "bytes": there.stat().st_size}
    assert there.stat().st_mode & 0o777 == 0o600
    back.mkdir()
    there.rename(back / "record.db")
    (row,) = json.loads(run(file, "keys", "list", "--store", str(back / "record.db"), "--json"))
    assert row["name"] == "alice"


def test_a_copy_writes_over_nothing_and_leaves_no_half(file: Path) -> None:
    run(file, "keys", "list")  # makes the record
    for words in (["copy", str(file)], ["copy", str(file.parent / "none" / "copy.db")]):
        told = CliRunner().invoke(app, ["log", *words, "--config", str(file)])
        assert isinstance(told.exception, StoreError)
    assert "upstream" in file.read_text()


def test_purge_leaves_nothing_of_a_user_and_everything_of_the_rest(file: Path) -> None:
    path = file.parent / "record.db"
    run(file, "keys", "list")  # makes the record
    with closing(sqlite3.connect(path)) as connection, connection:
        for n, user in enumerate(("alice", "bob")):
            at = 1_777_636_800_000_000 + n
            row = (
                f"d{n}",
                "r",
                at,
                f"q{n}",
                f"s-{user}",
                "team",
                user,
                "fast",
                None,
                "single",
                "small",
                0,
                0,
                "because",
                "config",
            )
            connection.execute(f"INSERT INTO decisions VALUES ({','.join('?' * 15)})", row)  # noqa: S608
            connection.execute("INSERT INTO details VALUES (?, x'00', NULL, ?)", (f"d{n}", f"words of {user}"))
            connection.execute("INSERT INTO sessions VALUES ('team', ?, x'7b7d', 1777636800)", (f"s-{user}",))
            connection.execute(
                "INSERT INTO signals (decision, kind, value, by, at) VALUES (?, 'retry_same', NULL, 'team', ?)",
                (f"d{n}", at),
            )
            connection.execute("INSERT INTO spending VALUES ('l', ?, ?, 'r', 3)", (f"team/{user}", at))
    assert json.loads(run(file, "log", "purge", "--user", "alice", "--json")) == {"purged": 1}
    with closing(sqlite3.connect(path)) as connection:
        for table in ("decisions", "details", "sessions", "signals", "spending"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            assert len(rows) == 1, table
            assert "alice" not in repr(rows)
    for beside in file.parent.iterdir():
        assert b"alice" not in beside.read_bytes(), beside
    assert json.loads(run(file, "log", "purge", "--older-than", "1d", "--json")) == {"purged": 1}
    told = CliRunner().invoke(app, ["log", "purge", "--config", str(file)])
    assert told.exit_code == 2
