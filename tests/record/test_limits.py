"""Accounts of usage limits: never too much, never negative, exact to the last nano-dollar, over restarts too."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.eligible.limits import within_limits
from unisono.errors import LimitReached
from unisono.predict.cost import TokenCost
from unisono.predict.length import UntrainedLength
from unisono.record.limits import Ledger, Reservation
from unisono.record.store import Store
from unisono.record.windows import N_BUCKETS
from unisono.types import (
    Attempt,
    Choice,
    Cost,
    Decision,
    Estimate,
    Features,
    Goal,
    Latency,
    Limit,
    Mode,
    Model,
    Outcome,
    Prices,
    Quality,
    Ranked,
    Request,
    Role,
    Usage,
)

NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
PRICES = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=2.0)
MODELS = {
    name: Model(name=name, upstream="scripted", upstream_model=name, role=role, prices=PRICES)
    for name, role in (("deep", Role.DEEP), ("mini", Role.DEEP_MINI), ("fast", Role.FAST))
}
FEATURES = Features(task="", n_input_tokens=100, n_turns=1, needs=frozenset(), surface=np.zeros(0, dtype=np.float32))
REQUEST = Request(id="r", received=NOW, body={}, model="auto", mode=Mode.BALANCED, pin=None, messages=(), key="k")
HIGH_USD = 0.004


def ranked(name: str, place: int) -> Ranked:
    cost = Cost(usd=0.002, low_usd=0.001, high_usd=HIGH_USD, output_tokens=50)
    estimate = Estimate(
        model=name,
        quality=Quality(mean=0.5, spread=0.1, evidence=""),
        cost=cost,
        latency=Latency(first_token_s=0.1, total_s=1),
    )
    return Ranked(model=name, estimate=estimate, utility=1.0 - place, propensity=float(place == 0), reason="")


CHOICE = Choice(ranking=tuple(ranked(n, i) for i, n in enumerate(("deep", "fast", "mini"))), excluded=(), reason="")


def decided(choice: Choice = CHOICE) -> Decision:
    return Decision(
        id="d", at=NOW, request="r", session="s", mode=Mode.BALANCED, pin=None, goal=Goal(), pattern="single",
        ranking=choice.ranking, excluded=choice.excluded, reason="", notices=(), degraded=False, allow_fallback=True,
        baseline=None, config_hash="", artifact="", seed=0, decide_s=0.0,
    )  # fmt: skip


def ended(model: str | None, usage: Usage | None, *, status: str = "ok", cost_usd: float | None = None) -> Outcome:
    attempt = Attempt(
        model=model or "deep", upstream_model="x", started=NOW, status=status if model else "failed",  # type: ignore[arg-type]
        first_content_s=0.1, total_s=1.0, usage=usage, cost_usd=cost_usd,
    )  # fmt: skip
    return Outcome(
        decision="d", request="r", status=status if model else "failed", model=model, attempts=(attempt,), notices=(),  # type: ignore[arg-type]
        cost_usd=cost_usd, total_s=1.0,
    )  # fmt: skip


def choose(ledger: Ledger, *, request: Request = REQUEST, now: datetime = NOW, choice: Choice = CHOICE):  # type: ignore[no-untyped-def]
    spent = ledger.spent(key=request.key, user=request.user, models=list(MODELS.values()), now=now)
    return within_limits(
        choice, request=replace(request, received=now), features=FEATURES, spent=spent, models=MODELS, language="en"
    )


def use(
    ledger: Ledger, model: str = "deep", *, now: datetime = NOW, usage: Usage | None = None, usd: float = 0.001
) -> None:
    choice = replace(CHOICE, ranking=(ranked(model, 0),))
    held = ledger.reserve(REQUEST, FEATURES, decided(choice), models=MODELS)
    ledger.settle(
        held,
        REQUEST,
        ended(model, usage or Usage(input_tokens=10, output_tokens=5), cost_usd=usd),
        models=MODELS,
        now=now,
    )


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as opened:
        yield opened


DEEP_3 = Limit(name="deep", amount=3, roles=(Role.DEEP,), window="day")


def test_past_the_end_the_mini_of_the_role_answers_with_a_notice_and_the_limit_returns(store: Store) -> None:
    ledger = Ledger(store, (DEEP_3,), now=NOW)
    for _ in range(3):
        assert choose(ledger)[0].ranking[0].model == "deep"
        use(ledger)
    choice, notices = choose(ledger)
    assert choice.ranking[0].model == "mini"
    assert [n.code for n in notices] == ["limit_downgrade"]
    assert "2026-11-25 00:00 UTC" in notices[0].text
    assert [(e.model, e.rule) for e in choice.excluded] == [("deep", "limit")]
    assert choose(ledger, now=NOW + timedelta(days=1))[0].ranking[0].model == "deep"


AT_ONCE = Limit(name="at once", counts="concurrent_requests", amount=2, roles=(Role.DEEP,), window=None)


def test_a_place_among_concurrent_requests_is_free_again_once_one_has_ended(store: Store) -> None:
    ledger = Ledger(store, (AT_ONCE,), now=NOW)
    use(ledger)
    held = [ledger.reserve(REQUEST, FEATURES, decided(), models=MODELS) for _ in range(2)]
    choice, (notice,) = choose(ledger)
    assert choice.ranking[0].model == "mini"
    assert notice.text == ("The limit at once (2 at once) of deep is taken by requests in flight; mini answers.")
    with pytest.raises(LimitReached, match="taken by requests in flight") as caught:
        choose(ledger, request=replace(REQUEST, mode=None, pin="deep"))
    assert (caught.value.status, caught.value.retry_after_s, caught.value.detail) == (429, 1.0, {})
    ledger.settle(held[0], REQUEST, ended(None, None), models=MODELS, now=NOW)
    assert choose(ledger) == (CHOICE, ())
    (row,) = ledger.view(key="k", user=None, now=NOW)
    assert (row["used"], row["left"], row["window"], row["returns"]) == (1.0, 1.0, None, None)  # type: ignore[index,call-overload]


def test_concurrent_requests_of_all_workers_count_and_none_of_them_is_remembered(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as store:
        here, there = (Ledger(store, (AT_ONCE,), now=NOW) for _ in range(2))
        for _ in range(2):
            use(there)
            there.reserve(REQUEST, FEATURES, decided(), models=MODELS)
        here.take_in((), there.held())
        assert choose(here)[0].ranking[0].model == "mini"
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as store:
        assert choose(Ledger(store, (AT_ONCE,), now=NOW))[0].ranking[0].model == "deep"


def test_near_the_end_a_notice_warns(store: Store) -> None:
    ledger = Ledger(store, (replace(DEEP_3, warn_at=0.6),), now=NOW)
    use(ledger)
    assert choose(ledger)[1] == ()
    use(ledger)
    assert [n.code for n in choose(ledger)[1]] == ["limit_near"]


def test_block_refuses_and_says_when_to_come_back(store: Store) -> None:
    ledger = Ledger(store, (replace(DEEP_3, amount=1),), now=NOW)
    use(ledger)
    blocking = replace(REQUEST, wishes=replace(REQUEST.wishes, on_limit="block"))
    with pytest.raises(LimitReached, match="deep") as caught:
        choose(ledger, request=blocking)
    assert caught.value.status == 429
    assert caught.value.retry_after_s == (datetime(2026, 11, 25, tzinfo=UTC) - NOW).total_seconds()


def test_a_pin_is_refused_and_never_replaced_unless_the_caller_allows_it(store: Store) -> None:
    ledger = Ledger(store, (replace(DEEP_3, amount=1),), now=NOW)
    use(ledger)
    pinned = replace(REQUEST, mode=None, pin="deep")
    with pytest.raises(LimitReached):
        choose(ledger, request=pinned)
    allowed = replace(pinned, wishes=replace(REQUEST.wishes, on_limit="downgrade"))
    choice, notices = choose(ledger, request=allowed)
    assert [r.model for r in choice.ranking] == ["mini"]
    assert notices[0].code == "limit_downgrade"


def test_a_request_that_no_longer_fits_is_not_begun(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="money", counts="usd", amount=0.005, models=("deep",)),), now=NOW)
    use(ledger, usd=0.002)
    assert choose(ledger)[0].ranking[0].model != "deep"


def test_a_limit_with_room_that_is_too_small_is_not_called_used_up(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="t", counts="tokens", amount=200),), now=NOW)
    use(ledger, usage=Usage(input_tokens=90, output_tokens=10))
    with pytest.raises(LimitReached) as caught:
        choose(ledger)
    assert str(caught.value).startswith(
        "The limit t (200 tokens) has 100 tokens left, and this request is expected to take 150 tokens; it returns at "
        "2026-11-25 00:00 UTC. Wait, ask for less"
    )
    assert caught.value.retry_after_s == (datetime(2026, 11, 25, tzinfo=UTC) - NOW).total_seconds()


def test_who_asks_for_more_than_a_whole_limit_is_not_told_to_come_back(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="t", counts="tokens", amount=100),), now=NOW)
    with pytest.raises(LimitReached) as caught:
        choose(ledger)
    assert str(caught.value).startswith(
        "This request is expected to take 150 tokens, more than the whole limit t (100 tokens): ask for less"
    )
    assert caught.value.retry_after_s is None


def test_who_steps_down_from_a_limit_with_room_is_told_that_it_is_too_small(store: Store) -> None:
    for amount, said in (
        (200.0, "The limit t (200 tokens) of deep has 100 tokens left until 2026-11-25 00:00 UTC, and"),
        (120.0, "This request is expected to take 150 tokens, more than the whole limit t (120 tokens) of deep;"),
    ):
        ledger = Ledger(store, (Limit(name="t", counts="tokens", amount=amount, models=("deep",)),), now=NOW)
        ledger.take_in((("t", "k", int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1e6), 100),), ())
        choice, notices = choose(ledger)
        assert choice.ranking[0].model == "mini"
        assert notices[0].text.startswith(said)
        assert notices[0].text.endswith(" mini answers.")
        assert "used up" not in choice.excluded[0].reason


@pytest.mark.parametrize(
    ("amount", "said"), [(50_000.0, "$50000.00"), (12.5, "$12.50"), (0.0123456, "$0.012"), (1e-9, "$0.000000001")]
)
def test_amounts_of_money_are_plain_digits(store: Store, amount: float, said: str) -> None:
    ledger = Ledger(store, (Limit(name="m", counts="usd", amount=amount),), now=NOW)
    ledger.take_in((("m", "k", int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1e6), round(amount * 1e9)),), ())
    with pytest.raises(LimitReached, match=re.escape(f"({said})")):
        choose(ledger)


def test_users_of_two_keys_share_no_account_whatever_their_names(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="u", amount=1, per="user"),), now=NOW)
    one, other = replace(REQUEST, key="team", user="x/y"), replace(REQUEST, key="team/x", user="y")
    held = ledger.reserve(one, FEATURES, decided(), models=MODELS)
    ledger.settle(held, one, ended("deep", Usage(input_tokens=1, output_tokens=1)), models=MODELS, now=NOW)
    with pytest.raises(LimitReached):
        choose(ledger, request=one)
    assert choose(ledger, request=other)[0].ranking[0].model == "deep"


def test_a_sliding_window_gives_back_part_by_part_and_never_counts_too_little(store: Store) -> None:
    hour = Limit(name="h", amount=2, window=3600.0)
    ledger = Ledger(store, (hour,), now=NOW)
    use(ledger, now=NOW)
    use(ledger, now=NOW + timedelta(minutes=30))
    width = timedelta(seconds=3600 / N_BUCKETS)

    def used(now: datetime) -> float:
        return ledger.view(key="k", user=None, now=now)[0]["used"]  # type: ignore[index, return-value, call-overload]

    assert used(NOW + timedelta(minutes=59, seconds=59)) == 2
    assert used(NOW + timedelta(hours=1) + width) == 1
    assert used(NOW + timedelta(hours=1, minutes=30) + width) == 0


def test_a_failed_call_costs_nothing_and_a_caller_who_left_pays_the_estimate(store: Store) -> None:
    tokens = Limit(name="t", counts="tokens", amount=10_000)
    ledger = Ledger(store, (tokens, Limit(name="m", amount=10)), now=NOW)
    held = ledger.reserve(REQUEST, FEATURES, decided(), models=MODELS)
    assert [row["used"] for row in ledger.view(key="k", user=None, now=NOW)] == [150.0, 1.0]  # type: ignore[index, call-overload]
    ledger.settle(held, REQUEST, ended(None, None), models=MODELS, now=NOW)
    assert [row["used"] for row in ledger.view(key="k", user=None, now=NOW)] == [0.0, 0.0]  # type: ignore[index, call-overload]
    held = ledger.reserve(REQUEST, FEATURES, decided(), models=MODELS)
    ledger.settle(held, REQUEST, ended("deep", None, status="cancelled"), models=MODELS, now=NOW)
    assert [row["used"] for row in ledger.view(key="k", user=None, now=NOW)] == [150.0, 1.0]  # type: ignore[index, call-overload]


def test_users_and_keys_have_accounts_of_their_own(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="u", per="user", amount=5), Limit(name="all", per="all", amount=5)), now=NOW)
    use(ledger)

    def used(key: str, user: str | None) -> list[float]:
        return [row["used"] for row in ledger.view(key=key, user=user, now=NOW)]  # type: ignore[index, call-overload, misc]

    assert used("k", None) == [1.0, 1.0]
    assert used("k", "ann") == [0.0, 1.0]
    assert used("other", None) == [0.0, 1.0]


def test_callers_who_only_look_leave_nothing_behind(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="u", per="user", amount=5),), now=NOW)
    use(ledger)
    for n in range(20_000):
        ledger.view(key="k", user=f"user {n}", now=NOW)
    assert len(ledger._accounts) < 5_000
    assert ledger.view(key="k", user=None, now=NOW)[0]["used"] == 1.0  # type: ignore[index, call-overload]


def test_a_call_that_is_tried_again_and_left_pays_what_was_reserved(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="t", counts="tokens", amount=10_000),), now=NOW)
    held = ledger.reserve(REQUEST, FEATURES, decided(), models=MODELS)
    left = ended("deep", None, status="cancelled")
    first, second = ended(None, None).attempts[0], replace(left.attempts[0], written_tokens=0)
    outcome = replace(left, model=None, attempts=(first, second))
    ledger.settle(held, REQUEST, outcome, models=MODELS, now=NOW)
    assert ledger.view(key="k", user=None, now=NOW)[0]["used"] == 150.0  # type: ignore[index, call-overload]


def test_what_is_used_survives_a_restart(tmp_path: Path) -> None:
    money = Limit(name="money", counts="usd", amount=100.0)
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as store:
        ledger = Ledger(store, (money, DEEP_3), now=NOW)
        for _ in range(7):
            use(ledger, usd=0.1)
        use(ledger, "fast", usd=1e-9)
        before = ledger.view(key="k", user=None, now=NOW)
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as store:
        after = Ledger(store, (money, DEEP_3), now=NOW).view(key="k", user=None, now=NOW)
    assert after == before
    assert after[0]["used"] == 0.700000001  # type: ignore[index, call-overload]


def test_a_limit_that_comes_back_into_force_knows_what_was_used_before_a_restart(tmp_path: Path) -> None:
    week = Limit(name="week", counts="tokens", amount=1000, window="week")
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as store:
        ledger = Ledger(store, (week,), now=NOW)
        held = ledger.hold("m", key="k", user=None, tokens=7, usd=0.0, now=NOW)
        assert isinstance(held, Reservation)
        ledger.charge(held, tokens=7, usd=0.0, now=NOW)
    with closing(Store(tmp_path / "record.db", flush_s=0.01)) as store:
        ledger = Ledger(store, (), now=NOW)
        ledger.follow((week,), now=NOW)
        assert ledger.view(key="k", user=None, now=NOW)[0]["used"] == 7.0  # type: ignore[index, call-overload]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.01, 0.6))
def test_two_hundred_parallel_clients_with_cancels_and_a_crash_never_overrun(
    tmp_path_factory: pytest.TempPathFactory, seed: int, amount: float
) -> None:
    """The declared tolerance: each call in flight may use more than its reservation by what it uses above `high_usd`.

    Here no call does, so that the tolerance is nothing: at no moment is more than the limit settled and reserved.
    """
    rng = random.Random(seed)
    path = tmp_path_factory.mktemp("limits") / "record.db"
    money = Limit(name="money", counts="usd", amount=amount)
    count = Limit(name="count", amount=40, models=("deep",))
    settled_nano: list[int] = []
    n_deep = 0

    async def client(ledger: Ledger) -> None:
        nonlocal n_deep
        await asyncio.sleep(0)
        try:
            choice, _ = choose(ledger)
        except LimitReached:
            return
        held = ledger.reserve(REQUEST, FEATURES, decided(choice), models=MODELS)
        for row in ledger.view(key="k", user=None, now=NOW):
            assert 0 <= row["used"] <= row["amount"] + 1e-12  # type: ignore[index, call-overload, operator]
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
        first = choice.ranking[0].model
        fate = rng.random()
        usd = rng.uniform(0, HIGH_USD)
        if fate < 0.2:
            outcome = ended(None, None)
        else:
            status = "cancelled" if fate < 0.4 else "ok"
            outcome = ended(first, Usage(input_tokens=1, output_tokens=1), status=status, cost_usd=usd)
            settled_nano.append(round(usd * 1e9))
            n_deep += first == "deep"
        ledger.settle(held, REQUEST, outcome, models=MODELS, now=NOW)

    async def crowd(ledger: Ledger, n: int) -> None:
        await asyncio.gather(*(client(ledger) for _ in range(n)))

    for n in (120, 80):  # between them the process ends, and the record is opened again
        with closing(Store(path, flush_s=0.01)) as store:
            ledger = Ledger(store, (money, count), now=NOW)
            asyncio.run(crowd(ledger, n))
            rows = {row["limit"]: row["used"] for row in ledger.view(key="k", user=None, now=NOW)}  # type: ignore[index, call-overload]
            assert rows["money"] == sum(settled_nano) / 1e9
            assert rows["count"] == n_deep
    assert sum(settled_nano) <= round(amount * 1e9)
    assert n_deep <= 40


def test_a_team_of_keys_shares_one_account_and_other_keys_have_no_part_in_it(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="red", amount=3, per="all", keys=("red-*",)),), now=NOW)
    for key in ("red-1", "red-2", "red-1"):
        asked = replace(REQUEST, key=key)
        held = ledger.reserve(asked, FEATURES, decided(), models=MODELS)
        ledger.settle(held, asked, ended("deep", Usage(input_tokens=1, output_tokens=1)), models=MODELS, now=NOW)
    assert [dict(row)["left"] for row in ledger.view(key="red-2", user=None, now=NOW)] == [0.0]
    assert ledger.view(key="blue-1", user=None, now=NOW) == []


@pytest.mark.parametrize("counts", ["usd", "tokens"])
def test_several_times_as_much_is_reserved_for_a_model_that_is_known_to_think(store: Store, counts: str) -> None:
    held = []
    for name in ("gpt-4.1", "deepseek-r1"):
        ledger = Ledger(store, [Limit(name=counts, counts=counts, amount=1e9)])  # type: ignore[arg-type]
        model = replace(MODELS["deep"], name=name, upstream_model=name)
        cost = TokenCost(UntrainedLength().expected).predict_one(REQUEST, FEATURES, [model])[0]
        first = replace(CHOICE.ranking[0], model=name, estimate=replace(CHOICE.ranking[0].estimate, cost=cost))
        choice = replace(CHOICE, ranking=(first,))
        ledger.reserve(REQUEST, FEATURES, decided(choice), models={name: model})
        held.append(ledger.held()[0][2])
    assert held[1] > 3 * held[0]


WINDOWS = st.sampled_from(["hour", "day", "week", "month", 60.0, 3600.0])


@given(
    window=WINDOWS, steps=st.lists(st.tuples(st.sampled_from([0, 1, 7, 61, 3000, 90_000, 2_700_000]), st.booleans()))
)
@settings(max_examples=60, deadline=None)
def test_what_is_used_is_what_was_charged_within_the_window_whenever_it_is_asked(
    window: float | str, steps: list[tuple[int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    now, charged = NOW, list[datetime]()
    with closing(Store(tmp_path_factory.mktemp("limits") / "record.db", flush_s=60.0)) as store:
        ledger = Ledger(store, (Limit(name="m", amount=1000, window=window),), now=NOW)  # type: ignore[arg-type]
        for after_s, charges in steps:
            now += timedelta(seconds=after_s)
            if charges:
                use(ledger, now=now)
                charged.append(now)
            used = ledger.view(key="k", user=None, now=now)[0]["used"]  # type: ignore[index, call-overload]
            if isinstance(window, str):
                since = {
                    "hour": now.replace(minute=0, second=0),
                    "day": now.replace(hour=0, minute=0, second=0),
                    "week": now.replace(hour=0, minute=0, second=0) - timedelta(days=now.weekday()),
                    "month": now.replace(day=1, hour=0, minute=0, second=0),
                }[window]
                assert used == sum(at >= since for at in charged)
            else:
                width = window / N_BUCKETS
                least, most = (
                    sum(now - at < timedelta(seconds=length) for at in charged)
                    for length in (window, window + 2 * width)
                )
                assert least <= used <= most


def test_charges_of_many_requests_are_one_row_and_all_of_them(store: Store) -> None:
    ledger = Ledger(store, (Limit(name="m", amount=1000), Limit(name="t", amount=1e9, counts="tokens")), now=NOW)
    for _ in range(40):
        use(ledger)
    assert store.flush()
    rows = store.rows("SELECT name, sum(amount), count(*) FROM spending GROUP BY name ORDER BY name")
    assert rows == [("m", 40, 1), ("t", 600, 1)]
