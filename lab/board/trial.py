"""One router on the fixed split beside the product and what needs no router: printed, and nothing is kept."""

from __future__ import annotations

import numpy as np

from board.context import MAIN, SEEDS, Context
from board.figures import figures, standing_rows
from board.product import ask, pool_of
from board.rivals import BrokenRouter, held_to_its_contract
from board.sets import decided, rivals
from routers import routers
from unisono.evaluate.compare import Contender, field_of
from unisono.evaluate.own import baselines
from unisono.evaluate.replay import Replay, sweep
from unisono.evaluate.report import markdown

N_TWICE = 300
"""Prompts on which a router is asked twice with the same seed."""


def run(context: Context, name: str) -> str:
    """Return the tables of both main sets with this router.

    Args:
        context: the data.
        name: of a file in `lab/routers`, without its ending.

    Raises:
        SystemExit: there is no such router, or it breaks its contract.
    """
    known = {module.__name__.rpartition(".")[2]: module for module in routers()}
    if name not in known:
        raise SystemExit(f"There is no lab/routers/{name}.py; there are {', '.join(known)}.")
    return "\n\n".join(one(context, part, known[name]) for part in MAIN)


def one(context: Context, name: str, module) -> str:
    """Return the table of one set."""
    train, test = context.table(name, "train"), context.table(name, "test").complete()
    seen, new = context.features(train.prompts), context.features(test.prompts)
    first, second = (
        held_to_its_contract(module, seen[:N_TWICE], train.scores[:N_TWICE], new[:N_TWICE], seed=1) for _ in "12"
    )
    if not np.array_equal(first, second):
        worst = np.abs(first - second).max()
        raise BrokenRouter(
            f"{module.__name__} expects other things (by {worst:.3g}) when asked again with the same seed."
        )
    field = field_of(train.scores, train.costs_usd)
    ours = ask(context.artifact, new, pool_of(train), default=field.best)
    contenders = [
        Contender(name="unisono", policies=(sweep("unisono", ours.expected),)),
        *decided(ours, test.models),
        *rivals(train.scores, seen, new, ours.expected, modules=[module]),
        *baselines(test, field, seeds=SEEDS),
    ]
    found = figures(Replay(test), contenders, field)
    title = f"### `{name}.test`: {len(test.prompts):,} prompts, {len(test.models)} models"
    return f"{title}\n\n{markdown(*standing_rows(found['standings']))}"
