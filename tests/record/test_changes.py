"""Who asks whether a record has changed may leave out its look only where nothing can have been missed."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path

from unisono.record.changes import Changes
from unisono.record.store import Store


def still(path: Path, *, since_s: float) -> None:
    """Have the files of a record look as if nobody had written for so long.

    Where somebody has just written, `since_s` is negative: the machine may stall before the next line of a test.
    """
    for file in (path, Path(f"{path}-wal")):
        if file.exists():
            at_ns = time.time_ns() - round(since_s * 1e9)
            os.utime(file, ns=(at_ns, at_ns // 1000 * 1000 + 1000))


def test_a_still_record_is_looked_at_once_and_again_after_each_write(tmp_path: Path) -> None:
    path = tmp_path / "unisono.db"
    with closing(Store(path)) as store:
        changes = Changes(path)
        still(path, since_s=-60)
        assert changes.any()  # just made: a change may hide behind the stamp
        assert changes.any()
        still(path, since_s=10)
        assert changes.any()
        assert not changes.any()
        assert not changes.any()
        store.record_rows("INSERT INTO settings VALUES ('a', 'b')", ())
        store.flush()
        still(path, since_s=-60)
        assert changes.any()
        assert changes.any()  # it may be written to again within the same stamp
        still(path, since_s=20)
        assert changes.any()
        assert not changes.any()
        changes.forget()
        assert changes.any()


def test_who_leaves_young_rows_for_later_looks_until_they_are_old(tmp_path: Path) -> None:
    path = tmp_path / "unisono.db"
    with closing(Store(path)):
        at_once, later = Changes(path), Changes(path, still_s=400.0)
        still(path, since_s=300)
        assert (at_once.any(), later.any()) == (True, True)
        assert (at_once.any(), later.any()) == (False, True)
        still(path, since_s=500)
        assert (at_once.any(), later.any()) == (True, True)
        assert (at_once.any(), later.any()) == (False, False)


def test_a_record_that_is_gone_is_a_change_once(tmp_path: Path) -> None:
    changes = Changes(tmp_path / "none.db")
    assert changes.any()
    assert not changes.any()
