"""How the sentences of a choice tell numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unisono.choose.words import why_first, why_not
from unisono.notices import usd
from unisono.types import ASSUMED_PRICE, Cost, Estimate, Goal, Latency, Quality


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0.0, "$0"),
        (12.345, "$12.35"),
        (0.25, "$0.25"),
        (0.00042, "$0.00042"),
        (2.4e-5, "$0.000024"),
        (6e-6, "$0.000006"),
        (9.96e-6, "$0.00001"),
        (1.25e-9, "$0.0000000013"),
    ],
)
def test_an_amount_is_told_in_plain_digits(amount: float, told: str) -> None:
    assert usd(amount) == told


def estimate(name: str, mean: float, usd: float, *, total_s: float = 1.0) -> Estimate:
    return Estimate(
        model=name,
        quality=Quality(mean=mean, spread=0.1, evidence=""),
        cost=Cost(usd=usd, low_usd=usd, high_usd=usd, output_tokens=10.0),
        latency=Latency(first_token_s=0.1, total_s=total_s),
    )


def test_of_equals_none_is_said_to_be_best_and_none_to_be_slower() -> None:
    one, other = estimate("a", 0.7, 0.01), estimate("b", 0.7, 0.01)
    told = why_first(one, other, Goal())
    figures = "quality 0.70 for $0.01"
    assert told == f"a is expected to do no worse here: {figures}, against {figures} of b."
    assert why_not(other, one, Goal(), kept_default=False) == "not clearly better: quality 0.70 for $0.01"
    slow = estimate("c", 0.7, 0.01, total_s=9.0)
    assert why_not(slow, one, Goal(), kept_default=False).startswith("slower without being better enough")
    assert why_first(one, slow, Goal()).startswith("a answers sooner")


def test_a_price_that_is_assumed_is_told_as_such() -> None:
    one, other = estimate("a", 0.9, 0.01), estimate("b", 0.7, 0.02)
    assumed = replace(one, cost=replace(one.cost, evidence=f"a guess; {ASSUMED_PRICE}"))
    assert "quality 0.90 for $0.01 (price assumed), against quality 0.70 for $0.02 of b." in why_first(
        assumed, other, Goal()
    )
    assert "（假定价格）" in why_first(assumed, other, Goal(language="zh"))
