"""Trains and measures the reader of freshness: `PYTHONPATH=src python lab/freshness.py`.

Two trainings of one method. What ships is trained on `lab/freshness_questions.py`, which is ours. For comparison, and
never shipped, the same method is trained on EverGreenQA's training questions. Both are measured on its development
questions and on `time_sensitive.test`, which neither has seen. Writes `lab/runs/freshness/freshness.json`, and the
weights with `--ship FOLDER`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score

from freshness_questions import questions
from unisono.understand.freshness import N_BUCKETS, FreshnessReader, buckets, save

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SEEDS = (1, 2, 3, 4, 5)
PENALTY = 8.0
"""Inverse strength of the ridge penalty; chosen by cross-validation on EverGreenQA's training questions."""
OLD_WORDS = (
    "current",
    "latest",
    "now",
    "today",
    "recent",
    "newest",
    "this year",
    "目前",
    "现在",
    "最新",
    "今年",
    "现任",
    "今天",
    "最近",
)


def matrix(texts: Sequence[str]) -> csr_matrix:
    """Return hashed grams, each row of unit length, shape (n, N_BUCKETS)."""
    places = [buckets(text) for text in texts]
    lengths = [len(p) for p in places]
    values = np.concatenate([np.full(n, 1 / np.sqrt(max(n, 1)), dtype=np.float32) for n in lengths])
    ends = np.concatenate(([0], np.cumsum(lengths)))
    return csr_matrix((values, np.concatenate(places), ends), shape=(len(texts), N_BUCKETS))


def trained(texts: Sequence[str], labels: Sequence[str], *, seed: int) -> LogisticRegression:
    """Fit the classes of `labels`; their shares in training do not count as what to expect."""
    return LogisticRegression(C=PENALTY, max_iter=400, class_weight="balanced", random_state=seed).fit(
        matrix(texts), labels
    )


def changing(model: LogisticRegression, texts: Sequence[str]) -> np.ndarray:
    """Return the probability that the answer changes."""
    return 1.0 - model.predict_proba(matrix(texts))[:, list(model.classes_).index("e")]


def evergreen(data: Path, name: str) -> pd.DataFrame:
    """Return one file of EverGreenQA with the column `label`."""
    table = pd.read_csv(data / f"evergreen.{name}.csv")
    return table.assign(label=np.where(table["is_evergreen"] == 1, "e", "s"))


def weighted_f1(truth: np.ndarray, probability: np.ndarray) -> float:
    """Return the weighted F1 at one half."""
    return float(f1_score(truth, probability >= 0.5, average="weighted"))


def interval(truth: np.ndarray, probability: np.ndarray) -> list[float]:
    """Return the bootstrap interval of 95 % of the weighted F1."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(1000)]
    return [
        round(float(v), 3) for v in np.percentile([weighted_f1(truth[d], probability[d]) for d in draws], (2.5, 97.5))
    ]


def measured(predict, dev: pd.DataFrame, timed: pd.DataFrame) -> dict:  # type: ignore[no-untyped-def]
    """Return every figure of one reader, `predict(texts) -> probabilities`."""
    out: dict = {}
    truth = (dev["label"] != "e").to_numpy()
    for column in ("English", "Chinese", "German", "French", "Russian", "Arabic"):
        given = predict(dev[column].astype(str).tolist())
        out[column] = {
            "weighted_f1": round(weighted_f1(truth, given), 3),
            "interval": interval(truth, given),
            "auc": round(float(roc_auc_score(truth, given)), 3),
        }
        threshold = np.quantile(given[truth], 0.05)
        out[column]["static_free_at_95_recall"] = round(float((given[~truth] < threshold).mean()), 3)
        edges = np.clip((given * 10).astype(int), 0, 9)
        out[column]["ece"] = round(
            float(
                sum(abs(given[edges == b].mean() - truth[edges == b].mean()) * (edges == b).mean() for b in set(edges))
            ),
            3,
        )
    needs, given = timed["needs_current"].to_numpy() == 1, predict(timed["prompt"].astype(str).tolist())
    threshold = np.quantile(given[needs], 0.05)
    out["time_sensitive.test"] = {
        "auc": round(float(roc_auc_score(needs, given)), 3),
        "static_free_at_95_recall": round(float((given[~needs] < threshold).mean()), 3),
        "n": len(needs),
    }
    return out


def main(argv: Sequence[str] | None = None) -> None:
    """Train, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--train", type=Path, help="a CSV with `question` and `label` (evergreen, slow, fast) of your own"
    )
    parser.add_argument("--ship", type=Path, help="folder for the weights")
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "freshness" / "freshness.json")
    options = parser.parse_args(argv)
    if options.train is not None:
        table = pd.read_csv(options.train)
        own = [
            (q, str(label)[0].lower().replace("c", "s"))
            for q, label in zip(table["question"], table["label"], strict=True)
        ]
    else:
        own = [(q, label) for q, label, _ in questions(seed=1)]
    model = trained([q for q, _ in own], [label for _, label in own], seed=1)
    order = [list(model.classes_).index(label) for label in "esf"]
    weights, bias = model.coef_[order].astype(np.float32), model.intercept_[order].astype(np.float32)
    if options.ship is not None:
        manifest = {
            "questions": len(own),
            "source": "lab/freshness_questions.py" if options.train is None else "given",
            "penalty": PENALTY,
        }
        save(options.ship, weights=weights, bias=bias, manifest=manifest)
    dev = evergreen(options.data, "dev")
    timed = pd.read_parquet(options.data / "time_sensitive.test.prompts.parquet")
    out: dict = {"own questions": len(own), "shipped": measured(lambda texts: changing(model, texts), dev, timed)}
    rows = pd.concat([evergreen(options.data, "train"), evergreen(options.data, "train_synth")])
    for columns in (("English",), ("Chinese",), ("English", "Chinese")):
        texts = [str(text) for column in columns for text in rows[column]]
        theirs = trained(texts, list(rows["label"]) * len(columns), seed=1)
        out[f"the same method on EverGreenQA's training questions, {' and '.join(columns)} (compared, not shipped)"] = (
            measured(lambda texts, theirs=theirs: changing(theirs, texts), dev, timed)
        )
    out["keyword list"] = measured(
        lambda texts: np.array([float(any(w in t.lower() for w in OLD_WORDS)) for t in texts]), dev, timed
    )
    out["always changing"] = measured(lambda texts: np.ones(len(texts)) - 1e-9 * np.arange(len(texts)), dev, timed)
    if options.ship is not None:
        reader, now = FreshnessReader(options.ship), datetime(2026, 1, 1, tzinfo=UTC)
        started = perf_counter()
        for text in dev["English"]:
            reader.read(str(text), now=now)
        out["us_per_question"] = round((perf_counter() - started) / len(dev) * 1e6, 1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, figures in out.items():
        if isinstance(figures, dict):
            shown = {k: (v.get("weighted_f1"), v["auc"], v["static_free_at_95_recall"]) for k, v in figures.items()}
            print(name, shown)
        else:
            print(name, figures)


if __name__ == "__main__":
    main()
