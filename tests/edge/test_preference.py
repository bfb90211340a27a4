from unisono.edge.preference import merged
from unisono.types import Wishes


def test_the_more_specific_wish_wins_field_by_field() -> None:
    request = Wishes(dial=0.9, explain=True)
    session = Wishes(dial=0.1, ban=("b",), max_cost_usd=0.01)
    key = Wishes(ban=("c",), min_quality=0.5)
    found = merged(request, session, key)
    assert found == Wishes(dial=0.9, ban=("b",), max_cost_usd=0.01, min_quality=0.5, explain=True)


def test_false_and_zero_are_wishes_too() -> None:
    found = merged(Wishes(allow_fallback=False, dial=0.0), Wishes(allow_fallback=True, dial=1.0))
    assert found == Wishes(allow_fallback=False, dial=0.0)


def test_a_session_or_an_explanation_is_never_inherited() -> None:
    assert merged(Wishes(), Wishes(session="s", explain=True, retry_of="d", how="other")) == Wishes()
