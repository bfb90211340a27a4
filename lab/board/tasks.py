"""Leave one task out: each task's prompts are judged by fits that saw nothing of the task."""

from __future__ import annotations

import numpy as np

from board.context import MAIN, SEEDS, Context, say
from board.figures import bracket, figures, percent, standing_rows
from board.folds import kept
from board.product import Belief, ask, pool_of, trained, without_prompts
from board.rivals import quality_of
from routers import clusters, factorisation, linear, neighbours
from unisono.evaluate.compare import Contender, field_of
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import calibration_error, interval, resampled
from unisono.evaluate.own import baselines
from unisono.evaluate.replay import Expected, Policy, Replay, sweep
from unisono.evaluate.report import as_json, markdown
from unisono.predict.artifact import Artifact
from unisono.types import Json

TITLE = "Leave one task out"
RIVALS = (clusters, factorisation, linear, neighbours)
"""The quick ones; trees and networks would be fitted 75 times each."""


def run(context: Context) -> Json:
    """Measure on both main sets, train and test part together; one training without a task of each serves both."""
    tasks = {name: sorted(set(context.table(name, "train").categories)) for name in MAIN}
    artifacts: dict[tuple[str, str], Artifact] = {}
    for turn in range(max(len(found) for found in tasks.values())):
        gone = {(name, found[turn]) for name, found in tasks.items() if turn < len(found)}
        say(f"without {', '.join(task for _, task in sorted(gone))}")
        corpus = without_prompts(context.corpus, lambda name, category, _, gone=gone: (name, category) in gone)
        artifact = trained(context, corpus, measured=True)
        artifacts |= dict.fromkeys(gone, artifact)
    return {name: one(context, name, artifacts) for name in MAIN}


def one(context: Context, name: str, artifacts: dict[tuple[str, str], Artifact]) -> Json:
    """Ask about each task the fit without it; the default is the best single model on the other tasks.

    Tasks that are in the test part alone are new to the shipped artifact.
    """
    table = joined(context.table(name, "train"), context.table(name, "test"))
    tasks = np.array(table.categories)
    features, models = context.features(table.prompts), pool_of(table)
    n, m = table.scores.shape
    quality, cost, chosen = np.zeros((n, m)), np.zeros((n, m)), np.zeros(n, dtype=np.intp)
    default = np.zeros(n, dtype=np.intp)
    rivals = {module.NAME: np.zeros((n, m)) for module in RIVALS}
    for task in sorted(set(tasks)):
        held, seen = np.flatnonzero(tasks == task), np.flatnonzero(tasks != task)
        new = [features[i] for i in held]
        best = field_of(table.scores[seen], table.costs_usd[seen]).best
        belief = ask(artifacts.get((name, str(task)), context.artifact), new, models, default=best)
        quality[held], cost[held], chosen[held] = belief.expected.quality, belief.expected.cost_usd, belief.chosen
        default[held] = best
        train = np.array([i for i in seen if i < len(context.table(name, "train").prompts)])
        for module in RIVALS:
            rivals[module.NAME][held] = quality_of(
                module, [features[i] for i in train], table.scores[train], new, seed=1
            )
    keep = ~np.isnan(table.scores).any(axis=1) & ~np.isnan(table.costs_usd).any(axis=1)
    whole = table.rows(keep)
    field = field_of(whole.scores, whole.costs_usd)
    belief = kept(Belief(expected=Expected(quality=quality, cost_usd=cost), chosen=chosen), keep)
    contenders = [
        Contender(name="unisono", policies=(sweep("", belief.expected),)),
        Contender(name="unisono at the default dial", policies=(Policy(name="", chosen=belief.chosen[None]),), at=0),
        *(
            Contender(name=label, policies=(sweep("", Expected(quality=q[keep], cost_usd=belief.expected.cost_usd)),))
            for label, q in rivals.items()
        ),
        *baselines(whole, field, seeds=SEEDS),
    ]
    return {
        **figures(Replay(whole), contenders, field),
        "tasks": by_task(whole, belief, default[keep]),
        "calibration": calibration_error(belief.expected.quality.ravel(), whole.scores.ravel()),
    }


def by_task(table: Outcomes, belief: Belief, default: np.ndarray) -> Json:
    """Return for each held-out task how often the default answers, and what leaving it gains and saves."""
    tasks, found = np.array(table.categories), {}
    for task in [*sorted(set(tasks)), "all"]:
        part = np.flatnonzero((tasks == task) | (task == "all"))
        weights = resampled(len(part), rng=np.random.default_rng(0))
        ours, base = belief.chosen[part], default[part]
        own_best = int(table.scores[part].mean(axis=0).argmax())
        gained = weights @ (table.scores[part, ours] - table.scores[part, base])
        against_own = weights @ (table.scores[part, ours] - table.scores[part, own_best])
        saved = 1 - (weights @ table.costs_usd[part, ours]) / (weights @ table.costs_usd[part, base])
        found[str(task)] = {
            "n": len(part),
            "abstained": float((ours == base).mean()),
            "default": table.models[int(np.bincount(base).argmax())],
            "gained": as_json(interval(gained)),
            "against_best_on_it": as_json(interval(against_own)),
            "saved": as_json(interval(saved)),
            "calibration": calibration_error(belief.expected.quality[part].ravel(), table.scores[part].ravel()),
        }
    return found


def joined(first: Outcomes, second: Outcomes) -> Outcomes:
    """Return both parts of a set as one table."""
    return Outcomes(
        name=first.name.partition(".")[0],
        prompts=first.prompts + second.prompts,
        categories=first.categories + second.categories,
        models=first.models,
        scores=np.vstack((first.scores, second.scores)),
        costs_usd=np.vstack((first.costs_usd, second.costs_usd)),
        input_tokens=np.vstack((first.input_tokens, second.input_tokens)),
        output_tokens=np.vstack((first.output_tokens, second.output_tokens)),
        n_options=np.concatenate((first.n_options, second.n_options)),
        hashes={**first.hashes, **second.hashes},
    )


def text(found: Json) -> str:
    """Write both sets down, task by task."""
    parts = [
        "Each task is held out in turn (`mmlu_pro`: a subject; `routerbench_0shot_part`: a data set), the default "
        "being "
        "the best single model on the other tasks. *Abstained*: share of the task's prompts that the default answers "
        "at "
        "the default dial. The last two rows of gains are against that default and against the model that is best on "
        "the "
        "held-out task itself, which nobody could know."
    ]
    for name, part in found.items():
        rows = [
            [
                task,
                f"{row['n']:,}",
                f"{row['abstained']:.1%}",
                bracket(row["gained"], signed=True),
                bracket(row["against_best_on_it"], signed=True),
                percent(row["saved"]),
                f"{row['calibration']:.3f}",
            ]
            for task, row in part["tasks"].items()
        ]
        header = ["held-out task", "prompts", "abstained", "against default", "against best on it", "bill saved", "ECE"]
        parts += [f"### `{name}`", markdown(header, rows), markdown(*standing_rows(part["standings"]))]
    return "\n\n".join(parts)
