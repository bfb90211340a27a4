"""Cascades on real answers: GSM8K and MATH level 5, six cheap models' texts, the strong ones' outcomes.

    PYTHONPATH=lab python lab/cascade.py [--data ../shared/data] [--fit-scorer] [--out lab/runs/cascade/cascade.json]

Everything that is chosen by right and wrong (who leads, who backs, how many, what a scorer weighs) is chosen on the
training part of MATH level 5; `zeroeval_gsm.test` and `zeroeval_math_l5.test` are only read for the tables. The
careful panel of GSM8K is, of all of `panel.every_panel` that keep the budget there, which bills tell without any right
answer, the one whose loss on MATH's training part is bounded lowest. The price of every check counts: a backer costs
what its answer cost. Models without a price (o1) take no part. Intervals are 95 %, from 2,000 bootstrap draws over
questions, paired with the strongest model alone. `ceiling.py` says why MATH level 5 stops where it does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from panel import Asked, Panel, Sets, ask, every_panel
from unisono.execute.evidence.agreement import ending
from unisono.execute.evidence.scorer import NAMES, facts_of
from unisono.types import Said

STRONG = "claude-3-5-sonnet-20241022"
"""The best priced model of MATH's training part that GSM8K's table has too."""
AS_DEAR_AS_STRONG = "gpt-4o-2024-08-06"
N_DRAWS = 2000
BUDGET = 0.23
"""Share of the strong model's cost that the careful panel may spend: 77 % saved is the goal on GSM8K."""
SIDE = 1.645
"""Standard errors of a bound that holds 95 % on one side."""


def load(data: Path, name: str, part: str) -> Sets:
    """Read one set."""
    rows = pd.read_parquet(data / f"{name}.{part}.outcomes.parquet")
    score = rows.pivot(index="prompt_id", columns="model", values="score").astype(float)
    cost = rows.pivot(index="prompt_id", columns="model", values="cost_usd").astype(float) * 1e3
    answers = pd.read_parquet(data / "answers_of_cheap_models.parquet")
    answers = answers[(answers.dataset_file == name) & answers.prompt_id.isin(score.index)]
    text = answers.pivot(index="prompt_id", columns="model", values="response").reindex(score.index)
    final = text.map(lambda said: ending(Said(text=said)))
    prompt = pd.read_parquet(data / f"{name}.{part}.prompts.parquet").set_index("prompt_id")["prompt"]
    return Sets(score, cost, final, text, prompt.reindex(score.index))


def ladder(sets: Sets, lead: str, backers: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quality, cost and escalation of each question: backers are asked until one agrees, else the strong one."""
    cost = sets.cost[lead].to_numpy().copy()
    undecided = np.ones(len(sets.score), dtype=bool)
    for backer in backers:
        cost += np.where(undecided, sets.cost[backer], 0.0)
        agrees = (sets.final[backer] == sets.final[lead]) & sets.final[lead].notna()
        undecided &= ~agrees.to_numpy()
    quality = np.where(undecided, sets.score[STRONG], sets.score[lead])
    return quality, cost + np.where(undecided, sets.cost[STRONG], 0.0), undecided


def choose(train: Sets, cheap: Sequence[str], n_backers: int) -> tuple[str, tuple[str, ...]]:
    """Return the cheapest ladder with so many backers that loses nothing to the strong model on the training part."""
    best: tuple[float, str, tuple[str, ...]] | None = None
    for lead in cheap:
        for backers in permutations([m for m in cheap if m != lead], n_backers):
            quality, cost, _ = ladder(train, lead, backers)
            if quality.mean() >= train.score[STRONG].mean() - 1e-9 and (best is None or cost.mean() < best[0]):
                best = (float(cost.mean()), lead, backers)
    assert best is not None
    return best[1], best[2]


@dataclass(frozen=True)
class Figures:
    """A row of a table: quality, what is gained against the strong model, cost, share saved; intervals of 95 %."""

    name: str
    n: int
    right: float
    gain: tuple[float, float, float]
    usd_per_1000: float
    saved: tuple[float, float, float]

    def __str__(self) -> str:
        """Return the row as text."""
        (gain, low, high), (saved, less, more) = self.gain, self.saved
        return (
            f"{self.name:58} {self.right:.4f} {gain:+.4f} [{low:+.4f}, {high:+.4f}] {self.usd_per_1000:7.3f}  "
            f"{saved:+.3f} [{less:+.3f}, {more:+.3f}]"
        )


def figures(name: str, quality: NDArray[np.float64], cost: NDArray[np.float64], sets: Sets) -> Figures:
    """Return a row, paired with the strong model."""
    draws = np.random.default_rng(0).integers(0, len(quality), (N_DRAWS, len(quality)))
    gain, strong_cost = quality - sets.score[STRONG].to_numpy(), sets.cost[STRONG].to_numpy()
    saved = 1 - cost[draws].mean(1) / strong_cost[draws].mean(1)
    return Figures(
        name=name,
        n=len(quality),
        right=float(quality.mean()),
        gain=(float(gain.mean()), *map(float, np.quantile(gain[draws].mean(1), [0.025, 0.975]))),
        usd_per_1000=float(cost.mean()),
        saved=(float(1 - cost.mean() / strong_cost.mean()), *map(float, np.quantile(saved, [0.025, 0.975]))),
    )


@dataclass(frozen=True)
class Panels:
    """All panels with what each gives on the training part, and what it would cost on another set."""

    panels: tuple[Panel, ...]
    gain: NDArray[np.float64]
    """(panel, question of the training part): against the strong model."""
    there: tuple[Asked, ...]

    @classmethod
    def of(cls, train: Sets, there: Sets, cheap: Sequence[str]) -> Panels:
        """Ask every panel both sets."""
        panels = tuple(every_panel(cheap))
        strong = train.score[STRONG].to_numpy()
        gain = np.array([ask(panel, train, STRONG).quality - strong for panel in panels])
        return cls(panels, gain, tuple(ask(panel, there, STRONG) for panel in panels))

    def careful(self, budget: float, *, draw: NDArray[np.int64] | None = None) -> int:
        """Return the place of the panel within the budget whose loss is bounded lowest; of equals the cheapest.

        Args:
            budget: USD per 1,000 on the other set.
            draw: questions of the training part, to see how much the choice owes to them; default: each once.
        """
        gain = self.gain if draw is None else self.gain[:, draw]
        bound = gain.mean(1) - SIDE * gain.std(1, ddof=1) / np.sqrt(gain.shape[1])
        cost = np.array([asked.cost.mean() for asked in self.there])
        within = np.flatnonzero(cost <= budget)
        return int(min(within, key=lambda p: (-round(float(bound[p]), 9), cost[p])))


def careful_rows(train: Sets, test: Sets, cheap: Sequence[str]) -> tuple[Figures, dict[str, object]]:
    """Return the careful panel's row, and what the same procedure gives on 500 other draws of the training part."""
    panels = Panels.of(train, test, cheap)
    budget = BUDGET * float(test.cost[STRONG].mean())
    place = panels.careful(budget)
    panel, there = panels.panels[place], panels.there[place]
    steps = ", ".join(f"{v} of {k}" for k, v in enumerate(panel.votes, start=2))
    name = f"panel {', '.join(map(short, panel.models))}: {steps} ({there.went_on.mean():.0%} go on)"
    rng = np.random.default_rng(0)
    strong = test.score[STRONG].to_numpy()
    n = panels.gain.shape[1]
    again = [panels.there[panels.careful(budget, draw=rng.integers(0, n, n))] for _ in range(500)]
    gains = [float((asked.quality - strong).mean()) for asked in again]
    saved = [1 - float(asked.cost.mean() / test.cost[STRONG].mean()) for asked in again]
    told = {
        "panel": asdict(panel),
        "n_panels": len(panels.panels),
        "gain_on_train": float(panels.gain[place].mean()),
        "chosen_on_redrawn_train": {
            "gain_mean": float(np.mean(gains)),
            "gain_quantiles_05_50_95": [float(q) for q in np.quantile(gains, [0.05, 0.5, 0.95])],
            "share_without_loss": float(np.mean(np.array(gains) >= 0)),
            "saved_mean": float(np.mean(saved)),
        },
    }
    return figures(name, there.quality, there.cost, test), told


def aiq(points: Sequence[tuple[float, float]], low: float, high: float) -> float:
    """Return the area under the non-decreasing hull of quality over cost between two costs, over their distance."""
    grid = np.linspace(low, high, 2001)
    kept = sorted(points)
    hull: list[tuple[float, float]] = []
    for x, y in kept:
        while len(hull) >= 2 and (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0]) <= (y - hull[-2][1]) * (
            hull[-1][0] - hull[-2][0]
        ):
            hull.pop()
        hull.append((x, y))
    xs, ys = np.array([p[0] for p in hull]), np.maximum.accumulate([p[1] for p in hull])
    return float(np.interp(grid, xs, ys).mean())


def prompt_only(train: Sets, test: Sets, lead: str) -> np.ndarray:
    """Return how much better the strong model is expected to be on each test question, from the prompt alone."""
    from unisono.config.values import EncoderConfig
    from unisono.plugins import load as plugins

    encoder = plugins().encoders["static"](EncoderConfig())
    gain = (train.score[STRONG] - train.score[lead]).to_numpy()
    model = Ridge(alpha=30.0).fit(encoder.encode(list(train.prompt)), gain)
    return model.predict(encoder.encode(list(test.prompt)))


def sweep(gain: np.ndarray, sets: Sets, lead: str) -> list[tuple[float, float]]:
    """Return cost and quality when the strong model answers the questions with the greatest expected gain."""
    order = np.argsort(-gain)
    points = []
    for share in np.linspace(0, 1, 41):
        asked = np.zeros(len(gain), dtype=bool)
        asked[order[: round(share * len(gain))]] = True
        points.append(
            (
                float(np.where(asked, sets.cost[STRONG], sets.cost[lead]).mean()),
                float(np.where(asked, sets.score[STRONG], sets.score[lead]).mean()),
            )
        )
    return points


def mixed(points: Sequence[tuple[float, float]], quality: float) -> float:
    """Return the cost at which a hull of points reaches a quality (chance mixes two neighbours); NaN if never."""
    grid = np.linspace(min(p[0] for p in points), max(p[0] for p in points), 4001)
    for cost in grid:
        if aiq(points, cost, cost) >= quality - 1e-9:
            return float(cost)
    return float("nan")


def report(name: str, train: Sets, test: Sets, cheap: Sequence[str]) -> dict[str, object]:
    """Print one test set's table, and return it."""
    strong_cost, strong = test.cost[STRONG].mean(), test.score[STRONG].mean()
    print(f"\n{name}: {len(test.score)} questions. {STRONG} alone: {strong:.4f} at ${strong_cost:.3f} per 1,000")
    print(f"{'':58} right  against the strongest alone  $/1,000   saved")
    rows, careful = [], None
    for n_backers in (1, 2, 3):
        lead, backers = choose(train, cheap, n_backers)
        quality, cost, asked = ladder(test, lead, backers)
        label = f"{short(lead)} backed by {', '.join(map(short, backers))} ({asked.mean():.0%} go on)"
        rows.append(figures(label, quality, cost, test))
    if name == "zeroeval_gsm":
        row, careful = careful_rows(train, test, cheap)
        rows.append(row)
    cascades = [(row.usd_per_1000, row.right) for row in rows]
    lead, backers = "gpt-4o-mini-2024-07-18", ("gemini-1.5-flash",)
    quality, cost, asked = ladder(test, lead, backers)
    rows.append(figures(f"the pair of the first look, flash and mini ({asked.mean():.0%} go on)", quality, cost, test))
    lead, _ = choose(train, cheap, 2)
    right = test.score[lead].to_numpy() > 0.5
    quality = np.where(right, test.score[lead], test.score[STRONG])
    cost = test.cost[lead].to_numpy() + np.where(right, 0.0, test.cost[STRONG])
    oracle = figures(f"oracle check of {short(lead)} alone (a ceiling)", quality, cost, test)
    rows.append(oracle)
    alone = [figures(f"{short(m)} alone", test.score[m].to_numpy(), test.cost[m].to_numpy(), test) for m in cheap]
    singles = [(row.usd_per_1000, row.right) for row in alone] + [(float(strong_cost), float(strong))]
    for row in [*rows, *alone]:
        print(row)
    routed = sweep(prompt_only(train, test, lead), test, lead)
    low, high = min(float(test.cost[m].mean()) for m in cheap), float(strong_cost)
    best = max(quality for _, quality in singles)
    kinds = {
        "singles": singles,
        "prompt-only router": [*singles, *routed],
        "cascades": [*singles, *cascades],
        "oracle check": [*singles, (oracle.usd_per_1000, oracle.right)],
    }
    hulls = {}
    for kind, found in kinds.items():
        hulls[kind] = {"aiq": aiq(found, low, high), "usd_at_best_single": mixed(found, best)}
        print(f"{kind:20} AIQ {aiq(found, low, high):.4f}, ${mixed(found, best):.3f} at best-single quality {best:.4f}")
    if careful is not None:
        print(f"the careful choice: {careful}")
    return {"rows": [asdict(row) for row in [*rows, *alone]], "hulls": hulls, "careful": careful}


def short(name: str) -> str:
    """Return a model's name for a table."""
    return name.replace("Meta-", "").replace("-Instruct", "").replace("-2024-07-18", "").replace("-20240307", "")


def fit_scorer(train: Sets) -> None:
    """Print the scorer's constants, and its AUC by ten folds over questions."""
    rows = [(m, i) for m in train.final.columns for i in train.score.index]
    facts = np.array([facts_of(train.prompt[i], train.text[m][i]) for m, i in rows])
    right = np.array([train.score[m][i] > 0.5 for m, i in rows])
    models = np.array([m for m, _ in rows])
    scale = StandardScaler().fit(facts)
    # Each model's own level is a column, so that the weights speak of the answer and not of who gave it.
    levels = 3.0 * (models[:, None] == np.array(list(train.final.columns))[None, :])
    inputs = np.hstack([scale.transform(facts), levels])
    held_out = np.zeros(len(rows))
    for known, new in GroupKFold(10).split(inputs, right, [i for _, i in rows]):
        head = LogisticRegression(C=0.3, max_iter=2000, fit_intercept=False).fit(inputs[known], right[known])
        held_out[new] = scale.transform(facts[new]) @ head.coef_[0][: len(NAMES)]
    for m in train.final.columns:
        print(f"AUC {m}: {roc_auc_score(right[models == m], held_out[models == m]):.3f}")
    head = LogisticRegression(C=0.3, max_iter=2000, fit_intercept=False).fit(inputs, right)
    for label, values in (("MEANS", scale.mean_), ("SCALES", scale.scale_), ("WEIGHTS", head.coef_[0][: len(NAMES)])):
        print(f"{label} = {tuple(round(float(v), 3) for v in values)}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--fit-scorer", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("lab/runs/cascade/cascade.json"))
    wanted = parser.parse_args()
    train = load(wanted.data, "zeroeval_math_l5", "train")
    if wanted.fit_scorer:
        fit_scorer(train)
        return
    cheap = [m for m in train.final.columns if m != AS_DEAR_AS_STRONG]
    told = {
        name: report(name, train, load(wanted.data, name, "test"), cheap)
        for name in ("zeroeval_gsm", "zeroeval_math_l5")
    }
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
