"""A table of outcomes in which two models complement each other, for tests of training."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np

from unisono.evaluate.datasets import Outcomes

_NOUNS = "river contract engine garden market violin planet bridge harvest island teacher winter signal castle".split()  # noqa: SIM905
_VERBS = "opens carries reads builds follows measures paints sells repairs watches".split()  # noqa: SIM905
SUM_MODEL, POEM_MODEL = "sums-7b", "poems-7b"


def _sum(rng: Random) -> str:
    a, b, c = (rng.randint(12, 980) for _ in range(3))
    return f"Compute {a} * {b} - {c} and give only the number. The {rng.choice(_NOUNS)} costs {c} dollars."


def _poem(rng: Random) -> str:
    return (
        f"Write a short poem in which a {rng.choice(_NOUNS)} {rng.choice(_VERBS)} a {rng.choice(_NOUNS)}, "
        f"with a sad ending about the {rng.choice(_NOUNS)}."
    )


def two_kinds(n: int, *, seed: int, right: float = 0.9, wrong: float = 0.2) -> Outcomes:
    """Return `n` prompts, sums and poems in turn; each model is right on its own kind with probability `right`.

    Both cost the same, so the best single model scores about (right + wrong) / 2 and the best choice `right`.
    """
    rng = Random(seed)
    kinds = ["sums" if place % 2 == 0 else "poems" for place in range(n)]
    prompts = tuple(_sum(rng) if kind == "sums" else _poem(rng) for kind in kinds)
    models = (POEM_MODEL, SUM_MODEL)
    chance = np.array([[wrong, right] if kind == "sums" else [right, wrong] for kind in kinds])
    scores = (np.random.default_rng(seed).random((n, 2)) < chance).astype(np.float64)
    tokens = np.array([[30.0, 6.0] if kind == "sums" else [90.0, 60.0] for kind in kinds])
    return Outcomes(
        name="two_kinds",
        prompts=prompts,
        categories=tuple(kinds),
        models=models,
        scores=scores,
        costs_usd=np.full((n, 2), 1e-4),
        input_tokens=np.full((n, 2), 40.0),
        output_tokens=tokens,
        n_options=np.full(n, np.nan),
        hashes={"two_kinds": "0" * 64},
    )


def cheap_as_good_at_sums(n: int, *, seed: int) -> Outcomes:
    """Return a table in which a model at a fiftieth of the price is as good as the dear one at sums only."""
    table = two_kinds(n, seed=seed)
    sums = np.array(table.categories) == "sums"
    chance = np.stack((np.full(n, 0.95), np.where(sums, 0.95, 0.5)), axis=1)
    scores = (np.random.default_rng(seed + 2).random((n, 2)) < chance).astype(np.float64)
    return replace(table, scores=scores, costs_usd=np.tile([1e-3, 2e-5], (n, 1)))


_KINDS = (
    "Translate into French: the {} {} the {}.",
    "Write an SQL query that counts each {} which {} a {}.",
    "Write a limerick about a {} that {} a {}.",
    "Summarise the history of the {} that {} the {} in three sentences.",
    "Fix the bug in def {}(x): return {}(x, {} + 1)",
    "Give me a recipe for a soup called {} which {} like a {}.",
    "Compute 17 * 23 for the {} and say who {} the {}.",
    "Draft a contract by which the {} {} the {} until May.",
)


def specialists(n: int, *, seed: int, right: float = 0.9, wrong: float = 0.6) -> Outcomes:
    """Return `n` prompts of eight kinds, and eight models at one price, each of them better at one kind."""
    rng, chance = Random(seed), np.where(np.eye(len(_KINDS), dtype=bool), right, wrong)
    kinds = [place % len(_KINDS) for place in range(n)]
    words = [(rng.choice(_NOUNS), rng.choice(_VERBS), rng.choice(_NOUNS)) for _ in range(n)]
    scores = (np.random.default_rng(seed).random((n, len(_KINDS))) < chance[kinds]).astype(np.float64)
    return replace(
        two_kinds(n, seed=seed),
        name="specialists",
        prompts=tuple(_KINDS[kind].format(*drawn) for kind, drawn in zip(kinds, words, strict=True)),
        categories=tuple(f"kind {kind}" for kind in kinds),
        models=tuple(f"model-{place}" for place in range(len(_KINDS))),
        scores=scores,
        costs_usd=np.full(scores.shape, 1e-4),
        input_tokens=np.full(scores.shape, 40.0),
        output_tokens=np.full(scores.shape, 60.0),
    )
