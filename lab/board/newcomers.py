"""Leave one model out: each model of a pool is unknown to training, then measured by k probes."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from board.context import MAIN, SEEDS, Context, say
from board.figures import bracket
from board.product import Array, ask, pool_of, trained, without_models
from unisono.evaluate.compare import field_of
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import aiq, interval, resampled
from unisono.evaluate.replay import Expected, Replay, sweep
from unisono.evaluate.report import as_json, markdown
from unisono.predict.artifact import Artifact
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Attempt, Features, Json, Model, Score, Usage

TITLE = "Leave one model out, with k probes"
PROBES = (0, 25, 50, 100, 200)
N_TEST = 700
"""Test prompts per set, drawn once: 21 models x 21 draws of probes are many predictions."""


def run(context: Context) -> Json:
    """Measure every model of both pools; one training without a model of each serves both."""
    pools = {name: context.table(name, "train").models for name in MAIN}
    artifacts: dict[str, Artifact] = {}
    for turn in range(max(len(pool) for pool in pools.values())):
        gone = [pool[turn] for pool in pools.values() if turn < len(pool)]
        say(f"without {', '.join(gone)}")
        artifacts |= dict.fromkeys(gone, trained(context, without_models(context.corpus, gone)))
    return {name: one(context, name, artifacts) for name in MAIN}


def one(context: Context, name: str, artifacts: dict[str, Artifact]) -> Json:
    """Return the AIQ of the pool with and without each model, and with k probes of it."""
    train, test = context.table(name, "train"), context.table(name, "test").complete()
    if len(test.prompts) > N_TEST:
        keep = np.zeros(len(test.prompts), dtype=bool)
        keep[np.random.default_rng(0).choice(len(keep), N_TEST, replace=False)] = True
        test = test.rows(keep)
    models, replay = pool_of(train), Replay(test)
    new, seen = context.features(test.prompts), context.features(train.prompts)
    weights = resampled(len(test.prompts), rng=np.random.default_rng(0), n_resamples=300)
    found: Json = {}
    for place, model in enumerate(test.models):
        say(f"{name}: {model}")
        found[model] = newcomer(context, artifacts[model], train, replay, models, new, seen, weights, place=place)
    draws = {k: np.array([found[model]["draws"][str(k)] for model in test.models]) for k in PROBES}
    full = np.array([found[model]["draws"]["full"] for model in test.models])
    for model in test.models:
        del found[model]["draws"]
    return {
        "n_prompts": len(test.prompts),
        "models": found,
        "share_of_gain": {str(k): as_json(interval(draws[k].sum(axis=0) / full.sum(axis=0))) for k in PROBES},
    }


def newcomer(
    context: Context,
    blind: Artifact,
    train: Outcomes,
    replay: Replay,
    models: tuple[Model, ...],
    new: list[Features],
    seen: list[Features],
    weights: Array,
    *,
    place: int,
) -> Json:
    """Return one model's figures."""
    others = [i for i in range(len(models)) if i != place]
    best = field_of(train.scores[:, others], train.costs_usd[:, others]).best
    known = ask(context.artifact, new, models, default=place)
    known_without = ask(context.artifact, new, [models[i] for i in others], default=best)
    rest = ask(blind, new, [models[i] for i in others], default=best)
    without = areas(replay, without_one(rest.expected, known.expected, others, place), weights, others)
    full_without = areas(replay, without_one(known_without.expected, known.expected, others, place), weights, others)
    full = areas(replay, known.expected, weights, range(len(models)), others)
    draws: Json = {"full": full - full_without}
    for k in PROBES:
        gained = []
        for seed in SEEDS if k else SEEDS[:1]:
            quality, cost = probed(blind, train, seen, models[place], k=k, seed=seed, place=place)
            belief = ask(blind, new, [models[place]], default=0, quality=quality, cost=cost)
            both = Expected(
                quality=inserted(rest.expected.quality, belief.expected.quality[:, 0], place),
                cost_usd=inserted(rest.expected.cost_usd, belief.expected.cost_usd[:, 0], place),
            )
            gained.append(areas(replay, both, weights, range(len(models)), others) - without)
        draws[str(k)] = np.mean(gained, axis=0)
    return {
        "full": as_json(interval(draws["full"])),
        "gain": {str(k): as_json(interval(draws[str(k)])) for k in PROBES},
        "draws": draws,
    }


def probed(
    blind: Artifact, train: Outcomes, seen: list[Features], model: Model, *, k: int, seed: int, place: int
) -> tuple[QualityEnsemble, TokenCost]:
    """Return predictors that saw k scored answers of the newcomer to prompts of the train part."""
    quality, cost = QualityEnsemble(blind), TokenCost(blind.length.expected)
    known = np.flatnonzero(~np.isnan(train.scores[:, place]))
    for row in np.random.default_rng(seed).permutation(known)[:k]:
        score = float(train.scores[row, place])
        quality.learn_one(
            seen[row], Score(model=model.name, item=str(row), kind="probe", prompt=seen[row].task, score=score)
        )
        if train.output_tokens[row, place] > 0:
            cost.learn_one(seen[row], answered(model, train, int(row), place))
    return quality, cost


def answered(model: Model, train: Outcomes, row: int, place: int) -> Attempt:
    """Return the call whose tokens the table holds."""
    return Attempt(
        model=model.name,
        upstream_model=model.upstream_model,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        status="ok",
        first_content_s=0.1,
        total_s=1.0,
        usage=Usage(
            input_tokens=int(np.nan_to_num(train.input_tokens[row, place])),
            output_tokens=int(train.output_tokens[row, place]),
        ),
    )


def inserted(others: Array, column: Array, place: int) -> Array:
    """Return the array with the newcomer's column at its place."""
    return np.insert(others, place, column, axis=1)


def without_one(rest: Expected, full: Expected, others: list[int], place: int) -> Expected:
    """Return expectations under which the model at `place` is never chosen."""
    return Expected(
        quality=inserted(rest.quality, np.full(len(rest.quality), -1e9), place),
        cost_usd=inserted(rest.cost_usd, full.cost_usd[:, place], place),
    )


def areas(replay: Replay, expected: Expected, weights: Array, offered, within=None) -> Array:
    """Return AIQ under each row of weights: the range of costs is that of the models `within`, the hull's start is the
    cheapest of those offered."""
    within = list(offered if within is None else within)
    table, offered = replay.table, list(offered)
    costs, scores = (part @ weights.T for part in replay.outcomes(sweep("", expected)))
    mean_cost, mean_score = table.costs_usd.T @ weights.T, table.scores.T @ weights.T
    found = []
    for row in range(len(weights)):
        starts = min(offered, key=lambda i: mean_cost[i, row])
        found.append(
            aiq(
                np.append(costs[:, row], mean_cost[starts, row]),
                np.append(scores[:, row], mean_score[starts, row]),
                low_usd=float(mean_cost[within, row].min()),
                high_usd=float(mean_cost[within, row].max()),
            )
        )
    return np.array(found)


def text(found: Json) -> str:
    """Write down what each newcomer brings."""
    parts = [
        "Training never saw the model. *Full*: AIQ that offering it gains when it was trained on. With k probes: AIQ "
        "gained "
        "over not offering it, mean over five draws of probes from the train part (k = 0: names, prices and sizes "
        "only). "
        "The range of costs is that of the other models."
    ]
    header = ["newcomer", "full", *(f"k = {k}" for k in PROBES)]
    for name, part in found.items():
        rows = [
            [
                model,
                bracket(row["full"], signed=True),
                *(bracket(row["gain"][str(k)], signed=True) for k in PROBES),
            ]
            for model, row in part["models"].items()
        ]
        shares = [bracket(part["share_of_gain"][str(k)], digits=2) for k in PROBES]
        rows.append(["**share of the full gain, all together**", "1", *shares])
        parts += [f"### `{name}.test`, {part['n_prompts']:,} prompts", markdown(header, rows)]
    return "\n\n".join(parts)
