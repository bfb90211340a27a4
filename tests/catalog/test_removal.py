"""A name that callers rely on never leads to nothing, and never to another model without notice."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.catalog.catalog import Catalog, is_retired
from unisono.catalog.removal import removals
from unisono.errors import ModelNotFound
from unisono.types import Lifecycle, Model

TODAY = date(2026, 11, 25)


def model(name: str, life: Lifecycle = Lifecycle(), *, aliases: tuple[str, ...] = ()) -> Model:
    return Model(name=name, upstream="scripted", upstream_model=f"{name}-up", lifecycle=life, aliases=aliases)


def sunset(name: str, until: date, successor: str = "new") -> Model:
    return model(name, Lifecycle(state="sunset", until=until, successor=successor))


def retired(name: str, successor: str | None = "new") -> Model:
    return model(name, Lifecycle(state="retired", successor=successor))


OLD, NEW = model("old"), model("new")
PAST, AHEAD = date(2026, 11, 24), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ((OLD, NEW), (NEW,), "keep old with"),
        ((OLD, NEW), (NEW, retired("old")), "replaced by new without notice"),
        ((OLD, NEW), (replace(NEW, aliases=("old",)),), "replaced by new without notice"),
        ((OLD, NEW), (NEW, sunset("old", PAST)), "replaced by new without notice"),
        ((sunset("old", AHEAD), NEW), (NEW,), "keep old with"),
        ((sunset("old", PAST), NEW), (NEW,), "add it to the `aliases` of new"),
        ((replace(OLD, aliases=("o",)), NEW), (OLD, NEW), "'o' would lead to nothing"),
    ],
)
def test_a_model_is_not_taken_away_without_notice(
    before: tuple[Model, ...], after: tuple[Model, ...], says: str
) -> None:
    told = list(removals(before, after, today=TODAY))
    assert len(told) == 1
    assert says in told[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), (NEW,)),
        ((OLD, NEW), (OLD, NEW, model("more"))),
        ((OLD, NEW), (sunset("old", AHEAD), NEW)),
        ((sunset("old", PAST), NEW), (retired("old"), NEW)),
        ((sunset("old", PAST), NEW), (replace(NEW, aliases=("old",)),)),
        ((OLD, NEW), (replace(OLD, name="better", aliases=("old",)), NEW)),
        ((retired("old", None), NEW), (NEW,)),  # it led to nothing before
        ((retired("old", None), NEW), (retired("old", None), NEW, model("more"))),
    ],
)
def test_notice_was_given_or_nothing_is_lost(before: tuple[Model, ...], after: tuple[Model, ...]) -> None:
    assert list(removals(before, after, today=TODAY)) == []


def test_the_operator_may_force_it_by_name() -> None:
    assert list(removals((OLD, NEW), (NEW,), today=TODAY, forced=("old",))) == []


LIVES = st.one_of(
    st.just(Lifecycle()),
    st.builds(Lifecycle, state=st.just("sunset"), until=st.sampled_from((PAST, AHEAD)), successor=st.just("c")),
    st.just(Lifecycle(state="retired", successor="c")),
)
POOLS = st.lists(st.tuples(st.sampled_from("ab"), LIVES), unique_by=lambda pair: pair[0], max_size=2).map(
    lambda pairs: (*(model(name, life) for name, life in pairs), model("c"))
)


@given(POOLS, POOLS)
def test_what_passes_keeps_every_name_alive(before: tuple[Model, ...], after: tuple[Model, ...]) -> None:
    if list(removals(before, after, today=TODAY)):
        return
    pool = Catalog(after)
    for one in before:
        try:
            means = pool.resolve(one.name, today=TODAY)
        except ModelNotFound:
            pytest.fail(f"{one.name} leads to nothing")
        assert means.name == one.name or is_retired(one, today=TODAY)
