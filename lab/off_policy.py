"""How honest the off-policy intervals are: `PYTHONPATH=src python lab/off_policy.py`.

Logs with known truth: prompts of real outcome tables are drawn with replacement, a logging policy with exact chances
(the product's own exploration) picks a model, and three answers in ten are judged by their score in the table. The
target policies are valued by the estimators from the log alone, and by the whole table, which is the truth. A model of
the reward is fitted on the other half of the prompts. Counts how often the interval of 19 in 20 holds the truth, over
all logs and over those on which the estimator says that the evidence is enough. As a control, the chances of the log
are shuffled: intervals must fail then. Writes `lab/runs/off_policy/off_policy.json`. What is enough (`MIN_EFFECTIVE`,
`MAX_ONE`, the share never tried) was tightened once after a first run, and that is the only thing chosen here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unisono.choose.explore import chances_to_be_best
from unisono.evaluate.datasets import load_outcomes
from unisono.evaluate.offpolicy import Log, doubly_robust, ips, snips

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
TABLES = {
    "mmlu_pro": (
        "Meta-Llama-3_1-8B-Instruct",
        "Mixtral-8x7B-Instruct-v0.1",
        "Meta-Llama-3_1-70B-Instruct",
        "gemini-1.5-flash-002",
        "gemini-1.5-pro-002",
    ),
    "routerbench_0shot_part": ("mixtral-8x7b-instruct", "gpt-3.5-turbo-1106", "claude-v1", "gpt-4-1106-preview"),
    "llmrouter_default": (),
}
SIZES = (500, 1000, 2000, 5000, 20_000)
N_RUNS = 300
FEEDBACK = 0.3
SPREAD = 0.12
FEWEST = 100
"""Logs with enough evidence below which a setting says nothing about coverage."""
Row = dict[str, Any]
Floats = NDArray[np.float64]


def half_means(scores: Floats, kinds: NDArray[np.intp], fit: NDArray[np.bool_]) -> Floats:
    """Return the expected score per prompt and model: the mean of its kind on the half `fit`, shrunk to the model's."""
    overall = scores[fit].mean(axis=0)
    expected = np.tile(overall, (len(scores), 1))
    for kind in np.unique(kinds):
        rows = fit & (kinds == kind)
        expected[kinds == kind] = (scores[rows].sum(axis=0) + 20 * overall) / (rows.sum() + 20)
    return expected


def logging_chances(utility: Floats, share: float) -> Floats:
    """Return the chance of each model under the product's exploration, shape as `utility`."""
    rows, places = np.unique(utility.round(6), axis=0, return_inverse=True)
    found = np.empty_like(rows)
    for place, row in enumerate(rows):
        chances = share * np.array(chances_to_be_best(row.tolist(), [SPREAD] * len(row)))
        chances[row.argmax()] += 1.0 - share
        found[place] = chances
    return found[places.ravel()]


def one_hot(chosen: NDArray[np.intp], n: int) -> Floats:
    """Return certain choices as chances."""
    return np.eye(n)[chosen]


def run(name: str, models: tuple[str, ...]) -> list[Row]:
    """Return the coverage on one table."""
    table = load_outcomes(DATA, name, part="train")
    table = table.only(models) if models else table
    known = ~np.isnan(table.scores).any(axis=1)
    scores = table.scores[known]
    _, kinds = np.unique(np.array(table.categories)[known], return_inverse=True)
    rng = np.random.default_rng(20_261_125)
    fit = rng.random(len(scores)) < 0.5
    expected = half_means(scores, kinds, fit)
    scores, expected = scores[~fit], expected[~fit]
    n_models = scores.shape[1]
    price = 0.1 * np.linspace(0.0, 1.0, n_models)[np.argsort(np.argsort(scores.mean(axis=0)))]
    utility = expected - price
    targets = {
        "best expected": one_hot(expected.argmax(axis=1), n_models),
        "live": one_hot(utility.argmax(axis=1), n_models),
        "second best": one_hot(np.argsort(-utility, axis=1)[:, 1], n_models),
        "mixture": logging_chances(utility - price, 1.0),
    }
    found: list[Row] = []
    for share in (0.1, 0.3, 1.0):
        chances = logging_chances(utility, share)
        for target_name, target in targets.items():
            truth = float((target * scores).sum(axis=1).mean())
            for n in SIZES:
                held: dict[str, list[bool]] = {e: [] for e in ("ips", "snips", "dr")}
                broken: dict[str, list[bool]] = {e: [] for e in held}
                enough, width, error = [], [], []
                for _ in range(N_RUNS):
                    rows = rng.integers(0, len(scores), int(rng.binomial(n, FEEDBACK)))
                    cut = rng.random((len(rows), 1))
                    chosen = (chances[rows].cumsum(axis=1) < cut).sum(axis=1).clip(max=n_models - 1)
                    at = (rows, chosen)
                    log = Log(
                        rewards=scores[at],
                        chances=chances[at],
                        target=target[at],
                        expected_logged=expected[at],
                        expected_target=(target[rows] * expected[rows]).sum(axis=1),
                    )
                    shuffled = replace(log, chances=rng.permutation(log.chances))
                    for estimate in (ips(shuffled), snips(shuffled), doubly_robust(shuffled)):
                        broken[estimate.name].append(estimate.low <= truth <= estimate.high)
                    for estimate in (ips(log), snips(log), doubly_robust(log)):
                        held[estimate.name].append(estimate.low <= truth <= estimate.high)
                    enough.append(estimate.enough)
                    width.append(estimate.high - estimate.low)
                    error.append(estimate.value - truth)
                told = np.array(enough)
                row: Row = {
                    "table": name,
                    "share": share,
                    "target": target_name,
                    "n": n,
                    "n_judged": round(n * FEEDBACK),
                    "n_enough": int(told.sum()),
                    "dr_width": float(np.mean(width)),
                    "dr_bias": float(np.mean(error)),
                }
                for estimator, right in held.items():
                    row[estimator] = float(np.mean(right))
                    row[f"{estimator}_enough"] = float(np.mean(np.array(right)[told])) if told.any() else None
                    row[f"{estimator}_shuffled"] = float(np.mean(broken[estimator]))
                found.append(row)
    return found


def main() -> None:
    """Run all tables, print and write."""
    rows = [row for name, models in TABLES.items() for row in run(name, models)]
    folder = ROOT / "lab" / "runs" / "off_policy"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(
        " " + json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()}) for r in rows
    )
    (folder / "off_policy.json").write_text(f"[\n{lines}\n]\n")
    for estimator in ("ips", "snips", "dr"):
        summarise(estimator, rows)


def summarise(estimator: str, rows: list[Row]) -> None:
    """Print how often an estimator's intervals held."""
    every = [float(row[estimator]) for row in rows]
    told = [row for row in rows if row["n_enough"] >= FEWEST]
    held = sorted(told, key=lambda row: float(row[f"{estimator}_enough"]))
    shares = [float(row[f"{estimator}_enough"]) for row in held]
    print(
        f"{estimator:6} enough: mean {np.mean(shares):.3f}, lowest {shares[0]:.3f} of {len(shares)} settings;"
        f" all: mean {np.mean(every):.3f}, lowest {min(every):.3f} of {len(every)};"
        f" shuffled chances: mean {np.mean([float(row[f'{estimator}_shuffled']) for row in rows]):.3f}"
    )
    for row in held[:4]:
        print(
            "      ", row["table"], row["share"], row["target"], row["n"], round(float(row[f"{estimator}_enough"]), 3)
        )


if __name__ == "__main__":
    main()
