"""What is thought of a model that nobody measured, by what its prior rests on: its price and size, or public figures.

    PYTHONPATH=src:lab python lab/newcomer_prior.py

*Strangers*: the models of the training tables are left out, some eight at a time, everything is fitted to the others,
and those left out are guessed and held against their own outcomes. *Elsewhere*: a model that several tables have loses
its outcomes in one of them, and is held against these. `figures` takes all public figures, `other benchmarks` only
those of benchmarks that no training table comes from, `price and size` what was taken before there were figures,
`mean score` knows the level from the table itself and nothing of the prompt. Cells: the error of the mean score in
points, as root mean square over models and, in brackets, with what all models of a table share taken off; log loss of
single answers. Training parts only. Writes `lab/runs/cold_start/prior.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from board.context import DATA, Context, say
from board.product import assembled_of, shipped, without_models
from corpus import trained_name
from unisono.catalog.benchmarks import public_figures
from unisono.evaluate.datasets import load_outcomes
from unisono.evaluate.replay import models_of
from unisono.learn.benchmarks import benchmarks_of
from unisono.learn.corpus import Corpus
from unisono.learn.irt import Settings
from unisono.learn.train import train
from unisono.predict.ability import expected
from unisono.predict.artifact import Artifact, default_artifact_path
from unisono.predict.benchmarks import Benchmarks
from unisono.types import Model

ROOT = Path(__file__).resolve().parent.parent
OWN = frozenset(
    ("mmlu", "mmlu_pro", "mmlu_redux", "arc_c", "winogrande", "mbpp", "mbpp_plus", "math", "math_500", "gsm8k")
).union(("gpqa", "commonsenseqa", "humaneval", "humaneval_plus", "truthfulqa"))
"""Benchmarks that the training tables, or tasks of them, come from."""
NOTHING = Benchmarks(lines={}, known={}, aliases={})
WAYS = ("mean score", "price and size", "other benchmarks", "figures")
N_GROUPS = 10
ENOUGH, MOST = 100, 800
Array = np.ndarray


def main() -> None:
    """Measure each way and print a table."""
    context = Context(data=DATA, artifact_path=default_artifact_path())
    public = public_figures()
    rest = {m: {b: v for b, v in row.items() if b not in OWN} for m, row in public.figures.items()}
    known = {
        "price and size": NOTHING,
        "other benchmarks": benchmarks_of(replace(public, figures=rest)),
        "figures": benchmarks_of(public),
    }
    models = named(context.corpus)
    rows: list[dict[str, Any]] = []
    for what, corpus, gone in [*strangers(context.corpus), *elsewhere(context.corpus)]:
        say(f"{what}: without {', '.join(f'{m} in {t}' for m, t in gone)}"[:150])
        artifacts = {way: fitted(context, corpus, of) for way, of in known.items()}
        rows += [
            {"what": what, "table": table, "model": model} | measured(context, artifacts, models[model], table)
            for model, table in gone
        ]
    rows = [row for row in rows if len(row) > 3]
    show(rows)
    out = ROOT / "lab" / "runs" / "cold_start" / "prior.json"
    out.write_text(json.dumps(rows, indent=1) + "\n")


def named(corpus: Corpus) -> dict[str, Model]:
    """Return every model of the tables with the price that a table implies, by its trained name."""
    found: dict[str, Model] = {}
    for block in corpus.blocks:
        table = load_outcomes(DATA, block.outcomes.name.partition(".")[0], part="train")
        for model in models_of(table):
            name = trained_name(model.name)
            if name not in found or found[name].prices is None:
                found[name] = replace(model, name=name, upstream_model=name)
    return found


def strangers(corpus: Corpus) -> Iterator[tuple[str, Corpus, list[tuple[str, str]]]]:
    """Yield the corpus without some models, and these with their tables."""
    order = np.random.default_rng(0).permutation(len(corpus.models))
    for group in np.array_split(order, N_GROUPS):
        gone = {corpus.models[place] for place in group}
        pairs = [(m, b.outcomes.name) for b in corpus.blocks for m in sorted(gone) if m in names_of(corpus, b)]
        yield "strangers", without_models(corpus, sorted(gone)), pairs


def elsewhere(corpus: Corpus) -> Iterator[tuple[str, Corpus, list[tuple[str, str]]]]:
    """Yield the corpus without one table's outcomes of the models that other tables have too."""
    for block in corpus.blocks:
        others = {m for b in corpus.blocks if b is not block for m in names_of(corpus, b)}
        both = [m for m in names_of(corpus, block) if m in others]
        if not both:
            continue
        keep = [name for name in block.outcomes.models if trained_name(name) not in both]
        blocks = []
        for b in corpus.blocks:
            if b is block:
                if keep:
                    columns = np.array([corpus.models.index(trained_name(name)) for name in keep])
                    blocks.append(replace(b, outcomes=b.outcomes.only(tuple(keep)), columns=columns))
            else:
                blocks.append(b)
        yield "elsewhere", replace(corpus, blocks=tuple(blocks)), [(m, block.outcomes.name) for m in both]


def names_of(corpus: Corpus, block: Any) -> list[str]:
    """Return the trained names of a table's models."""
    return [corpus.models[place] for place in block.columns]


def fitted(context: Context, corpus: Corpus, benchmarks: Benchmarks) -> Artifact:
    """Return the artifact of a corpus; trust is the shipped one."""
    return assembled_of(context, corpus, train(corpus, Settings(), known=shipped(context), benchmarks=benchmarks))


def measured(context: Context, artifacts: dict[str, Artifact], model: Model, table: str) -> dict[str, Any]:
    """Return what each artifact is off by on one model's outcomes in a table; nothing where figures are lacking."""
    (block,) = [b for b in context.corpus.blocks if b.outcomes.name == table]
    column = names_of(context.corpus, block).index(model.name)
    scores = block.outcomes.scores[:, column]
    told = np.flatnonzero(~np.isnan(scores))
    told = np.random.default_rng(0).permutation(told)[:MOST]
    mean = float(scores[told].mean()) if len(told) else 0.0
    if len(told) < ENOUGH or not 0.0 < mean < 1.0:
        return {}
    row: dict[str, Any] = {"mean score": {"error": 0.0, "loss": log_loss(np.full(len(told), mean), scores[told])}}
    for way, artifact in artifacts.items():
        ability = artifact.ability
        over = ability.population.over_index
        if way != "price and size" and over is not None and over.guess(model) is None:
            continue
        belief = ability.prior(model)
        p = np.array([expected(belief, ability.demand(block.features[i]))[0] for i in told])
        row[way] = {"error": float(p.mean()) - mean, "loss": log_loss(p, scores[told]), "ground": belief.ground}
    return row


def log_loss(p: Array, scores: Array) -> float:
    """Return the mean log loss."""
    p = np.clip(p, 0.005, 0.995)
    return float(-(scores * np.log(p) + (1 - scores) * np.log(1 - p)).mean())


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print a line per protocol and table, over models that every way knows."""
    print("| | table | models |" + "".join(f" {way} |" for way in WAYS))
    for what in ("strangers", "elsewhere"):
        own = [row for row in rows if row["what"] == what and all(way in row for way in WAYS)]
        for table in (*dict.fromkeys(row["table"] for row in own), ""):
            these = [row for row in own if row["table"].startswith(table)]
            cells = []
            for way in WAYS:
                errors = 100 * np.array([row[way]["error"] for row in these])
                tables = np.array([row["table"] for row in these])
                apart = errors - np.array([errors[tables == t].mean() for t in tables])
                loss = np.mean([row[way]["loss"] for row in these])
                cells.append(f" {np.sqrt((errors**2).mean()):.1f} ({np.sqrt((apart**2).mean()):.1f}), {loss:.3f} |")
            print(f"| {what} | {table or 'all'} | {len(these)} |" + "".join(cells))


if __name__ == "__main__":
    main()
