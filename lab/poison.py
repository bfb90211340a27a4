"""How far five hostile users of a hundred move what the router chooses, as it is served:

    PYTHONPATH=src:lab python lab/poison.py 3

The streams, tables and voters of `lab/stream.py` (its docstring says how they vote), with the product's whole choice
on top: its chooser with margin and guard, at dial 1, where nothing but quality counts, and with the table's best single
model or its second best as the declared default. `argmax` is the bare best expectation, as `stream.py` measures it.
Points by which the share of any model moves among the choices on all prompts of the stream. Writes
`lab/runs/stream/poison.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream import FREE, N_HOSTILE, NOW, ROOT, RULES, SEEDS, TABLES, N, Ours, Vote, prepared, stream
from unisono.choose.explore import Exploration
from unisono.choose.utility import UtilityChooser
from unisono.predict.artifact import default_artifact_path, load
from unisono.types import Estimate, Goal, Mode, Model
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

GOAL = Goal(mode=Mode.DEEP, dial=1.0)


def shares(router: Ours, default: str | None) -> NDArray[np.float64]:
    """Return each model's share of the choices: with a default by the product's chooser, without by expectation."""
    if default is None:
        return router.shares()
    chooser, names = UtilityChooser(), [m.name for m in router._models]
    chosen = []
    for features in router._features:
        found = router._quality.predict_one(features, router._models)
        estimates = [
            Estimate(model=m.name, quality=q, cost=FREE, latency=NOW)
            for m, q in zip(router._models, found, strict=True)
        ]
        choice = chooser.choose(estimates, GOAL, default=default, rng=Random(0))
        chosen.append(names.index(choice.ranking[0].model))
    return np.bincount(chosen, minlength=len(names)) / len(chosen)


def moved(
    make: Callable[[], Ours], votes: list[Vote], target: int, defaults: dict[str, str | None]
) -> dict[str, float]:
    """Return points by which hostile votes in a log move the share of any model, per way to choose."""
    found: dict[str, list[NDArray[np.float64]]] = {}
    for hostile in (False, True):
        router = make()
        for place, chosen, vote, user in votes:
            against = float(chosen != target) if hostile and user < N_HOSTILE else vote
            router.learn(place, chosen, against, user)
        router.rebuild()
        for how, default in defaults.items():
            found.setdefault(how, []).append(shares(router, default))
    return {how: round(100 * float(np.abs(a - b).max()), 1) for how, (a, b) in found.items()}


def main() -> None:
    """Run all, print and write."""
    encoder = StaticEncoder()
    artifact = load(default_artifact_path(), encoder=encoder.name)
    understand = Understanding(encoder, cache_size=20_000)
    rows: list[dict[str, Any]] = []
    for (name, part), models in TABLES.items():
        table = prepared(name, part, models)
        for strangers in (False, True):
            row: dict[str, Any] = {"table": f"{name}.{part}", "strangers": strangers, "moved": {}}
            for seed in SEEDS:
                order = np.random.default_rng(seed).permutation(len(table.prompts))[:N]
                scores, features = table.scores[order], [understand.text(table.prompts[i]) for i in order]
                names = [f"m{n}" if strangers else m for n, m in enumerate(table.models)]
                pool = [Model(name=n, upstream="openai", upstream_model=n) for n in names]
                chosen, votes = stream(scores, Ours(artifact, pool, features, rules=RULES["ours"]), seed=seed)
                best = np.argsort(-scores.mean(axis=0))
                defaults = {"argmax": None, "default best": names[best[0]], "default second": names[best[1]]}
                target = int(np.bincount(chosen, minlength=len(pool)).argmax())
                make = partial(Ours, artifact, pool, features, rules=Exploration())
                for how, points in moved(make, votes, target, defaults).items():
                    row["moved"].setdefault(how, []).append(points)
            rows.append(row)
            print(json.dumps(row), flush=True)
    file = ROOT / "lab" / "runs" / "stream" / "poison.json"
    file.write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
