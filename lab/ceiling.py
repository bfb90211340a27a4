"""Why MATH level 5 stops short of the strong model's quality at half its cost: what evidence there is, what it takes.

    PYTHONPATH=lab python lab/ceiling.py [--data ../shared/data] [--out lab/runs/cascade/ceiling.json]

The same cheap answers and costs as in `cascade.py`. Everything is chosen and trained on the training part, by folds
over its questions where something is trained: which cheap models answer, what a scorer is taught (that the lead is
wrong, or what the strong model would gain), and the threshold at which half of the strong model's cost is spent. Then
each is looked at once on the test part. Two figures are no results but bounds: the best in hindsight on the test part,
and checks that know the truth to a given degree and err at random, which no real one does: it doubts hard questions,
and those the strong model fails too.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cascade import AS_DEAR_AS_STRONG, STRONG, Figures, figures, load, short
from panel import Sets, ask, every_panel
from unisono.execute.evidence.scorer import facts_of

HALF = 0.5
GRID = np.linspace(0.2, 0.9, 36)
"""Shares of the strong model's cost over which a scorer's curve is averaged to choose among scorers."""
N_FOLDS, N_REPEATS = 10, 5
SEPARATIONS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
"""Distances of the means of right and wrong answers' scores, in deviations, of checks that know the truth in part."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scorer:
    """A lead, the cheap models that are always asked beside it, what is learned of their answers, how stiffly."""

    lead: str
    others: tuple[str, ...]
    taught: Literal["wrong", "gain"]
    alpha: float


def every_scorer(cheap: Sequence[str]) -> Iterator[Scorer]:
    """Yield all scorers with up to two models beside the lead, and with all of them."""
    for lead in cheap:
        beside = [m for m in cheap if m != lead]
        for others in [c for n in (0, 1, 2, len(beside)) for c in combinations(beside, n)]:
            for alpha in (10.0, 30.0, 100.0):
                yield Scorer(lead, others, "wrong", alpha)
                yield Scorer(lead, others, "gain", alpha)


def evidence(scorer: Scorer, sets: Sets) -> Array:
    """Return (question, fact): who ends as the lead does, who of the others agree, the answer's shape, the lengths."""
    asked = [scorer.lead, *scorer.others]
    final = sets.final[asked].to_numpy(dtype=object)
    alike = (final[:, :, None] == final[:, None, :]).astype(float)
    among = (alike[:, 1:, 1:].sum((1, 2)) - len(scorer.others)) / 2
    shape = np.array([facts_of(q, a) for q, a in zip(sets.prompt, sets.text[scorer.lead], strict=True)])
    lengths = np.log(sets.cost[asked].to_numpy())
    return np.hstack([alike[:, 0, 1:], alike[:, 0, 1:].sum(1, keepdims=True), among[:, None], shape, lengths])


def target(scorer: Scorer, sets: Sets) -> Array:
    """Return what the scorer is taught."""
    lead = sets.score[scorer.lead].to_numpy()
    return -lead if scorer.taught == "wrong" else sets.score[STRONG].to_numpy() - lead


def model(scorer: Scorer) -> Pipeline:
    """Return the untrained scorer."""
    return make_pipeline(StandardScaler(), Ridge(scorer.alpha))


def held_out(scorer: Scorer, sets: Sets) -> Array:
    """Return each question's score by a scorer that was trained on other questions."""
    inputs, wanted = evidence(scorer, sets), target(scorer, sets)
    scores = np.zeros(len(wanted))
    for repeat in range(N_REPEATS):
        for known, new in KFold(N_FOLDS, shuffle=True, random_state=repeat).split(inputs):
            scores[new] += model(scorer).fit(inputs[known], wanted[known]).predict(inputs[new]) / N_REPEATS
    return scores


def curve(scorer: Scorer, scores: Array, sets: Sets) -> tuple[Array, Array]:
    """Return share of the strong model's cost, and quality less its own, as the highest scores go to it first."""
    lead, strong = sets.score[scorer.lead].to_numpy(), sets.score[STRONG].to_numpy()
    price = sets.cost[STRONG].to_numpy()
    order = np.argsort(-scores, kind="stable")
    spent = sets.cost[[scorer.lead, *scorer.others]].to_numpy().sum() + np.r_[0.0, np.cumsum(price[order])]
    quality = lead.sum() + np.r_[0.0, np.cumsum((strong - lead)[order])]
    return spent / price.sum(), (quality - strong.sum()) / len(lead)


def at_half(scorer: Scorer, scores: Array, sets: Sets) -> tuple[float, float]:
    """Return the threshold at which half of the cost is spent, and the quality there less the strong model's."""
    spent, gain = curve(scorer, scores, sets)
    n = int(np.flatnonzero(spent <= HALF).max())
    return float(np.sort(scores)[::-1][n - 1]) if n else float("inf"), float(gain[n])


def cheapest_without_loss(scorer: Scorer, scores: Array, sets: Sets) -> float:
    """Return the least share of the cost at which nothing is lost, picked on these very questions."""
    spent, gain = curve(scorer, scores, sets)
    return float(spent[gain >= -1e-9].min(initial=np.inf))


def scored(scorer: Scorer, train: Sets, test: Sets, *, scores: Array) -> tuple[Figures, dict[str, object]]:
    """Return the row of a scorer at half the cost, threshold from the folds of the training part."""
    threshold, gain = at_half(scorer, scores, train)
    there = model(scorer).fit(evidence(scorer, train), target(scorer, train)).predict(evidence(scorer, test))
    goes_on = there >= threshold
    quality = np.where(goes_on, test.score[STRONG], test.score[scorer.lead])
    cost = test.cost[[scorer.lead, *scorer.others]].to_numpy().sum(1) + np.where(goes_on, test.cost[STRONG], 0.0)
    beside = f" with {', '.join(map(short, scorer.others))}" if scorer.others else ""
    row = figures(f"{short(scorer.lead)}{beside}, taught {scorer.taught}", quality, cost, test)
    wrong = test.score[scorer.lead].to_numpy() < 0.5
    return row, {
        "scorer": asdict(scorer),
        "gain_at_half_by_folds": gain,
        "auc_of_wrong_by_folds": float(roc_auc_score(train.score[scorer.lead] < 0.5, scores)),
        "auc_of_wrong_on_test": float(roc_auc_score(wrong, there)),
        "sent_on": sent_on(scorer, scores >= threshold, train),
        "row": asdict(row),
    }


def sent_on(scorer: Scorer, goes_on: NDArray[np.bool_], sets: Sets) -> dict[str, float]:
    """Return how many questions go on to the strong model, and how right it and the lead are on them and the rest."""
    lead, strong = sets.score[scorer.lead].to_numpy(), sets.score[STRONG].to_numpy()
    return {
        "share": float(goes_on.mean()),
        "lead_right_sent": float(lead[goes_on].mean()),
        "strong_right_sent": float(strong[goes_on].mean()),
        "lead_right_kept": float(lead[~goes_on].mean()),
        "strong_right_kept": float(strong[~goes_on].mean()),
    }


def hindsight(scorers: Sequence[Scorer], train: Sets, test: Sets) -> dict[str, float]:
    """Return the best that any scorer does with any threshold, picked on the test part: a bound, not a result."""
    half, least = -np.inf, np.inf
    for scorer in scorers:
        there = model(scorer).fit(evidence(scorer, train), target(scorer, train)).predict(evidence(scorer, test))
        half = max(half, at_half(scorer, there, test)[1])
        least = min(least, cheapest_without_loss(scorer, there, test))
    return {"gain_at_half": half, "least_share_without_loss": least}


def needed(lead: str, sets: Sets, *, n_draws: int = 400) -> list[dict[str, float]]:
    """Return what checks of the lead's answer that know the truth in part would give, by how much they know."""
    rng = np.random.default_rng(0)
    wrong = (sets.score[lead].to_numpy() < 0.5).astype(float)
    scorer = Scorer(lead, (), "wrong", 1.0)
    table = []
    for distance in SEPARATIONS:
        drawn = [distance * wrong + rng.standard_normal(len(wrong)) for _ in range(n_draws)]
        gains = [at_half(scorer, scores, sets)[1] for scores in drawn]
        table.append(
            {
                "auc": float(np.mean([roc_auc_score(wrong, scores) for scores in drawn])),
                "gain_at_half": float(np.mean(gains)),
                "low": float(np.quantile(gains, 0.025)),
                "high": float(np.quantile(gains, 0.975)),
            }
        )
    return table


def both(train: Sets, test: Sets) -> Sets:
    """Return the two parts as one."""
    import pandas as pd

    return Sets(
        *(pd.concat([getattr(train, f), getattr(test, f)]) for f in ("score", "cost", "final", "text", "prompt"))
    )


def main() -> None:
    """Print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("lab/runs/cascade/ceiling.json"))
    wanted = parser.parse_args()
    warnings.filterwarnings("ignore", message="Ill-conditioned")
    train, test = (load(wanted.data, "zeroeval_math_l5", part) for part in ("train", "test"))
    cheap = [m for m in train.final.columns if m != AS_DEAR_AS_STRONG]
    strong = train.score[STRONG].to_numpy()
    told: dict[str, object] = {}

    panels = [(panel, ask(panel, train, STRONG)) for panel in every_panel(cheap)]
    shares = [float(asked.cost.mean() / train.cost[STRONG].mean()) for _, asked in panels]
    kept = [p for p in panels if (p[1].quality - strong).mean() >= -1e-9]
    panel, _ = min(kept, key=lambda p: p[1].cost.mean())
    there = ask(panel, test, STRONG)
    row = figures(f"panel {', '.join(map(short, panel.models))} {panel.votes}", there.quality, there.cost, test)
    print(
        f"{len(panels)} panels: the cheapest spends {min(shares):.2f} of the strong model's cost on the training part"
    )
    print(f"the cheapest that loses nothing there, on the test part:\n{row}")
    told["panels"] = {"n": len(panels), "least_share_on_train": min(shares), "without_loss": asdict(row)}

    scorers = list(every_scorer(cheap))
    scores = {scorer: held_out(scorer, train) for scorer in scorers}
    worth = {s: float(np.interp(GRID, *curve(s, scores[s], train)).mean()) for s in scorers}
    told["scorers"] = {}
    for taught in ("wrong", "gain"):
        best = max((s for s in scorers if s.taught == taught), key=lambda s: worth[s])
        row, facts = scored(best, train, test, scores=scores[best])
        told["scorers"][taught] = facts
        print(f"{row}\n    { ({k: v for k, v in facts.items() if k != 'row'}) }")
    told["hindsight"] = hindsight(scorers, train, test)
    print(f"in hindsight, best of {len(scorers)} scorers and all thresholds on the test part: {told['hindsight']}")

    told["needed"] = needed("gpt-4o-mini-2024-07-18", both(train, test))
    for line in told["needed"]:
        print(f"a check of gpt-4o-mini with AUC {line['auc']:.3f}: {line['gain_at_half']:+.4f} at half the cost "
              f"[{line['low']:+.4f}, {line['high']:+.4f}]")  # fmt: skip
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
