"""What is learnt while requests run."""

from __future__ import annotations

from typing import Any

from tests.record.conftest import Values

from unisono.learn.online import Online


class Counts:
    def __init__(self) -> None:
        self.n = 0

    def learn_one(self, *_: Any) -> None:
        self.n += 1


class Breaks(Counts):
    def learn_one(self, *_: Any) -> None:
        raise ValueError("cannot learn")


def test_a_predictor_that_cannot_learn_stops_no_answer_and_no_other_predictor() -> None:
    second: Any = Counts()
    broken: Any = Breaks()
    values = Values()
    Online(broken, second).learn_one(values.features(), values.attempt())
    assert second.n == 1
