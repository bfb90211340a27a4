"""In-domain, fixed split: trained on the train part, measured on the test part, beside every other router."""

from __future__ import annotations

import numpy as np

from board.context import MAIN, N_RESAMPLES, SEEDS, Context, say
from board.figures import figures, standing_rows
from board.product import Belief, ask, blind_artifact, only_sets, pool_of, trained
from board.rivals import quality_of, seeds_of
from routers import routers
from unisono.evaluate.compare import Contender, band, field_of
from unisono.evaluate.own import baselines
from unisono.evaluate.replay import Expected, Policy, Replay, sweep
from unisono.evaluate.report import markdown
from unisono.types import Json

TITLE = "In domain: trained on the train part, measured on the test part"


def run(context: Context) -> Json:
    """Measure every contender on both main sets."""
    return {name: one(context, name) for name in MAIN}


def one(context: Context, name: str) -> Json:
    """Measure one set."""
    say(f"{name}: fixed split")
    train, test = context.table(name, "train"), context.table(name, "test").complete()
    seen, new = context.features(train.prompts), context.features(test.prompts)
    field, models = field_of(train.scores, train.costs_usd), pool_of(train)
    ours = ask(context.artifact, new, models, default=field.best)
    alone = ask(trained(context, only_sets(context.corpus, [name])), new, models, default=field.best)
    controls = [ask(blind_artifact(context, seed=seed), new, models, default=field.best) for seed in SEEDS]
    contenders = [
        Contender(name="unisono", policies=(sweep("unisono", ours.expected),)),
        *decided(ours, test.models),
        Contender(name="unisono, trained on this set alone", policies=(sweep("alone", alone.expected),)),
        *rivals(train.scores, seen, new, ours.expected),
        Contender(
            name="shuffled-label control", policies=tuple(sweep("control", control.expected) for control in controls)
        ),
        *baselines(test, field, seeds=SEEDS),
    ]
    found = figures(Replay(test), contenders, field)
    found["curves"] = {
        contender.name: band(Replay(test), contender.policies, n_resamples=N_RESAMPLES // 4).round(8).tolist()
        for contender in contenders
        if contender.name in ("unisono", "kNN-100", "linear (ridge)", "shuffled-label control", "oracle")
        or contender.name.startswith("price mixing")
    }
    found["singles"] = {
        model: [float(test.costs_usd[:, place].mean()), float(test.scores[:, place].mean())]
        for place, model in enumerate(test.models)
    }
    found["slices"] = slices(test.categories, test.scores, test.costs_usd, ours, field.best)
    found["used"] = used(ours, test.models)
    return found


def decided(belief: Belief, models: tuple[str, ...]) -> list[Contender]:
    """Return what a server decides at the default dial as a contender."""
    return [
        Contender(name="unisono at the default dial", policies=(Policy(name="", chosen=belief.chosen[None]),), at=0)
    ]


def used(belief: Belief, models: tuple[str, ...]) -> Json:
    """Return the share of prompts that each model gets at the default dial."""
    shares = np.bincount(belief.chosen, minlength=len(models)) / len(belief.chosen)
    return {model: round(float(share), 4) for model, share in zip(models, shares, strict=True) if share > 0}


def rivals(scores: np.ndarray, seen: list, new: list, ours: Expected, *, modules=None) -> list[Contender]:
    """Return every router of `lab/routers` (or these modules alone), all with the product's own expected costs."""
    found = []
    for module in routers() if modules is None else modules:
        qualities = [quality_of(module, seen, scores, new, seed=seed) for seed in seeds_of(module)]
        swept = tuple(sweep(module.NAME, Expected(quality=q, cost_usd=ours.cost_usd)) for q in qualities)
        found.append(Contender(name=module.NAME, policies=swept))
    return found


def slices(categories, scores, costs, belief: Belief, best: int) -> Json:
    """Return per category what the default dial gains and saves against the best single model."""
    rows = np.arange(len(belief.chosen))
    chosen_score, chosen_cost = scores[rows, belief.chosen], costs[rows, belief.chosen]
    found: Json = {}
    for category in sorted(set(categories)):
        part = np.array(categories) == category
        gain = chosen_score[part] - scores[part, best]
        found[category] = {
            "n": int(part.sum()),
            "gained": float(gain.mean()),
            "half_width": float(1.96 * gain.std() / np.sqrt(part.sum())),
            "saved": float(1 - chosen_cost[part].sum() / costs[part, best].sum()),
        }
    return found


def text(found: Json) -> str:
    """Write both sets down."""
    parts = []
    for name, part in found.items():
        used_ = ", ".join(f"{model} {share:.1%}" for model, share in part["used"].items())
        parts += [
            f"### `{name}.test`: {part['n_prompts']:,} prompts, {part['n_models']} models",
            f"Best single model on train: {part['best']}. At the default dial: {used_}.",
            markdown(*standing_rows(part["standings"])),
            f"![Quality over cost](../docs/images/quality/{name}.png)",
        ]
    return "\n\n".join(parts)
