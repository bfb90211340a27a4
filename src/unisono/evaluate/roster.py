"""The pool as a list for operators: what each model is, where it stands in its life, and what was measured of it.

It reads nothing by itself: models, scores, lineage and changes in, rows out, for the command line and for `/admin`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from unisono.evaluate.probe.run import summarise
from unisono.record.lineage import Event
from unisono.types import Json, JsonValue, Model, Score

NEWS = timedelta(days=7)
"""A change that was noticed in this time is shown."""


def roster(
    models: Sequence[Model],
    scores: Sequence[Score],
    events: Sequence[Event] = (),
    changed: Mapping[str, Json] | None = None,
) -> list[Json]:
    """Return one row per model.

    Args:
        models: the pool.
        scores: of probes.
        events: what became of models, oldest first.
        changed: what was last noticed of models that behave unlike before, by name.
    """
    measured = {row.model: row for row in summarise(scores)}
    rows: list[Json] = []
    for model in models:
        prices, life, row = model.prices, model.lifecycle, measured.get(model.name)
        told: list[JsonValue] = [event.view() for event in events if model.name in (event.model, event.successor)]
        rows.append(
            {
                "model": model.name,
                "role": model.role.value,
                "upstream": model.upstream,
                "upstream_model": model.upstream_model,
                "context_tokens": model.context_tokens,
                "usd_per_mtok_in": None if prices is None else prices.usd_per_mtok_in,
                "usd_per_mtok_out": None if prices is None else prices.usd_per_mtok_out,
                "knowledge_cutoff": None if model.knowledge_cutoff is None else model.knowledge_cutoff.isoformat(),
                "lifecycle": life.state,
                "until": None if life.until is None else life.until.isoformat(),
                "successor": life.successor,
                "follows": list[JsonValue](m.name for m in models if m.lifecycle.successor == model.name),
                "n_probes": 0 if row is None else row.n,
                "accuracy": None if row is None else row.accuracy,
                "accuracy_low": None if row is None else row.low,
                "accuracy_high": None if row is None else row.high,
                "changed": (changed or {}).get(model.name),
                "lineage": told,
            }
        )
    return rows
