"""Trains the reader of freshness: `PYTHONPATH=src python lab/freshness.py --ship src/unisono/understand/default`.

It trains on our own lines (`lab/freshness_lines`) and reads nothing of the shared data; `lab/freshness_measured.py`
does the comparing. `--table FILE` trains on a table of your own instead, `--and-ours` on both. `--choose` compares
penalties.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from freshness_questions import questions
from unisono.understand.freshness import N_BUCKETS, buckets, save, words

PENALTY = 4.0
"""Inverse strength of the ridge penalty: `--choose`, and AUC on the training parts of the compared sets."""
LABELS = {"evergreen": "e", "slow": "s", "fast": "f", "e": "e", "s": "s", "f": "f"}
FOLDS = 4
SEEDS = (1, 2, 3, 4, 5)
"""Of the draws from our lines: a line has more readings than one draw shows, and an average of fits is steadier."""


class Sample(NamedTuple):
    """A labelled question and the line that it comes from; folds keep a line together."""

    text: str
    label: str
    line: int


def our_own(*, seed: int = 1) -> list[Sample]:
    """Return the questions drawn from our lines."""
    return [Sample(q.text, q.label, q.line) for q in questions(seed=seed)]


def from_table(file: Path) -> list[Sample]:
    """Return the rows of a CSV with the columns `question` and `label` (evergreen, slow, fast)."""
    table = pd.read_csv(file)
    given = [str(label).strip().lower() for label in table["label"]]
    if unknown := sorted(set(given) - set(LABELS)):
        raise SystemExit(f"{file}: labels {', '.join(unknown)}; allowed: evergreen, slow, fast")
    return [
        Sample(str(text), LABELS[label], -1 - row)
        for row, (text, label) in enumerate(zip(table["question"], given, strict=True))
    ]


def matrix(texts: Sequence[str]) -> csr_matrix:
    """Return hashed words and runs of characters, each kind of unit length in a row, shape (n, N_BUCKETS)."""
    rows, places, values = [], [], []
    for row, text in enumerate(texts):
        for kind in buckets(text):
            rows.append(np.full(kind.size, row))
            places.append(kind)
            values.append(np.full(kind.size, 1 / np.sqrt(max(kind.size, 1)), dtype=np.float32))
    where = (np.concatenate(rows), np.concatenate(places))
    return csr_matrix((np.concatenate(values), where), shape=(len(texts), N_BUCKETS))


class Trained(NamedTuple):
    """Logits of slow and fast against evergreen: weights (2, N_BUCKETS) and bias (2,)."""

    weights: np.ndarray
    bias: np.ndarray

    def logits(self, rows: csr_matrix) -> np.ndarray:
        """Return shape (n, 3): evergreen (zero), slow, fast."""
        two = rows @ self.weights.T + self.bias
        return np.concatenate((np.zeros((two.shape[0], 1)), two), axis=1)

    def changing(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probability that the answer changes, also of a text that the reader would not claim to read."""
        return 1.0 - shares(self.logits(matrix(texts)))[:, 0]


def shares(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, row by row."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def trained(rows: csr_matrix, labels: Sequence[str], *, penalty: float = PENALTY) -> Trained:
    """Fit three classes that count alike, so that what is expected before reading is one third each.

    A changing answer is thus expected in two of three questions: a stale answer costs the user more than a newer model.
    """
    model = LogisticRegression(C=penalty, max_iter=600, class_weight="balanced").fit(rows, labels)
    order = [list(model.classes_).index(label) for label in "esf"]
    weights, bias = model.coef_[order], model.intercept_[order]
    return Trained((weights[1:] - weights[0]).astype(np.float32), (bias[1:] - bias[0]).astype(np.float32))


def averaged(draws: Sequence[Sequence[Sample]]) -> Trained:
    """Return the mean of one fit per draw."""
    fits = [trained(matrix([s.text for s in draw]), [s.label for s in draw]) for draw in draws]
    return Trained(np.mean([fit.weights for fit in fits], axis=0), np.mean([fit.bias for fit in fits], axis=0))


def held_out(samples: Sequence[Sample], *, penalty: float = PENALTY) -> np.ndarray:
    """Return the logits of each question by a fit that never saw its line, shape (n, 3)."""
    rows, labels = matrix([s.text for s in samples]), np.array([s.label for s in samples])
    found = np.zeros((len(samples), 3))
    for fit, rest in GroupKFold(FOLDS, shuffle=True, random_state=0).split(rows, groups=[s.line for s in samples]):
        found[rest] = trained(rows[fit], labels[fit], penalty=penalty).logits(rows[rest])
    return found


def balanced_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the log loss, each class counting a third."""
    right = shares(logits)[np.arange(len(labels)), [list("esf").index(label) for label in labels]]
    return float(np.mean([-np.log(right[labels == label]).mean() for label in "esf"]))


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return what held-out logits are divided by to be probabilities."""
    loss: Callable[[float], float] = lambda t: balanced_loss(logits / t, labels)  # noqa: E731
    return float(minimize_scalar(loss, bounds=(0.2, 5.0), method="bounded").x)


def known_words(samples: Sequence[Sample]) -> set[str]:
    """Return the words of the questions, in small letters, numbers left out."""
    return {word.lower() for sample in samples for word in words(sample.text) if not word[0].isdigit()}


def main(argv: Sequence[str] | None = None) -> None:
    """Train, say how well held-out lines are read, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, help="a CSV of your own: question, label (evergreen, slow, fast)")
    parser.add_argument("--and-ours", action="store_true", help="train on your table and on our lines")
    parser.add_argument("--ship", type=Path, help="folder for the weights")
    parser.add_argument("--choose", action="store_true", help="compare penalties on held-out lines")
    options = parser.parse_args(argv)
    table = [] if options.table is None else from_table(options.table)
    ours = options.table is None or options.and_ours
    draws = [[*our_own(seed=seed), *table] for seed in SEEDS] if ours else [table]
    samples = draws[0]
    labels = np.array([s.label for s in samples])
    for penalty in (1.0, 2.0, PENALTY, 8.0, 16.0) if options.choose else (PENALTY,):
        logits = held_out(samples, penalty=penalty)
        t, auc = temperature(logits, labels), roc_auc_score(labels != "e", 1 - shares(logits)[:, 0])
        print(
            f"penalty {penalty:g}: {len(samples)} questions, {len({s.line for s in samples})} lines held out in turn; "
            f"AUC {auc:.3f}, log loss {balanced_loss(logits, labels):.3f}, at temperature {t:.2f} "
            f"{balanced_loss(logits / t, labels):.3f}"
        )
        if penalty == PENALTY:
            chosen = t
    if options.ship is None:
        return
    model = averaged(draws)
    save(
        options.ship,
        weights=model.weights / np.float32(chosen),
        bias=model.bias / np.float32(chosen),
        known=set().union(*map(known_words, draws)),
        manifest={
            "questions": len({s.text for draw in draws for s in draw}),
            "source": "lab/freshness_lines" if options.table is None else "a table given",
            "penalty": PENALTY,
            "temperature": round(chosen, 3),
            "expected_before_reading": {"evergreen": 0.333, "slow": 0.333, "fast": 0.333},
        },
    )


if __name__ == "__main__":
    main()
