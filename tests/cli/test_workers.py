"""A worker that died comes back at once, unless it dies again and again while others serve."""

from __future__ import annotations

from unisono.cli.workers import FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S, Comeback


def test_who_has_served_for_a_while_starts_at_once_however_often_it_dies() -> None:
    comeback = Comeback()
    for now_s in (100.0, 110.0, 120.0):
        comeback.died(lived_s=STEADY_S, now_s=now_s)
        assert comeback.is_due(now_s=now_s, others_live=True)


def test_who_cannot_start_waits_twice_as_long_each_time() -> None:
    comeback, pauses = Comeback(), []
    for _ in range(9):
        comeback.died(lived_s=0.1, now_s=0.0)
        pauses.append(next(s / 2 for s in range(100) if comeback.is_due(now_s=s / 2, others_live=True)))
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_the_last_one_never_waits_for_long() -> None:
    comeback = Comeback()
    for _ in range(9):
        comeback.died(lived_s=0.1, now_s=0.0)
    assert comeback.is_due(now_s=FIRST_PAUSE_S, others_live=False)
    assert not comeback.is_due(now_s=FIRST_PAUSE_S, others_live=True)
