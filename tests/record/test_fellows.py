"""Two processes over one record know of each other what they must: limits to the unit, attempts once, conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import UpstreamCut, UpstreamRefused, UpstreamTimeout, UpstreamUnreachable
from unisono.record.fellows import Fellows, error_of
from unisono.record.limits import USED_ELSEWHERE, Ledger, Reservation
from unisono.record.metrics import Metrics, of_workers
from unisono.record.rows import to_us
from unisono.record.sessions import Sessions
from unisono.record.store import Store
from unisono.types import Attempt, Limit, Past, Wishes

NOW = datetime.now(UTC)
LIMIT = Limit(name="day", counts="tokens", amount=1000)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    with closing(Store(tmp_path / "r.db")) as one, closing(Store(tmp_path / "r.db")) as two:
        yield [one, two]


def _look(fellows: Fellows, store: Store) -> object:
    store.flush()
    return fellows.look(now_us=to_us(datetime.now(UTC)), windows={})


def _used(ledger: Ledger) -> float:
    (row,) = ledger.view(key="team", user=None, now=NOW)
    return float(row["used"])  # type: ignore[index,arg-type,call-overload]


def _charge(ledger: Ledger, *, key: str, tokens: int, now: datetime) -> None:
    held = ledger.hold("m", key=key, user=None, tokens=0, usd=0.0, now=now)
    assert isinstance(held, Reservation)
    ledger.charge(held, tokens=tokens, usd=0.0, now=now)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 9)), max_size=12))
def test_after_a_look_each_knows_what_both_have_used_to_the_unit(
    steps: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fellows") / "r.db"
    with closing(Store(path)) as one, closing(Store(path)) as two:
        stores = [one, two]
        ledgers = [Ledger(store, [LIMIT], now=NOW) for store in stores]
        fellows = [Fellows(store, since_us=to_us(NOW)) for store in stores]
        for who, tokens in steps:
            _charge(ledgers[who], key="team", tokens=tokens, now=NOW)
        for store in stores:
            store.flush()
        for _ in range(2):  # looking twice counts nothing twice
            for ledger, fellow in zip(ledgers, fellows, strict=True):
                news = fellow.look(now_us=to_us(NOW), windows=ledger.windows(NOW))
                ledger.take_in(news.spending, news.held)
        assert [_used(ledger) for ledger in ledgers] == [sum(tokens for _, tokens in steps)] * 2
        assert _used(Ledger(one, [LIMIT], now=NOW)) >= 0
    with closing(Store(path)) as later:
        assert _used(Ledger(later, [LIMIT], now=NOW)) == sum(tokens for _, tokens in steps)


def test_a_look_reads_what_counts_now_and_nothing_of_what_was_used_before(stores: list[Store]) -> None:
    one, two = stores
    limits = (LIMIT, Limit(name="month", counts="tokens", amount=9e9, window="month", per="all"))
    long_ago = Ledger(two, limits, now=NOW)
    for days in range(90):
        for key in ("team", "other"):
            _charge(long_ago, key=key, tokens=1, now=NOW - timedelta(days=days))
    two.flush()
    mine, fellows = Ledger(one, limits, now=NOW), Fellows(one, since_us=to_us(NOW))
    assert len(one.rows("SELECT 1 FROM spending WHERE name = 'day'")) == 180
    told = fellows.look(now_us=to_us(NOW), windows=mine.windows(NOW)).spending
    assert [(name, holder, n) for name, holder, _, n in told if name == "day"] == [
        ("day", "other", 1),
        ("day", "team", 1),
    ]
    assert [holder for name, holder, _, _ in told if name == "month"] == [""]
    plan = one.rows(f"EXPLAIN QUERY PLAN {USED_ELSEWHERE}", ("{}", ""))
    assert any("USING INDEX spending_bucket (name=? AND bucket>?)" in str(row[3]) for row in plan)


def test_what_is_held_by_a_living_fellow_counts_and_by_a_dead_one_does_not(stores: list[Store]) -> None:
    one, two = stores
    mine, theirs = Ledger(one, [LIMIT], now=NOW), Fellows(two, since_us=to_us(NOW))
    fellows = Fellows(one, since_us=to_us(NOW))
    theirs.tell_held([("day", "team", 7)])
    two.flush()
    news = _look(fellows, one)
    mine.take_in(news.spending, news.held)  # type: ignore[attr-defined]
    assert _used(mine) == 7.0
    theirs.tell_held([("day", "team", 3)])
    two.flush()
    assert _look(fellows, one).held == (("day", "team", 3),)  # type: ignore[attr-defined]
    theirs.tell_held([])
    two.flush()
    assert _look(fellows, one).held == ()  # type: ignore[attr-defined]
    theirs.tell_held([("day", "team", 5)])
    two.flush()
    two.close()
    assert _look(fellows, one).held == ()  # type: ignore[attr-defined]


def test_each_attempt_of_a_fellow_is_told_once_and_ones_own_never(stores: list[Store], values) -> None:  # type: ignore[no-untyped-def]
    one, two = stores
    fellows = Fellows(one, since_us=to_us(datetime.now(UTC) - timedelta(seconds=1)))
    for store, n in ((one, 1), (two, 2)):
        store.record_request(values.request(n), None, values.decision(n))
        store.record_outcome(values.outcome(n))
        store.flush()
    told = _look(fellows, one).attempts  # type: ignore[attr-defined]
    assert [attempt.model for attempt in told] == [attempt.model for attempt in values.outcome(2).attempts]
    assert _look(fellows, one).attempts == ()  # type: ignore[attr-defined]


def test_a_fellow_s_complete_answers_teach_how_long_answers_are(stores: list[Store], values) -> None:  # type: ignore[no-untyped-def]
    one, two = stores
    fellows = Fellows(one, since_us=to_us(datetime.now(UTC) - timedelta(seconds=1)))
    for n, status in ((1, "ok"), (2, "failed")):
        two.record_request(values.request(n), values.features(), values.decision(n))
        two.record_outcome(values.outcome(n, attempts=(values.attempt(status=status),)))
    two.flush()
    ((features, attempt),) = _look(fellows, one).lessons  # type: ignore[attr-defined]
    assert features.n_input_tokens == values.features().n_input_tokens
    assert attempt.status == "ok"


def test_a_clock_that_is_set_back_makes_no_news_of_what_was_told(stores: list[Store], values) -> None:  # type: ignore[no-untyped-def]
    one, two = stores
    now_us = to_us(datetime.now(UTC))
    fellows = Fellows(one, since_us=now_us)
    two.record_request(values.request(2), None, values.decision(2))
    two.record_outcome(values.outcome(2))
    two.flush()
    for after_s, is_news in ((0, True), (20, False), (-3600, False), (-3599, False)):
        news = fellows.look(now_us=now_us + after_s * 1_000_000, windows={})
        assert bool(news.attempts) is is_news


def test_a_conversation_that_went_on_elsewhere_goes_on_from_there(stores: list[Store]) -> None:
    one, two = stores
    mine, theirs = Sessions(one), Sessions(two)
    mine.prefer("k", "s", Wishes(dial=0.1))
    one.flush()
    theirs.prefer("k", "s", Wishes(dial=0.9))
    two.flush()
    fellows = Fellows(one, since_us=to_us(NOW))
    mine.take_in(_look(fellows, one).sessions)  # type: ignore[attr-defined]
    past = mine.past("k", "s")
    assert past is not None
    assert past.wishes.dial == 0.9
    theirs.forget("k", "s")
    two.flush()
    mine.take_in(_look(fellows, one).sessions)  # type: ignore[attr-defined]
    assert mine.past("k", "s") is None


def test_a_recorded_attempt_tells_health_what_the_error_told(stores: list[Store]) -> None:
    def attempt(status: str, *, code: str | None = None, http_status: int | None = None) -> Attempt:
        return Attempt(
            model="m", upstream_model="m", started=NOW, status=status,  # type: ignore[arg-type]
            first_content_s=None, total_s=1.0, error_code=code, http_status=http_status,
        )  # fmt: skip

    assert error_of(attempt("ok")) is None
    assert error_of(attempt("cancelled")) is None
    refused = error_of(attempt("failed", code="rate_limit_exceeded", http_status=429))
    assert isinstance(refused, UpstreamRefused)
    assert refused.http_status == 429
    for kind in (UpstreamUnreachable, UpstreamTimeout, UpstreamCut):
        assert type(error_of(attempt("failed", code=kind.code))) is kind


def test_the_pages_of_workers_become_one_page_with_a_label() -> None:
    pages = []
    for n in (0, 1):
        metrics = Metrics()
        metrics.observe_embedding("m", "ok", n_tokens=n + 1)
        metrics.set_record(n_waiting=n, n_lost=0)
        pages.append((n, metrics.render()))
    text = of_workers(pages).decode()
    assert text.count("# TYPE unisono_tokens_total counter") + text.count("# TYPE unisono_tokens counter") == 1
    assert 'unisono_tokens_total{worker="0",direction="in",model="m"} 1.0' in text
    assert 'unisono_tokens_total{worker="1",direction="in",model="m"} 2.0' in text
    assert 'unisono_record_waiting{worker="1"} 1.0' in text


@pytest.mark.parametrize("what", ["prefer", "forget"])
def test_a_preference_outlives_the_turns_of_a_process_that_did_not_know_it_yet(stores: list[Store], what: str) -> None:
    one, two = stores
    here, there = Sessions(one), Sessions(two)
    fellows = [Fellows(store, since_us=to_us(NOW)) for store in stores]
    here.prefer("k", "talk", Wishes(ban=("old",)))
    for sessions, store, fellow in ((here, one, fellows[0]), (there, two, fellows[1])):
        sessions.take_in(_look(fellow, store).sessions)  # type: ignore[attr-defined]
    asyncio.run(there.load("k", "talk"))
    ban = ("b",) if what == "prefer" else ()
    if what == "prefer":
        here.prefer("k", "talk", Wishes(ban=("b",)))
    else:
        here.forget("k", "talk")
    one.flush()
    before = there.past("k", "talk") or Past()
    there.note("k", "talk", replace(before, model="a", n_turns=before.n_turns + 1))  # it has not looked since
    two.flush()
    for sessions, store, fellow in ((there, two, fellows[1]), (here, one, fellows[0])):
        sessions.take_in(_look(fellow, store).sessions)  # type: ignore[attr-defined]
    assert [(s.past("k", "talk") or Past()).wishes.ban for s in (here, there)] == [ban, ban]
    assert [(s.past("k", "talk") or Past()).n_turns for s in (here, there)] == [1, 1]
