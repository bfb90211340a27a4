"""How much evidence the guard should ask for: `PYTHONPATH=src:lab python lab/novelty.py` (6 minutes).

Training parts alone. Every fold of prompts ("near") and of whole tasks ("far") is judged by a training without it; then
each model of a pool in turn is the default, and a rule decides which prompts leave it. *Worth*: quality gained, less
.06 for the default's whole price, as the default dial counts it, with real scores and bills, over all defaults.
*Best*: the best single model is the default. *Mixes*: pools of three to ten models of a table, drawn with prices at
random until a mix of single models is as good as the best one but for .003 and a quarter cheaper; the best one is the
default. The rule of `choose/guard.py` is repeated here in arrays, with its constants as arguments; the product's
chooser is asked on some prompts whether it decides alike. Writes `lab/runs/guard/novelty.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from board.context import DATA, Context
from board.product import DEFAULT_GOAL, estimates, pool_of, request_of, trained, without_prompts
from pools import POOLS, with_assumed_prices
from unisono.choose import guard
from unisono.choose.utility import FLOOR_USD, UtilityChooser, worth
from unisono.evaluate.crossfit import NO_TIME
from unisono.evaluate.datasets import Outcomes
from unisono.learn.held_out import random_folds, task_folds
from unisono.predict.artifact import Artifact, default_artifact_path
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Cost, Estimate, Features, Quality

Array = NDArray[np.float64]
Places = NDArray[np.intp]
OUT = Path(__file__).resolve().parent / "runs" / "guard" / "novelty.json"
PRICE, MARGIN = worth(0.5), 0.01
N_CHECKED = 20
MIXED = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default")
N_MIXES = 40
QUARTER, NEARLY = 0.25, 0.003


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Deviations on familiar and on novel prompts, and for weaker models, with what counts as each."""

    familiar: float = guard.DEVIATIONS
    novel: float = guard.NOVEL_DEVIATIONS
    weaker: float = guard.WEAKER_DEVIATIONS
    much_weaker: float = guard.WEAKER
    low: float = guard.NOVEL
    high: float = guard.FAMILIAR
    large: float = guard.LARGE


ALIKE = 1e9
"""Models that are weaker at large are treated as others."""
RULES = {
    "half a deviation everywhere": Rule(familiar=0.5, novel=0.5, much_weaker=ALIKE),
    "a whole one everywhere": Rule(familiar=1.0, large=1e9, much_weaker=ALIKE),
    "half, whole on novel prompts": Rule(much_weaker=ALIKE),
    "as shipped": Rule(),
    "a quarter on familiar prompts": Rule(familiar=0.25),
    "none": Rule(familiar=0.0),
    "one for weaker models": Rule(weaker=1.0),
    "one and a half": Rule(weaker=1.5),
    "much weaker is .05": Rule(much_weaker=0.05),
    "much weaker is .2": Rule(much_weaker=0.2),
    "half on novel prompts": Rule(novel=0.5),
    "large gains are not believed": Rule(large=1e9),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A table's prompts that a training did not see: expectations and outcomes (n, m), familiarity (n,); `rest` are the
    scores of its other prompts."""

    kind: str
    name: str
    mean: Array
    at_large: Array
    apart: Array
    usd: Array
    familiar: Array
    scores: Array
    costs: Array
    rest: Array

    @property
    def best(self) -> int:
        """The place of the model that is best on the other folds, where all have an outcome."""
        return int(self.rest[~np.isnan(self.rest).any(axis=1)].mean(axis=0).argmax())

    def of(self, places: Sequence[int] | Places, prices: Array | None = None) -> Fold:
        """Return the same among some models, where all have an outcome, with their prices times some factors."""
        rows = np.flatnonzero(~np.isnan(self.scores[:, places]).any(axis=1))
        times = 1.0 if prices is None else prices
        part = {key: getattr(self, key)[np.ix_(rows, places)] for key in ("mean", "at_large", "apart", "scores")}
        usd, costs = (getattr(self, key)[np.ix_(rows, places)] * times for key in ("usd", "costs"))
        return replace(self, **part, usd=usd, costs=costs, familiar=self.familiar[rows], rest=self.rest[:, places])


def main() -> None:
    """Train, judge, decide under each rule, print and write."""
    tables = list(held_out(Context(data=DATA, artifact_path=default_artifact_path())))
    pools = [fold.of(places_of(fold.name, models)) for fold, models in tables if fold.name in POOLS]
    for fold in pools:
        check(fold)
    drawn = mixes([(fold, models) for fold, models in tables if fold.kind == "near"])
    out = {}
    print(
        "| rule | worth, near | worth, far | best, near | best, far | mixes, near | mixes, far |\n" + "|---" * 7 + "|"
    )
    for label, rule in RULES.items():
        row = {kind: figures([f for f in pools if f.kind == kind], rule) for kind in ("near", "far")}
        mixed = {kind: mixed_figures([f for f, _ in tables if f.kind == kind], drawn, rule) for kind in ("near", "far")}
        out[label] = {"pools": row, "mixes": mixed}
        cells = [
            *(" ".join(f"{name[:6]} {v['worth']:+.4f}" for name, v in row[kind].items()) for kind in row),
            *(
                " ".join(f"{name[:6]} {v['gained']:+.4f} ({v['saved']:.0%})" for name, v in row[kind].items())
                for kind in row
            ),
            *(
                " ".join(f"{n[:6]} {v['gained']:+.4f} ({v['saved']:.0%}, {v['quarter']:.0%})" for n, v in part.items())
                for part in mixed.values()
            ),
        ]
        print(f"| {label} | {' | '.join(cells)} |", flush=True)
    OUT.write_text(json.dumps(out, indent=1) + "\n")


def places_of(name: str, models: Sequence[str]) -> list[int]:
    """Return the places of the models of a table's pool."""
    return [models.index(model) for model in POOLS.get(name, models)]


def held_out(context: Context) -> Iterator[tuple[Fold, Sequence[str]]]:
    """Yield every table's part of every fold, judged by a training without the fold, with its models."""
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
                measured=True,
            )
            for block, own in zip(corpus.blocks, folds, strict=True):
                name = block.outcomes.name.partition(".")[0]
                table = with_assumed_prices(block.outcomes)
                rows, rest = np.flatnonzero(own == fold), table.rows(own != fold)
                if rows.size and rest.prompts:
                    yield told(artifact, kind, name, table, block.features, rows, rest), table.models


def told(
    artifact: Artifact,
    kind: str,
    name: str,
    table: Outcomes,
    features: Sequence[Features],
    rows: Places,
    rest: Outcomes,
) -> Fold:
    """Return what is expected of a table's models on some of its prompts, beside what came."""
    models = pool_of(rest)
    quality, cost = QualityEnsemble(artifact), TokenCost(artifact.length.expected)
    read = [features[row] for row in rows]
    found = [
        estimates(models, quality.predict_one(k, models), cost.predict_one(request_of(k), k, models)) for k in read
    ]
    return Fold(
        kind=kind,
        name=name,
        mean=np.array([[e.quality.mean for e in one] for one in found]),
        at_large=np.array([[e.quality.at_large for e in one] for one in found]),
        apart=np.array([[e.quality.apart for e in one] for one in found]),
        usd=np.array([[e.cost.usd for e in one] for one in found]),
        familiar=np.array([one[0].quality.familiar for one in found]),
        scores=table.scores[rows],
        costs=np.nan_to_num(table.costs_usd[rows]),
        rest=rest.scores,
    )


def mixes(tables: Sequence[tuple[Fold, Sequence[str]]]) -> dict[str, list[tuple[Places, Array]]]:
    """Return by table pools of which a mix saves `QUARTER` or more: places of models, and factors on their prices."""
    found: dict[str, list[tuple[Places, Array]]] = {}
    for name in MIXED:
        rng = np.random.default_rng(1)
        folds = [fold for fold, _ in tables if fold.name == name]
        scores = np.nanmean(np.concatenate([fold.scores for fold in folds]), axis=0)
        costs = np.nanmean(np.concatenate([fold.costs for fold in folds]), axis=0)
        own: list[tuple[Places, Array]] = []
        while len(own) < N_MIXES:
            size = min(int(rng.integers(3, 11)), len(scores))
            places, prices = np.sort(rng.choice(len(scores), size, replace=False)), np.exp(1.5 * rng.normal(size=size))
            if mix_saves(scores[places], costs[places] * prices) > QUARTER:
                own.append((places, prices))
        found[name] = own
    return found


def mix_saves(scores: Array, costs: Array) -> float:
    """Return the share of the best model's bill that a mix of two models saves at its quality less `NEARLY`."""
    best = int(scores.argmax())
    needed, cheapest = scores[best] - NEARLY, costs[best]
    for low in range(len(scores)):
        for high in np.flatnonzero(scores >= needed):
            share = 0.0 if scores[low] >= needed else (needed - scores[low]) / (scores[high] - scores[low])
            cheapest = min(cheapest, (1.0 - share) * costs[low] + share * costs[high])
    return float(1.0 - cheapest / costs[best])


def mixed_figures(
    folds: Sequence[Fold], drawn: dict[str, list[tuple[Places, Array]]], rule: Rule
) -> dict[str, dict[str, float]]:
    """Return by table what the best default gains and saves in the mean over its mixes, and how many save a quarter."""
    found = {}
    for name, pools in drawn.items():
        own = [fold for fold in folds if fold.name == name]
        rows = [best_default([fold.of(places, prices) for fold in own], rule) for places, prices in pools]
        gained, saved, _ = np.mean(rows, axis=0)
        quarter = np.mean([row[1] >= QUARTER for row in rows])
        found[name] = {"gained": round(gained, 4), "saved": round(saved, 3), "quarter": round(float(quarter), 3)}
    return found


def decide(fold: Fold, default: int, rule: Rule) -> NDArray[np.intp]:
    """Return the place of the model that answers each prompt."""
    apart = np.hypot(fold.apart, fold.apart[:, [default]])
    novel = np.clip((rule.high - fold.familiar) / (rule.high - rule.low), 0.0, 1.0)[:, None]
    small = np.clip(1.0 - np.maximum(fold.mean - fold.mean[:, [default]], 0.0) / rule.large, 0.0, 1.0)
    calm = rule.familiar + (rule.novel - rule.familiar) * novel * small
    weaker = np.clip((fold.at_large[:, [default]] - fold.at_large) / rule.much_weaker, 0.0, 1.0)
    doubt = (calm + (rule.weaker - calm) * weaker) * apart
    doubt[:, default] = 0.0
    utility = fold.mean - PRICE * relative(fold.usd, fold.usd[:, [default]]) - doubt
    rows, best = np.arange(len(utility)), utility.argmax(axis=1)
    return np.where(utility[rows, best] - utility[:, default] > MARGIN, best, default)


def relative(usd: Array, default_usd: Array) -> Array:
    """Return costs in units of the default's, as `utility.relative_price` does."""
    share = usd / np.maximum(default_usd, FLOOR_USD)
    return np.where(share <= 1.0, share, 1.0 + np.log10(np.maximum(share, 1.0)))


def check(fold: Fold) -> None:
    """Raise where the product's chooser decides otherwise than the arrays."""
    chooser = UtilityChooser(margin=MARGIN)
    chosen = decide(fold, fold.best, Rule())
    for row in range(0, len(chosen), max(len(chosen) // N_CHECKED, 1)):
        offered = [estimate(fold, row, place) for place in range(fold.mean.shape[1])]
        choice = chooser.choose(offered, DEFAULT_GOAL, default=str(fold.best))
        if choice.ranking[0].model != str(chosen[row]):
            raise AssertionError(f"{fold.name}, prompt {row}: the product chooses {choice.ranking[0].model}")


def estimate(fold: Fold, row: int, place: int) -> Estimate:
    """Return what the fold holds of a prompt and a model as the chooser is told it."""
    usd = float(fold.usd[row, place])
    quality = Quality(
        mean=float(fold.mean[row, place]),
        spread=0.0,
        evidence="",
        apart=float(fold.apart[row, place]),
        familiar=float(fold.familiar[row]),
        at_large=float(fold.at_large[row, place]),
    )
    cost = Cost(usd=usd, low_usd=usd, high_usd=usd, output_tokens=0.0)
    return Estimate(model=str(place), quality=quality, cost=cost, latency=NO_TIME)


def figures(folds: list[Fold], rule: Rule) -> dict[str, dict[str, float]]:
    """Return by pool the worth over all defaults, and what the best default gains, saves and leaves."""
    found = {}
    for name in dict.fromkeys(fold.name for fold in folds):
        own = [fold for fold in folds if fold.name == name]
        worths = [
            np.mean(np.concatenate([gain(f, decide(f, default, rule), default)[1] for f in own]))
            for default in range(own[0].mean.shape[1])
        ]
        gained, saved, left = best_default(own, rule)
        found[name] = {
            "worth": round(float(np.mean(worths)), 4),
            "gained": round(gained, 4),
            "saved": round(saved, 3),
            "left": round(left, 3),
        }
    return found


def best_default(folds: Sequence[Fold], rule: Rule) -> tuple[float, float, float]:
    """Return the score gained, the share of the bill saved and the share of prompts that leave the best model."""
    chosen = [decide(fold, fold.best, rule) for fold in folds]
    gained = np.concatenate([gain(f, c, f.best)[0] for f, c in zip(folds, chosen, strict=True)])
    spent = sum(f.costs[np.arange(len(c)), c].sum() for f, c in zip(folds, chosen, strict=True))
    would = sum(f.costs[:, f.best].sum() for f in folds)
    left = np.concatenate([c != f.best for f, c in zip(folds, chosen, strict=True)])
    return float(gained.mean()), float(1.0 - spent / would) if would else 0.0, float(left.mean())


def gain(fold: Fold, chosen: NDArray[np.intp], default: int) -> tuple[Array, Array]:
    """Return what each prompt gains in score, and in worth, by real scores and bills."""
    rows = np.arange(len(chosen))
    gained = fold.scores[rows, chosen] - fold.scores[:, default]
    price = relative(fold.costs[rows, chosen], fold.costs[:, default])
    own = relative(fold.costs[:, default], fold.costs[:, default])
    return gained, gained - PRICE * (price - own)


if __name__ == "__main__":
    main()
