"""Trains the default artifact: `python lab/train.py`. Same data and machine, same bytes.

`--search` prints the cross-validation (training parts only) that the settings come from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from math import log10, pi
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from corpus import ALIASES, TRAIN_SETS, Block, Corpus, read_corpus
from irt import Array, Fitted, Settings, fit, profiles
from pools import POOLS
from unisono.evaluate.metrics import aiq, calibration_error
from unisono.predict.artifact import default_artifact_path, load, save
from unisono.predict.design import SURFACE_SCALE, Design
from unisono.predict.names import size_b
from unisono.types import Features
from unisono.understand.embed import StaticEncoder
from unisono.understand.surface import NAMES

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
N_CLUSTERS = 48
N_FOLDS = 5
EFFECTIVE_OUTCOMES = 200.0
"""Trained abilities are as sure as after this many outcomes: the user's upstream may be another build."""
LENGTH_PENALTY = 100.0
DOUBT_FLOOR = 0.25
"""Random folds show no doubt beyond chance, but nobody's prompts are exactly those of the tables."""
SD_FLOOR = 0.6
"""The lines over size and price were fitted on few models of one era; they are never surer than this, in logits."""


# ---------------------------------------------------------------------------------------- features


def fit_design(features: Sequence[Features], *, seed: int) -> Design:
    """Fit the standardisation and the topic clusters."""
    surface = np.array([f.surface for f in features], dtype=np.float64)
    embeddings = np.array([f.embedding for f in features], dtype=np.float64)
    centroids = spherical_k_means(embeddings, N_CLUSTERS, seed=seed).astype(np.float32)
    distance = 1.0 - (embeddings @ centroids.T).max(axis=1)
    raw = Design(
        surface_mean=surface.mean(axis=0).astype(np.float32),
        surface_scale=np.maximum(surface.std(axis=0), 1e-3).astype(np.float32),
        centroids=centroids,
        centre=np.zeros(embeddings.shape[1] + N_CLUSTERS + surface.shape[1], dtype=np.float32),
        near=float(np.quantile(distance, 0.5)),
        far=float(np.quantile(distance, 0.99)),
    )
    centre = np.array([raw.x(f) for f in features], dtype=np.float64).mean(axis=0)
    return Design(
        surface_mean=raw.surface_mean,
        surface_scale=raw.surface_scale,
        centroids=centroids,
        centre=centre.astype(np.float32),
        near=raw.near,
        far=raw.far,
    )


def spherical_k_means(vectors: Array, n: int, *, seed: int, n_rounds: int = 30) -> Array:
    """Return n unit centroids; empty ones are dropped onto the worst-covered vectors."""
    rng = np.random.default_rng(seed)
    centroids = vectors[rng.choice(len(vectors), n, replace=False)]
    for _ in range(n_rounds):
        closeness = vectors @ centroids.T
        nearest = closeness.argmax(axis=1)
        worst = iter(np.argsort(closeness.max(axis=1), kind="stable"))
        sums = np.array(
            [vectors[nearest == c].sum(axis=0) if (nearest == c).any() else vectors[next(worst)] for c in range(n)]
        )
        centroids = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return centroids


def matrix(design: Design, block: Block) -> Array:
    """Return the design matrix of a block, as the product computes it."""
    return np.array([design.x(f) for f in block.features], dtype=np.float64)


# ------------------------------------------------------------------------------- what training found


def tempered(
    x: Sequence[Array], corpus: Corpus, fitted: Fitted
) -> tuple[Array, Array, NDArray[np.int64], Array, Array]:
    """Return covariances per model, the population's mean and covariance, and outcome counts."""
    k = fitted.abilities.shape[1]
    n_models = len(corpus.models)
    information, counts = np.zeros((n_models, k, k)), np.zeros(n_models, dtype=np.int64)
    for xs, block in zip(x, corpus.blocks, strict=True):
        profile, p = profiles(xs, fitted.skills), fitted.probabilities(xs, block.columns)
        known = ~np.isnan(block.outcomes.scores)
        for place, column in enumerate(block.columns):
            weight = p[:, place] * (1 - p[:, place]) * known[:, place]
            information[column] += (profile.T * weight) @ profile
            counts[column] += int(known[:, place].sum())
    enough = counts >= 100
    mean = fitted.abilities[enough].mean(axis=0)
    covariance = np.cov(fitted.abilities[enough].T) + 0.02 * np.eye(k)
    share = np.minimum(EFFECTIVE_OUTCOMES / np.maximum(counts, 1), 1.0)
    covariances = np.linalg.inv(share[:, None, None] * information + np.linalg.inv(covariance))
    return covariances, counts, enough, mean, covariance


def line(values: Array, abilities: Array) -> dict[str, float]:
    """Fit a straight line of general ability over a hint."""
    slope, intercept = np.polyfit(values, abilities, 1)
    sd = float(np.std(abilities - intercept - slope * values, ddof=2))
    return {
        "intercept": float(intercept),
        "slope": float(slope),
        "sd": max(sd, SD_FLOOR),
        "low": float(values.min()),
        "high": float(values.max()),
    }


def price_hints(corpus: Corpus, fitted: Fitted) -> dict[str, float]:
    """Fit general ability over the blended price per million tokens seen in the tables."""
    prices, abilities = [], []
    for block in corpus.blocks:
        table = block.outcomes
        tokens = 0.75 * table.input_tokens + 0.25 * table.output_tokens
        for place, column in enumerate(block.columns):
            known = ~np.isnan(table.costs_usd[:, place]) & (tokens[:, place] > 0)
            total = (table.input_tokens[known, place] + table.output_tokens[known, place]).sum()
            if known.sum() >= 100 and table.costs_usd[known, place].sum() > 0:
                prices.append(log10(table.costs_usd[known, place].sum() / total * 1e6))
                abilities.append(fitted.abilities[column, 0])
    return line(np.array(prices), np.array(abilities))


def size_hints(corpus: Corpus, fitted: Fitted, enough: NDArray[np.bool_]) -> dict[str, float]:
    """Fit general ability over the logarithm of the size stated in a model's name."""
    pairs = [
        (log10(size), fitted.abilities[place, 0])
        for place, name in enumerate(corpus.models)
        if enough[place] and (size := size_b(name))
    ]
    return line(np.array([s for s, _ in pairs]), np.array([a for _, a in pairs]))


def structural_doubt(groups: Sequence[tuple[NDArray[np.str_], Array, Array]]) -> float:
    """Return the deviation of the logit that held-out groups of prompts show beyond chance.

    Args:
        groups: per block the group of each prompt, the held-out expected scores, the scores.
    """
    excess, weight = 0.0, 0.0
    for group, p, y in groups:
        for name in np.unique(group):
            rows = group == name
            for column in range(p.shape[1]):
                known = rows & ~np.isnan(y[:, column]) & ~np.isnan(p[:, column])
                if known.sum() < 20:
                    continue
                information = float((p[known, column] * (1 - p[known, column])).sum())
                offset = float((y[known, column] - p[known, column]).sum()) / information
                excess += offset * offset - 1.0 / information
                weight += 1.0
    return float(np.sqrt(max(excess / weight, DOUBT_FLOOR**2)))


def fit_lengths(x: Sequence[Array], corpus: Corpus) -> dict[str, NDArray[np.float64] | float]:
    """Fit the logarithm of output tokens: a constant per model plus a shared ridge map."""
    n_models, n_x = len(corpus.models), x[0].shape[1]
    constants, weights = np.full(n_models, np.nan), np.zeros(n_x)
    logs = [np.log(np.where(b.outcomes.output_tokens > 0, b.outcomes.output_tokens, np.nan)) for b in corpus.blocks]
    for _ in range(10):
        total, count = np.zeros(n_models), np.zeros(n_models)
        for xs, y, block in zip(x, logs, corpus.blocks, strict=True):
            rest = y - (xs @ weights)[:, None]
            np.add.at(total, block.columns, np.nansum(rest, axis=0))
            np.add.at(count, block.columns, (~np.isnan(rest)).sum(axis=0))
        constants = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        left, right = LENGTH_PENALTY * np.eye(n_x), np.zeros(n_x)
        for xs, y, block in zip(x, logs, corpus.blocks, strict=True):
            rest = y - constants[block.columns]
            n_known = (~np.isnan(rest)).sum(axis=1)
            left += (xs.T * n_known) @ xs
            right += xs.T @ np.nansum(rest, axis=1)
        weights = np.linalg.solve(left, right)
    squares, count = np.zeros(n_models), np.zeros(n_models)
    for xs, y, block in zip(x, logs, corpus.blocks, strict=True):
        rest = y - (xs @ weights)[:, None] - constants[block.columns]
        np.add.at(squares, block.columns, np.nansum(rest**2, axis=0))
        np.add.at(count, block.columns, (~np.isnan(rest)).sum(axis=0))
    sds = np.sqrt(squares / np.maximum(count, 1))
    sds = np.where(count > 0, np.maximum(sds, 0.1), 1.0)
    between = float(np.nanstd(constants))
    within = float(np.sqrt(squares.sum() / count.sum()))
    return {
        "weights": weights,
        "constants": constants,
        "sds": sds,
        "unknown_mean": float(np.nanmean(constants)),
        "unknown_sd": float(np.hypot(between, within)),
    }


# -------------------------------------------------------------------------------- cross-validation


def held_out(x: Sequence[Array], corpus: Corpus, folds: Sequence[NDArray[np.intp]], settings: Settings) -> list[Array]:
    """Return expected scores of every prompt from a fit that never saw its fold."""
    out = [np.full(block.outcomes.scores.shape, np.nan) for block in corpus.blocks]
    for fold in range(max(int(f.max()) for f in folds) + 1):
        kept = [
            (xs[f != fold], block.outcomes.scores[f != fold], block.columns)
            for xs, block, f in zip(x, corpus.blocks, folds, strict=True)
            if (f != fold).any()
        ]
        fitted = fit(kept, len(corpus.models), settings)
        for place, (xs, block, f) in enumerate(zip(x, corpus.blocks, folds, strict=True)):
            out[place][f == fold] = fitted.probabilities(xs[f == fold], block.columns)
    return out


def random_folds(corpus: Corpus, *, seed: int) -> list[NDArray[np.intp]]:
    """Return a random fold per prompt."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, N_FOLDS, len(b.features)) for b in corpus.blocks]


def task_folds(corpus: Corpus) -> list[NDArray[np.intp]]:
    """Return folds that keep every task or subject whole."""
    folds, at = [], 0
    for block in corpus.blocks:
        names = sorted(set(block.outcomes.categories))
        place = {name: (at + i) % N_FOLDS for i, name in enumerate(names)}
        at += len(names)
        folds.append(np.array([place[c] for c in block.outcomes.categories]))
    return folds


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
        if name in POOLS:
            row[f"{name} AIQ"] = pool_aiq(block, p, POOLS[name])
    return {key: round(value, 4) for key, value in row.items()}


def search(x: Sequence[Array], corpus: Corpus) -> None:
    """Print held-out figures over a small grid."""
    folds = random_folds(corpus, seed=1)
    for n_skills, penalty in ((2, 80.0), (3, 80.0), (4, 40.0), (4, 80.0), (4, 160.0), (6, 80.0), (8, 80.0), (8, 160.0)):
        settings = Settings(n_skills=n_skills, map_penalty=penalty, ability_penalty=penalty)
        started = perf_counter()
        row = report(corpus, held_out(x, corpus, folds, settings))
        print(n_skills, penalty, json.dumps(row), f"{perf_counter() - started:.0f} s", flush=True)


# ------------------------------------------------------------------------------------------- train


def train(data: Path, out: Path, settings: Settings) -> str:
    """Train and write the artifact; return its id."""
    encoder = StaticEncoder()
    corpus = read_corpus(data, encoder)
    design = fit_design([f for b in corpus.blocks for f in b.features], seed=settings.seed)
    x = [matrix(design, block) for block in corpus.blocks]
    fitted = fit(
        [(xs, b.outcomes.scores, b.columns) for xs, b in zip(x, corpus.blocks, strict=True)],
        len(corpus.models),
        settings,
    )
    covariances, counts, enough, mean, covariance = tempered(x, corpus, fitted)
    scores = [b.outcomes.scores for b in corpus.blocks]
    tasks = [np.array(b.outcomes.categories) for b in corpus.blocks]
    near = held_out(x, corpus, random_folds(corpus, seed=1), settings)
    far = held_out(x, corpus, task_folds(corpus), settings)
    topics = [
        np.array([str(int((design.centroids @ f.embedding).argmax())) for f in b.features]) for b in corpus.blocks
    ]
    lengths = fit_lengths(x, corpus)
    difficulty_sd = float(np.std(np.concatenate([xs @ fitted.difficulty for xs in x])))
    arrays = {
        "surface_mean": design.surface_mean,
        "surface_scale": design.surface_scale,
        "centroids": design.centroids,
        "centre": design.centre,
        "skills": fitted.skills.astype(np.float32),
        "difficulty": fitted.difficulty.astype(np.float32),
        "means": fitted.abilities,
        "covariances": covariances,
        "n_outcomes": counts,
        "population_mean": mean,
        "population_covariance": covariance,
        "length_weights": lengths["weights"].astype(np.float32),
        "length_constants": lengths["constants"],
        "length_sds": lengths["sds"],
    }
    manifest = {
        "encoder": encoder.name,
        "surface": list(NAMES),
        "models": list(corpus.models),
        "aliases": ALIASES,
        "scalars": {
            "near": design.near,
            "far": design.far,
            "doubt_near": structural_doubt(list(zip(topics, near, scores, strict=True))),
            "doubt_far": structural_doubt(list(zip(tasks, far, scores, strict=True))),
            "logit_stretch": float(np.sqrt(1 + pi / 8 * difficulty_sd**2)),
            "length_unknown_mean": lengths["unknown_mean"],
            "length_unknown_sd": lengths["unknown_sd"],
        },
        "lines": {"by_size": size_hints(corpus, fitted, enough), "by_price": price_hints(corpus, fitted)},
        "training": {
            "sets": [f"{name}.train" for name in TRAIN_SETS],
            "data_sha256": {k: v for b in corpus.blocks for k, v in b.outcomes.hashes.items()},
            "n_prompts": sum(len(b.features) for b in corpus.blocks),
            "n_outcomes": int(counts.sum()),
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
        "metrics": {"held-out prompts": report(corpus, near), "held-out tasks": report(corpus, far)},
        "licence": (
            "Trained from outcomes (scores, token counts, prices) of the sets listed here. It holds fitted numbers and "
            "model names; no prompt and no answer. Nothing comes from sets whose source states no licence "
            "(routerdc_7small, bfcl, time_sensitive, evergreen), nor from any test part."
        ),
    }
    out.mkdir(parents=True, exist_ok=True)
    return save(out, arrays=arrays, manifest=manifest)


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the outcome tables")
    parser.add_argument("--out", type=Path, default=default_artifact_path(), help="where the artifact goes")
    parser.add_argument("--search", action="store_true", help="print cross-validation figures and write nothing")
    options = parser.parse_args(argv)
    started = perf_counter()
    if options.search:
        corpus = read_corpus(options.data, StaticEncoder())
        design = fit_design([f for b in corpus.blocks for f in b.features], seed=Settings().seed)
        search([matrix(design, block) for block in corpus.blocks], corpus)
        return
    name = train(options.data, options.out, Settings())
    artifact = load(options.out, encoder=StaticEncoder().name)
    print(f"artifact {name}: {len(artifact.ability.known)} models, {perf_counter() - started:.0f} s")
    print(json.dumps(artifact.manifest["metrics"], indent=1))
    print(json.dumps({key: artifact.manifest[key] for key in ("scalars", "lines")}, indent=1))


if __name__ == "__main__":
    main()
