"""What a new model costs in probes: quality of routing after k answers, as a share of what full data gives.

    PYTHONPATH=src:lab python lab/cold_start.py [how,how,...]

Each model of a pool is held out of training in turn (both sets of `board.context.MAIN`), then k prompts of the train
part are answered by it and the pool is routed on the test part, as in `board/newcomers.py`, whose measure this is:
AIQ gained over not offering the model, summed over the models of a pool, as a share of the same sum for the artifact
that was trained on all. Ways to pick the k prompts and to start:

- `random`: as the leaderboard has it.
- `chosen`: `evaluate.probe.choose.informative` in rounds of 25, what the earlier rounds told taken in.
- `turns`: the same, but the table's categories take turns, as the product's probe does with kinds of question.
- `spread`: the farthest from those picked so far, by embedding, among a random tenth: coverage, not information.
- `half`: every other pick by `chosen`, the rest by `spread`.
- `aimed`: as `chosen`, but a pick counts by how much it shrinks the doubt about the prompts of the train part, not
  about the abilities (I-optimal instead of D-optimal).
- `... +items`: how hard each probe is, is corrected by how the other models of the pool did on it (they answered the
  same probes), so that an easy draw of probes does not flatter.
- `... +near N`: local evidence shrunk N times as much.
- `all`: every prompt of the train part (as many as the ring keeps): the ceiling of probing without retraining.

Adds what it measured to `lab/runs/cold_start/cold_start.json`. Ways were compared on these very figures, so the best of
many is flattered.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import unisono.predict.ensemble as ensemble
import unisono.predict.neighbors as neighbors
from board.context import DATA, MAIN, Context, say
from board.newcomers import answered, areas, inserted, without_one
from board.product import ask, pool_of, trained, without_models
from unisono.evaluate.compare import field_of
from unisono.evaluate.metrics import interval, resampled
from unisono.evaluate.probe.choose import _information, informative
from unisono.evaluate.replay import Expected, Replay
from unisono.predict.ability import updated
from unisono.predict.artifact import Artifact, default_artifact_path
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Model, Score

ROOT = Path(__file__).resolve().parent.parent
PROBES = (0, 25, 50, 100, 200)
ROUND = 25
ITEM_SD = 1.0
"""Prior deviation of how hard a prompt is beyond what the map says, in logits."""
SEEDS = (1, 2, 3)
N_TEST = 400
N_RESAMPLES = 200
WAYS = ("random", "chosen", "turns", "half", "aimed", "random+items", "turns+items", "turns+near4", "all")
Array = np.ndarray


class Shifted:
    """The ability model with the difficulty of the row at hand corrected."""

    def __init__(self, ability: Any, shifts: dict[int, float]) -> None:
        """Correct by row."""
        self.ability, self.shifts, self.row = ability, shifts, None

    def prior(self, model: Model) -> Any:
        """As it was."""
        return self.ability.prior(model)

    def demand(self, features: Any) -> Any:
        """With the row's correction while its score is learned."""
        found = self.ability.demand(features)
        return found if self.row is None else replace(found, difficulty=found.difficulty + self.shifts[self.row])


class Bank:
    """The train part's prompts as a bank of questions for one held-out model."""

    def __init__(self, artifact: Artifact, seen: list[Any], table: Any, place: int, pool: Any) -> None:
        """Hold the model's answers and the demands of the prompts."""
        self.artifact, self.seen, self.table, self.place = artifact, seen, table, place
        self.pool, self.model = pool, pool[place]
        self.known = np.flatnonzero(~np.isnan(table.scores[:, place]))
        demands = [artifact.ability.demand(seen[row]) for row in self.known]
        self.profiles = np.array([d.profile for d in demands])
        self.difficulties = np.array([d.difficulty for d in demands])
        self.scores = np.clip(table.scores[self.known, place], 0.0, 1.0)
        self.vectors = np.array([seen[row].embedding for row in self.known], dtype=np.float32)

    def picks(self, way: str, k: int, seed: int) -> list[int]:
        """Return k places of the bank."""
        rng = np.random.default_rng(seed)
        order = [int(i) for i in rng.permutation(len(self.known))]
        if way == "all":
            return order
        if way == "random":
            return order[:k]
        # A pool of ten times as many, so that seeds differ, as the questions of a probe are a draw as well.
        bank = order[: max(10 * k, 500)]
        found: list[int] = []
        while len(found) < k:
            rest = [i for i in bank if i not in found]
            n = min(ROUND, k - len(found))
            if way == "chosen":
                found += self._chosen(rest, found, n)
            elif way == "turns":
                found += self._turns(rest, found, n)
            elif way == "aimed":
                found += self._aimed(rest, found, n)
            elif way == "spread":
                found += self._spread(rest, found, n)
            else:
                found += self._chosen(rest, found, n // 2)
                found += self._spread([i for i in rest if i not in found], found, n - n // 2)
        return found

    def _chosen(self, rest: list[int], found: list[int], n: int) -> list[int]:
        belief = self.artifact.ability.prior(self.model)
        belief = updated(belief, self.profiles[found], self.difficulties[found], self.scores[found])
        return [rest[i] for i in informative(belief, self.profiles[rest], self.difficulties[rest], n=n)]

    def _turns(self, rest: list[int], found: list[int], n: int) -> list[int]:
        belief = self.artifact.ability.prior(self.model)
        belief = updated(belief, self.profiles[found], self.difficulties[found], self.scores[found])
        both = found + rest
        kinds = [self.table.categories[self.known[i]] for i in both]
        taken = range(len(found))
        picked = informative(belief, self.profiles[both], self.difficulties[both], n=n, kinds=kinds, taken=taken)
        return [both[i] for i in picked]

    def _aimed(self, rest: list[int], found: list[int], n: int) -> list[int]:
        belief = self.artifact.ability.prior(self.model)
        belief = updated(belief, self.profiles[found], self.difficulties[found], self.scores[found])
        weights = _information(belief, self.profiles, self.difficulties)
        aim = (self.profiles.T * weights**2) @ self.profiles / len(weights)
        covariance, picked, left = belief.covariance.copy(), [], list(rest)
        for _ in range(n):
            rows, w = self.profiles[left], weights[left]
            reach = rows @ covariance
            doubt = np.einsum("ij,ij->i", reach, rows)
            gain = w * np.einsum("ij,jk,ik->i", reach, aim, reach) / (1.0 + w * doubt)
            best = int(gain.argmax())
            step = reach[best]
            covariance -= np.outer(step, step) * w[best] / (1.0 + w[best] * doubt[best])
            picked.append(left.pop(best))
        return picked

    def shifts(self, picks: list[int], others: list[int]) -> Array:
        """Return how much harder each pick is than the map says, in logits, by how the others did on it."""
        rows = self.known[picks]
        y = self.table.scores[np.ix_(rows, others)]
        beliefs = [self.artifact.ability.prior(m) for m in self.pool if m.name != self.model.name]
        logits = self.profiles[picks] @ np.array([b.mean for b in beliefs]).T - self.difficulties[picks][:, None]
        found = np.zeros(len(picks))
        for _ in range(6):
            p = 1.0 / (1.0 + np.exp(-(logits - found[:, None])))
            known = ~np.isnan(y)
            slope = (p * (1 - p) * known).sum(axis=1) + 1.0 / ITEM_SD**2
            found -= (((np.nan_to_num(y) - p) * known).sum(axis=1) + found / ITEM_SD**2) / slope
        return found

    def _spread(self, rest: list[int], found: list[int], n: int) -> list[int]:
        nearest = np.full(len(rest), -1.0)
        for i in found:
            nearest = np.maximum(nearest, self.vectors[rest] @ self.vectors[i])
        picked: list[int] = []
        for _ in range(n):
            best = int(nearest.argmin())
            picked.append(rest[best])
            nearest = np.maximum(nearest, self.vectors[rest] @ self.vectors[rest[best]])
        return picked

    def learned(self, picks: list[int], others: list[int] | None = None) -> tuple[QualityEnsemble, TokenCost]:
        """Return predictors that saw these answers."""
        quality, cost = QualityEnsemble(self.artifact), TokenCost(self.artifact.length.expected)
        shifts = np.zeros(len(picks)) if others is None else self.shifts(picks, others)
        quality._ability = Shifted(
            self.artifact.ability, dict(zip((int(self.known[i]) for i in picks), shifts, strict=True))
        )
        for i in picks:
            row = int(self.known[i])
            score = Score(model=self.model.name, item=str(row), kind="probe", prompt="", score=float(self.scores[i]))
            quality._ability.row = row
            quality.learn_one(self.seen[row], score)
        quality._ability.row = None
        for i in picks:
            row = int(self.known[i])
            if self.table.output_tokens[row, self.place] > 0:
                cost.learn_one(self.seen[row], answered(self.model, self.table, row, self.place))
        return quality, cost


def one_set(context: Context, name: str, artifacts: dict[str, Artifact], ways: tuple[str, ...]) -> dict[str, Any]:
    """Return shares per way and k on one set."""
    train, test = context.table(name, "train"), context.table(name, "test").complete()
    keep = np.zeros(len(test.prompts), dtype=bool)
    keep[np.random.default_rng(0).choice(len(keep), min(N_TEST, len(keep)), replace=False)] = True
    test = test.rows(keep)
    models, replay = pool_of(train), Replay(test)
    new, seen = context.features(test.prompts), context.features(train.prompts)
    weights = resampled(len(test.prompts), rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)
    fulls: list[Array] = []
    gains: dict[tuple[str, int], list[Array]] = {}
    losses: dict[tuple[str, int], list[float]] = {}
    knew: list[float] = []
    for place, model in enumerate(models):
        say(f"{name}: {model.name}")
        blind, others = artifacts[model.name], [i for i in range(len(models)) if i != place]
        best = field_of(train.scores[:, others], train.costs_usd[:, others]).best
        known = ask(context.artifact, new, models, default=place)
        known_rest = ask(context.artifact, new, [models[i] for i in others], default=best)
        rest = ask(blind, new, [models[i] for i in others], default=best)
        without = areas(replay, without_one(rest.expected, known.expected, others, place), weights, others)
        full_without = areas(replay, without_one(known_rest.expected, known.expected, others, place), weights, others)
        fulls.append(areas(replay, known.expected, weights, range(len(models)), others) - full_without)
        knew.append(log_loss(test.scores[:, place], known.expected.quality[:, place]))
        bank = Bank(blind, seen, train, place, models)
        for way in ways:
            plain, _, near = way.partition("+near")
            pick = plain.removesuffix("+items")
            paired = others if pick != plain else None
            ensemble.local.__kwdefaults__["shrinkage"] = neighbors.SHRINKAGE * float(near or 1)
            for k in (0,) if way == "all" else PROBES:
                got = []
                for seed in SEEDS if k else SEEDS[:1]:
                    quality, cost = bank.learned(bank.picks(pick, k, seed) if k or pick == "all" else [], paired)
                    belief = ask(blind, new, [model], default=0, quality=quality, cost=cost)
                    both = Expected(
                        quality=inserted(rest.expected.quality, belief.expected.quality[:, 0], place),
                        cost_usd=inserted(rest.expected.cost_usd, belief.expected.cost_usd[:, 0], place),
                    )
                    losses.setdefault((way, k), []).append(
                        log_loss(test.scores[:, place], belief.expected.quality[:, 0])
                    )
                    got.append(areas(replay, both, weights, range(len(models)), others) - without)
                gains.setdefault((way, k), []).append(np.mean(got, axis=0))
    full = np.array(fulls).sum(axis=0)
    return {
        "log_loss, full": round(float(np.mean(knew)), 4),
        **{
            f"{way} k={k}": {
                "share": [round(float(v), 3) for v in _three(interval(np.array(rows).sum(axis=0) / full))],
                "log_loss": round(float(np.mean(losses[way, k])), 4),
            }
            for (way, k), rows in gains.items()
        },
    }


def log_loss(y: Array, p: Array) -> float:
    """Return the mean log loss of expected scores."""
    p = np.clip(p, 1e-3, 1 - 1e-3)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def _three(found: Any) -> tuple[float, float, float]:
    return found.value, found.low, found.high


def main() -> None:
    """Run all, print and write."""
    ways = tuple(sys.argv[1].split(",")) if len(sys.argv) > 1 else WAYS
    context = Context(data=DATA, artifact_path=default_artifact_path())
    pools = {name: context.table(name, "train").models for name in MAIN}
    artifacts: dict[str, Artifact] = {}
    for turn in range(max(len(pool) for pool in pools.values())):
        gone = [pool[turn] for pool in pools.values() if turn < len(pool)]
        artifacts |= dict.fromkeys(gone, trained(context, without_models(context.corpus, gone)))
    file = ROOT / "lab" / "runs" / "cold_start" / "cold_start.json"
    found = json.loads(file.read_text()) if file.is_file() else {}
    for name in MAIN:
        found[name] = found.get(name, {}) | one_set(context, name, artifacts, ways)
        print(json.dumps({name: found[name]}), flush=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
