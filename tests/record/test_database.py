"""When a record's files say that nothing has changed."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from pathlib import Path

import pytest

import unisono.record
from unisono.record.database import explain, settled_stamp

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("age_ns", "settled"),
    [(10_000_001, False), (SECOND_NS + 1, True), (SECOND_NS, False), (5 * SECOND_NS, True)],
    ids=["just now", "a second ago", "a second ago, told in whole seconds", "long ago, in whole seconds"],
)
def test_a_file_says_that_nothing_has_changed_only_when_a_change_would_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_ns: int, settled: bool
) -> None:
    path = tmp_path / "record.db"
    path.write_bytes(b"")
    at_ns = time.time_ns() // SECOND_NS * SECOND_NS + (age_ns % SECOND_NS > 0)
    os.utime(path, ns=(at_ns, at_ns))
    monkeypatch.setattr(time, "time_ns", lambda: at_ns + age_ns)
    assert (settled_stamp(path) is not None) == settled


def test_a_disk_that_is_full_is_told_as_that_though_sqlite_speaks_of_an_error_of_the_disk(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    told = explain(error, tmp_path / "r.db", free_bytes=lambda path: 4096)
    assert told == f"no space is left in {tmp_path}. Free disk space, or lower what is kept."
    assert explain(error, tmp_path / "r.db", free_bytes=lambda path: 10**9).startswith(
        "disk I/O error. Look at the disk"
    )


def test_no_statement_numbers_its_values_which_sqlite3_of_python_3_14_refuses_in_a_row() -> None:
    for file in Path(unisono.record.__file__).parent.glob("*.py"):
        assert not re.search(r"\?\d", file.read_text(encoding="utf-8")), file.name
