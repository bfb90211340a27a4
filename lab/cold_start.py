"""What a new model costs in probes: quality of routing after k answers, as a share of what full data gives.

    PYTHONPATH=src:lab python lab/cold_start.py [dev]

Each model of a pool is held out of training in turn (both sets of `board.context.MAIN`); then it is asked k questions
of a bank, as large as the product's, that is drawn from the train part, and the pool is routed on the test part. The
measure is that of `board/newcomers.py`: AIQ gained over not offering the model, summed over the models of a pool, as a
share of the same sum for the artifact that was trained on all. What the newcomer is believed to be worth comes from
`predict.paired` and `QualityEnsemble`, what it costs from `TokenCost`, as on a live server. Ways:

- `random`: the k questions are a plain draw from the bank; `chosen`: `evaluate.probe.choose.informative` picks them in
  rounds of 25, categories in turn, what the earlier rounds told taken in, as `unisono models add` does.
- `... alone`: the other models never answered the bank. Otherwise they did (their answers are in the table), as where
  a pool was probed before: what their answers say about the questions is held against the newcomer's.
- `all`: every prompt of the train part (as many as the ring keeps): the ceiling of probing without training.

With `dev` nothing of the test parts is read: half of each train part trains and asks, the other half is routed (of
mmlu_pro with four subjects that are not asked), k is 100. All settings of the product were chosen on that. Writes
`lab/runs/cold_start/cold_start.json` or `dev.json` there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from board.context import DATA, MAIN, Context, say
from board.newcomers import answered, areas, inserted, without_one
from board.product import pool_of, trained, without_models, without_prompts
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import interval, resampled
from unisono.evaluate.probe.choose import informative
from unisono.evaluate.replay import Expected, Replay, expect
from unisono.learn.corpus import Corpus
from unisono.predict.ability import updated
from unisono.predict.artifact import Artifact, default_artifact_path
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.predict.paired import Told, paired
from unisono.protocols import QualityPredictor
from unisono.types import Features, Score

ROOT = Path(__file__).resolve().parent.parent
PROBES = (25, 50, 100, 200)
SEEDS = (1, 2, 3)
ROUND = 25
N_BANK = 456
N_TEST = 800
N_GONE = 4
N_RESAMPLES = 100
WAYS = ("random alone", "random", "chosen alone", "chosen")
Array = np.ndarray


class Bank:
    """Prompts of the train part, as a probe's questions for one held-out model."""

    def __init__(self, artifact: Artifact, table: Outcomes, seen: list[Features], place: int) -> None:
        """Hold the table's answers and the demands of the prompts."""
        self.artifact, self.table, self.seen, self.place = artifact, table, seen, place
        self.pool = pool_of(table)
        self.known = np.flatnonzero(~np.isnan(table.scores[:, place]))
        demands = [artifact.ability.demand(known) for known in seen]
        self.profiles = np.array([d.profile for d in demands])
        self.difficulties = np.array([d.difficulty for d in demands])

    def shuffled(self, seed: int) -> Array:
        """Return all rows that the newcomer has an answer to."""
        return np.random.default_rng(seed).permutation(self.known)

    def picks(self, way: str, k: int, bank: Array) -> list[int]:
        """Return the rows that the newcomer is asked."""
        return [int(row) for row in (bank[:k] if way.startswith("random") else self._chosen(bank, k))]

    def _chosen(self, bank: Array, k: int) -> Array:
        prior = self.artifact.ability.prior(self.pool[self.place])
        profiles, difficulties = self.profiles[bank], self.difficulties[bank]
        kinds = [self.table.categories[row] for row in bank]
        scores = np.clip(self.table.scores[bank, self.place], 0.0, 1.0)
        found: list[int] = []
        while len(found) < k:
            belief = updated(prior, profiles[found], difficulties[found], scores[found])
            n = min(ROUND, k - len(found))
            found += informative(belief, profiles, difficulties, n=n, kinds=kinds, taken=found)
        return bank[found]

    def told(self, bank: Array) -> Mapping[tuple[str, str], Told]:
        """Return what the other models' answers say about a bank's questions."""
        order = [*(i for i in range(len(self.pool)) if i != self.place), self.place]
        pairs = [(int(row), i) for i in order for row in bank if not np.isnan(self.table.scores[row, i])]
        answers = [(self.seen[row], self._score(row, i)) for row, i in pairs]
        return paired(self.artifact.ability, answers, {model.name: model for model in self.pool})

    def learned(self, rows: list[int], told: Mapping[tuple[str, str], Told]) -> tuple[QualityEnsemble, TokenCost]:
        """Return predictors that saw the newcomer's answers to `rows`."""
        quality, cost = QualityEnsemble(self.artifact, told=told), TokenCost(self.artifact.length.expected)
        for row in rows:
            quality.learn_one(self.seen[row], self._score(row, self.place))
            if self.table.output_tokens[row, self.place] > 0:
                cost.learn_one(self.seen[row], answered(self.pool[self.place], self.table, row, self.place))
        return quality, cost

    def _score(self, row: int, place: int) -> Score:
        score = float(np.clip(self.table.scores[row, place], 0.0, 1.0))
        return Score(model=self.pool[place].name, item=str(row), kind="probe", prompt="", score=score)


def one_set(
    full: Artifact,
    blinds: dict[str, Artifact],
    tables: tuple[Outcomes, Outcomes],
    features: tuple[list[Features], list[Features]],
    probes: tuple[int, ...] = PROBES,
) -> dict[str, Any]:
    """Return shares per way and k on one set: `tables` and `features` of what is asked, and of what is routed."""
    (train, test), (seen, new) = tables, features
    models, replay = pool_of(train), Replay(test)
    weights = resampled(len(test.prompts), rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)
    fulls: list[Array] = []
    gains: dict[str, list[Array]] = {}
    losses: dict[str, list[float]] = {}
    known = expected(full, new, models)
    for place, model in enumerate(models):
        say(f"{train.name}: {model.name}")
        blind, others = blinds[model.name], [i for i in range(len(models)) if i != place]
        rest = expected(blind, new, [models[i] for i in others])
        only = Expected(quality=known.quality[:, others], cost_usd=known.cost_usd[:, others])
        without = areas(replay, without_one(rest, known, others, place), weights, others)
        fulls.append(
            areas(replay, known, weights, range(len(models)), others)
            - areas(replay, without_one(only, known, others, place), weights, others)
        )
        bank = Bank(blind, train, seen, place)
        banks = {seed: bank.shuffled(seed)[:N_BANK] for seed in SEEDS}
        told = {seed: bank.told(rows) for seed, rows in banks.items()}
        runs = [(way, k, seed) for way in WAYS for k in probes for seed in SEEDS]
        for way, k, seed in [("nothing", 0, 1), *runs, ("all", 0, 1)]:
            rows = bank.picks(way, k, banks[seed]) if k else bank.shuffled(seed).tolist() if way == "all" else []
            quality, cost = bank.learned(rows, {} if "alone" in way or not k else told[seed])
            own = expected(blind, new, [model], quality=quality, cost=cost)
            both = Expected(
                quality=inserted(rest.quality, own.quality[:, 0], place),
                cost_usd=inserted(rest.cost_usd, own.cost_usd[:, 0], place),
            )
            name = f"{way} k={k}" if k else way
            got = areas(replay, both, weights, range(len(models)), others) - without
            gains.setdefault(name, []).append(got / (len(SEEDS) if k else 1))
            losses.setdefault(name, []).append(log_loss(test.scores[:, place], own.quality[:, 0]))
    whole = np.array(fulls).sum(axis=0)
    return {
        "n_prompts": len(test.prompts),
        "gain of full training": round(float(whole[0]), 4),
        **{
            name: {
                "share": [round(float(v), 3) for v in _three(interval(np.array(rows).sum(axis=0) / whole))],
                "log_loss": round(float(np.mean(losses[name])), 4),
            }
            for name, rows in gains.items()
        },
        "paired": {
            name: [round(float(v), 3) for v in _three(interval((total(gains, a) - total(gains, b)) / whole))]
            for name, a, b in (
                ("k=100: chosen less random", "chosen k=100", "random k=100"),
                ("k=100: chosen less chosen alone", "chosen k=100", "chosen alone k=100"),
                ("k=100: random less random alone", "random k=100", "random alone k=100"),
            )
        },
    }


def total(gains: dict[str, list[Array]], name: str) -> Array:
    """Return the gain summed over the models, shape (resamples,)."""
    return np.array(gains[name]).sum(axis=0)


def expected(
    artifact: Artifact,
    features: list[Features],
    models: Any,
    *,
    quality: QualityPredictor | None = None,
    cost: TokenCost | None = None,
) -> Expected:
    """Return what the product expects."""
    quality = quality or QualityEnsemble(artifact)
    return expect(features, models, quality=quality, cost=cost or TokenCost(artifact.length.expected))


def log_loss(y: Array, p: Array) -> float:
    """Return the mean log loss of expected scores."""
    p = np.clip(p, 1e-3, 1 - 1e-3)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def _three(found: Any) -> tuple[float, float, float]:
    return found.value, found.low, found.high


def halves(context: Context) -> dict[str, Array]:
    """Return for each set which prompts of its train part are asked; the others are routed.

    Half is asked; of a set of many tasks none of four of them, as its test part has tasks that its train part lacks.
    """
    found = {}
    for name in MAIN:
        table, rng = context.table(name, "train"), np.random.default_rng(7)
        tasks = sorted(set(table.categories))
        gone = rng.choice(tasks, N_GONE, replace=False) if len(tasks) > 2 * N_GONE else []
        rows = rng.permutation(np.flatnonzero(~np.isin(table.categories, gone)))
        found[name] = np.zeros(len(table.prompts), dtype=bool)
        found[name][rows[: len(table.prompts) // 2]] = True
    return found


def blinded(context: Context, corpus: Corpus) -> dict[str, Artifact]:
    """Return artifacts that never saw a model, by its name; one training serves a model of each set."""
    pools = {name: context.table(name, "train").models for name in MAIN}
    found: dict[str, Artifact] = {}
    for turn in range(max(len(pool) for pool in pools.values())):
        gone = [pool[turn] for pool in pools.values() if turn < len(pool)]
        found |= dict.fromkeys(gone, trained(context, without_models(corpus, gone)))
    return found


def drawn(table: Outcomes) -> Outcomes:
    """Return at most `N_TEST` complete rows."""
    table = table.complete()
    keep = np.zeros(len(table.prompts), dtype=bool)
    keep[np.random.default_rng(0).choice(len(keep), min(N_TEST, len(keep)), replace=False)] = True
    return table.rows(keep)


def main() -> None:
    """Run all, print and write."""
    dev = sys.argv[1:] == ["dev"]
    context = Context(data=DATA, artifact_path=default_artifact_path())
    corpus, full, asked = context.corpus, context.artifact, halves(context)
    if dev:
        held = {
            (name, prompt)
            for name in MAIN
            for prompt, kept in zip(context.table(name, "train").prompts, asked[name], strict=True)
            if not kept
        }
        texts = {block.outcomes.name.partition(".")[0]: block.outcomes.prompts for block in corpus.blocks}
        corpus = without_prompts(corpus, lambda name, _, row: (name, texts[name][row]) in held)
        full = trained(context, corpus)
    blinds, found = blinded(context, corpus), {}
    for name in MAIN:
        train = context.table(name, "train")
        test = drawn(train.rows(~asked[name]) if dev else context.table(name, "test"))
        train = replace(train.rows(asked[name]) if dev else train, name=name)
        features = context.features(train.prompts), context.features(test.prompts)
        found[name] = one_set(full, blinds, (train, test), features, (100,) if dev else PROBES)
        print(json.dumps({name: found[name]}, indent=1), flush=True)
    file = ROOT / "lab" / "runs" / "cold_start" / ("dev.json" if dev else "cold_start.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
