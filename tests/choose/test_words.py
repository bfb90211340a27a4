"""How the sentences of a choice tell numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unisono.choose.guard import Stay
from unisono.choose.words import Lead, late, why_first, why_not, why_stays
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


LEVEL = Lead(money=0.0, time=0.0)


def test_of_equals_none_is_said_to_be_best_and_none_to_be_slower() -> None:
    one, other = estimate("a", 0.7, 0.01), estimate("b", 0.7, 0.01)
    told = why_first(one, other, Goal(), lead=LEVEL)
    figures = "quality 0.70 for $0.01"
    assert told == f"a is expected to do no worse here: {figures}, against {figures} of b."
    against = why_not(other, one, Goal(), lead=LEVEL, kept_default=False)
    assert against == "not clearly better: quality 0.70 for $0.01"


@pytest.mark.parametrize(
    ("first", "second", "lead", "ground", "against"),
    [
        # Quality outweighs what is paid for it, or what is saved outweighs quality.
        ((0.9, 0.05), (0.7, 0.01), (-0.1, 0.0), "is worth its price here", "cheaper, but expected quality 0.20 lower"),
        ((0.7, 0.01), (0.9, 0.05), (0.3, 0.0), "is good enough here and cheaper", "0.20 higher, not worth its price"),
        # At dial 1 money counts for nothing: nothing is told of prices.
        ((0.9, 0.05), (0.7, 0.01), (0.0, 0.0), "is expected to answer this best", "cheaper, but expected quality 0.20"),
        ((0.7, 0.01), (0.9, 0.05), (0.0, 0.3), "is about 90 s faster", "0.20 higher, but about 90 s slower"),
        # Neither quality nor money, but the seconds.
        ((0.9, 0.05), (0.8, 0.01), (-0.2, 0.3), "is about 90 s faster", "cheaper, but about 90 s slower"),
        (
            (0.7, 0.05),
            (0.9, 0.01),
            (-0.1, 0.5),
            "is about 90 s faster",
            "about 90 s slower without being better enough",
        ),
        ((0.7, 0.01), (0.7, 0.01), (0.0, 0.3), "is about 90 s faster", "about 90 s slower without being better enough"),
        # None of these: the doubt about the other one.
        ((0.7, 0.01), (0.9, 0.05), (0.1, 0.0), "is the surer choice here", "not clearly better"),
        ((0.9, 0.05), (0.8, 0.01), (-0.2, 0.0), "is the surer choice here", "cheaper, but not clearly good enough"),
    ],
)
def test_the_ground_is_what_the_choice_turned_on(
    first: tuple[float, float], second: tuple[float, float], lead: tuple[float, float], ground: str, against: str
) -> None:
    one, other = estimate("a", *first, total_s=5.0), estimate("b", *second, total_s=95.0)
    over = Lead(money=lead[0], time=lead[1])
    assert why_first(one, other, Goal(), lead=over).startswith(f"a {ground}: ")
    assert against in why_not(other, one, Goal(), lead=over, kept_default=False)


def test_a_small_gain_is_not_told_as_none() -> None:
    stay = Stay(default=estimate("a", 0.7, 0.01), other=estimate("b", 0.7, 0.01), gain=0.0032, doubt=0.2, unusual=None)
    assert "b looks better by 0.003 (cost and time counted), in doubt by 0.20" in why_stays(stay, Goal())


def test_a_long_wait_is_told_in_plain_digits() -> None:
    assert late(124.4, bound_s=60.0, language="en") == "first token in about 124 s, above your bound of 60 s"


def test_a_price_that_is_assumed_is_told_as_such() -> None:
    one, other = estimate("a", 0.9, 0.01), estimate("b", 0.7, 0.02)
    assumed = replace(one, cost=replace(one.cost, evidence=f"a guess; {ASSUMED_PRICE}"))
    assert "quality 0.90 for $0.01 (price assumed), against quality 0.70 for $0.02 of b." in why_first(
        assumed, other, Goal(), lead=LEVEL
    )
    assert "（假定价格）" in why_first(assumed, other, Goal(language="zh"), lead=LEVEL)
