"""Health follows attempts: when a model is left alone, when one call may probe it, and what says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import (
    OutOfFiles,
    UpstreamCut,
    UpstreamError,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unisono.types import Attempt, Health
from unisono.upstream.health import LONGEST_REST_S, BreakerLimits, HealthBook, Rest

STARTED = datetime(2030, 1, 1, tzinfo=UTC)
LIMITS = BreakerLimits(n_failures=3, base_s=1.0, cap_s=8.0, probe_s=30.0)


def attempt(status: Literal["ok", "failed", "cut", "cancelled"]) -> Attempt:
    return Attempt(
        model="m", upstream_model="u", started=STARTED, status=status,
        first_content_s=None, total_s=0.1,
    )  # fmt: skip


def fail(book: HealthBook, error: UpstreamError, now_s: float) -> None:
    book.observe(attempt("cut" if isinstance(error, UpstreamCut) else "failed"), error, now_s)


def test_a_model_never_seen_is_up() -> None:
    assert HealthBook().state("m", 0.0) == (Health.UP, None)


@pytest.mark.parametrize("error", [UpstreamTimeout("x"), UpstreamMalformed("x"), UpstreamCut("x")])
def test_it_opens_after_three_failures_in_a_row(error: UpstreamError) -> None:
    book = HealthBook(LIMITS)
    fail(book, error, 0.0)
    fail(book, error, 0.0)
    assert book.state("m", 0.0) == (Health.UP, None)
    fail(book, error, 0.0)
    assert book.state("m", 0.5) == (Health.DOWN, 1.0)


def test_an_answer_between_failures_starts_the_count_anew() -> None:
    book = HealthBook(LIMITS)
    for _ in range(4):
        fail(book, UpstreamTimeout("x"), 0.0)
        fail(book, UpstreamTimeout("x"), 0.0)
        book.observe(attempt("ok"), None, 0.0)
    assert book.state("m", 0.0) == (Health.UP, None)


@pytest.mark.parametrize(
    "error", [UpstreamUnreachable("x"), *(UpstreamRefused("x", http_status=s) for s in (401, 403, 404, 429))]
)
def test_what_will_fail_again_opens_at_once(error: UpstreamError) -> None:
    book = HealthBook(LIMITS)
    fail(book, error, 0.0)
    assert book.state("m", 0.0)[0] is Health.DOWN


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_the_caller_did_wrong_says_nothing(status: int) -> None:
    book = HealthBook(LIMITS)
    for _ in range(9):
        fail(book, UpstreamRefused("x", http_status=status), 0.0)
    assert book.state("m", 0.0) == (Health.UP, None)


def test_cancelled_attempts_say_nothing() -> None:
    book = HealthBook(LIMITS)
    for _ in range(9):
        book.observe(attempt("cancelled"), None, 0.0)
    assert book.state("m", 0.0) == (Health.UP, None)


def test_a_429_is_left_alone_for_as_long_as_it_asked() -> None:
    book = HealthBook(LIMITS)
    fail(book, UpstreamRefused("x", http_status=429, retry_after_s=40.0), 10.0)
    assert book.state("m", 49.9) == (Health.DOWN, 50.0)
    assert book.state("m", 50.0) == (Health.PROBING, None)


def test_only_one_attempt_probes() -> None:
    book = HealthBook(LIMITS)
    fail(book, UpstreamUnreachable("x"), 0.0)
    book.begin("m", 1.0)
    assert book.state("m", 1.0) == (Health.DOWN, 31.0)
    book.observe(attempt("ok"), None, 2.0)
    assert book.state("m", 2.0) == (Health.UP, None)


def test_a_probe_that_was_cancelled_lets_another_one_try() -> None:
    book = HealthBook(LIMITS)
    fail(book, UpstreamUnreachable("x"), 0.0)
    book.begin("m", 1.0)
    book.observe(attempt("cancelled"), None, 2.0)
    assert book.state("m", 2.0)[0] is Health.PROBING


def test_a_probe_that_never_ends_is_forgotten() -> None:
    book = HealthBook(LIMITS)
    fail(book, UpstreamUnreachable("x"), 0.0)
    book.begin("m", 1.0)
    assert book.state("m", 31.0)[0] is Health.PROBING


def test_each_failed_probe_doubles_the_wait_up_to_the_cap() -> None:
    book = HealthBook(LIMITS)
    now_s, waits = 0.0, []
    for _ in range(6):
        fail(book, UpstreamUnreachable("x"), now_s)
        _, retry_at_s = book.state("m", now_s)
        assert retry_at_s is not None
        waits.append(retry_at_s - now_s)
        now_s = retry_at_s
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_many_attempts_that_fail_together_open_it_once() -> None:
    book = HealthBook(LIMITS)
    for _ in range(64):
        fail(book, UpstreamUnreachable("x"), 0.0)
    assert book.state("m", 0.0) == (Health.DOWN, 1.0)


def test_models_that_are_gone_are_forgotten() -> None:
    book = HealthBook(LIMITS)
    fail(book, UpstreamUnreachable("x"), 0.0)
    book.forget(frozenset({"other"}))
    assert book.state("m", 0.0) == (Health.UP, None)


def limited(book: HealthBook, seconds: float, *, now_s: float = 0.0) -> None:
    fail(book, UpstreamRefused("x", http_status=429, retry_after_s=seconds), now_s)


def later(seconds: float) -> Attempt:
    return replace(attempt("ok"), started=STARTED + timedelta(seconds=seconds))


def test_a_limit_of_a_day_is_believed_and_told_to_the_second() -> None:
    told: list[tuple[str, Rest]] = []
    book = HealthBook(LIMITS, told=lambda model, rest: told.append((model, rest)))
    limited(book, 9 * 3600.0)
    limited(book, 8 * 3600.0)  # what was told stands
    limited(book, 9 * 3600.0 + 0.5)  # and is told once
    assert book.state("m", 9 * 3600.0 - 1.0) == (Health.DOWN, 9 * 3600.0)
    assert book.state("m", 9 * 3600.0)[0] is Health.PROBING
    since = STARTED + timedelta(seconds=0.1)
    assert told == [("m", Rest(since=since, until=STARTED + timedelta(hours=9, seconds=1)))]


def test_nothing_is_believed_for_longer_than_a_day() -> None:
    book = HealthBook(LIMITS)
    limited(book, 1e12)
    assert book.state("m", LONGEST_REST_S - 1.0)[0] is Health.DOWN
    assert book.state("m", LONGEST_REST_S)[0] is Health.PROBING


def test_an_answer_ends_a_limit_and_one_to_what_was_asked_before_it_does_not() -> None:
    lifted: list[str] = []
    book = HealthBook(LIMITS, lifted=lifted.append)
    limited(book, 600.0)
    book.observe(attempt("ok"), None, 1.0)
    assert (book.state("m", 2.0)[0], lifted) == (Health.DOWN, [])
    book.observe(later(5.0), None, 6.0)
    assert (book.state("m", 7.0), lifted, book.all_up()) == ((Health.UP, None), ["m"], True)


def test_what_others_were_told_is_taken_in_unless_it_has_answered_here_since() -> None:
    book, rest = HealthBook(LIMITS), Rest(since=STARTED, until=STARTED + timedelta(hours=1))
    book.take_in({"m": rest}, now_s=100.0, now=STARTED + timedelta(minutes=30))
    assert book.state("m", 100.0) == (Health.DOWN, 1900.0)
    assert book.limited() == (("m", rest.until),)
    book.observe(later(1801.0), None, 101.0)
    book.take_in({"m": rest}, now_s=102.0, now=STARTED + timedelta(minutes=31))
    assert book.state("m", 102.0) == (Health.UP, None)
    book.take_in({"m": rest}, now_s=9000.0, now=STARTED + timedelta(hours=2))
    assert book.state("m", 9000.0) == (Health.UP, None)


def test_what_was_noted_by_a_clock_that_was_ahead_is_not_taken_in() -> None:
    book, ahead = HealthBook(LIMITS), STARTED + timedelta(days=300)
    book.take_in({"m": Rest(since=ahead, until=ahead + timedelta(hours=1))}, now_s=0.0, now=STARTED)
    assert book.state("m", 0.0) == (Health.UP, None)


ERRORS = st.sampled_from(
    [
        None,
        UpstreamTimeout("x"),
        UpstreamUnreachable("x"),
        UpstreamRefused("x", http_status=429, retry_after_s=5.0),
        UpstreamRefused("x", http_status=400),
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(ERRORS, st.floats(0, 20), st.booleans()), max_size=30))
def test_it_never_stays_down_for_longer_than_the_cap_and_always_lets_a_probe_through(
    steps: list[tuple[UpstreamError | None, float, bool]],
) -> None:
    book = HealthBook(LIMITS)
    now_s = 0.0
    for error, pause_s, begins in steps:
        now_s += pause_s
        if begins:
            book.begin("m", now_s)
        book.observe(attempt("ok" if error is None else "failed"), error, now_s)
        health, retry_at_s = book.state("m", now_s)
        assert (health is Health.DOWN) == (retry_at_s is not None)
        if retry_at_s is not None:
            assert now_s < retry_at_s <= now_s + max(LIMITS.cap_s, LIMITS.probe_s)
            assert book.state("m", retry_at_s)[0] is Health.PROBING


def test_what_lies_here_takes_no_model_down() -> None:
    book = HealthBook(LIMITS)
    for _ in range(9):
        fail(book, OutOfFiles("x"), 0.0)
    assert book.state("m", 0.0) == (Health.UP, None)
