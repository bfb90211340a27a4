"""What the guard does at the default dial: `PYTHONPATH=src:lab python lab/guard.py` (some ten minutes).

The product's own predictors and chooser decide every prompt of the test parts, with the best single model of the train
part as the default; then, on the train parts, every task is left out in turn, everything is trained without it, and its
prompts are decided. Quality and money are compared with always asking the default. Nothing is tuned here. Writes
`lab/runs/guard/guard.json`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from corpus import ALIASES, read_corpus
from pools import POOLS
from train import WITH_PRICES
from unisono.choose.guard import UNUSUAL
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.metrics import paired_bootstrap
from unisono.evaluate.replay import models_of
from unisono.learn.corpus import Block, Corpus
from unisono.learn.irt import Settings
from unisono.learn.train import train
from unisono.predict.artifact import Artifact, assembled, default_artifact_path, load
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Estimate, Features, Goal, Latency, Message, Mode, Model, Request, Score
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SETS = (
    "mmlu_pro",
    "routerbench_0shot_part",
    "zeroeval_gsm",
    "zeroeval_math_l5",
    "bfcl_v1_2024_08",
    "llmrouter_default",
)
TRAINED_BY = {"zeroeval_gsm": "zeroeval_math_l5"}
"""A set that has no train part takes its default from another one's."""
N_LARGEST = 10
NOW = datetime(2024, 11, 1, tzinfo=UTC)
AT_ONCE = Latency(first_token_s=0.0, total_s=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was decided for each prompt: the place of the model, whether the guard held the default, its familiarity."""

    chosen: np.ndarray
    held: np.ndarray
    familiar: np.ndarray


def decide(
    artifact: Artifact,
    features: Sequence[Features],
    models: Sequence[Model],
    *,
    default: str,
    dial: float,
    scores: Sequence[tuple[Features, Score]] = (),
) -> Made:
    """Decide each prompt as the product does, without a price of time, after some measured scores."""
    quality, cost, chooser = QualityEnsemble(artifact), TokenCost(artifact.length.expected), UtilityChooser()
    for read, score in scores:
        quality.learn_one(read, score)
    goal, names = Goal(mode=Mode.DEEP, dial=dial), [model.name for model in models]
    chosen, held, familiar = [], [], []
    for known in features:
        request = Request(
            id="r",
            received=NOW,
            body={},
            model="auto",
            mode=Mode.DEEP,
            pin=None,
            messages=(Message(role="user", text=known.task),),
        )
        estimates = [
            Estimate(model=m.name, quality=q, cost=c, latency=AT_ONCE)
            for m, q, c in zip(
                models, quality.predict_one(known, models), cost.predict_one(request, known, models), strict=True
            )
        ]
        choice = chooser.choose(estimates, goal, default=default)
        chosen.append(names.index(choice.ranking[0].model))
        held.append("stays" in choice.reason)
        familiar.append(estimates[0].quality.familiar)
    return Made(chosen=np.array(chosen), held=np.array(held), familiar=np.array(familiar))


def figures(table: Outcomes, made: Made, default: int) -> dict:
    """Return what was gained and saved against always asking the default, with intervals."""
    rows = np.arange(len(made.chosen))
    gain = table.scores[rows, made.chosen] - table.scores[:, default]
    spent, would = np.nan_to_num(table.costs_usd)[rows, made.chosen], np.nan_to_num(table.costs_usd)[:, default]
    rng = np.random.default_rng
    gained = paired_bootstrap(lambda w: float(gain @ w), len(rows), rng=rng(0))
    saved = paired_bootstrap(lambda w: 1 - float(spent @ w) / max(float(would @ w), 1e-12), len(rows), rng=rng(0))
    used = Counter(table.models[place] for place in made.chosen)
    return {
        "n": len(rows),
        "default": table.models[default],
        "gained": [round(v, 4) for v in (gained.value, gained.low, gained.high)],
        "saved": [round(v, 3) for v in (saved.value, saved.low, saved.high)] if would.any() else None,
        "left": round(float((made.chosen != default).mean()), 3),
        "held": round(float(made.held.mean()), 3),
        "unusual": round(float((made.familiar <= UNUSUAL).mean()), 3),
        "used": {name: round(n / len(rows), 3) for name, n in used.most_common()},
    }


def pool_of(train: Outcomes, test: Outcomes, name: str) -> tuple[str, ...]:
    """Return the models to route over: `pools.POOLS`, or ten from best to worst, with prices if the set has any."""
    if name in WITH_PRICES:
        return POOLS[name]
    both = [m for m in test.models if m in train.models and _priced(test, m) >= _priced(test, None)]
    known = {m: int((~np.isnan(test.scores[:, test.models.index(m)])).sum()) for m in both}
    best = {m: float(np.nanmean(train.scores[:, train.models.index(m)])) for m in both}
    full = [m for m in both if known[m] >= 0.95 * max(known.values())]
    ranked = sorted(full, key=lambda m: (-best[m], m))
    places = np.unique(np.linspace(0, len(ranked) - 1, min(N_LARGEST, len(ranked))).round().astype(int))
    return tuple(ranked[place] for place in places)


def _priced(table: Outcomes, model: str | None) -> bool:
    """Say whether a model's answers have prices; for None, whether any model's have."""
    places = slice(None) if model is None else table.models.index(model)
    return bool((np.nan_to_num(table.costs_usd[:, places]) > 0).any())


def on_test(name: str, data: Path, artifact: Artifact, understand: Understanding, dial: float) -> dict:
    """Return the figures of one test part."""
    train, test = load_outcomes(data, TRAINED_BY.get(name, name), part="train"), load_outcomes(data, name, part="test")
    pool = pool_of(train, test, name)
    train, test = train.only(pool), test.only(pool)
    whole = ~np.isnan(test.scores).any(axis=1)
    test = test.rows(whole)
    default = int(np.nanmean(train.scores, axis=0).argmax())
    models = models_of(train)
    made = decide(artifact, [understand.text(p) for p in test.prompts], models, default=pool[default], dial=dial)
    return figures(test, made, default)


def without(corpus: Corpus, block: int, task: str) -> Corpus:
    """Return the corpus without one task of one block."""
    cut = []
    for place, one in enumerate(corpus.blocks):
        keep = np.array([place != block or c != task for c in one.outcomes.categories])
        features = tuple(f for f, kept in zip(one.features, keep, strict=True) if kept)
        cut.append(Block(outcomes=one.outcomes.rows(keep), features=features, columns=one.columns))  # type: ignore[attr-defined]
    return replace(corpus, blocks=tuple(cut))


def tasks_left_out(corpus: Corpus, artifact: Artifact, dial: float) -> dict:
    """Return the figures of every task of the sets with prices, each decided by what was trained without it."""
    found: dict = {}
    for place, block in enumerate(corpus.blocks):
        name = block.outcomes.name.split(".")[0]
        if name not in WITH_PRICES:
            continue
        table = block.outcomes.only(POOLS[name])  # type: ignore[attr-defined]
        whole = ~np.isnan(table.scores).any(axis=1) & ~np.isnan(table.costs_usd).any(axis=1)
        joined: list[tuple[Outcomes, Made, int]] = []
        for task in sorted(set(table.categories)):
            here = np.array([c == task for c in table.categories])
            default = int(np.nanmean(table.scores[~here], axis=0).argmax())
            trained = train(without(corpus, place, task), Settings())
            manifest = {
                "encoder": artifact.encoder,
                "models": list(corpus.models),
                "aliases": ALIASES,
                "scalars": trained.scalars,
                "lines": trained.lines,
            }
            held = assembled(arrays=trained.arrays, manifest=manifest)
            rows = here & whole
            features = [f for f, kept in zip(block.features, rows, strict=True) if kept]
            others = table.rows(~here)
            made = decide(held, features, models_of(others), default=table.models[default], dial=dial)
            joined.append((table.rows(rows), made, default))
            found[f"{name}: {task}"] = figures(*joined[-1])
            print(f"{name}: {task}", found[f"{name}: {task}"], flush=True)
        gain = np.concatenate([t.scores[np.arange(len(m.chosen)), m.chosen] - t.scores[:, d] for t, m, d in joined])
        held_share = np.concatenate([m.held for _, m, _ in joined]).mean()
        gained = paired_bootstrap(lambda w, gain=gain: float(gain @ w), len(gain), rng=np.random.default_rng(0))
        spent = sum(float(t.costs_usd[np.arange(len(m.chosen)), m.chosen].sum()) for t, m, _ in joined)
        would = sum(float(t.costs_usd[:, d].sum()) for t, _, d in joined)
        found[f"{name}: together"] = {
            "n": len(gain),
            "gained": [round(v, 4) for v in (gained.value, gained.low, gained.high)],
            "saved": round(1 - spent / would, 3),
            "held": round(float(held_share), 3),
            "left": round(float(np.concatenate([m.chosen != d for _, m, d in joined]).mean()), 3),
        }
        print(f"{name}: together", found[f"{name}: together"], flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--artifact", type=Path, default=default_artifact_path())
    parser.add_argument("--dial", type=float, default=0.5)
    parser.add_argument("--only", choices=("test", "tasks"), help="one half of it")
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "guard" / "guard.json")
    options = parser.parse_args(argv)
    encoder = StaticEncoder()
    artifact = load(options.artifact, encoder=encoder.name)
    run: dict = {"artifact": artifact.id, "dial": options.dial}
    if options.only != "tasks":
        understand = Understanding(encoder, cache_size=1)
        run["test"] = {}
        for name in SETS:
            run["test"][name] = on_test(name, options.data, artifact, understand, options.dial)
            print(name, run["test"][name], flush=True)
    if options.only != "test":
        run["tasks left out"] = tasks_left_out(read_corpus(options.data, encoder), artifact, options.dial)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
