"""Fits the reader of freshness to labelled questions: a ridge regression over hashed words and characters.

It knows no source of questions; `lab/freshness.py` is the command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, issparse, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from unisono.understand.grams import N_BUCKETS, buckets, words

PENALTY = 4.0
"""Inverse strength of the ridge penalty: `--choose`, and AUC on the training parts of the compared sets."""
FOLDS = 4


class Sample(NamedTuple):
    """A labelled question and the line that it comes from; folds keep a line together."""

    text: str
    label: str
    line: int
    language: str = ""


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
    """Logits of slow and fast against evergreen: weights (n_features, 2) and bias (2,)."""

    weights: np.ndarray
    bias: np.ndarray

    def logits(self, rows: csr_matrix | np.ndarray) -> np.ndarray:
        """Return shape (n, 3): evergreen (zero), slow, fast."""
        two = rows @ self.weights + self.bias
        return np.concatenate((np.zeros((two.shape[0], 1)), two), axis=1)

    def changing(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probability that the answer changes, also of a text that the reader would not claim to read."""
        return 1.0 - shares(self.logits(matrix(texts)))[:, 0]


class Lesson(NamedTuple):
    """Texts, as places or as an encoder's vectors, and how much each speaks for evergreen, slow and fast: (n, 3)."""

    rows: csr_matrix | np.ndarray
    weights: np.ndarray

    def at(self, places: np.ndarray) -> Lesson:
        """Return some of the texts."""
        return Lesson(self.rows[places], self.weights[places])


def told(samples: Sequence[Sample]) -> Lesson:
    """Return labelled questions, the three classes weighing alike, one on average.

    So what is expected before reading is one third each, and a changing answer in two of three questions: a stale
    answer costs the user more than a newer model.
    """
    return Lesson(matrix([s.text for s in samples]), balanced(samples))


def balanced(samples: Sequence[Sample]) -> np.ndarray:
    """Return the weights of labelled questions, shape (n, 3)."""
    hot = np.array([[sample.label == label for label in "esf"] for sample in samples], dtype=float)
    return hot * len(samples) / 3 / hot.sum(axis=0)


def shares(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, row by row."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def trained(*lessons: Lesson, penalty: float = PENALTY) -> Trained:
    """Fit one regression to all lessons; a text that speaks for several classes counts for each by its weight."""
    whole = [lesson.rows for lesson in lessons]
    rows = vstack(whole, format="csr") if issparse(whole[0]) else np.concatenate(whole)
    weights = np.concatenate([lesson.weights for lesson in lessons])
    text, label = np.nonzero(weights > 0)
    model = LogisticRegression(C=penalty, max_iter=400).fit(rows[text], label, sample_weight=weights[text, label])
    found, bias = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    return Trained((found[1:] - found[0]).T, bias[1:] - bias[0])


def asking(rows: csr_matrix, asks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what says that something of the world is asked: weights (n_features, 1) and bias (1,).

    Both sides weigh alike.

    Args:
        rows: texts as places.
        asks: which of them ask, shape (n,), bool.
    """
    model = LogisticRegression(C=PENALTY, max_iter=400, class_weight="balanced").fit(rows, asks)
    return model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)


def held_out(
    samples: Sequence[Sample], *, penalty: float = PENALTY, taught: Lesson | None = None, lines: Sequence[int] = ()
) -> np.ndarray:
    """Return the logits of each question by a fit that never saw its line, shape (n, 3).

    Args:
        samples: labelled questions.
        penalty: inverse strength of the ridge penalty.
        taught: what else is fitted to.
        lines: the line of each text of it.
    """
    lesson, found = told(samples), np.zeros((len(samples), 3))
    own = np.array([s.line for s in samples])
    for fit, rest in GroupKFold(FOLDS, shuffle=True, random_state=0).split(found, groups=own):
        others = [] if taught is None else [taught.at(np.flatnonzero(~np.isin(lines, own[rest])))]
        found[rest] = trained(lesson.at(fit), *others, penalty=penalty).logits(lesson.rows[rest])
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
