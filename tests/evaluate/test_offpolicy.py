"""The estimators against a truth that is known, closed forms, and logs that cannot say anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unisono.evaluate.offpolicy import Log, difference, doubly_robust, effective, ips, not_enough, snips

MODELS = np.array([0.9, 0.6, 0.3])
LOGGING = np.array([0.5, 0.3, 0.2])
TARGET = np.array([0.1, 0.2, 0.7])
TRUTH = float(TARGET @ MODELS)


def log(n: int, seed: int, *, logging: np.ndarray = LOGGING, target: np.ndarray = TARGET) -> Log:
    """Return a log of coins: model k is right with probability `MODELS[k]`."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(3, n, p=logging)
    return Log(
        rewards=(rng.random(n) < MODELS[chosen]).astype(np.float64),
        chances=logging[chosen],
        target=target[chosen],
        expected_logged=np.array([0.8, 0.5, 0.5])[chosen],
        expected_target=np.full(n, float(target @ [0.8, 0.5, 0.5])),
    )


OWN = log(1000, 1, target=LOGGING)


@pytest.mark.parametrize("estimate", [ips, snips, doubly_robust])
@pytest.mark.parametrize("n", [500, 4000])
def test_intervals_hold_the_truth_as_often_as_they_say(estimate, n: int) -> None:
    held = [(e := estimate(log(n, seed))).low <= TRUTH <= e.high for seed in range(300)]
    assert np.mean(held) >= 0.9


@pytest.mark.parametrize("estimate", [ips, snips, doubly_robust])
def test_there_is_no_bias_to_speak_of(estimate) -> None:
    values = [estimate(log(500, seed)).value for seed in range(300)]
    assert np.mean(values) == pytest.approx(TRUTH, abs=4 * np.std(values) / 300**0.5 + 0.002)


def test_the_logging_policy_itself_is_worth_its_mean_reward() -> None:
    own = log(400, 1, target=LOGGING)
    mean = float(own.rewards.mean())
    assert ips(own).value == pytest.approx(mean)
    assert snips(own).value == pytest.approx(mean)
    assert doubly_robust(own).value == pytest.approx(mean, abs=0.05)
    assert snips(own).n_effective == pytest.approx(400)


def test_a_perfect_model_of_the_reward_leaves_no_doubt_but_that_of_two_added_answers() -> None:
    rewards = np.full(2000, 0.9)
    found = doubly_robust(replace(log(2000, 2), rewards=rewards, expected_logged=rewards, expected_target=rewards))
    assert found.value == pytest.approx(0.9)
    assert found.high - found.low < 0.005


def test_a_model_of_the_reward_narrows_the_interval() -> None:
    plain, modelled = snips(log(2000, 3)), doubly_robust(log(2000, 3))
    assert modelled.high - modelled.low < 1.05 * (plain.high - plain.low)


def test_a_difference_of_equals_is_nothing_and_of_unequals_is_found() -> None:
    one, two = log(4000, 4), log(4000, 4, target=LOGGING)
    for name in ("dr", "snips"):
        same, other = difference(one, one, name=name), difference(one, two, name=name)  # type: ignore[arg-type]
        assert same.low <= 0.0 <= same.high and same.value == pytest.approx(0.0)
        assert other.high < 0.0
        assert other.value == pytest.approx(TRUTH - float(LOGGING @ MODELS), abs=0.06)


def test_wrong_chances_are_not_forgiven() -> None:
    rng = np.random.default_rng(0)
    held = []
    for seed in range(100):
        made = log(4000, seed)
        found = ips(replace(made, chances=rng.permutation(made.chances)))
        held.append(found.low <= TRUTH <= found.high)
    assert np.mean(held) < 0.5


def test_weights_that_differ_count_for_fewer_answers() -> None:
    assert effective(np.ones(100)) == pytest.approx(100)
    assert effective(np.array([1.0] * 10 + [0.0] * 90)) == pytest.approx(10)
    assert effective(np.zeros(3)) == 0.0


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (log(40, 1), "effective answers"),
        (log(0, 1), "no judged answers"),
        (replace(OWN, target=OWN.chances * np.r_[80.0, np.ones(999)]), "one answer carries"),
        (log(3000, 1, logging=np.array([0.7, 0.3, 0.0]), target=np.array([0.4, 0.3, 0.3])), "never tried"),
    ],
    ids=["few", "none", "one answer", "never tried"],
)
def test_too_little_evidence_is_told(made: Log, why: str) -> None:
    assert why in not_enough(made)
    assert not snips(made).enough if len(made.rewards) else True


def test_a_log_that_never_explored_says_nothing_about_others() -> None:
    certain = log(2000, 1, logging=np.array([1.0, 0.0, 0.0]), target=np.array([0.0, 1.0, 0.0]))
    assert not_enough(certain)
