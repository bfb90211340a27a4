"""Trains the default artifact: `python lab/train.py`. Same data and machine, same bytes.

`--search` prints the cross-validation (training parts only) that the settings come from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from corpus import ALIASES, TRAIN_SETS, read_corpus
from pools import POOLS
from unisono.config import EncoderConfig
from unisono.evaluate.metrics import aiq, calibration_error
from unisono.learn.corpus import Block, Corpus
from unisono.learn.held_out import held_out, random_folds
from unisono.learn.irt import Array, Settings
from unisono.learn.topics import N_CLUSTERS
from unisono.learn.train import train
from unisono.plugins import load as load_plugins
from unisono.predict.artifact import default_artifact_path, load, save
from unisono.predict.design import SURFACE_SCALE
from unisono.predict.trust import MIDDLES
from unisono.protocols import Encoder
from unisono.understand.surface import NAMES

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
WITH_PRICES = ("mmlu_pro", "routerbench_0shot_part")
"""The sets on whose pools the manifest gives an AIQ."""


def pool_aiq(block: Block, expected: Array, pool: Sequence[str]) -> float:
    """Return the AIQ of `quality - price x mean cost` swept over prices, on a pool with complete outcomes."""
    places = [block.outcomes.models.index(model) for model in pool]
    scores, costs = block.outcomes.scores[:, places], block.outcomes.costs_usd[:, places]
    whole = ~np.isnan(scores).any(axis=1) & ~np.isnan(costs).any(axis=1)
    scores, costs, quality = scores[whole], costs[whole], expected[np.ix_(whole, places)]
    mean_cost = costs.mean(axis=0)
    rows = np.arange(len(scores))
    points = []
    for price in (0.0, *np.geomspace(1e-1, 1e5, 120)):
        chosen = (quality - price * mean_cost).argmax(axis=1)
        points.append((costs[rows, chosen].mean(), scores[rows, chosen].mean()))
    points.append((mean_cost.min(), scores[:, mean_cost.argmin()].mean()))
    cost, score = np.array(points).T
    return aiq(cost, score, low_usd=float(mean_cost.min()), high_usd=float(mean_cost.max()))


def report(corpus: Corpus, expected: Sequence[Array]) -> dict[str, float]:
    """Return log loss, calibration error and the pools' AIQ of held-out expectations."""
    row: dict[str, float] = {}
    for block, p in zip(corpus.blocks, expected, strict=True):
        y = block.outcomes.scores
        known = ~np.isnan(y) & ~np.isnan(p)
        q = np.clip(p[known], 1e-3, 1 - 1e-3)
        name = block.outcomes.name.split(".")[0]
        row[f"{name} log loss"] = float(-(y[known] * np.log(q) + (1 - y[known]) * np.log(1 - q)).mean())
        row[f"{name} calibration error"] = calibration_error(q, y[known])
        if name in WITH_PRICES:
            row[f"{name} AIQ"] = pool_aiq(block, p, POOLS[name])
    return {key: round(value, 4) for key, value in row.items()}


def search(corpus: Corpus) -> None:
    """Print held-out figures over a small grid."""
    folds = random_folds(corpus, seed=1)
    for n_skills, penalty in ((2, 80.0), (3, 80.0), (4, 40.0), (4, 80.0), (4, 160.0), (6, 80.0), (8, 80.0), (8, 160.0)):
        settings = Settings(n_skills=n_skills, map_penalty=penalty, ability_penalty=penalty)
        started = perf_counter()
        row = report(corpus, [h.probabilities(np.ones(2)) for h in held_out(corpus, folds=folds, settings=settings)])
        print(n_skills, penalty, json.dumps(row), f"{perf_counter() - started:.0f} s", flush=True)


# ------------------------------------------------------------------------------------------- train


def train_default(data: Path, out: Path, settings: Settings, *, encoder: Encoder) -> str:
    """Train and write the artifact; return its id."""
    corpus = read_corpus(data, encoder)
    found = train(corpus, settings)
    manifest = {
        "encoder": encoder.name,
        "surface": list(NAMES),
        "models": list(corpus.models),
        "aliases": ALIASES,
        "scalars": found.scalars,
        "lines": found.lines,
        "benchmarks": found.benchmarks,
        "training": {
            "sets": [f"{name}.train" for name in TRAIN_SETS],
            "data_sha256": {k: v for b in corpus.blocks for k, v in b.outcomes.hashes.items()},
            "n_prompts": sum(len(b.features) for b in corpus.blocks),
            "n_outcomes": found.n_outcomes,
            "dropped": list(corpus.dropped),
            "seed": settings.seed,
            "settings": {
                "n_skills": settings.n_skills,
                "map_penalty": settings.map_penalty,
                "ability_penalty": settings.ability_penalty,
                "n_clusters": N_CLUSTERS,
                "surface_scale": float(SURFACE_SCALE),
            },
        },
        "metrics": {"held-out prompts": report(corpus, found.near), "held-out tasks": report(corpus, found.far)},
        "licence": (
            "Trained from outcomes (scores, token counts, prices) of the sets listed here. It holds fitted numbers and "
            "model names; no prompt and no answer. Nothing comes from sets whose source states no licence "
            "(routerdc_7small, bfcl, time_sensitive, evergreen), nor from any test part."
        ),
    }
    return save(out, arrays=found.arrays, manifest=manifest)


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the outcome tables")
    parser.add_argument("--out", type=Path, default=default_artifact_path(), help="where the artifact goes")
    parser.add_argument(
        "--encoder", default="static", help="any that is installed; an artifact is bound to its encoder"
    )
    parser.add_argument("--encoder-path", type=Path, help="for the encoder onnx: a folder or file")
    parser.add_argument("--search", action="store_true", help="print cross-validation figures and write nothing")
    options = parser.parse_args(argv)
    started = perf_counter()
    encoder = load_plugins().encoder(EncoderConfig(name=options.encoder, path=options.encoder_path))
    if options.search:
        search(read_corpus(options.data, encoder))
        return
    name = train_default(options.data, options.out, Settings(), encoder=encoder)
    artifact = load(options.out, encoder=encoder.name)
    print(f"artifact {name}: {len(artifact.ability.known)} models, {perf_counter() - started:.0f} s")
    print(json.dumps(artifact.manifest["metrics"], indent=1))
    print(json.dumps({key: artifact.manifest[key] for key in ("scalars", "lines")}, indent=1))
    print("familiarity: trust in skill and difficulty, own and shared doubt in logits")
    for middle, row in zip(MIDDLES, artifact.ability.trust.table, strict=True):
        print(f"{middle:.3f}", np.round(row, 3).tolist())


if __name__ == "__main__":
    main()
