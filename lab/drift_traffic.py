"""Whether a change of the traffic is told from a change of a model, where several models are used side by side:

    PYTHONPATH=src:lab python lab/drift_traffic.py 3

The tables and baselines of `lab/drift.py`. Five models of a table share 10,000 requests at random, each answer measured
and its length known. `traffic`: no model changes, and the table's categories come one after another in ten blocks.
`swap`: the categories come mixed, and one model's outcomes become another's after half. Counted: alarms, and how
many of them say that the other models moved alike, so that it is probably the traffic. Writes
`lab/runs/drift/traffic.json`.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from drift import DATA, ROOT, SEEDS, TABLES, Table
from unisono.evaluate.datasets import load_outcomes
from unisono.learn.watch import _changed, _chart
from unisono.predict.artifact import default_artifact_path, load
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

N, N_MODELS, N_DRAWS = 10_000, 5, 4


def told(table: Table, rng: np.random.Generator, *, swap: bool) -> Counter[str]:
    """Return what was told of one pool: alarms of the changed model and of others, and how each was explained."""
    pool = rng.choice(len(table.models), N_MODELS + 1, replace=False)
    rows, asked = rng.integers(0, len(table.table.prompts), N), rng.integers(0, N_MODELS, N)
    if not swap:
        names = sorted(set(table.table.categories))
        blocks = np.array([names.index(table.table.categories[row]) * 10 // len(names) for row in rows])
        rows = rows[np.argsort(blocks, kind="stable")]
    answers = pool[asked]
    if swap:
        answers = np.where((asked == 0) & (np.arange(N) >= N // 2), pool[N_MODELS], answers)
    streams = {"measured": table.worth(rows, pool[asked], answers, votes=None)}
    if table.has_length:
        streams["length"] = table.lengths(rows, pool[asked], answers)
    found: Counter[str] = Counter()
    for stream, values in streams.items():
        charts = [_chart(None, stream) for _ in range(N_MODELS)]
        for place in range(N):
            model = int(asked[place])
            shift = charts[model].add(float(values[place]))
            if shift is not None:
                others = [chart for other, chart in enumerate(charts) if other != model]
                changed = _changed(str(model), stream, shift, others)
                why = "traffic" if changed.with_others else "model"
                found[f"{stream}: {'the swapped' if swap and model == 0 else 'a steady'} model, said {why}"] += 1
    return found


def main() -> None:
    """Run all, print and write."""
    encoder = StaticEncoder()
    artifact = load(default_artifact_path(), encoder=encoder.name)
    read = Understanding(encoder, cache_size=1).text
    found = {}
    for name, part in TABLES:
        table = load_outcomes(DATA, name, part=part)  # type: ignore[arg-type]
        keep = np.zeros(len(table.prompts), dtype=bool)
        keep[np.random.default_rng(0).permutation(len(keep))[:1500]] = True
        table = table.rows(keep)
        whole = np.isnan(table.scores).mean(axis=0) < 0.05
        table = table.only([model for model, kept in zip(table.models, whole, strict=True) if kept])
        table = table.rows(~np.isnan(table.scores).any(axis=1))
        ready = Table(table, artifact, [read(prompt) for prompt in table.prompts])
        found[name] = {}
        for kind in ("traffic", "swap"):
            total: Counter[str] = Counter()
            for seed in SEEDS:
                rng = np.random.default_rng(seed)
                for _ in range(N_DRAWS):
                    total += told(ready, rng, swap=kind == "swap")
            found[name][kind] = {"pools": len(SEEDS) * N_DRAWS, **dict(sorted(total.items()))}
        print(json.dumps({name: found[name]}), flush=True)
    lines = [f' "{name}": {json.dumps(rows)}' for name, rows in found.items()]
    (ROOT / "lab" / "runs" / "drift" / "traffic.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
