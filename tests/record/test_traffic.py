"""What went through a period comes out as SQLite's sums: the same that one gets by hand."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from unisono.record.store import Store
from unisono.record.traffic import latest_balanced, traffic
from unisono.types import Mode


@pytest.fixture
def store(tmp_path: Path):
    with closing(Store(tmp_path / "record.db", run="r1")) as opened:
        yield opened


def _fill(store, values, n: int) -> None:
    for at in range(n):
        decision = replace(values.decision(at), mode=Mode.BALANCED, pin=None)
        store.record_request(values.request(at), values.features(), decision)
        outcome = values.outcome(at)
        attempt = replace(outcome.attempts[-1], first_content_s=(at + 1) / 100, status="ok")
        outcome = replace(outcome, attempts=(attempt,), cost_usd=float(at), total_s=float(at + 1), status="ok")
        store.record_outcome(outcome, baseline_usd=2.0 * at)
        store.record_signal(values.id(at), "score", "1.0" if at % 2 else "0.0", by="k")
    assert store.decision(values.id(n - 1)) is not None  # what was recorded is there to be read


def test_counts_money_times_and_votes_are_those_of_the_rows(store, values) -> None:
    _fill(store, values, 20)
    since = values.at(0) - timedelta(seconds=1)
    found = traffic(store.reader.dicts, since=since, width_s=3600.0, n_slots=4)
    assert sum(row["n"] for row in found.counts) == 20
    assert sum(row["a"] for row in found.counts) == sum(range(20))
    assert found.whole
    (first,) = found.first_of
    assert (first["a"], first["b"]) == (0.10, 0.19)  # of .01 … .20: the 10th, and the 19th, within which 95 % lie
    (whole,) = found.whole_of
    assert (whole["a"], whole["b"]) == (10.0, 19.0)
    assert sum(row["n"] for row in found.said) == 20
    assert sum(row["sum"] for row in found.said) == 10.0
    assert (found.pairs.n, found.pairs.cost, found.pairs.base) == (20, 190.0, 380.0)
    assert (found.pairs.n_talks, found.pairs.cost_base) == (1, 190.0 * 380.0)  # one conversation: its sums


def test_counts_and_money_are_of_all_and_times_of_so_many_of_the_latest_and_it_says_so(store, values) -> None:
    _fill(store, values, 20)
    found = traffic(store.reader.dicts, since=values.at(0) - timedelta(seconds=1), width_s=3600.0, n_slots=4, most=5)
    assert sum(row["n"] for row in found.counts) == 20 == found.pairs.n
    assert sum(row["a"] for row in found.counts) == sum(range(20)) == found.pairs.cost
    (whole,) = found.whole_of
    assert (whole["a"], whole["b"]) == (18.0, 20.0)  # of 16 … 20
    assert (found.n_timed, found.whole) == (5, False)


def test_an_empty_period_is_no_error(store) -> None:
    from datetime import UTC, datetime

    found = traffic(store.reader.dicts, since=datetime.now(UTC), width_s=10.0, n_slots=4)
    assert (found.counts, found.first, found.said, found.pairs.n) == ([], [], [], 0)


def test_the_latest_of_plain_auto_come_newest_first(store, values) -> None:
    _fill(store, values, 5)
    assert latest_balanced(store.reader.dicts, limit=3) == [values.id(n) for n in (4, 3, 2)]
