"""Answers of one conversation, or of one caller in a crowd, stand together: intervals and shares say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.evaluate.test_gate import log

from unisono.evaluate.advice import advise
from unisono.evaluate.gate import judge
from unisono.evaluate.judged import Judged
from unisono.evaluate.together import fairly, groups


def answers(seed: int, *, n_talks: int, turns: int, n_callers: int = 1) -> list[Judged]:
    """Return answers of one model, of which those of one conversation are all right or all wrong."""
    rng = np.random.default_rng(seed)
    return [
        Judged(
            decision=f"d{talk}-{turn}",
            model="a",
            reward=right,
            chances={"a": 1.0},
            quality={"a": 0.6},
            cost_usd={"a": 0.001},
            spent_usd=0.001,
            whose=(f"caller {talk % n_callers}", f"talk {talk}"),
        )
        for talk, right in enumerate((rng.random(n_talks) < 0.6) * 1.0)
        for turn in range(turns)
    ]


def test_an_interval_over_whole_conversations_holds_the_truth() -> None:
    held = 0
    for seed in range(200):
        router = advise(answers(seed, n_talks=60, turns=10)).router
        assert router is not None
        held += router.low <= 0.6 <= router.high
    assert held >= 184  # 19 in 20, less what 200 draws leave open; each answer for itself holds it in 104


def test_the_gate_takes_an_answer_that_is_given_twenty_times_in_one_conversation_for_little_more_than_one() -> None:
    rows = log(300, one=0.9, two=0.1, share_judged=1.0)
    once, apart, together = (
        judge(
            [
                replace(row, whose=("caller", f"talk {n if talks else 20 * n + turn}"))
                for n, row in enumerate(rows)
                for turn in range(turns)
            ]
        )
        for turns, talks in ((1, True), (20, False), (20, True))
    )
    widths = []
    for found in (once, apart, together):
        assert found.gained is not None
        widths.append(found.gained.high - found.gained.low)
    assert widths[1] < widths[0] / 4
    assert widths[2] > 0.9 * widths[0]
    assert together.differ_high > apart.differ_high


def test_no_caller_of_a_crowd_is_heard_more_than_three_times_as_much_as_the_median_one() -> None:
    crowd = [(f"caller {n}", str(turn)) for n in range(20) for turn in range(4)]
    loud = [("loud", str(turn)) for turn in range(500)]
    kept = fairly([*crowd, *loud])
    assert len(kept) == 80 + 12
    assert kept[-1] == 579  # its latest
    assert fairly(loud) == list(range(500))  # the only one of a small house is heard in full


def test_callers_stand_together_in_a_crowd_conversations_in_a_small_house_and_else_each_answer_alone() -> None:
    talks = [(f"caller {n % 20}", f"talk {n // 2}") for n in range(100)]
    for whose, n_groups in ((talks, 20), ([("one", talk) for _, talk in talks], 50)):
        found = groups(whose)
        assert found is not None
        assert len(set(found)) == n_groups
    assert groups([("one", f"talk {n % 5}") for n in range(100)]) is None
