"""Trains and measures the reader of task types: `python lab/task_type.py` (add `--ship` to write the shipped weights).

Trained on prompts of permitted training parts whose task tells the type, and on lines that we wrote (`task_lines.py`).
Measured, none of it trained on: prompts of other sets or other tasks of the same type, lines from other templates, and
twenty questions in two languages. The expected calibration error is over the probability of the type that is told.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from parallel_questions import LANGUAGES, QUESTIONS
from task_lines import TEST, TRAIN, lines
from train import DATA, ROOT
from unisono.config import EncoderConfig
from unisono.evaluate.metrics import calibration_error
from unisono.evaluate.report import markdown
from unisono.plugins import load
from unisono.understand.features import Understanding
from unisono.understand.task_type import FOLDER, TaskTypes, save

LEARNT: tuple[tuple[str, str, str, int], ...] = (
    ("mathematics", "llmrouter_default", "math", 300),
    ("mathematics", "mmlu_pro", "math", 300),
    ("code", "llmrouter_default", "mbpp", 400),
    ("question", "llmrouter_default", "natural_qa", 300),
    ("question", "mmlu_pro", "history", 100),
    ("question", "mmlu_pro", "health", 200),
    ("question", "llmrouter_default", "openbook_qa", 200),
    ("question", "llmrouter_default", "commonsense_qa", 300),
    ("question", "routerbench_0shot_part", "winogrande", 300),
)
OTHER: tuple[tuple[str, str, str, int], ...] = (
    ("mathematics", "zeroeval_math_l5", "competition math", 200),
    ("code", "llmrouter_default", "human_eval", 164),
    ("code", "routerbench_0shot_part", "mbpp", 200),
    ("question", "llmrouter_default", "trivia_qa", 300),
    ("question", "routerbench_0shot_part", "arc-challenge", 300),
    ("question", "llmrouter_default", "agentverse-logicgrid", 150),
)
"""Tasks of training parts of the outcome tables; this reader is not trained on them."""
BY_HAND = "m m m c q q q q q w q m m q q c q m t m".split()  # noqa: SIM905 - of `QUESTIONS`, in order
LETTERS = {"m": "mathematics", "c": "code", "q": "question", "w": "writing", "t": "conversation"}
TYPES = tuple(TRAIN)
PENALTY = 0.003
PER_TEMPLATE = 40
SHIPPED = ("static", "use", "e5")

Rows = list[tuple[str, str, str]]
"""A text, its type, and where it comes from."""


def prompts(data: Path, wanted: Sequence[tuple[str, str, str, int]]) -> Rows:
    """Return (prompt, type) of tasks of the training parts."""
    rows: Rows = []
    for kind, name, task, n in wanted:
        table = pd.read_parquet(data / f"{name}.train.prompts.parquet")
        own = table[table["category"] == task]["prompt"].astype(str)
        rows += [(prompt, kind, task) for prompt in own.sample(min(n, len(own)), random_state=1)]
    return rows


def vectors(rows: Rows, understand: Understanding) -> np.ndarray:
    """Return embedding and surface facts, shape (n, dim + n_surface)."""
    read = [understand.text(text) for text, _, _ in rows]
    return np.array([np.concatenate((f.embedding, f.surface)) for f in read], dtype=np.float64)


def fitted(x: np.ndarray, labels: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and bias of a logistic regression on standardised columns, with scales and temperature put in.

    The temperature is that of sources held out (a task of a set, a template): who is sure of what is known by heart
    says nothing about what was never seen.
    """
    right = np.array([TYPES.index(kind) for kind in labels])
    logits = np.zeros((len(x), len(TYPES)))
    for learn, hold in GroupKFold(6).split(x, right, sources):
        weights, bias = _regression(x[learn], labels[learn])
        logits[hold] = x[hold] @ weights.T + bias
    heats = np.geomspace(0.3, 8.0, 60)
    weight = 1.0 / np.bincount(right)[right]
    losses = [_loss(logits / heat, right, weight) for heat in heats]
    heat = heats[int(np.argmin(losses))]
    weights, bias = _regression(x, labels)
    return weights / heat, bias / heat


def _regression(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=400)
    model.fit((x - mean) / scale, labels)
    order = [list(model.classes_).index(kind) for kind in TYPES]
    weights = model.coef_[order] / scale
    return weights, model.intercept_[order] - weights @ mean


def _loss(logits: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float:
    top = logits - logits.max(axis=1, keepdims=True)
    told = top[np.arange(len(right)), right] - np.log(np.exp(top).sum(axis=1))
    return float(-(weight * told).sum() / weight.sum())


def measured(reader: TaskTypes, rows: Rows, x: np.ndarray, dim: int) -> tuple[float, float]:
    """Return accuracy and calibration error of what is told."""
    told = [reader.read(row[dim:].astype(np.float32), row[:dim].astype(np.float32)) for row in x]
    right = np.array(
        [t is not None and t.name == kind for t, (_, kind, _) in zip(told, rows, strict=True)], dtype=float
    )
    sure = np.array([0.0 if t is None else t.probability for t in told])
    return float(right.mean()), calibration_error(sure, right)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--encoders", nargs="+", default=list(SHIPPED))
    parser.add_argument("--ship", action="store_true", help="write the weights into the package")
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "task_type" / "task_type.json")
    options = parser.parse_args(argv)
    encoders = [load().encoder(EncoderConfig(name=name)) for name in options.encoders]  # says at once what is missing
    learnt = [*prompts(options.data, LEARNT), *lines(TRAIN, per_template=PER_TEMPLATE, seed=1)]
    sides = {
        side: [
            (forms[LANGUAGES.index(side)].format(a=12, b=7, c=5, d=20, p=3), kind, side)
            for forms, kind in zip(QUESTIONS, map(LETTERS.get, BY_HAND), strict=True)
        ]
        for side in ("en", "zh")
    }
    tests: dict[str, Rows] = {
        "tasks and sets not trained on": prompts(options.data, OTHER),
        "our lines, other templates": list(lines(TEST, per_template=12, seed=9)),
        "twenty questions, English": sides["en"],
        "twenty questions, Chinese": sides["zh"],
    }
    found: dict[str, dict] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, encoder in zip(options.encoders, encoders, strict=True):
        understand = Understanding(encoder, cache_size=1)
        weights, bias = fitted(vectors(learnt, understand), *(np.array([row[at] for row in learnt]) for at in (1, 2)))
        half = weights.astype(np.float16).astype(np.float32), bias.astype(np.float16).astype(np.float32)
        reader = TaskTypes(*half, names=TYPES)
        arrays |= {f"{encoder.name}.weights": weights, f"{encoder.name}.bias": bias}
        found[name] = {
            test: dict(
                zip(
                    ("accuracy", "ece", "n"),
                    (*measured(reader, rows, vectors(rows, understand), encoder.dim), len(rows)),
                    strict=True,
                )
            )
            for test, rows in tests.items()
        }
        print(name, json.dumps(found[name]), flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.ship:
        save(FOLDER, arrays=arrays, manifest={"types": list(TYPES), "by": "lab/task_type.py --ship", "metrics": found})
    rows = [
        [name, test, str(v["n"]), f"{v['accuracy']:.3f}", f"{v['ece']:.3f}"]
        for name, each in found.items()
        for test, v in each.items()
    ]
    print(markdown(["encoder", "test", "n", "accuracy", "calibration error"], rows))


if __name__ == "__main__":
    main()
