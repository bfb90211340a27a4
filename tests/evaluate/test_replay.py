"""Replays on a table small enough to do by hand."""

from __future__ import annotations

import numpy as np
import pytest

from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.replay import Expected, Replay, always, areas, models_of, singles, sweep


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


def test_the_sweep_goes_from_the_cheapest_to_the_best_whatever_it_costs() -> None:
    rng = np.random.default_rng(5)
    quality, cost = rng.random((20, 4)), rng.random((20, 4)) * 1e-2
    swept = sweep("r", Expected(quality=quality, cost_usd=cost), n_dials=5).chosen
    rows = np.arange(20)
    assert (swept[-1] == quality.argmax(axis=1)).all()
    spent = [cost[rows, chosen].mean() for chosen in swept]
    assert spent == sorted(spent)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_sweep_is_the_same_whatever_the_models_cost_together(scale: float) -> None:
    rng = np.random.default_rng(5)
    quality, cost = 0.5 + 0.1 * rng.random((20, 4)), np.geomspace(1e-4, 1e-2, 4) * rng.lognormal(0, 0.1, (20, 4))
    swept = sweep("r", Expected(quality=quality, cost_usd=scale * cost)).chosen
    assert (swept[0] == cost.argmin(axis=1)).all()
    assert (swept == sweep("r", Expected(quality=quality, cost_usd=cost)).chosen).mean() > 0.999


def test_where_nothing_costs_anything_a_sweep_takes_the_best() -> None:
    quality = np.random.default_rng(5).random((20, 4))
    swept = sweep("r", Expected(quality=quality, cost_usd=np.zeros((20, 4)))).chosen
    assert (swept == quality.argmax(axis=1)).all()


def test_an_incomplete_table_cannot_be_replayed() -> None:
    holed = table()
    holed.scores[0, 0] = np.nan
    with pytest.raises(ValueError, match="complete"):
        Replay(holed)
