"""Two models side by side: what is shown is shown with its doubt, and only on what both were asked."""

from __future__ import annotations

from random import Random

import pytest

from unisono.evaluate.succession import Answered, gap_of, on_probes, served
from unisono.types import Model, Prices, Score

PRICES = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=10.0)
OLD, NEW = (Model(name=name, upstream="scripted", upstream_model=name, prices=PRICES) for name in ("old", "new"))


def score(model: str, item: int, value: float, kind: str = "words") -> Score:
    return Score(model=model, item=f"q{item}", kind=kind, prompt="x" * 40, score=value, output_tokens=5, seconds=0.5)


def test_only_questions_that_both_answered_count() -> None:
    scores = [score("old", n, 1.0) for n in range(10)] + [score("new", n, 0.0) for n in range(5, 15)]
    found = on_probes(OLD, NEW, scores)
    assert found is not None
    assert (found.quality.n, found.quality.mean, found.agree) == (5, -1.0, 0.0)
    assert on_probes(OLD, NEW, scores[:10]) is None


def test_a_few_equal_answers_prove_nothing_and_many_do() -> None:
    assert gap_of([0.0] * 3).low < -0.4
    assert gap_of([1.0] * 60).sentence == "better"
    assert gap_of([-1.0] * 60).sentence == "worse"
    assert gap_of([1.0, -1.0] * 20).sentence == "no difference shown"


def test_turns_of_one_conversation_show_no_more_than_it_does() -> None:
    apart = [1.0 if talk % 3 else -1.0 for talk in range(20) for _ in range(10)]
    assert gap_of(apart).sentence == "better"
    assert gap_of(apart, [("caller", f"talk {n // 10}") for n in range(200)]).sentence == "no difference shown"


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    rng, held, truth = Random(3), 0, 0.1
    for _ in range(400):
        gaps = [rng.choice([1.0, 0.0, 0.0, -1.0 if rng.random() < 0.6 else 0.0]) for _ in range(100)]
        found = gap_of(gaps)
        held += found.low <= truth <= found.high
    assert held >= 0.92 * 400


def test_kinds_costs_and_seconds_stand_beside() -> None:
    scores = [score(m, n, float(m == "new"), kind) for m in ("old", "new") for n, kind in enumerate(["code", "words"])]
    found = on_probes(OLD, NEW, scores)
    assert found is not None
    assert found.by_kind == {"code": (1.0, 1), "words": (1.0, 1)}
    assert found.new.usd == pytest.approx((11 * 1.0 + 5 * 10.0) / 1e3)
    assert (found.new.seconds, found.new.output_tokens) == (0.5, 5)


def test_what_the_log_does_not_know_is_not_made_up() -> None:
    assert served("old", []).ok is None
    found = served("old", [Answered(usd=None, first_content_s=None, total_s=2.0, ok=True)])
    assert (found.n, found.ok, found.usd, found.total_s) == (1, 1.0, None, 2.0)
