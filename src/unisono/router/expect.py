"""What is expected of each model on a request: what the predictors say, put together, and what the moment makes of it.

It predicts nothing itself and chooses nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from unisono.choose.continuity import cached
from unisono.predict.currency import discounted
from unisono.protocols import CostPredictor, LatencyPredictor, QualityPredictor
from unisono.types import Cost, Estimate, Features, Latency, Model, Past, Request


def expected(
    request: Request,
    features: Features,
    models: Sequence[Model],
    *,
    quality: QualityPredictor,
    cost: CostPredictor,
    latency: LatencyPredictor,
    recorded: Sequence[Estimate],
) -> tuple[Estimate, ...]:
    """Return one estimate for each model, in order.

    Args:
        request: what the caller asks.
        features: what was understood of it.
        models: those that may serve.
        quality: expects how good an answer is.
        cost: what it costs.
        latency: how long it takes.
        recorded: what was expected before, of some models: their cost and latency are taken from there.
    """
    qualities = quality.predict_one(features, models)
    known = {e.model: e for e in recorded} if recorded else {}
    new = [m for m in models if m.name not in known] if known else models
    costs: Sequence[Cost] = cost.predict_one(request, features, new) if new else ()
    n = request.n_choices  # answers that come beside each other
    alone = costs if n == 1 else [replace(cost, output_tokens=cost.output_tokens / n) for cost in costs]
    latencies: Sequence[Latency] = latency.predict_one(features, new, alone) if new else ()
    if known:
        told = dict(zip([m.name for m in new], zip(costs, latencies, strict=True), strict=True))
        told |= {name: (e.cost, e.latency) for name, e in known.items()}
        costs, latencies = [told[m.name][0] for m in models], [told[m.name][1] for m in models]
    return tuple(
        [
            Estimate(model=m.name, quality=q, cost=c, latency=late)
            for m, q, c, late in zip(models, qualities, costs, latencies, strict=True)
        ]
    )


def weighed(
    estimates: Sequence[Estimate], models: Sequence[Model], features: Features, *, past: Past | None, now: datetime
) -> tuple[Estimate, ...]:
    """Return the estimates with what age takes from each model's quality, and what a warm cache takes from its cost."""
    if past is None and features.freshness is None:
        return tuple(estimates)
    qualities = discounted([e.quality for e in estimates], models, features.freshness, today=now.date())
    found = []
    for estimate, quality, model in zip(estimates, qualities, models, strict=True):
        cost = (
            estimate.cost
            if past is None
            else cached(estimate.cost, model, past, n_input_tokens=features.n_input_tokens, now=now)
        )
        same = cost is estimate.cost and quality is estimate.quality
        found.append(estimate if same else replace(estimate, quality=quality, cost=cost))
    return tuple(found)
