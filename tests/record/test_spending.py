"""What was spent is told by key, user, model and day, to the cent, and money stands with the model that was paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from unisono.errors import RequestError
from unisono.record.spending import spending
from unisono.record.store import Store

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path, values) -> Iterator[Store]:  # type: ignore[no-untyped-def]
    """Four requests, a day each: of red-ann two (one falls back from big to small), of red-bob and blue one each."""
    big, small = (replace(values.attempt(name), cost_usd=usd) for name, usd in (("big", 0.5), ("small", 0.1)))
    asked = [
        ("red-ann", "u1", (big,)),
        ("red-ann", None, (values.attempt("big", status="failed"), small)),
        ("red-bob", "u2", (small,)),
        ("blue", None, (replace(small, cost_usd=None),)),
    ]
    with closing(Store(tmp_path / "r.db")) as store:
        for n, (key, user, attempts) in enumerate(asked):
            at = values.at(0) + n * DAY
            store.record_request(
                replace(values.request(n, user=user), key=key), None, replace(values.decision(n), at=at)
            )
            store.record_outcome(values.outcome(n, attempts=attempts))
        assert store.flush()
        yield store


def test_what_a_team_spent_is_told_per_model_with_the_total(store: Store, values) -> None:  # type: ignore[no-untyped-def]
    period = {"since": values.at(0), "until": values.at(0) + 30 * DAY}
    found = spending(store.reader.rows, by=["model"], key="red-*", **period)
    assert [(row["model"], row["n_calls"], row["n_failed"], row["cost_usd"]) for row in found["data"]] == [
        ("big", 2, 1, 0.5),
        ("small", 2, 0, 0.2),
    ]
    assert found["total"] == {
        "n_calls": 4,
        "n_failed": 1,
        "input_tokens": 30,
        "output_tokens": 60,
        "cost_usd": pytest.approx(0.7),
        "n_unpriced": 0,
    }
    assert spending(store.reader.rows, by=[], **period)["total"]["n_unpriced"] == 1


def test_who_uses_a_model_is_told_by_key_and_user(store: Store, values) -> None:  # type: ignore[no-untyped-def]
    found = spending(
        store.reader.rows, by=["key", "user"], model="small", since=values.at(0), until=values.at(0) + 30 * DAY
    )
    assert {(row["key"], row["user"]) for row in found["data"]} == {
        ("red-ann", None),
        ("red-bob", "u2"),
        ("blue", None),
    }


def test_days_come_in_order_and_only_those_of_the_period(store: Store, values) -> None:  # type: ignore[no-untyped-def]
    found = spending(store.reader.rows, by=["day"], since=values.at(0) + DAY, until=values.at(0) + 3 * DAY)
    assert [row["day"] for row in found["data"]] == ["2026-05-02", "2026-05-03"]


def test_the_total_is_of_all_rows_where_only_the_dearest_are_told(store: Store, values) -> None:  # type: ignore[no-untyped-def]
    found = spending(store.reader.rows, by=["key"], since=values.at(0), until=values.at(0) + 30 * DAY, most=1)
    assert [row["key"] for row in found["data"]] == ["red-ann"]
    assert (found["n_rows"], found["total"]["n_calls"]) == (3, 5)


def test_nothing_spent_is_told_as_zero(store: Store, values) -> None:  # type: ignore[no-untyped-def]
    found = spending(store.reader.rows, by=["key"], key="green", since=values.at(0), until=values.at(0) + 30 * DAY)
    assert (found["data"], found["n_rows"], found["total"]["cost_usd"]) == ([], 0, 0.0)


@pytest.mark.parametrize("by", [["team"], ["key", "key"]])
def test_sums_by_what_is_unknown_or_told_twice_are_refused(store: Store, values, by: list[str]) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RequestError, match="key, user, model, day"):
        spending(store.reader.rows, by=by, since=values.at(0), until=values.at(1))
