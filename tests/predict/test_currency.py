from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from unisono.predict.currency import discounted, stale_notice, stale_share
from unisono.types import Capability, Freshness, Model, Quality

TODAY = date(2026, 11, 1)
OLD = Model(name="old", upstream="scripted", upstream_model="old", knowledge_cutoff=date(2023, 4, 1))
NEW = Model(name="new", upstream="scripted", upstream_model="new", knowledge_cutoff=date(2026, 6, 1))
SEARCHES = Model(
    name="s", upstream="scripted", upstream_model="s", knowledge_cutoff=date(2020, 1, 1),
    capabilities=frozenset({Capability.SEARCH}),
)  # fmt: skip
UNKNOWN = Model(name="u", upstream="scripted", upstream_model="u")
STATIC = Freshness(changing=0.02, pace="evergreen")
NEWS = Freshness(changing=0.95, pace="fast", asks_about=TODAY)
SLOW = Freshness(changing=0.9, pace="slow")


def test_a_static_question_costs_an_old_model_next_to_nothing() -> None:
    assert stale_share(OLD, STATIC, today=TODAY) < 0.01


def test_news_go_to_the_model_that_can_know_them() -> None:
    qualities = (Quality(mean=0.8, spread=0.1, evidence="x"),) * 3
    old, new, searches = discounted(qualities, (OLD, NEW, SEARCHES), NEWS, today=TODAY)
    assert old.mean < new.mean < searches.mean == 0.8
    assert "2023-04" in old.evidence


def test_a_day_before_the_cut_off_is_known() -> None:
    asked = Freshness(changing=0.9, pace="slow", asks_about=date(2022, 12, 31))
    assert stale_share(OLD, asked, today=TODAY) == 0.0


def test_a_past_day_behind_the_cut_off_cannot_be_known() -> None:
    asked = Freshness(changing=0.3, pace="evergreen", asks_about=date(2025, 12, 31))
    assert stale_share(OLD, asked, today=TODAY) >= 0.5
    assert stale_share(NEW, asked, today=TODAY) == 0.0


def test_nothing_is_held_against_a_model_without_a_declared_cut_off_where_nobody_declares_one() -> None:
    quality = Quality(mean=0.8, spread=0.1, evidence="x")
    assert discounted((quality,) * 2, (UNKNOWN, UNKNOWN), NEWS, today=TODAY) == (quality,) * 2
    assert stale_share(UNKNOWN, NEWS, today=TODAY) == 0.0
    assert stale_notice(UNKNOWN, NEWS, today=TODAY, language="en") is None


def test_who_declares_no_cut_off_counts_as_the_latest_who_does() -> None:
    qualities = (Quality(mean=0.8, spread=0.1, evidence="x"),) * 3
    old, unknown, new = discounted(qualities, (OLD, UNKNOWN, NEW), NEWS, today=TODAY)
    assert old.mean < unknown.mean == new.mean
    assert "2026-06" in unknown.evidence


def test_the_notice_names_the_month_in_the_language_of_the_request() -> None:
    english = stale_notice(OLD, NEWS, today=TODAY, language="en")
    chinese = stale_notice(OLD, NEWS, today=TODAY, language="zh")
    assert english is not None
    assert chinese is not None
    assert "ends 2023-04" in english.text
    assert "截至 2023-04" in chinese.text
    assert stale_notice(OLD, STATIC, today=TODAY, language="en") is None


@given(
    st.floats(0, 1), st.sampled_from(("evergreen", "slow", "fast")), st.dates(date(2015, 1, 1), date(2026, 10, 31)),
    st.dates(date(2015, 1, 1), date(2026, 10, 31)),
)  # fmt: skip
def test_a_later_cut_off_never_makes_knowledge_staler(changing: float, pace, first: date, second: date) -> None:
    freshness = Freshness(changing=changing, pace=pace)
    early, late = sorted((first, second))
    shares = [
        stale_share(
            Model(name="m", upstream="scripted", upstream_model="m", knowledge_cutoff=day), freshness, today=TODAY
        )
        for day in (early, late)
    ]
    assert 0.0 <= shares[1] <= shares[0] <= changing
