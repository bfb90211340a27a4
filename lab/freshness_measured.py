"""Measures the reader of freshness that ships: `PYTHONPATH=src python lab/freshness_measured.py`.

On the development part of EverGreenQA and on `time_sensitive.test`, which no fit here but the one marked so has seen,
and on our own lines that ask nothing of the world, beside such as do (`lab/freshness_tasks.py`).
Beside it the same method with labels of that very source (its training parts carry no licence: compared, never
shipped), and two trivial readers. Writes `lab/runs/freshness/freshness.json`. The encoders that it reads with beside
the static one need `pip install -e '.[lab,use,e5]'`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from freshness import SEEDS, our_own
from freshness_fit import PENALTY, matrix, told, trained
from freshness_questions import questions
from freshness_tasks import checked
from freshness_taught import ENCODERS
from unisono.config import EncoderConfig
from unisono.plugins import load
from unisono.predict.currency import stale_notice
from unisono.protocols import Encoder
from unisono.types import Model
from unisono.understand.freshness import FreshnessReader
from unisono.understand.grams import words

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
COLUMNS = ("English", "Chinese", "German", "French", "Russian", "Arabic", "Hebrew")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TASKS_NOW, TASKS_CUTOFF = datetime(2026, 11, 27, tzinfo=UTC), date(2024, 11, 1)
OLD_WORDS = re.compile(
    r"current|latest|\bnow\b|today|recent|newest|this year|目前|现在|最新|今年|现任|今天|最近", re.IGNORECASE
)
Predict = Callable[[Sequence[str]], np.ndarray]


def evergreen(data: Path, *names: str) -> pd.DataFrame:
    """Return files of EverGreenQA with the column `changes`."""
    table = pd.concat([pd.read_csv(data / f"evergreen.{name}.csv") for name in names], ignore_index=True)
    return table.assign(changes=table["is_evergreen"] == 0)


def weighted_f1(truth: np.ndarray, given: np.ndarray) -> float:
    """Return the weighted F1 at one half."""
    return float(f1_score(truth, given >= 0.5, average="weighted"))


def interval(truth: np.ndarray, given: np.ndarray) -> list[float]:
    """Return the bootstrap interval of 95 % of the weighted F1."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(1000)]
    low, high = np.percentile([weighted_f1(truth[d], given[d]) for d in draws], (2.5, 97.5))
    return [round(float(low), 3), round(float(high), 3)]


def free_at_95_recall(truth: np.ndarray, given: np.ndarray) -> float:
    """Return the share of static questions below the threshold that keeps 95 % of the changing ones."""
    return round(float((given[~truth] < np.quantile(given[truth], 0.05)).mean()), 3)


def calibration_error(truth: np.ndarray, given: np.ndarray) -> float:
    """Return the expected calibration error over ten bins."""
    bins = np.clip((given * 10).astype(int), 0, 9)
    gaps = [abs(given[bins == b].mean() - truth[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())]
    return round(float(sum(gaps)), 3)


def figures(truth: np.ndarray, given: np.ndarray) -> dict[str, Any]:
    """Return what is said of one reader on one set."""
    return {
        "weighted_f1": round(weighted_f1(truth, given), 3),
        "interval": interval(truth, given),
        "auc": round(float(roc_auc_score(truth, given)), 3),
        "static_free_at_95_recall": free_at_95_recall(truth, given),
        "calibration_error": calibration_error(truth, given),
    }


def measured(predict: Predict, dev: pd.DataFrame, timed: pd.DataFrame) -> dict[str, Any]:
    """Return every figure of one reader."""
    truth = dev["changes"].to_numpy()
    out = {column: figures(truth, predict(dev[column].astype(str).tolist())) for column in COLUMNS}
    needs, given = timed["needs_current"].to_numpy() == 1, predict(timed["prompt"].astype(str).tolist())
    news = (timed["source"] == "realtimeqa").to_numpy()
    out["time_sensitive.test"] = {
        "auc": round(float(roc_auc_score(needs, given)), 3),
        "auc_without_news_quizzes": round(float(roc_auc_score(needs[~news], given[~news])), 3),
        "static_free_at_95_recall": free_at_95_recall(needs, given),
        "n": len(needs),
    }
    return out


def reading(reader: FreshnessReader, encoder: Encoder | None = None) -> Predict:
    """Return a reader's probabilities; what it cannot read counts as static, as it does in routing."""

    def predict(texts: Sequence[str]) -> np.ndarray:
        seen = [None] * len(texts) if encoder is None else encoder.encode(texts)
        found = [reader.read(text, now=NOW, embedding=vector) for text, vector in zip(texts, seen, strict=True)]
        return np.array([0.0 if f is None else f.changing for f in found])

    return predict


def of_tasks(reader: FreshnessReader, encoder: Encoder | None = None) -> dict[str, Any]:
    """Return how often lines that ask nothing of the world, and such as do, are read as changing or get the notice.

    The notice is that of a model whose knowledge ends two years before.
    """
    model = Model(name="m", upstream="scripted", upstream_model="m", knowledge_cutoff=TASKS_CUTOFF)
    out: dict[str, Any] = {}
    for half in ("tuned", "unseen"):
        rows = list(checked(half))
        seen = [None] * len(rows) if encoder is None else encoder.encode([q.text for q in rows])
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for q, vector in zip(rows, seen, strict=True):
            found = reader.read(q.text, now=TASKS_NOW, embedding=vector)
            notice = stale_notice(model, found, today=TASKS_NOW.date(), language="en") is not None
            side = "asks nothing" if q.label == "t" else "asks"
            for name in (f"{q.language}, {side}", f"{q.language}, {side}, {q.kind}", f"all, {side}"):
                counts[name][0] += 1
                counts[name][1] += found is not None and found.changing >= 0.5
                counts[name][2] += notice
        out[half] = {
            name: {"n": n, "changing": _share(n_changing, n), "notice": _share(n_told, n)}
            for name, (n, n_changing, n_told) in sorted(counts.items())
        }
    return out


def _share(n_found: int, n: int) -> list[float]:
    """Return a share with its interval of 95 % (Wilson)."""
    p, z = n_found / n, 1.96
    middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return [round(value, 3) for value in (p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))]


def crossed(dev: pd.DataFrame, others: pd.DataFrame, column: str) -> np.ndarray:
    """Return, for each development question, what ten folds of the others and of `others` say: a ceiling, no result."""
    truth = dev["changes"].to_numpy()
    rows, more = matrix(dev[column].astype(str).tolist()), matrix(others[column].astype(str).tolist())
    found = np.zeros(len(dev))

    for fit, rest in StratifiedKFold(10, shuffle=True, random_state=0).split(rows, truth):
        labels = np.where(np.concatenate((truth[fit], others["changes"].to_numpy())), "s", "e")
        found[rest] = _two_classes(vstack((rows[fit], more)).tocsr(), labels).predict_proba(rows[rest])[:, 1]
    return found


def _two_classes(rows: Any, labels: np.ndarray) -> Any:
    """Fit changing against static, static counting one third as in what ships."""

    n_static = int((labels == "e").sum())
    weights = np.where(labels == "e", 1 / 3 / n_static, 2 / 3 / (len(labels) - n_static)) * len(labels)
    return LogisticRegression(C=PENALTY, max_iter=600).fit(rows, labels, sample_weight=weights)


def near_ours(dev: pd.DataFrame, column: str, language: str) -> np.ndarray:
    """Return which questions nearly are one of ours: their runs of characters overlap by four fifths or more."""
    n = 2 if language == "zh" else 4

    def runs(text: str) -> frozenset[str]:
        line = " ".join(words(text)).lower()
        return frozenset(line[place : place + n] for place in range(max(len(line) - n + 1, 1)))

    where: dict[str, list[int]] = defaultdict(list)
    asked = [runs(str(text)) for text in dev[column]]
    for row, found in enumerate(asked):
        for run in found:
            where[run].append(row)
    near = np.zeros(len(dev), dtype=bool)
    for own in {runs(text) for text, _, line_language in _texts() if line_language == language}:
        shared = Counter(row for run in own for row in where.get(run, ()))
        for row, count in shared.most_common(3):
            near[row] |= count / len(own | asked[row]) >= 0.8
    return near


def _texts() -> list[tuple[str, str, str]]:

    return [(q.text, q.label, q.language) for seed in SEEDS for q in questions(seed=seed)]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--artifact", type=Path, help="folder of the weights; those of the package when left out")
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "freshness" / "freshness.json")
    options = parser.parse_args(argv)
    encoders = [load().encoder(EncoderConfig(name=name)) for name in ENCODERS]  # says what is missing before the work
    dev = evergreen(options.data, "dev")
    truth = dev["changes"].to_numpy()
    timed = pd.read_parquet(options.data / "time_sensitive.test.prompts.parquet")
    others = evergreen(options.data, "train", "train_synth")
    reader = FreshnessReader(options.artifact)
    predict = reading(reader)
    out: dict[str, Any] = {"shipped": measured(predict, dev, timed), "tasks, shipped": of_tasks(reader)}
    for name, encoder in zip(ENCODERS, encoders, strict=True):
        with_vectors = FreshnessReader(options.artifact, encoder=encoder.name)
        beside = reading(with_vectors, encoder)
        out[f"tasks, shipped, with the encoder {name}"] = of_tasks(with_vectors, encoder)
        out[f"shipped, with the encoder {name}"] = measured(beside, dev, timed)
    for column, language in (("English", "en"), ("Chinese", "zh")):
        texts, near = dev[column].astype(str).tolist(), near_ours(dev, column, language)
        out["shipped"][column]["near_ours"] = int(near.sum())
        out["shipped"][column]["weighted_f1_without_near_ours"] = round(
            weighted_f1(truth[~near], predict(texts)[~near]), 3
        )
        theirs = _two_classes(matrix(others[column].astype(str).tolist()), np.where(others["changes"], "s", "e"))
        out.setdefault("same method, EverGreenQA's training parts (not shipped)", {})[column] = figures(
            truth, theirs.predict_proba(matrix(texts))[:, 1]
        )
        out.setdefault("same method, those and nine tenths of the development part in turn (a ceiling)", {})[column] = (
            figures(truth, crossed(dev, others, column))
        )
    for name, seeds in (("one draw, untaught", SEEDS[:1]), ("all draws, untaught", SEEDS)):
        model = trained(told([sample for seed in seeds for sample in our_own(seed=seed)]))
        given = {column: model.changing(dev[column].astype(str).tolist()) for column in ("English", "Chinese")}
        out[name] = {column: figures(truth, said) for column, said in given.items()}
    out["keyword list"] = measured(
        lambda texts: np.array([float(OLD_WORDS.search(text) is not None) for text in texts]), dev, timed
    )
    out["always changing"] = measured(lambda texts: 1.0 - 1e-9 * np.arange(len(texts)), dev, timed)
    english = dev["English"].astype(str).tolist()
    started = process_time()
    for text in english:
        reader.read(text, now=NOW)
    out["cpu_us_per_question"] = round((process_time() - started) / len(english) * 1e6, 1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, found in out.items():
        print(name, json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
