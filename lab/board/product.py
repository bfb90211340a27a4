"""The product on a table: its expectations and decisions, and its own training with parts held back.

It calls the product's public functions only; nothing of the product is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from board.context import Context
from corpus import ALIASES, trained_name
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.crossfit import NO_TIME
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.replay import Expected, models_of
from unisono.learn.corpus import Block, Corpus
from unisono.learn.irt import Settings
from unisono.learn.train import Known, Trained, train
from unisono.predict.artifact import Artifact, assembled
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Cost, Estimate, Features, Goal, Message, Mode, Model, Quality, Request

Array = NDArray[np.float64]
DEFAULT_GOAL = Goal(mode=Mode.DEEP, dial=0.5)
"""The default dial; `deep`, because the tables hold no latencies and so time must have no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What the product expects of n prompts and m models, and what it decides at the default dial.

    Attributes:
        expected: shape (n, m) each.
        chosen: shape (n,).
    """

    expected: Expected
    chosen: NDArray[np.intp]


def trained(context: Context, corpus: Corpus, *, measured: bool = False) -> Artifact:
    """Train as the shipped artifact was, on less; trust and the quantiles of familiarity are the shipped ones.

    Args:
        context: what is shipped.
        corpus: what is left to train on.
        measured: measure anew how unsteady models are (seconds), as what is held back must not tell it.
    """
    known = shipped(context)
    if measured:
        unsteady = train(corpus, Settings()).arrays["unsteady"].tolist()
        known = replace(known, unsteady=dict(zip(corpus.models, unsteady, strict=True)))
    return assembled_of(context, corpus, train(corpus, Settings(), known=known))


def assembled_of(context: Context, corpus: Corpus, found: Trained) -> Artifact:
    """Return the artifact of what training found."""
    manifest = {
        "encoder": context.encoder.name,
        "models": list(corpus.models),
        "aliases": ALIASES,
        "scalars": found.scalars,
        "lines": found.lines,
        "benchmarks": found.benchmarks,
    }
    return assembled(arrays=found.arrays, manifest=manifest)


def shipped(context: Context) -> Known:
    """Return what cross-validation measured for the shipped artifact."""
    ability = context.artifact.ability
    return Known(
        trust=ability.trust.table,
        quantiles=np.asarray(ability.familiarity.quantiles, dtype=np.float64),
        unsteady=dict(zip(context.artifact.manifest["models"], ability.unsteady.tolist(), strict=True)),
    )


def ask(
    artifact: Artifact,
    features: Sequence[Features],
    models: Sequence[Model],
    *,
    default: int,
    quality: QualityEnsemble | None = None,
    cost: TokenCost | None = None,
) -> Belief:
    """Return what the product expects and decides, prompt by prompt, through its own predictors and chooser.

    Args:
        artifact: trained parts.
        features: of n prompts.
        models: the pool, with prices.
        default: place of the configured default model.
        quality: a predictor that learned something already; a fresh one otherwise.
        cost: the same for costs.
    """
    quality = quality or QualityEnsemble(artifact)
    cost = cost or TokenCost(artifact.length.expected)
    chooser, names = UtilityChooser(), [model.name for model in models]
    qualities, costs, chosen = [], [], []
    for known in features:
        expected = quality.predict_one(known, models)
        priced = cost.predict_one(request_of(known), known, models)
        choice = chooser.choose(estimates(models, expected, priced), DEFAULT_GOAL, default=names[default])
        qualities.append([q.mean for q in expected])
        costs.append([c.usd for c in priced])
        chosen.append(names.index(choice.ranking[0].model))
    return Belief(
        expected=Expected(quality=np.array(qualities), cost_usd=np.array(costs)), chosen=np.array(chosen, dtype=np.intp)
    )


def estimates(models: Sequence[Model], expected: Sequence[Quality], priced: Sequence[Cost]) -> list[Estimate]:
    """Return the chooser's input, without latency."""
    return [
        Estimate(model=model.name, quality=q, cost=c, latency=NO_TIME)
        for model, q, c in zip(models, expected, priced, strict=True)
    ]


def request_of(known: Features) -> Request:
    """Return the request that a prompt stands for."""
    return Request(
        id="lab",
        received=datetime(2026, 1, 1, tzinfo=UTC),
        body={},
        model="auto",
        mode=Mode.DEEP,
        pin=None,
        messages=(Message(role="user", text=known.task),),
    )


def pool_of(table: Outcomes) -> tuple[Model, ...]:
    """Return a table's models with the prices that its bills imply."""
    return models_of(table)


# ------------------------------------------------------------------------------------ less to train on


def only_sets(corpus: Corpus, names: Sequence[str]) -> Corpus:
    """Return the corpus with these sets alone, and the models that they know."""
    blocks = [block for block in corpus.blocks if _set(block) in names]
    return _renumbered(corpus, blocks)


def without_prompts(corpus: Corpus, drop: Callable[[str, str, int], bool]) -> Corpus:
    """Return the corpus without the prompts of which `drop(set, category, row)` holds; empty sets go too."""
    blocks = []
    for block in corpus.blocks:
        keep = np.array(
            [not drop(_set(block), category, row) for row, category in enumerate(block.outcomes.categories)]
        )
        if keep.any():
            blocks.append(_rows(block, keep))
    return _renumbered(corpus, blocks)


def without_models(corpus: Corpus, models: Sequence[str]) -> Corpus:
    """Return the corpus without every outcome of some models, under any of their names."""
    gone = {trained_name(model) for model in models}
    blocks = []
    for block in corpus.blocks:
        keep = tuple(name for name in block.outcomes.models if trained_name(name) not in gone)
        if keep:
            outcomes = block.outcomes.only(keep)
            blocks.append(replace(block, outcomes=outcomes, columns=_columns(corpus.models, keep)))
    return _renumbered(corpus, blocks)


def dealt_out(corpus: Corpus, *, seed: int) -> Corpus:
    """Return the corpus with the scores of each set's prompts dealt to other prompts of it: the control's training."""
    rng = np.random.default_rng(seed)
    blocks = []
    for block in corpus.blocks:
        scores = block.outcomes.scores[rng.permutation(len(block.features))]
        blocks.append(replace(block, outcomes=replace(block.outcomes, scores=scores)))
    return replace(corpus, blocks=tuple(blocks))


def blind_artifact(context: Context, *, seed: int) -> Artifact:
    """Return the control: the same training on scores dealt out; it knows models but no prompts."""
    return context.once(f"blind {seed}", lambda: trained(context, dealt_out(context.corpus, seed=seed)))


def _set(block: Block) -> str:
    return block.outcomes.name.partition(".")[0]


def _rows(block: Block, keep: NDArray[np.bool_]) -> Block:
    features = tuple(known for known, kept in zip(block.features, keep, strict=True) if kept)
    return replace(block, outcomes=block.outcomes.rows(keep), features=features)


def _columns(models: Sequence[str], names: Sequence[str]) -> NDArray[np.intp]:
    return np.array([models.index(trained_name(name)) for name in names], dtype=np.intp)


def _renumbered(corpus: Corpus, blocks: Sequence[Block]) -> Corpus:
    """Return a corpus that lists only models which its blocks know."""
    models = tuple(sorted({corpus.models[column] for block in blocks for column in block.columns}))
    moved = tuple(
        replace(block, columns=np.array([models.index(corpus.models[c]) for c in block.columns])) for block in blocks
    )
    return replace(corpus, blocks=moved, models=models)
