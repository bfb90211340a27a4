"""The first quality table: `python lab/quality.py` runs the shipped artifact, as the product does, on test parts.

Writes `lab/runs/first/quality.json` and `lab/LEADERBOARD.md`. Nothing here is tuned on a test part.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from pools import POOLS
from train import DATA, ROOT
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.metrics import (
    Interval,
    apgr,
    call_curve,
    cost_at,
    cost_save,
    cpt,
    gain_at_best,
    gap_at_oracle,
    hull,
    paired_bootstrap,
    perf_gain,
    quality_at,
)
from unisono.evaluate.replay import Expected, Policy, Replay, Stack, always, expect, models_of, singles, sweep
from unisono.evaluate.report import as_json, markdown, shown
from unisono.learn.corpus import Block
from unisono.learn.irt import Array, Settings, fit
from unisono.learn.topics import matrix
from unisono.predict.artifact import Artifact, default_artifact_path, load
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Model
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

SEEDS = (1, 2, 3, 4, 5)
N_NEIGHBOURS = 100
N_RESAMPLES = 1000
DEFAULT_DIAL = 0.5
PAIRS = ("routellm_mmlu", "routellm_gsm8k", "routellm_mtbench")
STRONG, WEAK = "gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1"


# ---------------------------------------------------------------------------------------- baselines


def nearest_scores(train: Sequence[Features], scores: Array, test: Sequence[Features]) -> Array:
    """Return the mean score of each model over the nearest training prompts (kNN, no shrinkage)."""
    known = np.array([f.embedding for f in train])
    wanted = np.array([f.embedding for f in test])
    closeness = wanted @ known.T
    nearest = np.argpartition(-closeness, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]
    return np.nanmean(scores[nearest], axis=1)


def shuffled_quality(
    artifact: Artifact, table: Outcomes, train: Sequence[Features], test: Sequence[Features], *, seed: int
) -> Array:
    """Return what the same fit expects when the prompts' scores were dealt to other prompts: its control."""
    order = np.random.default_rng(seed).permutation(len(train))
    columns = np.arange(len(table.models))
    design = artifact.ability.design
    block = Block(outcomes=table, features=tuple(train), columns=columns)
    fitted = fit([(matrix(design, block), table.scores[order], columns)], len(columns), Settings(seed=seed))
    return fitted.probabilities(matrix(design, replace(block, features=tuple(test))), columns)


def by_category(table: Outcomes) -> Expected:
    """Return each category's true means: what a router would know that knows the data set and no more."""
    quality, cost = np.zeros_like(table.scores), np.zeros_like(table.costs_usd)
    categories = np.array(table.categories)
    for name in set(table.categories):
        rows = categories == name
        quality[rows], cost[rows] = table.scores[rows].mean(axis=0), table.costs_usd[rows].mean(axis=0)
    return Expected(quality=quality, cost_usd=cost)


# -------------------------------------------------------------------------------------------- one set


def one_set(name: str, data: Path, artifact: Artifact, understand: Understanding) -> tuple[dict, list[list[str]]]:
    """Return the JSON and the table rows of one set."""
    train = load_outcomes(data, name, part="train").only(POOLS[name])
    test = load_outcomes(data, name, part="test").only(POOLS[name]).complete()
    seen = [understand.text(prompt) for prompt in train.prompts]
    new = [understand.text(prompt) for prompt in test.prompts]
    models = models_of(train)
    n, m = test.scores.shape
    started = perf_counter()
    expected = expect(new, models, quality=QualityEnsemble(artifact), cost=TokenCost(artifact.length.expected))
    decide_us = (perf_counter() - started) / n * 1e6
    train_cost, train_score = np.nanmean(train.costs_usd, axis=0), np.nanmean(train.scores, axis=0)
    cheapest, dearest, best = int(train_cost.argmin()), int(train_cost.argmax()), int(train_score.argmax())
    constant = [
        always(f"cheapest: {test.models[cheapest]}", cheapest, n),
        always(f"strongest by price: {test.models[dearest]}", dearest, n),
        always(f"best single on train: {test.models[best]}", best, n),
    ]
    flat = [Policy(name="random", chosen=np.random.default_rng(seed).integers(0, m, (1, n))) for seed in SEEDS]
    controls = [
        sweep(
            "shuffled-label control",
            replace(expected, quality=shuffled_quality(artifact, train, seen, new, seed=seed)),
        )
        for seed in SEEDS
    ]
    neighbours = replace(expected, quality=nearest_scores(seen, train.scores, new))
    router = sweep("unisono", expected)
    policies = [
        router,
        singles("price mixing (hull of singles)", m, n),
        sweep(f"kNN-{N_NEIGHBOURS} on the same encoder", neighbours),
        sweep("set oracle (knows the category's true means)", by_category(test)),
        sweep("oracle (knows every outcome)", Expected(quality=test.scores, cost_usd=test.costs_usd)),
        *controls,
    ]
    return _measure(name, Replay(test), policies, constant, flat, best=best, decide_us=decide_us)


def _measure(
    name: str,
    replay: Replay,
    policies: list[Policy],
    constant: list[Policy],
    flat: list[Policy],
    *,
    best: int,
    decide_us: float,
) -> tuple[dict, list[list[str]]]:
    table = replay.table
    n = len(table.prompts)
    stack = Stack(replay, policies)
    n_fixed = len(policies) - len(SEEDS)
    drawn: dict[bytes, list[float]] = {}

    def areas(weights: Array) -> list[float]:
        key = weights.tobytes()
        if key not in drawn:
            values = stack.areas(weights)
            drawn[key] = [*values[:n_fixed], float(np.mean(values[n_fixed:]))]
        return drawn[key]

    def interval(statistic) -> Interval:  # type: ignore[no-untyped-def]
        # The same seed gives every statistic the same resamples, so that areas are computed once for all.
        return paired_bootstrap(statistic, n, rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)

    even = replay.even
    best_cost, best_score = float(table.costs_usd[:, best] @ even), float(table.scores[:, best] @ even)
    dearest_cost = max(float(c) for c in table.costs_usd.T @ even)
    strongest_score = float(table.scores[:, int((table.costs_usd.T @ even).argmax())] @ even)
    oracle_score = float(table.scores.max(axis=1) @ even)
    rows, out = [], {}
    names = [*(p.name for p in policies[:n_fixed]), f"shuffled-label control, mean of {len(SEEDS)} seeds"]
    for place, label in enumerate(names):
        points = np.concatenate(
            [replay.points(p, even) for p in (policies[place : place + 1] if place < n_fixed else policies[n_fixed:])],
            axis=1,
        )
        top = float(points[1].max())
        equal = cost_at(points[0], points[1], best_score)
        area = interval(lambda w, place=place: areas(w)[place])
        lead = interval(lambda w, place=place: areas(w)[0] - areas(w)[place])
        out[label] = {
            "aiq": as_json(area),
            "unisono_minus_this": as_json(lead),
            "best_quality": top,
            "quality_at_cost_of_best_single": quality_at(points[0], points[1], best_cost),
            "cost_usd_per_1k_at_quality_of_best_single": None if np.isinf(equal) else 1000 * equal,
            "cost_save": None if np.isinf(equal) else cost_save(equal, strongest_usd=dearest_cost),
            "gain_at_best": gain_at_best(top, best_single=best_score),
            "perf_gain": perf_gain(top, strongest=strongest_score),
            "gap_at_oracle": gap_at_oracle(top, oracle=oracle_score),
            "curve": np.column_stack(hull(*points)).tolist(),
        }
        saved = (
            "never reached" if np.isinf(equal) else f"{round(cost_save(equal, strongest_usd=best_cost), 2) + 0.0:.0%}"
        )
        rows.append([label, shown(area), "" if place == 0 else shown(lead, signed=True), f"{top:.3f}", saved])
    for policy in constant:
        cost, score = (float(v[0]) for v in replay.points(policy, even))
        out[policy.name] = {"quality": score, "usd_per_1k": 1000 * cost}
        rows.append(
            [policy.name, "", "", f"{score:.3f}", f"{round(1 - cost / best_cost, 2) + 0.0:.0%} at this quality"]
        )
    drawn_cost, drawn_score = np.mean([replay.points(p, even) for p in flat], axis=0)[:, 0]
    out["random"] = {"quality": float(drawn_score), "usd_per_1k": 1000 * float(drawn_cost), "seeds": list(SEEDS)}
    rows.append(
        [
            f"random, mean of {len(SEEDS)} seeds",
            "",
            "",
            f"{drawn_score:.3f}",
            f"{1 - drawn_cost / best_cost:.0%} at this quality",
        ]
    )
    out["default dial"] = _at_dial(replay, policies[0], best)
    return {
        "n_prompts": n,
        "models": list(table.models),
        "hashes": table.hashes,
        "predict_us_per_prompt": decide_us,
        "best_single": {"model": table.models[best], "quality": best_score, "usd_per_1k": 1000 * best_cost},
        "policies": out,
    }, rows


def _at_dial(replay: Replay, router: Policy, best: int) -> dict:
    place = round(DEFAULT_DIAL * (len(router.chosen) - 1))
    chosen = router.chosen[place]
    table, rows = replay.table, np.arange(len(chosen))
    quality = paired_bootstrap(
        lambda w: float((table.scores[rows, chosen] - table.scores[:, best]) @ w),
        len(chosen),
        rng=np.random.default_rng(0),
        n_resamples=N_RESAMPLES,
    )
    saved = paired_bootstrap(
        lambda w: 1 - float(table.costs_usd[rows, chosen] @ w) / float(table.costs_usd[:, best] @ w),
        len(chosen),
        rng=np.random.default_rng(0),
        n_resamples=N_RESAMPLES,
    )
    shares = np.bincount(chosen, minlength=len(table.models)) / len(chosen)
    used = {name: round(float(share), 4) for name, share in zip(table.models, shares, strict=True) if share > 0}
    return {
        "dial": DEFAULT_DIAL,
        "quality_minus_best_single": as_json(quality),
        "saved": as_json(saved),
        "used": used,
        "shown": [shown(quality, signed=True), shown(saved, digits=3)],
    }


# ------------------------------------------------------------------------------------------ two models


def one_pair(name: str, data: Path, artifact: Artifact, understand: Understanding) -> tuple[dict, list[str]]:
    """Return RouteLLM's figures of the shipped artifact on a pair of models, ranked by the expected difference."""
    table = load_outcomes(data, name, part="test")
    table = table.rows(~np.isnan(table.scores).any(axis=1))
    models = [Model(name=model, upstream="scripted", upstream_model=model) for model in (STRONG, WEAK)]
    predictor = QualityEnsemble(artifact)
    features = [understand.text(prompt) for prompt in table.prompts]
    expected = np.array([[q.mean for q in predictor.predict_one(f, models)] for f in features])
    strong, weak = (table.scores[:, table.models.index(model)] for model in (STRONG, WEAK))
    gain = expected[:, 0] - expected[:, 1]

    def recovered(weights: Array) -> float:
        shares, scores = call_curve(gain, strong, weak, weights=weights)
        return apgr(shares, scores, strong=float(strong @ weights), weak=float(weak @ weights))

    value = paired_bootstrap(recovered, len(gain), rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)
    shares, scores = call_curve(gain, strong, weak)
    half, most = (cpt(shares, scores, strong=strong.mean(), weak=weak.mean(), recovered=r) for r in (0.5, 0.8))
    evidence = {q.evidence for q in predictor.predict_one(features[0], models)}
    row = [name, f"{len(gain):,}", shown(value, digits=3), f"{half:.0%}", f"{most:.0%}"]
    return {
        "n_prompts": len(gain),
        "apgr": as_json(value),
        "cpt50": half,
        "cpt80": most,
        "evidence": sorted(evidence),
    }, row


# --------------------------------------------------------------------------------------------- report


def commit() -> str:
    """Return the commit at hand, or `unknown` outside a clone."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - the git on the PATH is the one meant
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the outcome tables")
    parser.add_argument("--artifact", type=Path, default=default_artifact_path())
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "first" / "quality.json")
    parser.add_argument("--board", type=Path, default=ROOT / "lab" / "LEADERBOARD.md")
    options = parser.parse_args(argv)
    started = perf_counter()
    encoder = StaticEncoder()
    artifact = load(options.artifact, encoder=encoder.name)
    understand = Understanding(encoder, cache_size=1)
    run: dict = {"artifact": artifact.id, "commit": commit(), "machine": platform.machine(), "sets": {}, "pairs": {}}
    parts = [BOARD_HEAD.format(artifact=artifact.id)]
    for name in POOLS:
        found, rows = one_set(name, options.data, artifact, understand)
        run["sets"][name] = found
        best, dial = found["best_single"], found["policies"]["default dial"]
        header = ["policy", "AIQ", "unisono minus this", "best quality", "saved at the best single's quality"]
        parts += [
            f"## `{name}.test`: {found['n_prompts']:,} prompts, {len(found['models'])} models",
            f"Best single on train: {best['model']}, quality {best['quality']:.3f} "
            f"for ${best['usd_per_1k']:.3f} per 1,000.",
            markdown(header, rows),
            f"At the dial {dial['dial']}: quality {dial['shown'][0]} against the best single, {dial['shown'][1]} "
            f"of its bill saved; models used: {', '.join(f'{k} {v:.1%}' for k, v in dial['used'].items())}.",
        ]
    rows = []
    for name in PAIRS:
        run["pairs"][name], row = one_pair(name, options.data, artifact, understand)
        rows.append(row)
    parts += [PAIRS_HEAD, markdown(["set", "prompts", "APGR", "CPT(50%)", "CPT(80%)"], rows)]
    run["seconds"] = round(perf_counter() - started, 1)
    board = "\n\n".join(parts) + "\n"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    options.board.write_text(board, encoding="utf-8")
    print(board, f"{run['seconds']} s", sep="\n")


BOARD_HEAD = """# Leaderboard

Written by `python lab/quality.py`; do not edit. Artifact `{artifact}`, as shipped, through the product's own
features, predictors and utility; prices as the tables imply them; no request has a price for time here. AIQ is the mean
height of the non-decreasing hull of quality over cost between the cheapest and the dearest single model; every policy
may also send everything to the cheapest. Brackets hold 95 % of 1,000 paired bootstrap resamples of the prompts. The
hull of singles and both oracles are drawn with knowledge of the test outcomes. The shuffled-label control keeps the
router's own cost estimates, so what it wins over the hull is won by knowing which prompts are dear, not which model is
right. Why these models: `lab/pools.py`."""

PAIRS_HEAD = """## RouteLLM's pairs: GPT-4 (1106) against Mixtral 8x7B

Out of domain: no outcome on MMLU, GSM8K or MT-Bench was trained on (`llmrouter_default`'s tasks of that name are held
back; MMLU-Pro is another set, harder and partly grown out of MMLU's subjects). GPT-4 is known from RouterBench only,
Mixtral from RouterBench and MMLU-Pro. Random is .500; published by RouteLLM: matrix factorisation with judge labels
.597 / .565 / .802, from votes alone .524 / .475 / .580 (MMLU / GSM8K / MT-Bench)."""


if __name__ == "__main__":
    main()
