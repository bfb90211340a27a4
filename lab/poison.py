"""How far five hostile users of a hundred move what the router chooses, as it is served:

    PYTHONPATH=src:lab python lab/poison.py [number of seeds, default 1]

The streams, tables and voters of `lab/stream.py`, three requests in ten judged. In the log of such a stream five
of the hundred users vote 0 on the model that is used most and 1 on every other; points by which the share of any model
moves among the choices on the prompts of the stream. `served`: the product's whole choice, its chooser with margin and
guard, at dial 1, where nothing but quality counts, with each model of the table in turn as the declared default, and
`exploring` the same with the exploring of the streams turned on.
`argmax`: the bare best expectation, which no default and no guard holds; nothing is served so. `trusting` is the latter
with no voter named. Writes `lab/runs/stream/poison.json`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream import FREE, NOW, ROOT, RULES, TABLES, Ours, Vote, pool_of, prepared, stream
from unisono.choose.explore import explored
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.datasets import Outcomes
from unisono.predict.artifact import default_artifact_path, load
from unisono.types import Estimate, Goal, Mode, Model, Quality
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

GOAL = Goal(mode=Mode.DEEP, dial=1.0)
N_HOSTILE = 5
POOLS = ("known", "newcomer", "strangers")
N = 1200
N_PROMPTS = 600
"""Requests of a stream, and prompts of it on which shares are counted: the first."""

Shares = dict[str, NDArray[np.float64]]


def shares(pool: Sequence[Model], expected: list[tuple[Quality, ...]], *, served: bool) -> Shares:
    """Return each model's share of the choices: by expectation, and by the product's chooser for each default.

    Where exploring is turned on, under `exploring <default>`, a choice counts by the chances that it has.
    """
    chooser, names = UtilityChooser(), [m.name for m in pool]
    chances: Shares = defaultdict(lambda: np.zeros(len(names)))
    chosen: dict[str, list[int]] = {"argmax": [int(np.argmax([q.mean for q in found])) for found in expected]}
    for found in expected if served else ():
        estimates = [
            Estimate(model=m.name, quality=q, cost=FREE, latency=NOW) for m, q in zip(pool, found, strict=True)
        ]
        for default in names:
            choice = chooser.choose(estimates, GOAL, default=default)
            chosen.setdefault(default, []).append(names.index(choice.ranking[0].model))
            tried, _ = explored(
                choice, worth=lambda e: e.quality.mean, rules=RULES, healthy=names, seed=0, language="en"
            )
            by_name = {place.model: place.propensity for place in tried.ranking}
            chances[f"exploring {default}"] += [by_name.get(name, 0.0) for name in names]
    counted = {how: np.bincount(found, minlength=len(names)) for how, found in chosen.items()}
    return {how: found / len(expected) for how, found in (counted | chances).items()}


def moved(asked: Ours, votes: list[Vote], target: int, *, named: bool) -> dict[str, float]:
    """Return points by which hostile votes in the log of a stream move the share of any model, per way to choose."""
    found: list[Shares] = []
    for hostile in (False, True):
        router = asked.again()
        for place, chosen, vote, user in votes:
            against = float(chosen != target) if hostile and user < N_HOSTILE else vote
            router.learn(place, chosen, against, user if named else -1)
        router.rebuild()
        found.append(shares(router.models, [router.expect(place) for place in range(N_PROMPTS)], served=named))
    return {how: round(100 * float(np.abs(found[0][how] - found[1][how]).max()), 1) for how in found[0]}


def run(table: Outcomes, kind: str, parts: tuple[Any, Understanding], *, n_seeds: int) -> dict[str, Any]:
    """Return what hostile voters did to one table's streams: one figure for each seed and default."""
    artifact, understand = parts
    row: dict[str, Any] = {"table": table.name, "pool": kind}
    for seed in range(1, 1 + n_seeds):
        order = np.random.default_rng(seed).permutation(len(table.prompts))[:N]
        scores, features = table.scores[order], [understand.text(table.prompts[i]) for i in order]
        pool = pool_of(table.models, scores, kind)
        asked = Ours(artifact, pool, features, rules=RULES)
        chosen, votes = stream(scores, asked, seed=seed)
        target = int(np.bincount(chosen, minlength=len(pool)).argmax())
        points = moved(asked, votes, target, named=True)
        row.setdefault("argmax", []).append(points.pop("argmax"))
        row.setdefault("trusting", []).append(moved(asked, votes, target, named=False)["argmax"])
        for how in ("served", "exploring"):
            wanted = how == "exploring"
            row.setdefault(how, []).append([v for name, v in points.items() if name.startswith("exploring ") == wanted])
    for how in ("served", "exploring"):
        found = np.array(row[how])
        row |= {f"{how}_max": float(found.max()), f"{how}_above_2": f"{int((found > 2).sum())}/{found.size}"}
    return row


def main() -> None:
    """Run all, print and write."""
    encoder = StaticEncoder()
    parts = (load(default_artifact_path(), encoder=encoder.name), Understanding(encoder, cache_size=20_000))
    rows: list[dict[str, Any]] = []
    for (name, part), models in TABLES.items():
        table = prepared(name, part, models)
        for kind in POOLS:
            rows.append(run(table, kind, parts, n_seeds=int(sys.argv[1]) if len(sys.argv) > 1 else 1))
            print(json.dumps(rows[-1]), flush=True)
    file = ROOT / "lab" / "runs" / "stream" / "poison.json"
    file.write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
