"""How soon a model that was swapped behind its name is noticed, and how often a steady one is suspected:

    PYTHONPATH=src:lab python lab/drift.py [number of seeds, default 3]

Real outcome tables as streams of one model's answers, prompts in random order (with replacement where the table is
short), the product's own charts and baselines (`learn.drift`, and what the shipped artifact expects of the model on
the prompt): after 1,000 answers the outcomes become those of another model of the table, without any other sign. A
share of the answers is judged (`measured`); of a vote one in five is by chance. Lengths are the table's output tokens,
and every answer has one. Pairs of models are drawn at random, 12 a table and seed, whatever their difference: some are
twins, and no test can tell those apart by their scores.

Beside it a fixed window: the mean of the last 100 judged answers against all before them, z-test, every 4th answer, at
the z of 3 that people take, and at the z that has the same share of false alarms as ours (found on half of the steady
streams, used on the other half).

False alarms: the same model over 10,000 answers, no change; and the same with the table's categories one after
another, ten blocks, which is a change of the traffic and not of the model. Writes `lab/runs/drift/drift.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.learn.drift import LOOK_EVERY
from unisono.learn.watch import _chart
from unisono.predict.ability import expected
from unisono.predict.artifact import Artifact, default_artifact_path, load
from unisono.types import Features, Model
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
TABLES = (
    ("mmlu_pro", "test"),
    ("routerbench_0shot_part", "test"),
    ("llmrouter_default", "test"),
    ("zeroeval_math_l5", "test"),
)
SEEDS = tuple(range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 3)))
N_PAIRS, N_STEADY = 12, 8
BEFORE, AFTER, STEADY = 1_000, 4_000, 10_000
RATES = (0.1, 0.3, 1.0)
WINDOW = 100
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Table:
    """One table with what the artifact expects of its models."""

    def __init__(self, table: Outcomes, artifact: Artifact, features: list[Features]) -> None:
        """Work out every expectation once."""
        self.table = table
        self.models = [Model(name=name, upstream="openai", upstream_model=name) for name in table.models]
        demands = [artifact.ability.demand(f) for f in features]
        beliefs = [artifact.ability.prior(model) for model in self.models]
        self.quality = np.array([[expected(b, d)[0] for b in beliefs] for d in demands])
        self.length = np.array([[artifact.length.expected(f, m)[0] for m in self.models] for f in features])
        self.has_length = bool(np.nan_to_num(table.output_tokens).max() > 0)

    def worth(self, rows: Ints, asked: int, answers: Ints, *, votes: np.random.Generator | None) -> Floats:
        """Return scores of the models that really answered, less what is expected of the one that was asked."""
        scores = np.clip(self.table.scores[rows, answers], 0.0, 1.0)
        if votes is not None:
            coin = votes.random(len(rows)) < 0.2
            scores = np.where(coin, votes.random(len(rows)) < 0.5, scores)
        return scores - self.quality[rows, asked]

    def lengths(self, rows: Ints, asked: int, answers: Ints) -> Floats:
        """Return logarithms of tokens less what is expected."""
        tokens = np.maximum(np.nan_to_num(self.table.output_tokens[rows, answers]), 1.0)
        return np.log(tokens) - self.length[rows, asked]


def ours(values: Floats, *, length: bool) -> int | None:
    """Return after how many values a change was told."""
    chart = _chart(None, "length" if length else "measured")
    for place, value in enumerate(values):
        if chart.add(float(value)) is not None:
            return place + 1
    return None


def windowed(values: Floats) -> Floats:
    """Return the largest |z| so far of the fixed window, by place."""
    sums, squares = np.cumsum(values), np.cumsum(values**2)
    ends = np.arange(2 * WINDOW, len(values) + 1, LOOK_EVERY)
    n0 = ends - WINDOW
    m0 = sums[n0 - 1] / n0
    m1 = (sums[ends - 1] - sums[n0 - 1]) / WINDOW
    variance = np.maximum(squares[ends - 1] / ends - (sums[ends - 1] / ends) ** 2, 1e-9)
    z = np.abs(m1 - m0) / np.sqrt(variance * (1 / n0 + 1 / WINDOW))
    found = np.zeros(len(values))
    found[ends - 1] = z
    return np.maximum.accumulate(found)


def first_above(z: Floats, threshold: float) -> int | None:
    """Return after how many values the window tells."""
    place = int(np.searchsorted(z, threshold))
    return place + 1 if place < len(z) else None


def delay(told: int | None, judged: Ints) -> tuple[str, int | None]:
    """Return `early`, `late` (never) or `found`, and the answers between the swap and the alarm."""
    if told is None:
        return "late", None
    answer = int(judged[told - 1])
    return ("early", None) if answer < BEFORE else ("found", answer - BEFORE + 1)


def summed(found: list[tuple[str, int | None]]) -> dict[str, Any]:
    """Return shares and the quartiles of the delay in answers, over those that were found."""
    delays = [n for _, n in found if n is not None]
    return {
        "found": round(len(delays) / max(len(found), 1), 3),
        "early": round(sum(how == "early" for how, _ in found) / max(len(found), 1), 3),
        "answers": [int(q) for q in np.quantile(delays, [0.25, 0.5, 0.75])] if delays else None,
        "n": len(found),
    }


def swapped(table: Table, z_same: dict[str, float]) -> dict[str, Any]:
    """Return what was noticed of swaps, by feedback rate and by size of the gap."""
    found: dict[str, list[tuple[str, int | None]]] = {}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        for _ in range(N_PAIRS):
            a, b = (int(x) for x in rng.choice(len(table.models), 2, replace=False))
            rows = rng.integers(0, len(table.table.prompts), BEFORE + AFTER)
            answers = np.where(np.arange(len(rows)) < BEFORE, a, b)
            gap = abs(float(np.nanmean(table.table.scores[:, a]) - np.nanmean(table.table.scores[:, b])))
            size = "gap of 10 points or more" if gap >= 0.1 else "gap below 10"
            for rate in RATES:
                for votes in (False, True):
                    judged = np.flatnonzero(rng.random(len(rows)) < rate)
                    values = table.worth(rows[judged], a, answers[judged], votes=rng if votes else None)
                    kind = f"{'votes' if votes else 'measured'} {rate:.0%}, {size}"
                    found.setdefault(f"{kind}: ours", []).append(delay(ours(values, length=False), judged))
                    z = windowed(values)
                    found.setdefault(f"{kind}: window, z 3", []).append(delay(first_above(z, 3.0), judged))
                    same = first_above(z, z_same["worth"])
                    found.setdefault(f"{kind}: window, z {z_same['worth']:.1f}", []).append(delay(same, judged))
            if table.has_length:
                every = np.arange(len(rows))
                values = table.lengths(rows, a, answers)
                found.setdefault("length: ours", []).append(delay(ours(values, length=True), every))
                z = windowed(values)
                found.setdefault("length: window, z 3", []).append(delay(first_above(z, 3.0), every))
                same = first_above(z, z_same["length"])
                found.setdefault(f"length: window, z {z_same['length']:.1f}", []).append(delay(same, every))
    return {kind: summed(rows) for kind, rows in sorted(found.items())}


def steady(table: Table, *, in_blocks: bool) -> dict[str, Any]:
    """Return the shares of steady streams with an alarm, and the largest |z| of the window in each."""
    alarms: dict[str, list[bool]] = {}
    largest: dict[str, list[float]] = {}
    for seed in SEEDS:
        rng = np.random.default_rng(100 + seed)
        for _ in range(N_STEADY):
            a = int(rng.integers(len(table.models)))
            rows = rng.integers(0, len(table.table.prompts), STEADY)
            if in_blocks:
                names = sorted(set(table.table.categories))
                blocks = np.array([names.index(table.table.categories[row]) * 10 // len(names) for row in rows])
                rows = rows[np.argsort(blocks, kind="stable")]
            answers = np.full(len(rows), a)
            streams: dict[str, Floats] = {"worth": table.worth(rows, a, answers, votes=None)}
            if table.has_length:
                streams["length"] = table.lengths(rows, a, answers)
            for kind, values in streams.items():
                alarms.setdefault(kind, []).append(ours(values, length=kind == "length") is not None)
                largest.setdefault(kind, []).append(float(windowed(values)[-1]))
    return {
        kind: {
            "ours": round(float(np.mean(alarms[kind])), 3),
            "window, z 3": round(float(np.mean(np.array(largest[kind]) >= 3.0)), 3),
            "n": len(alarms[kind]),
            "largest": largest[kind],
        }
        for kind in alarms
    }


def main() -> None:
    """Run all, print and write."""
    encoder = StaticEncoder()
    artifact = load(default_artifact_path(), encoder=encoder.name)
    read: Callable[[str], Features] = Understanding(encoder, cache_size=1).text
    tables: dict[str, Table] = {}
    for name, part in TABLES:
        table = load_outcomes(DATA, name, part=part)  # type: ignore[arg-type]
        rows = np.random.default_rng(0).permutation(len(table.prompts))[:1500]
        keep = np.zeros(len(table.prompts), dtype=bool)
        keep[rows] = True
        table = table.rows(keep)
        whole = np.isnan(table.scores).mean(axis=0) < 0.05
        table = table.only([model for model, kept in zip(table.models, whole, strict=True) if kept])
        table = table.rows(~np.isnan(table.scores).any(axis=1))
        tables[name] = Table(table, artifact, [read(prompt) for prompt in table.prompts])
        print(name, len(table.prompts), len(table.models), file=sys.stderr, flush=True)
    found: dict[str, Any] = {}
    largest: dict[str, list[float]] = {}
    for name, table in tables.items():
        found[name] = {"steady": steady(table, in_blocks=False), "traffic in blocks": steady(table, in_blocks=True)}
        for kind, row in found[name]["steady"].items():
            largest.setdefault(kind, []).extend(row["largest"])
        for rows in found[name].values():
            for row in rows.values():
                del row["largest"]
    # One in a hundred, from half of the steady streams: between the largest and the second largest seen.
    z_same = {kind: float(np.quantile(values[::2], 0.99)) for kind, values in largest.items()}
    found["z with 1 % of false alarms in 10,000"] = z_same
    found["its false alarms on the other half"] = {
        kind: round(float(np.mean(np.array(values[1::2]) >= z_same[kind])), 3) for kind, values in largest.items()
    }
    for name, table in tables.items():
        found[name]["swapped"] = swapped(table, z_same)
        print(json.dumps({name: found[name]}), flush=True)
    folder = ROOT / "lab" / "runs" / "drift"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drift.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
