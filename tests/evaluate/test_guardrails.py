"""Guardrails: what is shown to harm breaks them, however often one looks; equal policies hardly ever do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from unisono.evaluate.guardrails import Foreseen, Measured, Name, Tally, broken, radius

PLAIN = Foreseen()


def share(n: int, mean: float) -> Measured:
    """Return a share of answers of which each is a conversation of its own."""
    right = np.arange(n) < n * mean
    return Measured(np.ones(n), right * 1.0, right * 1.0, share=True)


def number(n: int, mean: float, deviation: float) -> Measured:
    values = mean + deviation * np.where(np.arange(n) % 2, 1.0, -1.0)
    return Measured(np.ones(n), values, values * values, share=False)


def strangers(one: Tally, two: Tally) -> tuple[Tally, Tally]:
    """Return the measures of two policies over groups of which none has answers of both."""
    left = {name: padded(measured, after=len(two[name].counts)) for name, measured in one.items()}
    return left, {name: padded(measured, before=len(one[name].counts)) for name, measured in two.items()}


def padded(measured: Measured, *, before: int = 0, after: int = 0) -> Measured:
    sums = (np.pad(of, (before, after)) for of in (measured.counts, measured.totals, measured.squares))
    return Measured(*sums, share=measured.share)


def votes(counts: Sequence[int], sums: Sequence[float]) -> Measured:
    """Return a share by group: so many answers of each, and the sum of their rewards."""
    totals = np.array(sums, dtype=np.float64)
    return Measured(np.array(counts, dtype=np.float64), totals, totals, share=True)


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
    found = broken(*strangers({name: bad}, {name: good}), PLAIN)
    assert found is not None and found.name == name
    assert name.replace("_", " ") in found.text
    assert broken(*strangers({name: good}, {name: bad}), PLAIN) is None


def test_less_than_the_allowance_is_allowed_however_sure() -> None:
    for name, bad, good in (
        ("quality", share(10**6, 0.695), share(10**6, 0.70)),
        ("errors", share(10**6, 0.015), share(10**6, 0.0)),
        ("cost", number(10**6, 0.0011, 0.001), number(10**6, 0.001, 0.001)),
        ("first_token", number(10**6, 1.0, 0.5), number(10**6, 0.9, 0.5)),
    ):
        assert broken(*strangers({name: bad}, {name: good}), PLAIN) is None  # type: ignore[dict-item]


def test_what_the_gate_foresaw_is_no_harm() -> None:
    dear: Tally = {"cost": number(500, 0.002, 0.002), "deep": share(1000, 0.4)}
    plain: Tally = {"cost": number(500, 0.001, 0.001), "deep": share(1000, 0.2)}
    assert broken(*strangers(dear, plain), PLAIN) is not None
    assert broken(*strangers(dear, plain), Foreseen(usd_ratio=2.0, deep=0.2)) is None


def test_a_few_answers_show_nothing() -> None:
    assert broken(*strangers({"errors": share(40, 1.0)}, {"errors": share(4000, 0.0)}), PLAIN) is None


def test_equal_policies_hardly_ever_break_one_however_often_one_looks() -> None:
    assert sum(ever_breaks(seed, mean_turns=1) for seed in range(100)) <= 5


def test_equal_policies_hardly_ever_break_one_where_whole_conversations_go_well_or_badly() -> None:
    assert sum(ever_breaks(seed, mean_turns=12) for seed in range(100)) <= 5  # 30 and more, each answer for itself


def ever_breaks(seed: int, *, mean_turns: int) -> bool:
    """Say whether one of equal policies breaks the guardrail on quality at any of 40 looks at 10,000 answers."""
    rng = np.random.default_rng(seed)
    turns = rng.geometric(1 / mean_turns, 10_000 // mean_turns)
    worth = (0.7 + 0.3 * (mean_turns > 1) * rng.standard_normal(len(turns))).clip(0, 1)
    totals, side = rng.binomial(turns, worth) * 1.0, rng.random(len(turns)) < 0.3
    for until in np.linspace(0, len(turns), 41, dtype=int)[1:]:
        one, two = (
            Measured(
                turns[:until] * mine[:until], totals[:until] * mine[:until], totals[:until] * mine[:until], share=True
            )
            for mine in (side, ~side)
        )
        if broken({"quality": one}, {"quality": two}, PLAIN) is not None:
            return True
    return False


def test_a_few_voters_who_turn_against_a_policy_break_nothing_and_all_of_them_do() -> None:
    honest = votes([10] * 100, [7] * 100)
    assert broken({"quality": votes([30] * 5 + [10] * 95, [0] * 5 + [7] * 95)}, {"quality": honest}, PLAIN) is None
    assert broken({"quality": votes([10] * 100, [4] * 100)}, {"quality": honest}, PLAIN) is not None


def test_what_a_caller_is_like_under_both_policies_tells_nothing_against_one() -> None:
    hard_to_please = votes([40] * 30 + [40] * 30, [10] * 30 + [38] * 30)
    a_little_worse = votes([40] * 30 + [40] * 30, [7] * 30 + [35] * 30)
    assert broken({"quality": a_little_worse}, {"quality": hard_to_please}, PLAIN) is not None


def test_the_bound_narrows_with_answers_and_is_wider_than_one_for_a_single_look() -> None:
    widths = []
    for n in (100, 1000, 10_000):
        one, two = strangers({"quality": share(n, 0.5)}, {"quality": share(n, 0.5)})
        widths.append(radius(one["quality"], two["quality"]))
    assert widths[0] > widths[1] > widths[2]
    assert widths[1] > 1.96 * (2 * 0.25 / 1000) ** 0.5
