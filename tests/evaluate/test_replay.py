"""Replays on a table small enough to do by hand."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from unisono.choose.utility import UtilityChooser, utility
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.replay import Expected, Replay, always, areas, models_of, singles, sweep
from unisono.types import Cost, Estimate, Goal, Latency, Mode, Quality


def table() -> Outcomes:
    scores = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    tokens = np.array([[100.0, 100.0], [200.0, 200.0], [300.0, 300.0], [50.0, 50.0]])
    out = np.array([[10.0, 20.0], [30.0, 5.0], [20.0, 20.0], [70.0, 10.0]])
    costs = (tokens * [1.0, 10.0] + out * [2.0, 30.0]) / 1e6
    return Outcomes(
        name="t.test",
        prompts=("a", "b", "c", "d"),
        categories=("x",) * 4,
        models=("cheap", "dear"),
        scores=scores,
        costs_usd=costs,
        input_tokens=tokens,
        output_tokens=out,
        n_options=np.full(4, np.nan),
        hashes={},
    )


def test_prices_are_those_that_the_bills_imply() -> None:
    cheap, dear = models_of(table())
    assert cheap.prices is not None
    assert dear.prices is not None
    assert (cheap.prices.usd_per_mtok_in, cheap.prices.usd_per_mtok_out) == pytest.approx((1.0, 2.0))
    assert (dear.prices.usd_per_mtok_in, dear.prices.usd_per_mtok_out) == pytest.approx((10.0, 30.0))


def test_constant_policies_cost_and_score_their_columns() -> None:
    replay = Replay(table())
    costs, scores = replay.points(singles("s", 2, 4), replay.even)
    assert scores.tolist() == [0.5, 1.0]
    assert costs == pytest.approx(table().costs_usd.mean(axis=0))
    assert replay.points(always("dear", 1, 4), replay.even)[1].tolist() == [1.0]


def test_knowing_every_outcome_beats_mixing_singles() -> None:
    replay = Replay(table())
    oracle = sweep("oracle", Expected(quality=replay.table.scores, cost_usd=replay.table.costs_usd))
    best, mixed = (areas(replay, policy, replay.even[None])[0] for policy in (oracle, singles("s", 2, 4)))
    assert mixed == pytest.approx(0.75)
    assert best > mixed


def test_the_sweep_picks_what_the_chooser_picks() -> None:
    rng = np.random.default_rng(5)
    quality, cost = rng.random((20, 4)), rng.random((20, 4)) * 1e-2
    swept = sweep("r", Expected(quality=quality, cost_usd=cost), n_dials=5).chosen
    for place, dial in enumerate(np.linspace(0, 1, 5)):
        goal = Goal(mode=Mode.DEEP, dial=float(dial))
        for row in range(20):
            estimates = [
                Estimate(
                    model=str(m),
                    quality=Quality(mean=float(quality[row, m]), spread=0.1, evidence=""),
                    cost=Cost(usd=float(cost[row, m]), low_usd=0.0, high_usd=1.0, output_tokens=1.0),
                    latency=Latency(first_token_s=0.1, total_s=1.0),
                )
                for m in range(4)
            ]
            choice = UtilityChooser(margin=0.0).choose(estimates, goal, default="none", rng=Random(0))
            assert choice.ranking[0].model == str(swept[place, row])
            assert choice.ranking[0].utility == max(utility(e, goal) for e in estimates)


def test_an_incomplete_table_cannot_be_replayed() -> None:
    holed = table()
    holed.scores[0, 0] = np.nan
    with pytest.raises(ValueError, match="complete"):
        Replay(holed)
