"""How much evidence the guard should ask for on novel prompts: `PYTHONPATH=src:lab python lab/novelty.py` (3 minutes).

Training parts alone. Every fold of prompts ("near") and of whole tasks ("far") is judged by a training without it; then
each model of a pool in turn is the default, and a rule decides which prompts leave it. *Worth*: quality gained, less
.06 for the default's whole price, as the default dial counts it, with real scores and bills, over all defaults. The
rule of `choose/guard.py` is repeated here in arrays, with its constants as arguments; the product's chooser is asked on
some prompts whether it decides alike. Writes `lab/runs/guard/novelty.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from board.context import DATA, Context
from board.product import DEFAULT_GOAL, estimates, pool_of, request_of, trained, without_prompts
from pools import POOLS, with_assumed_prices
from unisono.choose import guard
from unisono.choose.utility import FLOOR_USD, UtilityChooser, worth
from unisono.learn.held_out import random_folds, task_folds
from unisono.predict.artifact import default_artifact_path
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Estimate

Array = NDArray[np.float64]
OUT = Path(__file__).resolve().parent / "runs" / "guard" / "novelty.json"
PRICE, MARGIN = worth(0.5), 0.01
N_CHECKED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Deviations on familiar and on novel prompts, the familiarities between which they change, the large gain."""

    familiar: float = guard.DEVIATIONS
    novel: float = guard.NOVEL_DEVIATIONS
    low: float = guard.NOVEL
    high: float = guard.FAMILIAR
    large: float = guard.LARGE


RULES = {
    "half a deviation everywhere": Rule(novel=0.5),
    "a whole one everywhere": Rule(familiar=1.0, large=1e9),
    "as shipped": Rule(),
    "1.28 on novel prompts": Rule(novel=1.28),
    "1.64": Rule(novel=1.64),
    "1.64, from .5 down to 0": Rule(novel=1.64, low=0.0),
    "large is .05": Rule(large=0.05),
    "large is .2": Rule(large=0.2),
    "large gains are not believed": Rule(large=1e9),
    "the same, 1.64": Rule(novel=1.64, large=1e9),
    "from .3 down to .2": Rule(low=0.2, high=0.3),
    "from 1 down to .5": Rule(low=0.5, high=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A pool's prompts that a training did not see: expectations and outcomes, (n, m), familiarity (n,), the best."""

    kind: str
    name: str
    mean: Array
    apart: Array
    usd: Array
    familiar: Array
    scores: Array
    costs: Array
    best: int


def main() -> None:
    """Train, judge, decide under each rule, print and write."""
    folds = list(held_out(Context(data=DATA, artifact_path=default_artifact_path())))
    out = {}
    print("| rule | near: worth, all defaults | far | best default, near | far |\n|---|---|---|---|---|")
    for label, rule in RULES.items():
        row = {kind: figures([f for f in folds if f.kind == kind], rule) for kind in ("near", "far")}
        out[label] = row
        cells = [
            " ".join(f"{name[:9]} {v['worth']:+.4f}" for name, v in row[kind].items()) for kind in ("near", "far")
        ] + [
            " ".join(f"{name[:9]} {v['gained']:+.4f} ({v['saved']:.0%})" for name, v in row[kind].items())
            for kind in ("near", "far")
        ]
        print(f"| {label} | {' | '.join(cells)} |", flush=True)
    OUT.write_text(json.dumps(out, indent=1) + "\n")


def held_out(context: Context) -> Iterator[Fold]:
    """Yield every pool's part of every fold, judged by a training without the fold."""
    corpus = context.corpus
    for kind, folds in (("near", random_folds(corpus, seed=1)), ("far", task_folds(corpus))):
        fold_of = {
            (block.outcomes.name.partition(".")[0], row): int(fold)
            for block, own in zip(corpus.blocks, folds, strict=True)
            for row, fold in enumerate(own)
        }
        for fold in range(max(fold_of.values()) + 1):
            artifact = trained(
                context,
                without_prompts(corpus, lambda name, _, row, at=fold, of=fold_of: of[name, row] == at),
            )
            for block, own in zip(corpus.blocks, folds, strict=True):
                name = block.outcomes.name.partition(".")[0]
                table = with_assumed_prices(block.outcomes.only(POOLS.get(name, block.outcomes.models)))
                rows = np.flatnonzero((own == fold) & ~np.isnan(table.scores).any(axis=1))
                rest = table.rows(own != fold)
                if name not in POOLS or not rows.size or not rest.prompts:
                    continue
                models = pool_of(rest)
                quality, cost = QualityEnsemble(artifact), TokenCost(artifact.length.expected)
                read = [block.features[row] for row in rows]
                told = [
                    estimates(models, quality.predict_one(k, models), cost.predict_one(request_of(k), k, models))
                    for k in read
                ]
                found = Fold(
                    kind=kind,
                    name=name,
                    mean=np.array([[e.quality.mean for e in one] for one in told]),
                    apart=np.array([[e.quality.apart for e in one] for one in told]),
                    usd=np.array([[e.cost.usd for e in one] for one in told]),
                    familiar=np.array([one[0].quality.familiar for one in told]),
                    scores=table.scores[rows],
                    costs=np.nan_to_num(table.costs_usd[rows]),
                    best=int(np.nanmean(rest.scores, axis=0).argmax()),
                )
                check(found, told)
                yield found


def decide(fold: Fold, default: int, rule: Rule) -> NDArray[np.intp]:
    """Return the place of the model that answers each prompt."""
    apart = np.hypot(fold.apart, fold.apart[:, [default]])
    novel = np.clip((rule.high - fold.familiar) / (rule.high - rule.low), 0.0, 1.0)[:, None]
    small = np.clip(1.0 - np.maximum(fold.mean - fold.mean[:, [default]], 0.0) / rule.large, 0.0, 1.0)
    doubt = (rule.familiar + (rule.novel - rule.familiar) * novel * small) * apart
    doubt[:, default] = 0.0
    utility = fold.mean - PRICE * relative(fold.usd, fold.usd[:, [default]]) - doubt
    rows, best = np.arange(len(utility)), utility.argmax(axis=1)
    return np.where(utility[rows, best] - utility[:, default] > MARGIN, best, default)


def relative(usd: Array, default_usd: Array) -> Array:
    """Return costs in units of the default's, as `utility.relative_price` does."""
    share = usd / np.maximum(default_usd, FLOOR_USD)
    return np.where(share <= 1.0, share, 1.0 + np.log10(np.maximum(share, 1.0)))


def check(fold: Fold, told: list[list[Estimate]]) -> None:
    """Raise where the product's chooser decides otherwise than the arrays."""
    names = [e.model for e in told[0]]
    chooser = UtilityChooser(margin=MARGIN)
    chosen = decide(fold, fold.best, Rule())
    for row in range(0, len(told), max(len(told) // N_CHECKED, 1)):
        choice = chooser.choose(told[row], DEFAULT_GOAL, default=names[fold.best], rng=Random(0))
        if choice.ranking[0].model != names[chosen[row]]:
            raise AssertionError(f"{fold.name}, prompt {row}: the product chooses {choice.ranking[0].model}")


def figures(folds: list[Fold], rule: Rule) -> dict[str, dict[str, float]]:
    """Return by pool the worth over all defaults, and what the best default gains, saves and leaves."""
    found = {}
    for name in dict.fromkeys(fold.name for fold in folds):
        own = [fold for fold in folds if fold.name == name]
        worths = [
            np.mean(np.concatenate([gain(f, decide(f, default, rule), default)[1] for f in own]))
            for default in range(own[0].mean.shape[1])
        ]
        chosen = [decide(f, f.best, rule) for f in own]
        gains = np.concatenate([gain(f, c, f.best)[0] for f, c in zip(own, chosen, strict=True)])
        spent = sum(f.costs[np.arange(len(c)), c].sum() for f, c in zip(own, chosen, strict=True))
        would = sum(f.costs[:, f.best].sum() for f in own)
        left = np.concatenate([c != f.best for f, c in zip(own, chosen, strict=True)])
        found[name] = {
            "worth": round(float(np.mean(worths)), 4),
            "gained": round(float(gains.mean()), 4),
            "saved": round(1.0 - spent / would, 3) if would else 0.0,
            "left": round(float(left.mean()), 3),
        }
    return found


def gain(fold: Fold, chosen: NDArray[np.intp], default: int) -> tuple[Array, Array]:
    """Return what each prompt gains in score, and in worth, by real scores and bills."""
    rows = np.arange(len(chosen))
    gained = fold.scores[rows, chosen] - fold.scores[:, default]
    price = relative(fold.costs[rows, chosen], fold.costs[:, default])
    own = relative(fold.costs[:, default], fold.costs[:, default])
    return gained, gained - PRICE * (price - own)


if __name__ == "__main__":
    main()
