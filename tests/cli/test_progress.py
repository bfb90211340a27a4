"""Long work says how far it is, short work says nothing, and a log is not filled with it."""

from __future__ import annotations

import pytest

from unisono.cli.progress import counted, spoken, steps, timed


def test_without_a_terminal_a_number_is_told_twice_a_minute_once_the_work_has_taken_two_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moments = iter((100.0, 101.0, 103.0, 110.0, 134.0))
    tell = counted("{n} to go", clock_s=lambda: next(moments))
    for n in (4000, 3000, 2000, 1000):
        tell(n)
    assert capsys.readouterr().err.splitlines() == ["3,000 to go", "1,000 to go"]


def test_the_time_that_is_left_follows_from_the_time_that_was_taken(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter((100.0, 112.0))
    tell = timed("fold", clock_s=lambda: next(moments))
    tell(1, 11)
    assert capsys.readouterr().err == "fold 1 of 11, about 2 min left\n"
    assert (spoken(0.2), spoken(89), spoken(600)) == ("about 1 s", "about 89 s", "about 10 min")


def test_without_a_terminal_long_work_tells_its_steps_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter((0.0, 1.0, 2.5, 9.0))
    tell = steps(lambda step: None, clock_s=lambda: next(times))
    for step in ("reading prompts", "settings, fold 1 of 5", "topics"):
        tell(step)
    assert capsys.readouterr().err.splitlines() == ["settings, fold 1 of 5", "topics"]
