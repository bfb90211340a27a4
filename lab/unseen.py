"""Whether learning from votes helps where the models are known and the users' tasks are not:

    PYTHONPATH=src:lab python lab/unseen.py [dev] [number of seeds, default 5]

This is what a team meets that installs the router: the artifact knows its models from public tasks, and what the team
asks is none of them. The tasks of a table, sorted by name, are dealt to two halves; the artifact is trained without
one half of this table's tasks (all else as shipped), and the prompts of that half are the stream. Tables, voters, votes
and rivals are those of `stream.py`; a house has 100 voters, where a twentieth may be hostile and is held back from
steering, or ten, where nobody is. `frozen` is the same artifact that learns nothing. "Best single" has two readings:
`best known` is the model that is best on the tasks that were trained on, which is what can be known at the start;
`best in hindsight` the one that turns out best on the stream, which nobody can know. One stream a half and seed, at
most 1,000 requests; intervals are paired, by resampling prompts.

What was decided before any of it was run: the two houses, the three settings of `stream.py` in both, exploring as there
(a twentieth of the requests, at most .05 expected to be lost) and not at all in the first setting. With `dev` the train
parts of mmlu_pro and routerbench are streamed; only these may be tuned on. Writes `lab/runs/stream/unseen.json`, or
`unseen_dev.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from board.context import DATA, Context, say
from board.product import trained, without_prompts
from corpus import trained_name
from stream import ROOT, RULES, SETTINGS, TABLES, Floats, Linear, N, Ours, axes, gain, pool_of, prepared, stream
from unisono.choose.explore import Exploration
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.learn.corpus import Block, Corpus
from unisono.predict.artifact import Artifact, default_artifact_path

HOUSES = (100, 10)
HALVES = (0, 1)
NOTHING = Exploration(share=0.0)


def half_of(table: Outcomes) -> dict[str, int]:
    """Return the half that each task of a table, in all its parts, belongs to."""
    tasks: set[str] = set()
    for part in ("train", "test"):
        if (DATA / f"{table.name.partition('.')[0]}.{part}.prompts.parquet").exists():
            tasks |= set(load_outcomes(DATA, table.name.partition(".")[0], part=part).categories)  # type: ignore[arg-type]
    return {task: place % 2 for place, task in enumerate(sorted(tasks))}


def with_set(context: Context, name: str) -> Corpus:
    """Return the shipped corpus and, where it lacks it, this set's train part."""
    corpus = context.corpus
    if any(block.outcomes.name.partition(".")[0] == name for block in corpus.blocks):
        return corpus
    table = load_outcomes(DATA, name, part="train")
    models = tuple(sorted({*corpus.models, *(trained_name(model) for model in table.models)}))
    moved = [
        replace(block, columns=np.array([models.index(corpus.models[c]) for c in block.columns]))
        for block in corpus.blocks
    ]
    columns = np.array([models.index(trained_name(model)) for model in table.models])
    block = Block(outcomes=table, features=tuple(context.features(table.prompts)), columns=columns)
    return replace(corpus, blocks=(*moved, block), models=models)


def best_known(corpus: Corpus, name: str, models: Sequence[str]) -> int:
    """Return the place of the model that is best on a set's prompts in a corpus."""
    block = next(b for b in corpus.blocks if b.outcomes.name.partition(".")[0] == name)
    means = np.nanmean(block.outcomes.scores, axis=0)
    return int(np.argmax([means[block.outcomes.models.index(model)] for model in models]))


def routers(artifact: Artifact, table: Outcomes, scores: Floats, features: Any, *, first: bool) -> Iterator[Any]:
    """Yield name and makers of what is compared, beside the single models."""
    pool = pool_of(table.models, scores, "known")
    yield "ours", lambda seed: Ours(artifact, pool, features, rules=RULES)
    if first:
        yield "ours, not exploring", lambda seed: Ours(artifact, pool, features, rules=NOTHING)
    yield "frozen", lambda seed: Ours(artifact, pool, features, rules=None)
    x = axes(features)
    yield "LinUCB", lambda seed: Linear(x, len(pool), thompson=False, seed=seed)
    yield "Thompson", lambda seed: Linear(x, len(pool), thompson=True, seed=seed)


def run(context: Context, table: Outcomes, *, n_seeds: int) -> list[dict[str, Any]]:
    """Return a row for each house and setting of one table."""
    name, halves = table.name.partition(".")[0], half_of(table)
    whole = with_set(context, name)
    got: dict[tuple[int, float, int], dict[str, list[Floats]]] = {}
    prompts: list[NDArray[np.intp]] = []
    for half in HALVES:
        corpus = without_prompts(whole, lambda of, task, row, half=half: of == name and halves.get(task) == half)
        artifact = trained(context, corpus)
        single = best_known(corpus, name, table.models)
        rows = np.flatnonzero([halves[task] == half for task in table.categories])
        for seed in range(1, 1 + n_seeds):
            say(f"{table.name}: half {half}, seed {seed}")
            order = np.random.default_rng(seed).permutation(rows)[:N]
            prompts.append(order)
            scores, features = table.scores[order], context.features([table.prompts[row] for row in order])
            fixed = {"best known": scores[:, single], "best in hindsight": scores[:, scores.mean(axis=0).argmax()]}
            for house in HOUSES:
                for rate, late in SETTINGS:
                    first = (rate, late) == SETTINGS[0]
                    into = got.setdefault((house, rate, late), {})
                    for router, make in routers(artifact, table, scores, features, first=first):
                        if router == "frozen" and (house, rate, late) != (HOUSES[0], *SETTINGS[0]):
                            found = got[HOUSES[0], *SETTINGS[0]]["frozen"][-1]
                        else:
                            chosen, _ = stream(scores, make(seed), seed=seed, rate=rate, late=late, n_users=house)
                            found = scores[np.arange(len(scores)), chosen]
                        into.setdefault(router, []).append(found)
                    for other, value in fixed.items():
                        into.setdefault(other, []).append(value)
    return [_row(table, *key, found, prompts) for key, found in got.items()]


def _row(
    table: Outcomes, house: int, rate: float, late: int, found: dict[str, list[Floats]], prompts: Sequence[Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {"table": table.name, "models": len(table.models), "voters": house, "judged": rate}
    row |= {"late": late, "n": [len(order) for order in prompts]}
    row["mean"] = {name: round(float(np.concatenate(values).mean()), 4) for name, values in found.items()}
    for ours in [name for name in found if name.startswith("ours")]:
        row[f"{ours} less"] = {
            name: gain(np.concatenate(found[ours]), np.concatenate(values), np.concatenate(prompts))
            for name, values in found.items()
            if name != ours
        }
        early = [np.concatenate([part[:500] for part in parts]) for parts in (found[ours], found["frozen"], prompts)]
        row[f"{ours} less frozen, first 500"] = gain(*early)
    return row


def main() -> None:
    """Run all, print and write."""
    words = sys.argv[1:]
    dev = "dev" in words
    n_seeds = next((int(word) for word in words if word.isdigit()), 5)
    context = Context(data=DATA, artifact_path=default_artifact_path())
    found: list[dict[str, Any]] = []
    for (name, part), models in TABLES.items():
        if dev and part == "train":
            continue
        for row in run(context, prepared(name, "train" if dev else part, models), n_seeds=n_seeds):
            found.append(row)
            print(json.dumps(row), flush=True)
    file = ROOT / "lab" / "runs" / "stream" / ("unseen_dev.json" if dev else "unseen.json")
    file.write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in found) + "\n]\n")


if __name__ == "__main__":
    main()
