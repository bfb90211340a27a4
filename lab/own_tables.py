"""What `unisono fit` on a table of one's own wins at the default dial: `PYTHONPATH=src:lab python lab/own_tables.py`.

Training parts only, under names that nobody knows. Tables as they are, and made ones: two models, each good at a random
half of a set's tasks. A fit sees some of the prompts; the product's predictors and chooser decide others, the best
single model of the seen ones being the default, with all of the doubt (`caution` 1, as every artifact had until 26
November 2026), with the share that the fit measured, with that for requests of the table's kinds (`in_domain` always),
and as a server does (`when_alike`): the prompts come in some order, and every 25 the latest are looked at. Then single
tasks are kept from the fit and decided, and pools of models drawn at random. Brackets hold 95 % of resamples of the
prompts. Writes `lab/runs/own_tables/own_tables.json` (fifteen minutes).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from board.context import DATA
from pools import POOLS, with_assumed_prices
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.crossfit import decided
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.fit import Fit, fit_table
from unisono.evaluate.in_domain import LATEST, OPENS_AT
from unisono.evaluate.metrics import interval, resampled
from unisono.evaluate.replay import DEFAULT_DIAL, models_of
from unisono.predict.artifact import CAUTION, assembled
from unisono.predict.caution import FULL
from unisono.predict.domain import told_apart
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Features, Goal, Json, Mode
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

Array = NDArray[np.float64]
OUT = Path(__file__).resolve().parent / "runs" / "own_tables" / "own_tables.json"
SETS = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "routerdc_7small")
N_SEEN, N_FRESH = 3200, 1500
MADE = ((1.0, 0.0), (0.9, 0.3))
"""How often a made model is right on its own half of the tasks and on the other."""
N_MADE_SEEN, N_MADE_FRESH, SEEDS = 1200, 800, (1, 2)
LOOK_EVERY = 25
POOLS_SEEN = (800, 1600, 3200)
"""Of each set a pool of random models is drawn for each of these numbers of prompts."""
HELD_OUT = {
    "mmlu_pro": ("physics", "chemistry", "psychology", "business"),
    "routerbench_0shot_part": ("winogrande", "mbpp"),
    "llmrouter_default": ("gsm8k", "mmlu", "trivia_qa", "commonsense_qa"),
    "routerdc_7small": ("cmmlu", "gsm8k", "mbpp"),
}
ENCODER = StaticEncoder()
READ = Understanding(ENCODER, cache_size=1).text


def main() -> None:
    """Fit, decide, print and write."""
    out: dict[str, Json] = {}
    print(
        "| table | best single | oracle | all of the doubt | measured | left | bill | always | left | bill |"
        " when alike | left | bill |"
    )
    print("|---|" + "---:|" * 12)
    for label, seen, fresh in tables():
        row = judged(fit_table(seen, encoder=ENCODER), seen, fresh)
        out[label] = row
        print(
            f"| {label} | {row['best']:.3f} | {row['oracle']:.3f} | {row['full']['gain']:+.3f} | "
            f"{shown(row['measured'])} | {shown(row['in_domain'])} | {shown(row['when_alike'])} |",
            flush=True,
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(out, indent=1) + "\n")


def shown(row: Json) -> str:
    return f"{row['gain']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}] | {row['left']:.0%} | {row['spent']:.0%}"


def tables() -> Iterator[tuple[str, Outcomes, Outcomes]]:
    """Yield a label, the table to fit and the one to decide."""
    for name in SETS:
        whole = own(name)
        for right, wrong in MADE:
            for seed in SEEDS:
                yield (
                    f"{name}, halves {right:g}/{wrong:g}, seed {seed}",
                    *split(halves(whole, right, wrong, seed=seed), N_MADE_SEEN, N_MADE_FRESH, seed=seed),
                )
        yield f"{name} as it is", *split(whole, N_SEEN, N_FRESH, seed=0)
        tasks = np.array(whole.categories)
        for task in HELD_OUT[name]:
            yield (
                f"{name} without {task}",
                split(whole.rows(tasks != task), N_SEEN, 1, seed=0)[0],
                whole.rows(tasks == task),
            )
    for place, n_seen in enumerate(POOLS_SEEN, start=1):
        for name in SETS:
            yield f"{name}, pool {place}", *split(drawn(own(name), place), n_seen, N_FRESH, seed=place)


def drawn(table: Outcomes, place: int) -> Outcomes:
    """Return a table with two to six of its models, at random."""
    rng = np.random.default_rng(100 * place + len(table.name))
    n = int(rng.integers(2, min(7, len(table.models) + 1)))
    return table.only(tuple(table.models[one] for one in sorted(rng.choice(len(table.models), n, replace=False))))


def own(name: str) -> Outcomes:
    """Return a training part as a stranger's: its pool under names of no family, its prices or assumed ones."""
    table = with_assumed_prices(load_outcomes(DATA, name, part="train"))
    table = table.only(POOLS.get(name, table.models))
    models = tuple(f"maker {place} / Model {place}: v{place}" for place in range(len(table.models)))
    if np.isnan(table.costs_usd).all():
        table = replace(table, costs_usd=np.tile(1e-5 * 4.0 ** np.arange(len(models)), (len(table.prompts), 1)))
    return replace(table, models=models)


def halves(table: Outcomes, right: float, wrong: float, *, seed: int) -> Outcomes:
    """Return two models at one price, each good at a random half of the table's tasks."""
    rng = np.random.default_rng(seed)
    tasks = rng.permutation(sorted(set(table.categories)))
    first = np.isin(np.array(table.categories), tasks[: len(tasks) // 2])
    chance = np.where(np.stack((first, ~first), axis=1), right, wrong)
    n = len(table.prompts)
    return replace(
        table.only(table.models[:2]),
        scores=(rng.random((n, 2)) < chance).astype(np.float64),
        costs_usd=3e-4 * rng.lognormal(0, 0.3, (n, 2)),
        input_tokens=np.full((n, 2), np.nan),
        output_tokens=np.full((n, 2), np.nan),
    )


def split(table: Outcomes, n_seen: int, n_fresh: int, *, seed: int) -> tuple[Outcomes, Outcomes]:
    """Return prompts to fit and others to decide, at random."""
    place = np.random.default_rng(seed).permutation(len(table.prompts)).argsort()
    n_seen = min(n_seen, int(0.8 * len(place)))
    return table.rows(place < n_seen), table.rows((place >= n_seen) & (place < n_seen + n_fresh))


def judged(fit: Fit, seen: Outcomes, fresh: Outcomes) -> Json:
    """Decide fresh prompts with all of the doubt, with what the fit measured, and with that in domain."""
    fresh = fresh.rows(~np.isnan(fresh.scores).any(axis=1))
    default, usd = int(np.nanmean(seen.scores, axis=0).argmax()), np.nanmean(seen.costs_usd, axis=0)
    rows, single = np.arange(len(fresh.prompts)), fresh.scores[:, default]
    weights = resampled(len(rows), rng=np.random.default_rng(0))

    def with_share(caution: float) -> NDArray[np.intp]:
        return chosen(fit, caution, fresh, default=default, usd=usd)

    def worth(taken: NDArray[np.intp]) -> Json:
        gain = interval(weights @ (fresh.scores[rows, taken] - single))
        return {
            "quality": float(fresh.scores[rows, taken].mean()),
            "gain": gain.value,
            "low": gain.low,
            "high": gain.high,
            "left": float((taken != default).mean()),
            "spent": float(usd[taken].mean() / usd[default]),
        }

    served, in_domain = fit.found.served, fit.found.in_domain
    measured = with_share(FULL if served is None else served.caution)
    always = with_share(FULL if in_domain is None else in_domain.caution)
    opened = in_force(fit, [READ(prompt) for prompt in fresh.prompts])
    return {
        "n": len(rows),
        "best": float(single.mean()),
        "oracle": float(fresh.scores.max(axis=1).mean()),
        "caution": None if served is None else served.caution,
        "caution_in_domain": None if in_domain is None else in_domain.caution,
        "full": worth(with_share(FULL)),
        "measured": worth(measured),
        "in_domain": worth(always),
        "when_alike": {**worth(np.where(opened, always, measured)), "open": float(opened.mean())},
    }


def in_force(fit: Fit, asked: Sequence[Features]) -> NDArray[np.bool_]:
    """Return at which requests a server would decide as in domain: they come in a random order."""
    artifact = assembled(arrays=fit.trained.arrays, manifest=fit.manifest)
    order = np.random.default_rng(1).permutation(len(asked))
    found, opened = np.zeros(len(order), dtype=bool), False
    if artifact.domain is None:
        return found
    vectors = [vector for row in order if (vector := asked[row].embedding) is not None]
    for begin in range(0, len(order), LOOK_EVERY):
        apart = told_apart(artifact.domain, vectors[max(0, begin - LATEST) : begin])
        if apart is not None:
            opened = not apart.unlike if opened else apart.alike and apart.n >= OPENS_AT
        found[order[begin : begin + LOOK_EVERY]] = opened
    return found


def chosen(fit: Fit, caution: float, fresh: Outcomes, *, default: int, usd: Array) -> NDArray[np.intp]:
    """Return the place of the model that answers each prompt at the default dial."""
    scalars = {**fit.trained.scalars, CAUTION: caution}
    predictor = QualityEnsemble(assembled(arrays=fit.trained.arrays, manifest={**fit.manifest, "scalars": scalars}))
    models, goal, chooser = models_of(fresh), Goal(mode=Mode.DEEP, dial=DEFAULT_DIAL), UtilityChooser()
    return np.array(
        [
            decided(chooser, models, predictor.predict_one(READ(p), models), usd, goal=goal, default=default)
            for p in fresh.prompts
        ]
    )


if __name__ == "__main__":
    main()
