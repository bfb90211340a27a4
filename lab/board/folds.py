"""In-domain, cross-validated on the train parts: five seeds, two halves; prompts are judged by fits without them."""

from __future__ import annotations

import numpy as np

from board.context import MAIN, SEEDS, Context, say
from board.figures import figures, standing_rows
from board.product import Belief, ask, dealt_out, pool_of, trained, without_prompts
from board.rivals import quality_of, seeds_of
from routers import routers
from unisono.evaluate.compare import Contender, field_of
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.own import baselines
from unisono.evaluate.replay import Expected, Policy, Replay, sweep
from unisono.evaluate.report import markdown
from unisono.types import Json

TITLE = "In domain, cross-validated on the train parts"
N_FOLDS = 2


def run(context: Context) -> Json:
    """Cross-validate on both main sets; a training without a fold of each serves both. One seed of the control."""
    tables = {name: context.table(name, "train") for name in MAIN}
    ours: dict[str, list[Belief]] = {name: [] for name in MAIN}
    control: dict[str, list[Belief]] = {name: [] for name in MAIN}
    for seed in SEEDS:
        say(f"cross-validation, seed {seed}")
        folds = {name: folds_of(tables[name], seed=seed) for name in MAIN}
        parts: dict[str, list[Belief]] = {name: [] for name in MAIN}
        shuffled: dict[str, list[Belief]] = {name: [] for name in MAIN}
        for fold in range(N_FOLDS):
            corpus = without_prompts(
                context.corpus, lambda name, _, row, fold=fold, folds=folds: name in folds and folds[name][row] == fold
            )
            artifact = trained(context, corpus)
            blind = trained(context, dealt_out(corpus, seed=seed)) if seed == SEEDS[0] else None
            for name, table in tables.items():
                held = folds[name] == fold
                new = context.features([p for p, h in zip(table.prompts, held, strict=True) if h])
                models, rest = pool_of(table), table.rows(~held)
                default = field_of(rest.scores, rest.costs_usd).best
                parts[name].append(ask(artifact, new, models, default=default))
                if blind is not None:
                    shuffled[name].append(ask(blind, new, models, default=default))
        for name in MAIN:
            ours[name].append(together(parts[name], folds[name]))
            if shuffled[name]:
                control[name].append(together(shuffled[name], folds[name]))
    return {name: one(context, tables[name], ours[name], control[name]) for name in MAIN}


def folds_of(table: Outcomes, *, seed: int) -> np.ndarray:
    """Return folds of equal size, shape (n,)."""
    return np.random.default_rng(seed).permutation(np.arange(len(table.prompts)) % N_FOLDS)


def together(parts: list[Belief], folds: np.ndarray) -> Belief:
    """Return the folds' beliefs in the order of the prompts."""
    order = np.argsort(np.concatenate([np.flatnonzero(folds == fold) for fold in range(len(parts))]))
    return Belief(
        expected=Expected(
            quality=np.concatenate([part.expected.quality for part in parts])[order],
            cost_usd=np.concatenate([part.expected.cost_usd for part in parts])[order],
        ),
        chosen=np.concatenate([part.chosen for part in parts])[order],
    )


def one(context: Context, table: Outcomes, ours: list[Belief], control: list[Belief]) -> Json:
    """Compare on the prompts that every model answered."""
    keep = ~np.isnan(table.scores).any(axis=1) & ~np.isnan(table.costs_usd).any(axis=1)
    whole = table.rows(keep)
    field = field_of(whole.scores, whole.costs_usd)
    contenders = [
        Contender(name="unisono", policies=tuple(sweep("", kept(belief, keep).expected) for belief in ours)),
        Contender(
            name="unisono at the default dial",
            policies=tuple(Policy(name="", chosen=belief.chosen[keep][None]) for belief in ours),
            at=0,
        ),
    ]
    for module in routers():
        qualities = [
            across(context, module, table, seed=seed) for seed in (SEEDS if seeds_of(module) == SEEDS else SEEDS[:1])
        ]
        contenders.append(
            Contender(
                name=module.NAME,
                policies=tuple(
                    sweep("", Expected(quality=q[keep], cost_usd=ours[0].expected.cost_usd[keep])) for q in qualities
                ),
            )
        )
    contenders += [
        Contender(
            name="shuffled-label control",
            policies=tuple(sweep("", kept(belief, keep).expected) for belief in control),
        ),
        *baselines(whole, field, seeds=SEEDS),
    ]
    return figures(Replay(whole), contenders, field)


def kept(belief: Belief, keep: np.ndarray) -> Belief:
    """Return a belief about some of the prompts."""
    expected = Expected(quality=belief.expected.quality[keep], cost_usd=belief.expected.cost_usd[keep])
    return Belief(expected=expected, chosen=belief.chosen[keep])


def across(context: Context, module, table: Outcomes, *, seed: int) -> np.ndarray:
    """Return a router's out-of-fold expectations, shape (n, m)."""
    folds, features = folds_of(table, seed=seed), context.features(table.prompts)
    found = np.zeros_like(table.scores)
    for fold in range(N_FOLDS):
        seen, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        found[held] = quality_of(
            module, [features[i] for i in seen], table.scores[seen], [features[i] for i in held], seed=seed
        )
    return found


def text(found: Json) -> str:
    """Write both sets down."""
    parts = []
    for name, part in found.items():
        parts += [
            f"### `{name}.train`: {part['n_prompts']:,} prompts, {part['n_models']} models",
            markdown(*standing_rows(part["standings"])),
        ]
    return "\n\n".join(parts)
