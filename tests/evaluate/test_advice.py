"""Advice from logs with known truth: it says "use X always", "routing pays" or "not shown", and is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unisono.evaluate.advice import Advice, advise
from unisono.evaluate.judged import Judged


def log(
    right: dict[str, tuple[float, float]],
    usd: dict[str, float],
    *,
    n: int = 3000,
    explore: float = 0.2,
    seed: int = 0,
    certain: str | None = None,
) -> list[Judged]:
    """Return judged answers to two kinds of questions, half of each.

    The router knows the chances to be right (`right[model][kind]`) roughly, takes the best less 20 times its price,
    and explores evenly with a share of `explore`; `certain` is taken always instead.
    """
    rng = np.random.default_rng(seed)
    models = sorted(right)
    answers = []
    for place in range(n):
        kind = int(rng.random() < 0.5)
        quality = {m: float(np.clip(right[m][kind] + rng.normal(0, 0.05), 0.02, 0.98)) for m in models}
        first = certain or max(models, key=lambda m: quality[m] - 20 * usd[m])
        chances = {m: explore / len(models) + (1 - explore) * (m == first) for m in models}
        if certain:
            chances = {m: float(m == certain) for m in models}
        model = str(rng.choice(models, p=list(chances.values())))
        answers.append(
            Judged(
                decision=f"d{place:05d}",
                model=model,
                reward=float(rng.random() < right[model][kind]),
                chances=chances,
                quality=quality,
                cost_usd=usd,
                spent_usd=usd[model],
            )
        )
    return answers


USD = {"small": 0.0005, "big": 0.004}
DOMINATING = {"small": (0.9, 0.88), "big": (0.7, 0.72)}
COMPLEMENTARY = {"small": (0.95, 0.6), "big": (0.8, 0.9)}


@pytest.mark.parametrize("seed", range(5))
def test_one_dominating_model_is_named(seed: int) -> None:
    found = advise(log(DOMINATING, USD, seed=seed))
    assert found.kind == "always"
    assert found.sentence.startswith("Use small always")


@pytest.mark.parametrize("seed", range(5))
def test_models_that_complement_each_other_pay_and_the_estimates_hold_the_truth(seed: int) -> None:
    found = advise(log(COMPLEMENTARY, USD, seed=seed))
    assert found.kind == "routes", found.sentence
    assert found.strongest == "big" and found.cheapest == "small"
    by_name = {single.model: single for single in found.singles}
    assert by_name["big"].quality.low - 0.02 <= 0.85 <= by_name["big"].quality.high + 0.02
    assert by_name["big"].saved > 0.2
    assert by_name["small"].gained.high < 0.0


@pytest.mark.parametrize(
    "usd", [{"small": 0.001, "big": 0.001}, {"small": 0.0, "big": 0.0}, {"small": 0.001, "big": 0.0011}]
)
def test_models_of_one_price_that_complement_each_other_pay_too(usd: dict[str, float]) -> None:
    found = advise(log({"small": (0.95, 0.3), "big": (0.3, 0.9)}, usd))
    assert found.kind == "routes", found.sentence
    assert "every single model is worse" in found.sentence or "cheaper" in found.sentence


def test_without_exploration_nothing_is_shown_about_the_others() -> None:
    found = advise(log(COMPLEMENTARY, USD, certain="small"))
    assert found.kind == "unknown"
    assert "never tried" in found.sentence or "effective answers" in found.sentence
    assert "routing.explore" in found.sentence
    assert found.never == ("big",)


def test_a_dearer_model_that_is_better_is_named_with_its_price() -> None:
    right = {"small": (0.5, 0.5), "big": (0.9, 0.9)}
    found = advise(log(right, {"small": 0.0005, "big": 0.05}, n=4000))
    assert found.kind == "unknown"
    assert "big alone is better" in found.sentence and "times the cost" in found.sentence


def test_few_judged_answers_are_not_enough() -> None:
    assert advise(log(DOMINATING, USD, n=60)).kind == "unknown"


def test_no_judged_answer_is_no_evidence() -> None:
    found: Advice = advise([])
    assert (found.kind, found.n, found.router) == ("unknown", 0, None)
    assert "feedback" in found.sentence


def test_questions_that_no_model_serves_are_named() -> None:
    found = advise(log({"small": (0.9, 0.1), "big": (0.9, 0.12)}, USD, n=400))
    assert 100 < len(found.unserved) <= 200


def test_expected_costs_are_compared_with_what_was_expected_of_the_router_not_with_its_bill() -> None:
    answers = [replace(a, spent_usd=0.1 * USD[a.model]) for a in log(COMPLEMENTARY, USD, n=300)]
    found = advise(answers)
    assert found.spent_usd is not None
    assert found.expected_usd == pytest.approx(found.singles[0].router_usd)
    assert found.spent_usd < 0.2 * found.expected_usd


@pytest.mark.parametrize(("dear", "told"), [(0.01, "% less."), (0.002, "cost no more."), (0.00197, "cost 1% more.")])
def test_what_always_one_model_costs_is_told_in_words_that_fit(dear: float, told: str) -> None:
    answers = log(DOMINATING, {"small": 0.002, "big": dear}, n=3000, explore=0.9)
    assert advise(answers).sentence.endswith(told)
