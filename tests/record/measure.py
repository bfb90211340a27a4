"""Measures the record: microseconds per call for who records, per row in the writer, bytes per request. Not a test.

Run: PYTHONPATH=src python tests/record/measure.py
"""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

from conftest import Values
from unisono.record.decisions import Asked, decision_rows
from unisono.record.metrics import Metrics
from unisono.record.rows import Ended, outcome_rows
from unisono.record.store import Store
from unisono.types import Decision

N = 4000
NAMES = tuple(f"model-number-{n}" for n in range(10))


def main() -> None:
    """Print the numbers as JSON."""
    values = Values()
    found: dict[str, object] = {}
    for n_models in (2, 10):
        pairs = [
            (values.request(n), values.features(), _spread(values.decision(n, models=NAMES[:n_models]), n))
            for n in range(N)
        ]
        outcomes = [values.outcome(n) for n in range(N)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "record.db"
            gc.collect()
            with closing(Store(path, capacity=10 * N)) as store:
                calls_us, cpu_s, wall_s = [], time.process_time(), time.perf_counter()
                for (request, features, decision), outcome in zip(pairs, outcomes, strict=True):
                    start_ns = time.perf_counter_ns()
                    store.record_request(request, features, decision)
                    middle_ns = time.perf_counter_ns()
                    store.record_outcome(outcome)
                    calls_us += [(middle_ns - start_ns) / 1000, (time.perf_counter_ns() - middle_ns) / 1000]
                store.flush(timeout_s=60)
                cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
                start_s = time.perf_counter()
                for n in range(200):
                    store.decision(values.id(n))
                read_us = (time.perf_counter() - start_s) / 200 * 1e6
                start_s = time.perf_counter()
                for _ in range(1000):
                    store.reader.generation()
                generation_us = (time.perf_counter() - start_s) * 1000
            calls_us.sort()
            found[f"{n_models} models"] = {
                "call_us_median": round(statistics.median(calls_us), 2),
                "call_us_p99": round(calls_us[int(0.99 * len(calls_us))], 2),
                "cpu_us_per_request": round(cpu_s / N * 1e6, 1),
                "wall_us_per_request": round(wall_s / N * 1e6, 1),
                "bytes_per_request_on_disk": path.stat().st_size // N,
                "bytes_of_the_rows": _row_bytes(values, n_models),
                "decision_read_us": round(read_us),
                "generation_us": round(generation_us, 1),
            }
    metrics, decision, outcome = Metrics(), values.decision(), values.outcome()
    start_s = time.perf_counter()
    for _ in range(N):
        metrics.observe_decision(decision)
        metrics.observe_outcome(outcome)
    found["metrics_us_per_request"] = round((time.perf_counter() - start_s) / N * 1e6, 1)
    start_s = time.perf_counter()
    metrics.render()
    found["metrics_render_ms"] = round((time.perf_counter() - start_s) * 1000, 2)
    print(json.dumps(found, indent=1))  # noqa: T201


def _spread(decision: Decision, seed: int) -> Decision:
    """Give every estimate digits of its own, since equal ones would compress better than real ones."""
    rng = Random(seed)
    places = []
    for place in decision.ranking:
        old = place.estimate
        quality = replace(old.quality, mean=rng.random(), spread=rng.random() / 9)
        usd, tokens = rng.random() / 99, 999 * rng.random()
        cost = replace(old.cost, usd=usd, low_usd=usd * rng.random(), high_usd=usd / rng.random(), output_tokens=tokens)
        latency = replace(old.latency, first_token_s=rng.random(), total_s=9 * rng.random())
        estimate = replace(old, quality=quality, cost=cost, latency=latency)
        reason = f"expected quality {rng.random():.2f} lower and not cheaper: quality {quality.mean:.2f} for ${usd:.2g}"
        places.append(replace(place, estimate=estimate, utility=rng.random(), reason=reason))
    return replace(decision, ranking=tuple(places))


def _row_bytes(values: Values, n_models: int) -> int:
    asked = Asked(
        request=values.request(), features=values.features(), decision=values.decision(models=NAMES[:n_models])
    )
    thin, detail = decision_rows(
        replace(asked, decision=_spread(asked.decision, 1)), run="0" * 16, text="none", salt=b""
    )
    outcome, attempts = outcome_rows(Ended(outcome=values.outcome(), baseline_usd=None), at=values.at(1))
    cells = [*thin, *detail, *outcome, *(cell for attempt in attempts for cell in attempt)]
    return sum(len(cell) if isinstance(cell, (str, bytes)) else 4 for cell in cells)


if __name__ == "__main__":
    main()
