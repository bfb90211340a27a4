"""The lab holds the routers of others to their contract before it prints a row of theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

LAB = Path(__file__).resolve().parent.parent / "lab"
SCORES = np.array([[1.0, 0.0], [0.0, np.nan], [1.0, 1.0]])


@pytest.fixture
def rivals(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(LAB))
    from board import rivals as found  # type: ignore[import-not-found]

    return found  # type: ignore[no-any-return]


def router(quality: Callable[..., object]) -> SimpleNamespace:
    return SimpleNamespace(__name__="routers.mine", quality=quality)


def spoils(seen: object, scores: np.ndarray, new: list[int], *, seed: int) -> object:
    scores[:] = 0.0
    return np.zeros((len(new), 2))


def test_what_a_router_expects_is_passed_on_as_numbers(rivals: ModuleType) -> None:
    found = rivals.held_to_its_contract(
        router(lambda seen, scores, new, *, seed: [[0, 1] for _ in new]), [1, 2, 3], SCORES, [4, 5], seed=1
    )
    assert found.dtype == np.float64
    assert found.tolist() == [[0.0, 1.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("quality", "told"),
    [
        (lambda seen, scores, new, *, seed: np.zeros(len(new)), r"routers.mine returns the shape \(2,\)"),
        (lambda seen, scores, new, *, seed: scores[1:], "routers.mine returns 1 numbers of 4 that are NaN"),
    ],
)
def test_a_router_of_which_no_row_can_be_made_ends_the_run_by_name(
    rivals: ModuleType, quality: Callable[..., object], told: str
) -> None:
    with pytest.raises(SystemExit, match=told):
        rivals.held_to_its_contract(router(quality), [1, 2, 3], SCORES, [4, 5], seed=1)


def test_a_router_cannot_change_the_scores_that_others_learn_from(rivals: ModuleType) -> None:
    with pytest.raises(ValueError, match="read-only"):
        rivals.held_to_its_contract(router(spoils), [1, 2, 3], SCORES, [4, 5], seed=1)
    assert SCORES[0, 0] == 1.0
