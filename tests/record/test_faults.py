"""A database that is locked, full, broken, foreign, too new, or left behind by kill -9."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from itertools import count, pairwise
from pathlib import Path

import pytest

from unisono.errors import StoreError
from unisono.record.database import connect_to_write
from unisono.record.migrations import APPLICATION_ID, MIGRATIONS, VERSION, migrate
from unisono.record.policies import Policies
from unisono.record.reader import Reader
from unisono.record.store import Store
from unisono.record.writer import connect_writer
from unisono.types import Score


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


def _wait_for_fault(store: Store) -> str:
    """Ask for a flush that cannot succeed: it returns as soon as the fault is known, long before its limit."""
    store._writer.flush(timeout_s=30.0, through_faults=False)
    return store.health().reason


# ------------------------------------------------------------------------------- locked, full


def test_nobody_says_that_a_decision_does_not_exist_while_it_waits_to_be_written(path: Path, values) -> None:
    with closing(Store(path, flush_s=0.001)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert store.record_request(values.request(1), values.features(), values.decision(1))
        _wait_for_fault(store)
        for ask in (store.decision, store.stored):
            with pytest.raises(StoreError, match="Ask again later"):
                ask(values.id(1))
        other.execute("ROLLBACK")
        assert store.flush(timeout_s=30.0)
        assert store.decision(values.id(1)) is not None
        assert store.stored(values.id(2)) is None


def test_a_locked_record_takes_requests_at_once_and_writes_them_after_release(path: Path, values) -> None:
    with closing(Store(path, flush_s=0.001)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        started_s = time.perf_counter()
        for n in range(100):
            assert store.record_request(values.request(n), values.features(), values.decision(n))
            assert store.record_outcome(values.outcome(n))
        took_s = time.perf_counter() - started_s
        reason = _wait_for_fault(store)
        health = store.health()
        assert took_s < 10.0  # the lock stays for ever: if each row waited a moment for it, that would be 50 s
        assert (health.ok, health.n_waiting, health.n_lost) == (False, 200, 0)
        assert not store.ok
        assert "locked" in reason
        assert "Another program" in reason
        assert store.decisions() == []  # reads go on, without a wait for what cannot come
        other.execute("ROLLBACK")
        assert store.flush(timeout_s=30.0)
        assert store.health().ok
        assert store.ok
        assert {row["status"] for row in store.decisions(limit=1000)} == {"ok"}
        assert len(store.decisions(limit=1000)) == 100


def test_a_lock_that_stays_fills_the_queue_and_every_loss_is_counted(path: Path, values) -> None:
    with closing(Store(path, flush_s=0.001, capacity=5)) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            taken = [store.record_request(values.request(n), None, values.decision(n)) for n in range(8)]
            _wait_for_fault(store)
            assert taken == [True] * 5 + [False] * 3
            assert store.health().n_lost == 3
        assert store.flush(timeout_s=30.0)
        assert len(store.decisions()) == 5


def test_closing_under_a_lock_counts_what_it_could_not_write(path: Path, values) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        store = Store(path, flush_s=0.001)
        other.execute("BEGIN EXCLUSIVE")
        store.record_request(values.request(), None, values.decision())
        store.close(timeout_s=0.0)
        assert (store.health().n_lost, store.health().n_waiting) == (1, 0)
        other.execute("ROLLBACK")
        assert Reader(path).decisions() == []


def test_a_full_disk_keeps_rows_until_there_is_room(path: Path, values) -> None:
    most_pages = [2]

    def connect(file: Path) -> sqlite3.Connection:
        connection = connect_writer(file)
        connection.execute(f"PRAGMA max_page_count = {most_pages[0]}")
        return connection

    with closing(Store(path, flush_s=60.0, connect=connect)) as store:  # one batch, written when asked to
        for n in range(100):
            store.record_request(values.request(n), values.features(), values.decision(n))
        reason = _wait_for_fault(store)
        assert "full" in reason
        assert "Free disk space" in reason
        assert store.health().n_waiting == 100
        most_pages[0] = 2**30
        assert store.flush(timeout_s=30.0)
        assert store.health().ok
        assert len(store.decisions(limit=1000)) == 100


def test_rows_that_wait_take_bounded_memory(path: Path, values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.record.writer.MAX_WAITING_BYTES", 5_000)
    with closing(Store(path, flush_s=0.001, text="text")) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert store.record_request(values.request(1, text="x" * 10_000), None, values.decision(1))
            _wait_for_fault(store)
            assert not store.record_request(values.request(2), None, values.decision(2))
        assert store.flush(timeout_s=30.0)
        assert store.record_request(values.request(3), None, values.decision(3))


# ------------------------------------------------------------------------------- broken, foreign


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a database. " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"record\.db.*not a database.*mv "):
        Store(path)
    assert path.read_bytes() == before


def test_a_database_whose_pages_are_damaged_is_a_store_error(path: Path, values) -> None:
    with closing(Store(path)) as store:
        for n in range(50):
            store.record_request(values.request(n), values.features(), values.decision(n))
    with path.open("r+b") as file:  # the schema's page stays; the rest becomes noise
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreError, match="malformed"), closing(Store(path)) as store:
        store.decisions()


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (name)")
        connection.commit()
    with pytest.raises(StoreError, match="another program"):
        Store(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_newer_database_is_refused_and_says_so(path: Path) -> None:
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match="newer Unisono"):
        Store(path)
    with pytest.raises(StoreError, match="newer Unisono"):
        Reader(path).decisions()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere.*folder"):
        Store(tmp_path / "nowhere" / "record.db")


def test_a_missing_record_cannot_be_read(path: Path) -> None:
    with pytest.raises(StoreError, match="no such file"):
        Reader(path).decisions()
    assert not path.exists()


def test_a_new_record_is_readable_by_its_owner_only(path: Path) -> None:
    with closing(Store(path)) as store:
        store.reader.generation()
        assert {file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {0}


# ------------------------------------------------------------------------------- migrations


@pytest.mark.parametrize("old", range(1, VERSION))
def test_an_old_record_is_brought_up_with_all_its_rows(path: Path, values, old: int) -> None:
    _write_old(path, version=old, decision=values.id(1))
    with pytest.raises(StoreError, match="old schema version"):
        Reader(path).decisions()
    with closing(Store(path)) as store:
        assert [row["decision"] for row in store.decisions()] == [values.id(1)]
        talks = [("team", "s-1", b'{"model":"small"}', 1777636802)] if old > 2 else []  # who answers whom; since 3
        assert store.rows("SELECT key, session, body, at FROM sessions") == talks
        store.record_request(values.request(2), None, values.decision(2))
        store.add_scores([Score(model="m", item="a", kind="k", prompt="p", score=1.0)], {"m": "f"})
        assert len(store.decisions()) == 2
        assert store.reader.generation() == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_what_came_in_domain_by_everybodys_requests_stays_so_for_those_without_a_key(path: Path, values) -> None:
    _write_old(path, version=9, decision=values.id(1))
    with closing(Store(path)), closing(Policies(path)) as policies:
        live = policies.known().state().live
        assert live.policy.name == "config in domain"
        assert [live.for_caller(caller).policy.name for caller in ("anonymous", "team")] == [
            "config in domain",
            "calm",
        ]


def test_a_migration_that_fails_changes_nothing(path: Path, values, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_old(path, version=1, decision=values.id(1))
    broken = (MIGRATIONS[0], ("CREATE TABLE half (a)", "THIS IS NO SQL"))
    monkeypatch.setattr("unisono.record.migrations.MIGRATIONS", broken)
    with pytest.raises(StoreError):
        Store(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)


def test_migrating_twice_changes_nothing_more(path: Path) -> None:
    with closing(connect_to_write(path)) as connection:
        salt = connection.execute("SELECT value FROM settings WHERE name = 'salt'").fetchone()
        migrate(connection)
        assert connection.execute("SELECT value FROM settings WHERE name = 'salt'").fetchone() == salt


def _write_old(path: Path, *, version: int, decision: str) -> None:
    """Write the stored dump of an old record, as that version left it."""
    dump = (Path(__file__).parent / "data" / f"version_{version}.sql").read_text()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.replace("DECISION-ID", decision))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


# ------------------------------------------------------------------------------- kill -9

N_IN_FLIGHT = 400
CHILD = """
    import importlib.util, json, sys, time
    from pathlib import Path
    from unisono.record.store import Store

    spec = importlib.util.spec_from_file_location("builders", sys.argv[2])
    builders = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builders)
    values = builders.Values()
    store = Store(Path(sys.argv[1]), flush_s=0.05)
    for n in range(int(sys.argv[3])):  # so many requests in flight
        assert store.record_request(values.request(n), values.features(), values.decision(n))
    assert store.flush(timeout_s=60)
    for n in range(int(sys.argv[3])):  # they end one by one, until the kill
        assert store.record_outcome(values.outcome(n))
        print(json.dumps([time.monotonic(), n + 1]), flush=True)
        time.sleep(0.01)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_kill_9_loses_no_more_than_the_flush_interval_and_halves_nothing(tmp_path: Path, values) -> None:
    settled, tries = 0, count()
    while not settled:  # again where the machine stalled so long that nothing can be said
        path = tmp_path / f"record-{next(tries)}.db"
        told = _killed(path)
        settled = max((n for at_s, n in told if at_s < told[-1][0] - _gathered_and_written_s(told)), default=0)
    with closing(Store(path)) as store:
        rows = store.decisions(limit=N_IN_FLIGHT + 1)
        wholes = [store.decision(row["decision"]) for row in rows]
    assert len(rows) == N_IN_FLIGHT
    ended = {row["decision"] for row in rows if row["status"] == "ok"}
    assert {values.id(n) for n in range(settled)} <= ended
    assert {row["status"] for row in rows} == {"ok", "interrupted"}
    assert all(len(whole["attempts"]) == (whole["status"] == "ok") for whole in wholes)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM details").fetchone() == (N_IN_FLIGHT,)


def _killed(path: Path) -> list[list[float]]:
    """Kill a process that records; return what it had recorded when, as it told."""
    builders = Path(__file__).parent / "conftest.py"
    words = [sys.executable, "-c", textwrap.dedent(CHILD), str(path), str(builders), str(N_IN_FLIGHT)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [json.loads(child.stdout.readline()) for _ in range(20)]
    while told[0][0] + _gathered_and_written_s(told) >= told[-1][0] and told[-1][1] < N_IN_FLIGHT - 100:
        told.append(json.loads(child.stdout.readline()))
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read().splitlines()
    child.wait()
    child.stdout.close()
    return told + [json.loads(line) for line in rest if line.endswith("]")]


def _gathered_and_written_s(told: list[list[float]]) -> float:
    """Return how long a row may be on its way: 0.05 s of gathering, a write, and more where the machine stalls.

    Between two rows the child slept for 10 ms: how much later it woke at worst is what its writer may have met as well.
    """
    return 0.15 + 4 * max(later - sooner for (sooner, _), (later, _) in pairwise(told))
