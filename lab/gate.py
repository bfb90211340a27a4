"""Does the gate stop what is worse and let pass what is equal: `PYTHONPATH=src python lab/gate.py`.

Logs with known truth, as in `off_policy.py`: prompts of real outcome tables are drawn with replacement, the live policy
picks a model with the product's own exploration (or a canary has a share beside it), and the answers are judged by
their score in the table. The gate (`unisono.evaluate.gate.weigh`, the code that `unisono promote` goes by) sees the log
alone. Candidates, each a fixed function of the prompt:

    cheaper   a higher price of money until the true mean is three points lower
    confused  other expectations (noise) on some prompts until the true mean is three points lower
    twin      as confused, on one prompt in ten, chosen so that the true mean is the live one's
    itself    the live policy

Each is also put on half of the conversations without asking the gate, where the guardrail on quality
(`evaluate.guardrails.broken`) looks after every 250 answers. Writes `lab/runs/gate/gate.json`. Tolerance and bounds are
those of the product. After a first run the gate was given a least number of effective answers on which the two policies
differ (`MIN_APART`), since intervals on a handful let one of five worse ones pass; and the guardrails the rule that
harm must be shown at all and lie beyond the allowance, and no longer be shown beyond it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from off_policy import DATA, ROOT, TABLES, Floats, half_means, logging_chances, one_hot
from unisono.evaluate.datasets import load_outcomes
from unisono.evaluate.gate import PASSING, TOLERANCE, weigh
from unisono.evaluate.guardrails import Foreseen, Measured, broken
from unisono.evaluate.offpolicy import Log

SIZES = (1000, 3000, 10_000, 30_000)
"""Judged answers."""
FURTHER = {"explore .1": (100_000,)}
"""Where choices of others are rare, so many more."""
LOGS = {"explore .1": (0.1, 0.0), "explore .3": (0.3, 0.0), "canary .5": (0.0, 0.5), "canary .1": (0.0, 0.1)}
"""Exploration of the live policy, and the share of a canary."""
N_RUNS = 100
LOSS = 0.03
DIFFER = 0.1
LOOK = 250
MOST_WATCHED = 20_000
Chosen = NDArray[np.intp]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A table's prompts that nothing was fitted on.

    Attributes:
        scores: shape (n, models), the truth.
        expected: shape (n, models), what a model of the reward expects.
        utility: shape (n, models), expected less the price.
        price: shape (models,).
    """

    name: str
    scores: Floats
    expected: Floats
    utility: Floats
    price: Floats

    @property
    def live(self) -> Chosen:
        """The live policy's choices, but for what it explores."""
        return self.utility.argmax(axis=1)

    def worth(self, chosen: Chosen) -> float:
        """Return the true mean of a policy without exploration."""
        return float(self.scores[np.arange(len(chosen)), chosen].mean())


def world(name: str, models: tuple[str, ...]) -> World:
    """Return the half of a table's prompts that the model of the reward has not seen."""
    table = load_outcomes(DATA, name, part="train")
    table = table.only(models) if models else table
    known = ~np.isnan(table.scores).any(axis=1)
    _, kinds = np.unique(np.array(table.categories)[known], return_inverse=True)
    rng = np.random.default_rng(20_261_125)
    scores = table.scores[known]
    fit = rng.random(len(scores)) < 0.5
    expected = half_means(scores, kinds, fit)[~fit]
    scores = scores[~fit]
    price = 0.1 * np.linspace(0.0, 1.0, scores.shape[1])[np.argsort(np.argsort(scores.mean(axis=0)))]
    return World(name=name, scores=scores, expected=expected, utility=expected - price, price=price)


def cheaper(w: World, aim: float) -> Chosen:
    """Return the choices at the first higher price of money that loses enough, on as many prompts as lose just that."""
    live = w.worth(w.live)
    for factor in np.geomspace(1.05, 1000.0, 400):
        chosen = (w.expected - factor * w.price).argmax(axis=1)
        if w.worth(chosen) <= live + aim:
            break
    return _cut_to(w, chosen, aim)


def confused(w: World, aim: float) -> Chosen:
    """Return choices by expectations that are mostly noise, on as many prompts as lose enough."""
    return _cut_to(w, _noisy(w, 1.0), aim)


def twin(w: World) -> Chosen:
    """Return choices that differ on one prompt in ten and are worth as much."""
    chosen, live = _noisy(w, 0.15), w.live
    rows = np.arange(len(live))
    apart = w.scores[rows, chosen] - w.scores[rows, live]
    kept: list[int] = []
    even, total = 0, 0.0
    for row in np.random.default_rng(2).permutation(np.flatnonzero(chosen != live)):
        if len(kept) < DIFFER * len(live) and (apart[row] == 0.0 or abs(total + apart[row]) <= max(abs(total), 1.0)):
            kept.append(int(row))
            total += apart[row]
            even = len(kept) if abs(total) < 0.05 else even
    found = live.copy()
    found[kept[:even]] = chosen[kept[:even]]
    return found


def _noisy(w: World, scale: float) -> Chosen:
    return (w.utility + np.random.default_rng(3).normal(0.0, scale, w.utility.shape)).argmax(axis=1)


def _cut_to(w: World, chosen: Chosen, aim: float) -> Chosen:
    """Return the live choices but for prompts, in an order by chance, until the true mean has moved so far."""
    rows = np.arange(len(chosen))
    apart = w.scores[rows, chosen] - w.scores[rows, w.live]
    order = np.random.default_rng(1).permutation(np.flatnonzero(chosen != w.live))
    moved = np.cumsum(apart[order]) / len(chosen)
    far = np.flatnonzero(moved <= aim)
    found = w.live.copy()
    kept = order if not len(far) else order[: far[0] + 1]
    found[kept] = chosen[kept]
    return found


def log_of(
    w: World, candidate: Chosen, n: int, *, explore: float, canary: float, rng: np.random.Generator
) -> tuple[Log, Log, Floats, Floats]:
    """Return a log beside the candidate and the live policy, the chance that the two differ, and what is unseen."""
    n_models = w.scores.shape[1]
    live = logging_chances(w.utility, explore) if explore > 0 else one_hot(w.live, n_models)
    new = live + (1.0 - explore) * (one_hot(candidate, n_models) - one_hot(w.live, n_models))  # it explores as much
    logging = (1.0 - canary) * live + canary * new
    rows = rng.integers(0, len(w.scores), n)
    chosen = (logging[rows].cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=n_models - 1)
    at = (rows, chosen)
    logs = [
        Log(
            rewards=w.scores[at],
            chances=logging[at],
            target=target[at],
            expected_logged=w.expected[at],
            expected_target=(target[rows] * w.expected[rows]).sum(axis=1),
        )
        for target in (new, live)
    ]
    more = (new[rows] - live[rows]).clip(min=0.0)
    unseen = (more * (logging[rows] <= 0.0)).sum(axis=1)
    return logs[0], logs[1], 0.5 * np.abs(new[rows] - live[rows]).sum(axis=1), unseen


def watched(w: World, candidate: Chosen, *, rng: np.random.Generator) -> int | None:
    """Return after how many answers of a canary on half of the conversations the guardrail breaks; None when never."""
    rows = rng.integers(0, len(w.scores), MOST_WATCHED)
    side = rng.random(MOST_WATCHED) < 0.5
    rewards = w.scores[rows, np.where(side, candidate[rows], w.live[rows])]
    for n in range(LOOK, MOST_WATCHED + 1, LOOK):
        new, old = (
            Measured(mine * 1.0, mine * rewards[:n], mine * rewards[:n] ** 2, share=True)
            for mine in (side[:n], ~side[:n])
        )
        if broken({"quality": new}, {"quality": old}, Foreseen()) is not None:
            return n
    return None


def run(w: World) -> list[Row]:
    """Return what the gate did with each candidate on logs of each kind and size, and the guardrail without a gate."""
    rng = np.random.default_rng(7)
    found: list[Row] = []
    for log_name, (explore, canary) in LOGS.items():
        for name, candidate in candidates(w, explore).items():
            known: Row = {
                "table": w.name,
                "candidate": name,
                "truth": (1.0 - explore) * (w.worth(candidate) - w.worth(w.live)),
                "differ": (1.0 - explore) * float(np.mean(candidate != w.live)),
            }
            for n in (*SIZES, *FURTHER.get(log_name, ())):
                kinds = []
                for _ in range(N_RUNS):
                    one, two, differ, unseen = log_of(w, candidate, n, explore=explore, canary=canary, rng=rng)
                    kinds.append(weigh(one, two, differ=differ, unseen=unseen, tolerance=TOLERANCE)[0])
                passed = sum(kind in PASSING for kind in kinds)
                told = {"passed": passed, "worse": kinds.count("worse"), "unknown": kinds.count("unknown")}
                found.append({**known, "log": log_name, "n_judged": n, **told})
    for name, candidate in candidates(w, 0.0).items():
        stopped = [watched(w, candidate, rng=rng) for _ in range(N_RUNS)]
        after = sorted(n for n in stopped if n is not None)
        found.append(
            {
                "table": w.name,
                "candidate": name,
                "truth": w.worth(candidate) - w.worth(w.live),
                "log": "guardrail alone",
                "n_judged": MOST_WATCHED,
                "rolled_back": len(after),
                "median_answers": after[len(after) // 2] if after else None,
            }
        )
    return found


def candidates(w: World, explore: float) -> dict[str, Chosen]:
    """Return the policies that are judged; what is explored is no worse, so the rest must lose more."""
    aim = -LOSS / (1.0 - explore)
    return {"cheaper": cheaper(w, aim), "confused": confused(w, aim), "twin": twin(w), "itself": w.live}


def main() -> None:
    """Run all tables, print and write."""
    rows = [row for name, models in TABLES.items() for row in run(world(name, models))]
    folder = ROOT / "lab" / "runs" / "gate"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(
        " " + json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()}) for r in rows
    )
    (folder / "gate.json").write_text(f"[\n{lines}\n]\n")
    for row in rows:
        print(
            " ".join(
                f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in row.items()
            )
        )


if __name__ == "__main__":
    main()
