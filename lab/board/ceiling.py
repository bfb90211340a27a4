"""What prompts' text can say at most on RouteLLM's pairs: rankings that learn from the test's own labels.

Nothing of it ships or is a result of the product: it is the height of the bar. Prompts are judged by fits without them,
and, where a set has subjects, by fits without their whole subject.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from board.context import Context, say
from board.figures import bracket
from board.pairs import STRONG, WEAK, gain, measured
from board.product import Array, trained
from board.rivals import quality_of, seeds_of
from corpus import trained_name
from routers import routers
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.report import markdown
from unisono.learn.corpus import Block, Corpus
from unisono.learn.held_out import N_FOLDS
from unisono.types import Features, Json

TITLE = "The ceiling on RouteLLM's pairs"
SETS = ("routellm_mmlu", "routellm_gsm8k")
PROMPTS, SUBJECTS = "prompts held out", "whole subjects held out"
Ranking = Callable[[Outcomes, Sequence[Features], Sequence[Features]], Array]


def run(context: Context) -> Json:
    """Learn from each set's own labels, fold by fold, and rank the prompts left out."""
    return {name: one(context, name) for name in SETS}


def one(context: Context, name: str) -> Json:
    """Return APGR and CPT per way of holding out and ranking."""
    table = context.table(name, "test").only((STRONG, WEAK))
    table = table.rows(~np.isnan(table.scores).any(axis=1))
    features = context.features(table.prompts)
    strong, weak = table.scores.T
    found: Json = {}
    for held, folds in held_out_by(table).items():
        say(f"{name}, {held}")
        ranked = {"unisono": [across(ours(context), table, features, folds)]}
        for module in routers():
            ranked[module.NAME] = [across(theirs(module), table, features, folds)]
        ranked["shipped, which saw no label of it"] = [gain(context.artifact, features)]
        found[held] = measured(ranked, strong, weak)
    return {"n_prompts": len(features), "held": found}


def held_out_by(table: Outcomes) -> dict[str, Array]:
    """Return the folds, shape (n,), of each way of holding out that the set allows."""
    rng = np.random.default_rng(1)
    ways = {PROMPTS: rng.integers(0, N_FOLDS, len(table.prompts))}
    subjects, place = np.unique(np.array(table.categories), return_inverse=True)
    if len(subjects) >= N_FOLDS:
        ways[SUBJECTS] = rng.permutation(np.arange(len(subjects)) % N_FOLDS)[place]
    return ways


def across(rank: Ranking, table: Outcomes, features: Sequence[Features], folds: Array) -> Array:
    """Return the expected gain of the strong model on every prompt, by a fit without its fold, shape (n,)."""
    found = np.zeros(len(features))
    for fold in range(N_FOLDS):
        seen, new = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        found[new] = rank(table.rows(folds != fold), [features[i] for i in seen], [features[i] for i in new])
    return found


def ours(context: Context) -> Ranking:
    """Return the product's own training."""

    def rank(seen: Outcomes, features: Sequence[Features], new: Sequence[Features]) -> Array:
        models = tuple(sorted(trained_name(model) for model in seen.models))
        columns = np.array([models.index(trained_name(model)) for model in seen.models], dtype=np.intp)
        block = Block(outcomes=seen, features=tuple(features), columns=columns)
        return gain(trained(context, Corpus(blocks=(block,), models=models)), list(new))

    return rank


def theirs(module) -> Ranking:
    """Return a router of `lab/routers`, with its first seed."""

    def rank(seen: Outcomes, features: Sequence[Features], new: Sequence[Features]) -> Array:
        quality = quality_of(module, features, seen.scores, new, seed=seeds_of(module)[0])
        return np.asarray(quality[:, 0] - quality[:, 1], dtype=np.float64)

    return rank


def text(found: Json) -> str:
    """Write one table, a column for each set and way of holding out."""
    columns = [(name, held) for name, part in found.items() for held in part["held"]]
    header = ["ranking, taught by the test's own labels", *(f"{name}, {held}: APGR" for name, held in columns)]
    first = found[columns[0][0]]["held"][columns[0][1]]
    rows = [
        [label, *(bracket(found[name]["held"][held][label]["apgr"], digits=3) for name, held in columns)]
        for label in first
    ]
    return "\n\n".join([INTRO, markdown(header, rows)])


INTRO = """Not a result of the product, and nothing of it ships: how far the same text, read by the same encoder,
carries a ranking that may learn from the very labels that the goal forbids (five folds). With whole subjects held out,
a ranking knows what MMLU looks like and how both models do on four fifths of its subjects, and still has to guess the
rest, as the shipped one does everywhere."""
