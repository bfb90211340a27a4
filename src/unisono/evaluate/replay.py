"""Replays policies on recorded outcomes: what each would have chosen, what that scored and cost.

It needs complete tables (every model's outcome on every prompt), so nothing is estimated; logs with one outcome a
prompt are the business of off-policy evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import aiq, hull
from unisono.protocols import CostPredictor, QualityPredictor
from unisono.types import Features, Message, Mode, Model, Prices, Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

N_DIALS = 121
CHEAPEST_SHARE, DEAREST_TIMES = 0.1, 1_000.0
"""What one more right answer is worth at the ends of a sweep: this share of the cheapest model's answer, so that it is
taken unless it is far worse, and so many of the dearest one's; in between it grows geometrically."""


def usd_per_quality(cost_usd: Array, *, n: int = N_DIALS) -> Array:
    """Return what a certain right answer instead of a wrong one may cost in USD, shape (n,): endless at the last.

    Args:
        cost_usd: expected costs, shape (n prompts, n models); where nothing costs anything all prices are endless.
        n: settings of the sweep.
    """
    prices = np.full(n, np.inf)
    means = cost_usd.mean(axis=0)
    paid = means[means > 0.0]
    if paid.size:
        prices[:-1] = np.geomspace(CHEAPEST_SHARE * paid.min(), DEAREST_TIMES * paid.max(), n - 1)
    return prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a router expects, before any outcome: `quality` and `cost_usd` have shape (n prompts, n models)."""

    quality: Array
    cost_usd: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A family of choices over settings of a dial.

    Attributes:
        name: as tables show it.
        chosen: shape (n settings, n prompts), the place of the model; a mixture is several settings.
    """

    name: str
    chosen: NDArray[np.intp]


def models_of(table: Outcomes) -> tuple[Model, ...]:
    """Return the table's models with the prices that its bills imply (least squares over tokens)."""
    return tuple(
        Model(
            name=name,
            upstream="scripted",
            upstream_model=name,
            context_tokens=131_072,
            prices=_implied_prices(table, place),
        )
        for place, name in enumerate(table.models)
    )


def _implied_prices(table: Outcomes, place: int) -> Prices | None:
    tokens = np.stack((table.input_tokens[:, place], table.output_tokens[:, place]), axis=1)
    known = ~np.isnan(tokens).any(axis=1) & ~np.isnan(table.costs_usd[:, place])
    if not known.any():
        return None
    fit, *_ = np.linalg.lstsq(tokens[known], table.costs_usd[known, place], rcond=None)
    into, out = (max(float(price) * 1e6, 0.0) for price in fit)
    return Prices(usd_per_mtok_in=into, usd_per_mtok_out=out, source="implied by the table")


def expect(
    features: Sequence[Features], models: Sequence[Model], *, quality: QualityPredictor, cost: CostPredictor
) -> Expected:
    """Ask the product's own predictors, prompt by prompt."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows_quality, rows_cost = [], []
    for place, known in enumerate(features):
        request = Request(
            id=str(place),
            received=now,
            body={},
            model="auto",
            mode=Mode.DEEP,
            pin=None,
            messages=(Message(role="user", text=known.task),),
        )
        rows_quality.append([q.mean for q in quality.predict_one(known, models)])
        rows_cost.append([c.usd for c in cost.predict_one(request, known, models)])
    return Expected(quality=np.array(rows_quality), cost_usd=np.array(rows_cost))


def sweep(name: str, expected: Expected, *, n_dials: int = N_DIALS) -> Policy:
    """Return the choices of quality less cost over prices of quality, from cheap to priceless.

    It shows what the expectations are worth at any price; the dial, which is relative to the default's cost, and the
    guard are not in it.
    """
    prices = usd_per_quality(expected.cost_usd, n=n_dials)
    rows = [(expected.quality - expected.cost_usd / price).argmax(axis=1) for price in prices]
    return Policy(name=name, chosen=np.array(rows))


def always(name: str, place: int, n_prompts: int) -> Policy:
    """Return the policy that always asks one model."""
    return Policy(name=name, chosen=np.full((1, n_prompts), place, dtype=np.intp))


def singles(name: str, n_models: int, n_prompts: int) -> Policy:
    """Return every constant policy at once: its hull is what mixing single models at random can buy."""
    return Policy(name=name, chosen=np.repeat(np.arange(n_models)[:, None], n_prompts, axis=1))


class Replay:
    """Scores and costs of policies on one table, also under resampled weights of the prompts."""

    def __init__(self, table: Outcomes) -> None:
        """Take a complete table."""
        if np.isnan(table.scores).any() or np.isnan(table.costs_usd).any():
            raise ValueError("a replay needs every model's outcome on every prompt: use table.complete()")
        self.table = table
        self._rows = np.arange(len(table.prompts))

    @property
    def even(self) -> Array:
        """Equal weights, shape (n prompts,)."""
        return np.full(len(self._rows), 1.0 / len(self._rows))

    def outcomes(self, policy: Policy) -> tuple[Array, Array]:
        """Return costs and scores per setting and prompt, each (n settings, n prompts)."""
        return self.table.costs_usd[self._rows, policy.chosen], self.table.scores[self._rows, policy.chosen]

    def points(self, policy: Policy, weights: Array) -> tuple[Array, Array]:
        """Return mean costs and mean scores, each (n settings,)."""
        costs, scores = self.outcomes(policy)
        return costs @ weights, scores @ weights


def curves(replay: Replay, policy: Policy, weights: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the hull of a policy under each row of weights.

    Every policy may also send everything to the cheapest model: that is where its hull begins.

    Args:
        replay: the table.
        policy: a family of choices.
        weights: shape (n resamples, n prompts), rows summing to one.
    """
    table = replay.table
    costs, scores = (found @ weights.T for found in replay.outcomes(policy))
    cost, score = table.costs_usd.T @ weights.T, table.scores.T @ weights.T
    cheapest = cost.argmin(axis=0)
    for place in range(len(weights)):
        yield hull(
            np.append(costs[:, place], cost[cheapest[place], place]),
            np.append(scores[:, place], score[cheapest[place], place]),
        )


DEFAULT_DIAL = 0.5
"""Of a server whose configuration says none; what is judged at one dial is judged at this one."""
SAME_COST = 1e-9
"""Models whose mean bills differ by less, relatively, cost the same."""


def areas(replay: Replay, policy: Policy, weights: Array) -> Array:
    """Return a policy's AIQ between the cheapest and the dearest single model, under each row of weights.

    Where all single models cost the same, so does every policy, and its area is the best that it reaches.
    """
    cost = replay.table.costs_usd.T @ weights.T
    low, high = cost.min(axis=0), cost.max(axis=0)
    return np.array(
        [
            float(ys[-1])
            if high[place] - low[place] <= SAME_COST * high[place]
            else aiq(xs, ys, low_usd=float(low[place]), high_usd=float(high[place]))
            for place, (xs, ys) in enumerate(curves(replay, policy, weights))
        ]
    )
