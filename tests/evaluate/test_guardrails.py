"""Guardrails: what is shown to harm breaks them, however often one looks; equal policies hardly ever do."""

from __future__ import annotations

import numpy as np
import pytest

from unisono.evaluate.guardrails import Broken, Foreseen, Measured, Name, Tally, broken, radius

PLAIN = Foreseen()


def share(n: int, mean: float) -> Measured:
    return Measured.of_sums(n, n * mean, n * mean, share=True)


def number(n: int, mean: float, deviation: float) -> Measured:
    return Measured(n=n, mean=mean, variance=deviation * deviation)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("quality", share(2000, 0.6), share(2000, 0.7)),
        ("complaints", share(1000, 0.12), share(1000, 0.02)),
        ("errors", share(400, 0.12), share(400, 0.0)),
        ("deep", share(1000, 0.4), share(1000, 0.2)),
        ("cost", number(500, 0.002, 0.002), number(500, 0.001, 0.001)),
        ("first_token", number(300, 2.0, 0.5), number(300, 0.8, 0.3)),
    ],
)
def test_each_guardrail_breaks_on_its_harm_and_on_no_good(name: Name, bad: Measured, good: Measured) -> None:
    found = broken({name: bad}, {name: good}, PLAIN)
    assert found is not None and found.name == name
    assert name.replace("_", " ") in found.text
    assert broken({name: good}, {name: bad}, PLAIN) is None


def test_less_than_the_allowance_is_allowed_however_sure() -> None:
    for name, bad, good in (
        ("quality", share(10**6, 0.695), share(10**6, 0.70)),
        ("errors", share(10**6, 0.015), share(10**6, 0.0)),
        ("cost", number(10**6, 0.0011, 0.001), number(10**6, 0.001, 0.001)),
        ("first_token", number(10**6, 1.0, 0.5), number(10**6, 0.9, 0.5)),
    ):
        assert broken({name: bad}, {name: good}, PLAIN) is None  # type: ignore[dict-item]


def test_what_the_gate_foresaw_is_no_harm() -> None:
    dear: Tally = {"cost": number(500, 0.002, 0.002), "deep": share(1000, 0.4)}
    plain: Tally = {"cost": number(500, 0.001, 0.001), "deep": share(1000, 0.2)}
    assert broken(dear, plain, PLAIN) is not None
    assert broken(dear, plain, Foreseen(usd_ratio=2.0, deep=0.2)) is None


def test_a_few_answers_show_nothing() -> None:
    assert broken({"errors": share(40, 1.0)}, {"errors": share(4000, 0.0)}, PLAIN) is None


def test_equal_policies_hardly_ever_break_one_in_two_hundred_looks() -> None:
    rng = np.random.default_rng(1)
    n_broken = 0
    for _ in range(200):
        steps = (rng.random((200, 2, 50)) < 0.7).sum(axis=2)
        sums = steps.cumsum(axis=0)
        for look in range(200):
            one, two = (share((look + 1) * 50, sums[look, k] / ((look + 1) * 50)) for k in (0, 1))
            if isinstance(broken({"quality": one}, {"quality": two}, PLAIN), Broken):
                n_broken += 1
                break
    assert n_broken <= 10  # 5 % at most; this guardrail alone has a sixth of that


def test_the_bound_narrows_with_answers_and_is_wider_than_one_for_a_single_look() -> None:
    widths = [radius(share(n, 0.5), share(n, 0.5)) for n in (100, 1000, 10_000)]
    assert widths[0] > widths[1] > widths[2]
    assert widths[1] > 1.96 * (2 * 0.25 / 1000) ** 0.5
