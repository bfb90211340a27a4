"""The gate on logs with known truth: what is worse does not pass, what is equal does, and too little is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unisono.evaluate.gate import PASSING, Kind, Verdict, judge, weigh
from unisono.evaluate.offpolicy import Log
from unisono.evaluate.rechosen import Row

RIGHT = {"small": 0.70, "big": 0.80}
USD = {"small": 1e-4, "big": 1e-3}


def log(n: int, *, one: float, two: float, explore: float = 0.2, seed: int = 0, share_judged: float = 1.0) -> list[Row]:
    """Return a log of the second policy, which takes `big` with a chance of `two` by its own lights, and explores.

    The first would take it with a chance of `one`; both look at the same facts, so that where they agree they agree.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(n):
        fact = rng.random()
        choices = ["big" if fact < share else "small" for share in (one, two)]
        logged = {model: explore / 2 + (1 - explore) * (model == choices[1]) for model in RIGHT}
        model = "big" if rng.random() < logged["big"] else "small"
        judged = rng.random() < share_judged
        rows.append(
            Row(
                decision=f"d{place}",
                model=model,
                chance=logged[model],
                reward=float(rng.random() < RIGHT[model]) if judged else None,
                one={m: explore / 2 + (1 - explore) * (m == choices[0]) for m in RIGHT},
                two=logged,
                quality={"small": 0.68, "big": 0.78},
                usd=USD,
                deep=frozenset({"big"}),
                slices={"language": "zh" if place % 4 == 0 else "en", "key": "team"},
            )
        )
    return rows


def passed(seeds: range, **keys: float) -> float:
    return float(np.mean([judge(log(4000, seed=seed, **keys)).passes for seed in seeds]))  # type: ignore[arg-type]


def test_what_is_worse_by_three_points_does_not_pass_and_what_differs_little_and_is_equal_does() -> None:
    # .8 of .375 further choices lose .10 each: three points
    assert passed(range(10), one=0.425, two=0.8) == 0.0
    assert passed(range(10), one=0.8, two=0.8) == 1.0


def test_what_is_better_is_told_so_with_an_interval_that_holds_the_truth() -> None:
    found = judge(log(8000, one=1.0, two=0.2))
    assert found.kind == "better"
    assert found.gained is not None and found.gained.low <= 0.8 * 0.8 * 0.1 <= found.gained.high
    assert found.gained_snips is not None and found.gained_snips.low <= 0.064 <= found.gained_snips.high
    assert found.beside is not None
    assert found.beside.usd[0] > found.beside.usd[1]
    assert found.beside.deep[0] == pytest.approx(0.9)


def test_too_few_judged_answers_are_not_enough_evidence() -> None:
    for rows in (log(60, one=0.4, two=0.8), log(600, one=0.4, two=0.8, share_judged=0.0)):
        found = judge(rows)
        assert (found.kind, found.passes) == ("unknown", False)
        assert "not enough evidence" in found.sentence
    assert "not enough evidence" in judge([]).sentence


def test_policies_that_differ_too_rarely_for_the_tolerance_pass_without_a_single_reward() -> None:
    same = judge(log(3000, one=0.8, two=0.8, share_judged=0.0))
    assert (same.kind, same.n_judged) == ("no worse", 0)
    assert same.differ == 0.0 and 0.0 < same.differ_high < 0.01
    few = judge(log(50, one=0.8, two=0.8, share_judged=0.0))
    assert few.kind == "unknown"


def test_a_log_that_never_tried_what_the_policy_would_choose_says_so() -> None:
    rows = [
        replace(row, chance=1.0, model="big", two={"big": 1.0, "small": 0.0}) for row in log(3000, one=0.0, two=1.0)
    ]
    found = judge([replace(row, one={"small": 1.0, "big": 0.0}) for row in rows])
    assert found.kind == "unknown"
    assert "not enough evidence" in found.sentence


def test_what_the_log_could_never_hold_widens_the_interval_by_its_share() -> None:
    rows = log(6000, one=0.8, two=0.8)
    plain, doubted = judge(rows).gained, judge([replace(row, unseen=0.02) for row in rows]).gained
    assert plain is not None and doubted is not None
    assert doubted.low == pytest.approx(plain.low - 0.02)
    assert not judge([replace(row, unseen=0.02) for row in log(6000, one=0.7, two=0.8)]).passes


def test_a_difference_that_rests_on_a_handful_of_answers_is_not_believed() -> None:
    found = judge(log(1500, one=0.7, two=0.8, explore=0.03))
    assert found.kind == "unknown"
    assert "where the two differ" in found.sentence


def test_the_tolerance_is_the_operators() -> None:
    rows = log(6000, one=0.7, two=0.8)  # .8 points worse
    assert judge(rows, tolerance=0.05).passes
    assert not judge(rows, tolerance=0.0).passes


def twins(n: int, seed: int) -> tuple[Kind, str]:
    """Return what is said of two policies that are worth the same and differ on a tenth of the prompts."""
    rng = np.random.default_rng(seed)
    apart, explored = rng.random(n) < 0.1, rng.random(n) < 0.2
    hit = explored & (rng.random(n) < 0.5)  # what the log holds of the other choice
    first, second = np.where(apart & hit, 0.9, 0.1), np.where(hit, 0.1, 0.9)
    log_ = Log(
        rewards=(rng.random(n) < 0.7).astype(np.float64),
        chances=second,
        target=np.where(apart, first, second),
        expected_logged=np.full(n, 0.6),
        expected_target=np.full(n, 0.6),
    )
    nothing = np.zeros(n)
    kind, sentence, _ = weigh(log_, replace(log_, target=second), differ=0.8 * apart, unseen=nothing, tolerance=0.01)
    return kind, sentence


def test_too_wide_an_interval_says_how_many_answers_would_tell() -> None:
    kind, sentence = twins(3000, seed=0)
    assert kind == "unknown"
    n = int(sentence.split("Some ")[1].split(" judged")[0].replace(",", ""))
    assert n > 3000
    passed = [twins(n, seed)[0] in PASSING for seed in range(40)]
    assert 0.75 <= np.mean(passed) <= 1.0  # nine in ten, from an interval that is itself estimated


def test_a_kind_of_request_that_is_worse_off_is_named() -> None:
    rows = log(6000, one=0.8, two=0.8, seed=3)
    for place, row in enumerate(rows):
        if row.slices["language"] == "zh":
            rows[place] = replace(row, one={"small": 1.0, "big": 0.0}, reward=float(row.model == "big"))
    found = judge(rows)
    assert "Worse on language zh" in found.sentence
    assert {(s.by, s.name) for s in found.slices} == {
        ("language", "zh"),
        ("language", "en"),
    }  # `key` is always the same


def test_a_verdict_is_json_that_says_all_it_rests_on() -> None:
    told = judge(log(2000, one=0.5, two=0.8)).as_json()
    assert {"verdict", "sentence", "n", "n_judged", "differ", "gained", "gained_snips", "slices"} <= set(told)
    gained = told["gained"]
    assert isinstance(gained, dict) and {"low", "value", "high", "n_effective"} <= set(gained)
    assert isinstance(judge([]), Verdict)
