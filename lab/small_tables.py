"""What fits of few prompts are worth, and whether other sets' map of prompts helps: `python lab/small_tables.py`.

Training parts only (`PYTHONPATH=src:lab`). Tables of 200 and 400 prompts are drawn: of real models, of specialists
by task, of blends of a set's models, and with a task kept away that is then asked. Each is fitted with skills that
models share and with a map of each model's own (`evaluate.fit.candidates`: settings by log loss within the table), and
beside stand the rivals of `lab/routers`; all have the same expected costs. *Others' map*: a fit on the three other
shipped sets (the table's own left out) says what a prompt asks for, the table's models get abilities on it, and its
logits are mixed with the fit's, the share by log loss within the table.

Prompts of each set lie in two halves: one to choose by, one to confirm (`--half`); the models, tasks and costs of a
draw are its own. Prints AIQ on fresh prompts less that of shared skills, in hundredths of a point, with the standard
error over the draws, and writes `lab/runs/small_tables/HALF.json` (ten minutes a half).
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from board.context import DATA
from corpus import HELD_BACK, TRAIN_SETS, drop_failures, trained_name
from regimes import READ, RIVALS, _blends, _complete, _factors, _lengths, _rival, _specialists, lines
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.fit import MANY, candidates
from unisono.evaluate.replay import Expected, Replay, areas, sweep
from unisono.learn.held_out import N_FOLDS
from unisono.learn.irt import Array, Fitted, Settings, fit, minimised, sigmoid
from unisono.learn.topics import fit_design
from unisono.predict.design import Design
from unisono.types import Features, Json

OUT = Path(__file__).resolve().parent / "runs" / "small_tables"
SETS = (*TRAIN_SETS, "routerdc_7small", "bfcl_v1_2024_08")
MADE_OF = ("mmlu_pro", "llmrouter_default")
KINDS = ("real", "specialists", "blends", "away")
SIZES = (200, 400)
MODELS = (3, 6, 10)
N_FRESH, FEWEST_FRESH = 1200, 80
SEEDS = {"choose": (1, 2, 3), "confirm": (11, 12, 13)}
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
PRIOR_GENERAL_SD, PRIOR_FLOOR = 3.0, 0.02
_READ: dict[str, Features] = {}


def read(prompts: Sequence[str]) -> list[Features]:
    return [_READ.setdefault(prompt, _READ.get(prompt) or READ(prompt)) for prompt in prompts]


def draws(half: str) -> Iterator[tuple[Json, Outcomes, Outcomes]]:
    """Yield what a table is, its seen and its fresh part."""
    for place, name in enumerate(SETS):
        whole = _complete(name)
        own = whole.rows(np.arange(len(whole.prompts)) % 2 == (half == "confirm"))
        for kind in KINDS:
            if kind in ("specialists", "blends") and name not in MADE_OF:
                continue
            for n in SIZES:
                for seed in SEEDS[half]:
                    rng = np.random.default_rng([place, half == "confirm", n, seed, KINDS.index(kind)])
                    parts = drawn(own, kind, n, rng)
                    if parts is not None:
                        yield {"set": name, "kind": kind, "n": n, "seed": seed}, *parts


def drawn(table: Outcomes, kind: str, n: int, rng: np.random.Generator) -> tuple[Outcomes, Outcomes] | None:
    """Return the seen and the fresh part of one table; None where too few prompts are left."""
    n_models = int(rng.choice(MODELS))
    if kind == "specialists":
        n_models, table = 10, _specialists(table, 10, rng)
    if kind == "blends":
        n_models, table = 30, _blends(table, 30, rng)
    models = sorted(rng.choice(len(table.models), min(n_models, len(table.models)), replace=False))
    table = table.only(tuple(table.models[one] for one in models))
    costs = table.costs_usd * _factors(table, str(rng.choice(("as they are", "dealt"))), rng)
    table = replace(table, costs_usd=costs, models=tuple(f"model {one}" for one in range(len(models))))
    order = rng.permutation(len(table.prompts)).argsort()
    if kind != "away":
        fresh = (order >= n) & (order < n + N_FRESH)
        return (table.rows(order < n), table.rows(fresh)) if n <= 0.7 * len(order) else None
    names, counts = np.unique(table.categories, return_counts=True)
    if (counts >= FEWEST_FRESH).sum() < 3:
        return None
    away = np.array(table.categories) == rng.choice(names[counts >= FEWEST_FRESH])
    seen = table.rows(~away & ((~away)[order.argsort()].cumsum()[order] <= n))
    return (seen, table.rows(away)) if len(seen.prompts) == n else None


# ---------------------------------------------------------------------------------------------- fits


class Table:
    """One table's features: folds with a design of their own, and the whole."""

    def __init__(self, seen: Outcomes, fresh: Outcomes) -> None:
        """Read the prompts and fit the designs."""
        self.scores, self.known, self.asked = seen.scores, read(seen.prompts), read(fresh.prompts)
        self.folds = np.random.default_rng(1).integers(0, N_FOLDS, len(self.known))
        n_clusters = max(2, len(self.known) // 25)
        self.parts = []
        for fold in range(N_FOLDS):
            near, away = ([self.known[row] for row in np.flatnonzero(side)] for side in self.sides(fold))
            design = fit_design(near, seed=1, n_clusters=n_clusters)
            self.parts.append((matrix(design, near), matrix(design, away)))
        design = fit_design(self.known, seed=1, n_clusters=n_clusters)
        self.x, self.fresh_x = matrix(design, self.known), matrix(design, self.asked)

    def sides(self, fold: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return self.folds != fold, self.folds == fold

    def best_of(self, settings: Sequence[Settings]) -> tuple[Array, Array]:
        """Return what the settings of the least log loss expect: of the seen prompts held out, and of the fresh."""
        columns = np.arange(self.scores.shape[1])

        def told(x: Array, scores: Array, new: Array, one: Settings) -> Array:
            return fit([(x, scores, columns)], len(columns), one).probabilities(new, columns)

        tried = []
        for one in settings:
            held = np.empty_like(self.scores)
            for fold, (near, away) in enumerate(self.parts):
                held[self.folds == fold] = told(near, self.scores[self.folds != fold], away, one)
            tried.append((log_loss(held, self.scores), held, one))
        _, held, one = min(tried, key=lambda found: found[0])
        return held, told(self.x, self.scores, self.fresh_x, one)

    def on_map(self, design: Design, other: Fitted) -> tuple[Array, Array]:
        """Return the same from abilities on a map of prompts that stands."""
        x, new = matrix(design, self.known), matrix(design, self.asked)
        held = np.empty_like(self.scores)
        for fold in range(N_FOLDS):
            near, away = self.sides(fold)
            held[away] = abilities(x[near], self.scores[near], other)(x[away])
        return held, abilities(x, self.scores, other)(new)


def matrix(design: Design, features: Sequence[Features]) -> Array:
    return np.array([design.x(one) for one in features], dtype=np.float64)


def log_loss(p: Array, y: Array) -> float:
    q = np.clip(p, 1e-3, 1.0 - 1e-3)
    return float(-(y * np.log(q) + (1.0 - y) * np.log(1.0 - q)).mean())


def abilities(x: Array, scores: Array, other: Fitted):  # type: ignore[no-untyped-def]
    """Fit abilities, as the map's own models have them, and a slope on its difficulty; return the expectation."""
    m, k = scores.shape[1], other.abilities.shape[1]
    mean = np.array([0.0, *other.abilities[:, 1:].mean(axis=0)])
    spread = np.zeros((k, k))
    spread[0, 0] = PRIOR_GENERAL_SD**2
    spread[1:, 1:] = np.cov(other.abilities[:, 1:].T) + PRIOR_FLOOR * np.eye(k - 1)
    precision = np.linalg.inv(spread)

    def sides(rows: Array) -> tuple[Array, Array]:
        return np.hstack([np.ones((len(rows), 1)), rows @ other.skills]), rows @ other.difficulty

    profile, difficulty = sides(x)

    def loss(flat: Array) -> tuple[float, Array]:
        ability, slope = flat[:-1].reshape(m, k), flat[-1]
        off = ability - mean
        logits = profile @ ability.T - slope * difficulty[:, None]
        residual = sigmoid(logits) - scores
        total = float((np.logaddexp(0, logits) - scores * logits).sum()) + 0.5 * float((off @ precision * off).sum())
        to_slope = -(residual * difficulty[:, None]).sum() + 4.0 * (slope - 1.0)
        to_ability = residual.T @ profile + off @ precision
        return total + 2.0 * (slope - 1.0) ** 2, np.append(to_ability.ravel(), to_slope)

    found = minimised(loss, np.append(np.tile(mean, m), 1.0), n_steps=60)

    def expected(new: Array) -> Array:
        rows, hard = sides(new)
        return sigmoid(rows @ found[:-1].reshape(m, k).T - found[-1] * hard[:, None])

    return expected


def mixed(scores: Array, one: tuple[Array, Array], other: tuple[Array, Array]) -> Array:
    """Return fresh expectations of two, mixed in logits with the share of the least log loss on prompts held out."""

    def at(share: float, place: int) -> Array:
        return sigmoid((1.0 - share) * logit(one[place]) + share * logit(other[place]))

    return at(min(SHARES, key=lambda share: log_loss(at(share, 0), scores)), 1)


def logit(p: Array) -> Array:
    q = np.clip(p, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(q / (1.0 - q)))


def others(name: str) -> tuple[Design, Fitted]:
    """Return the map of prompts that the shipped sets but one make."""
    tables = []
    for one in TRAIN_SETS:
        if one != name:
            table = load_outcomes(DATA, one, part="train")
            table = table.rows(~np.isin(np.array(table.categories), HELD_BACK.get(one, ())))
            drop_failures(table)
            tables.append(table)
    models = sorted({trained_name(model) for table in tables for model in table.models})
    features = [read(table.prompts) for table in tables]
    design = fit_design([one for part in features for one in part], seed=1)
    blocks = [
        (matrix(design, part), table.scores, np.array([models.index(trained_name(one)) for one in table.models]))
        for part, table in zip(features, tables, strict=True)
    ]
    return design, fit(blocks, len(models), Settings())


# ------------------------------------------------------------------------------------------- measure


def measured(seen: Outcomes, fresh: Outcomes, other: tuple[Design, Fitted]) -> dict[str, float]:
    """Return the AIQ on fresh prompts of each way to fit and of the rivals."""
    table, replay = Table(seen, fresh), Replay(fresh)
    usd = lines(_lengths(table.known), seen.costs_usd, _lengths(table.asked))
    large = replace(seen, prompts=seen.prompts * (MANY // len(seen.prompts) + 1))
    shared, own = (table.best_of(candidates(one, seed=1)) for one in (large, seen))
    found = {
        "shared skills": shared[1],
        "own maps": own[1],
        "with others' map": mixed(seen.scores, own, table.on_map(*other)),
        **{router.NAME: _rival(router, table.known, seen.scores, table.asked) for router in RIVALS},
    }
    return {
        name: round(float(areas(replay, sweep("", Expected(quality=q, cost_usd=usd)), replay.even[None])[0]), 5)
        for name, q in found.items()
    }


def show(rows: Sequence[Json]) -> None:
    """Print AIQ less that of shared skills, by kind, size and set."""
    names = [name for name in rows[0]["aiq"] if name != "shared skills"]
    print("| tables | draws | " + " | ".join(names) + " |\n|---|---:|" + "---:|" * len(names))
    for factor in (None, "kind", "n", "set"):
        for value in dict.fromkeys(None if factor is None else row[factor] for row in rows):
            part = [row["aiq"] for row in rows if factor is None or row[factor] == value]
            told = []
            for name in names:
                ahead = 1e4 * np.array([aiq[name] - aiq["shared skills"] for aiq in part])
                told.append(f"{ahead.mean():+.0f} ± {ahead.std() / max(len(ahead) - 1, 1) ** 0.5:.0f}")
            print(f"| {value or 'all'} | {len(part)} | {' | '.join(told)} |")


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=tuple(SEEDS), default="confirm")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, maps = [], {}
    OUT.mkdir(parents=True, exist_ok=True)
    for kind, seen, fresh in draws(options.half):
        name = kind["set"]
        if name not in maps:
            maps[name] = others(name)
        rows.append({**kind, "n_models": len(seen.models), "aiq": measured(seen, fresh, maps[name])})
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        (OUT / f"{options.half}.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    show(rows)


if __name__ == "__main__":
    main()
