"""The catalogue finds what a caller means and invents nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.catalog import Catalog, accepts_report, is_reserved
from unisono.errors import ModelNotFound
from unisono.types import Lifecycle, Model

NAMES = st.text(st.characters(codec="utf-8"), max_size=200)


def model(name: str, **more: object) -> Model:
    return Model(name=name, upstream="scripted", upstream_model=f"{name}-up", **more)  # type: ignore[arg-type]


def retired(name: str, successor: str | None) -> Model:
    return model(name, lifecycle=Lifecycle(state="retired", successor=successor))


def test_keeps_the_order_of_the_file() -> None:
    assert Catalog((model("b"), model("a"), model("c"))).names == ("b", "a", "c")


def test_resolves_a_name_an_alias_and_a_predecessor() -> None:
    catalog = Catalog((model("new", aliases=("newest",)), retired("old", "new"), retired("oldest", "old")))
    assert [catalog.resolve(n).name for n in ("new", "newest", "old", "oldest")] == ["new"] * 4


def test_get_takes_no_alias_and_shows_the_retired() -> None:
    catalog = Catalog((model("new", aliases=("newest",)), retired("old", "new")))
    assert catalog.get("newest") is None
    found = catalog.get("old")
    assert found is not None
    assert found.name == "old"


def test_a_retired_model_without_a_successor_is_not_found() -> None:
    with pytest.raises(ModelNotFound):
        Catalog((model("new"), retired("old", None))).resolve("old")


def test_successors_in_a_circle_end_as_not_found() -> None:
    with pytest.raises(ModelNotFound):
        Catalog((retired("a", "b"), retired("b", "a"))).resolve("a")


def test_a_sunset_serves_through_its_last_day_and_then_means_its_successor() -> None:
    ending = model("ending", lifecycle=Lifecycle(state="sunset", until=date(2026, 12, 1), successor="next"))
    catalog = Catalog((ending, model("next")))
    assert catalog.resolve("ending", today=date(2026, 12, 1)).name == "ending"
    assert catalog.resolve("ending", today=date(2026, 12, 2)).name == "next"


def test_names_the_nearest() -> None:
    catalog = Catalog((model("gpt-4o"), model("gpt-4o-mini"), model("claude-sonnet", aliases=("sonnet",))))
    assert catalog.nearest("gpt-4o-mni")[0] == "gpt-4o-mini"
    assert catalog.nearest("sonet")[0] == "sonnet"
    assert "auto:fast" in catalog.nearest("auto:fasst")
    assert catalog.nearest("zzzzzz") == ()


def test_never_offers_a_retired_model() -> None:
    assert "small-1" not in Catalog((retired("small-1", None), model("small-2"))).nearest("small-1")


@given(NAMES)
def test_any_name_is_found_or_refused(name: str) -> None:
    catalog = Catalog((model("small", aliases=("tiny",)), retired("old", "small")))
    try:
        found = catalog.resolve(name)
    except ModelNotFound as error:
        assert name not in ("small", "tiny", "old")
        assert set(error.nearest) <= {"small", "tiny", "auto", "auto:fast", "auto:balanced", "auto:deep", "auto:pro"}
    else:
        assert found.name == "small"


def test_a_report_may_be_declared_or_a_dated_snapshot_of_the_asked_name_and_nothing_else() -> None:
    plain = Model(name="big", upstream="openai", upstream_model="gpt-4o")
    declared = Model(name="big", upstream="openai", upstream_model="gpt-4o", reports=("gpt-4o-2024-08-06",))
    assert accepts_report(plain, "gpt-4o")
    assert accepts_report(plain, "big")
    assert accepts_report(plain, "gpt-4o-2024-08-06")
    assert not accepts_report(plain, "gpt-4o-mini-2024-07-18")
    assert accepts_report(plain, "gpt-4o-0806")
    assert accepts_report(plain, "gpt-4o-2408")
    assert not accepts_report(plain, "gpt-4o-1350")
    assert not accepts_report(plain, "gpt-4o-0001")
    assert accepts_report(declared, "gpt-4o-2024-08-06")
    assert not accepts_report(declared, "gpt-4o-mini")
    deployed = Model(name="big", upstream="openai", upstream_model="our-deployment", reports=("gpt-5-mini",))
    assert accepts_report(deployed, "gpt-5-mini-2025-08-07")
    assert not accepts_report(deployed, "gpt-5-nano-2025-08-07")


@pytest.mark.parametrize("name", ["auto", "AUTO", "auto:fast", "auto:anything"])
def test_auto_belongs_to_the_router(name: str) -> None:
    assert is_reserved(name)


def test_names_that_merely_begin_with_auto_are_free() -> None:
    assert not is_reserved("automatic")
