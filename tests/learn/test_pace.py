"""Under a heavy load a sample of the attempts teaches; at an everyday one each does."""

from __future__ import annotations

from unisono.learn.pace import BURST, PER_S, Pace


def test_every_attempt_of_an_everyday_load_teaches() -> None:
    pace = Pace()
    assert all(pace.take("small", n / PER_S) for n in range(1000))


def test_a_heavy_load_teaches_at_first_with_each_attempt_and_then_at_its_pace() -> None:
    pace = Pace()
    taught = [pace.take("small", n / 1000) for n in range(10_000)]
    assert all(taught[: int(BURST)])
    assert abs(sum(taught[5000:]) - 5 * PER_S) <= 1


def test_models_learn_apart() -> None:
    pace = Pace()
    while pace.take("busy", 0.0):
        pass
    assert pace.take("other", 0.0)
