"""Trains the reader of freshness: `PYTHONPATH=src python lab/freshness.py --ship src/unisono/understand/default`.

It trains on our own lines (`lab/freshness_lines`), and on variations of them that larger encoders, trained on the same
lines, label (`lab/freshness_taught.py`). What tells whether anything of the world is asked is trained on lines that do
not, beside such as do (`lab/freshness_tasks.py`). Nothing of the compared sets is trained on;
`lab/freshness_measured.py` does the comparing. `--table FILE` trains on a table of your own instead, `--and-ours` on
both. `--choose` compares penalties.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from freshness_fit import (
    PENALTY,
    Sample,
    asking,
    balanced_loss,
    held_out,
    known_words,
    matrix,
    shares,
    temperature,
    told,
    trained,
)
from freshness_questions import lines, questions
from freshness_tasks import taught as tasks_taught
from freshness_tasks import wrapped
from freshness_taught import ENCODERS, head, identity, taught, variations
from unisono.understand.freshness import save
from unisono.understand.grams import N_BUCKETS

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
CACHE = Path(gettempdir()) / "unisono-lab"
LABELS = {"evergreen": "e", "slow": "s", "fast": "f", "e": "e", "s": "s", "f": "f"}
SEEDS = (1, 2, 3, 4, 5)
"""Of the draws from our lines, one fit over all: a line has more readings than one draw shows."""


def our_own(*, seed: int = 1) -> list[Sample]:
    """Return the questions drawn from our lines."""
    return [Sample(q.text, q.label, q.line, q.language) for q in questions(seed=seed)]


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


def main(argv: Sequence[str] | None = None) -> None:
    """Train, say how well held-out lines are read, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, help="a CSV of your own: question, label (evergreen, slow, fast)")
    parser.add_argument("--and-ours", action="store_true", help="train on your table and on our lines")
    parser.add_argument("--ship", type=Path, help="folder for the weights")
    parser.add_argument("--choose", action="store_true", help="compare penalties on held-out lines, untaught")
    parser.add_argument("--data", type=Path, default=DATA, help="where the words of English variations come from")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for the teacher's vectors")
    options = parser.parse_args(argv)
    samples = [] if options.table is None else from_table(options.table)
    if ours := options.table is None or options.and_ours:
        samples += [sample for seed in SEEDS for sample in our_own(seed=seed)]
    if options.choose:
        for penalty in (1.0, 2.0, PENALTY, 8.0, 16.0):
            tell(f"penalty {penalty:g}", samples, held_out(samples, penalty=penalty))
        return
    lessons, lines_of = [told(samples)], []
    heads, tasks = {}, []
    asks = (np.zeros((N_BUCKETS, 1), dtype=np.float32), np.ones(1, dtype=np.float32))  # questions alone: all ask
    if ours:
        varied = variations(samples, options.data)
        heads = {name: head(name, samples, cache=options.cache) for name in ENCODERS}
        lessons.append(taught(varied, trained(*lessons), heads, cache=options.cache))
        lines_of = [sample.line for sample in varied]
        tasks = [task for seed in SEEDS for task in tasks_taught(seed=seed)]
        tasks = list({(s.text, s.label): s for s in (*tasks, *wrapped([*samples, *tasks]))}.values())
        asks = what_asks(samples, tasks)
    logits = held_out(samples, taught=lessons[1] if ours else None, lines=lines_of)
    chosen = tell("held out", samples, logits)
    if options.ship is None:
        return
    model = trained(*lessons)
    save(
        options.ship,
        weights=np.concatenate((model.weights / np.float32(chosen), asks[0]), axis=1),
        bias=np.concatenate((model.bias / np.float32(chosen), asks[1])),
        known=known_words([*samples, *tasks]),
        manifest={
            "questions": len({s.text for s in samples}),
            "tasks": len({s.text for s in tasks}),
            "variations": len(lines_of),
            "source": "lab/freshness_lines" if options.table is None else "a table given",
            "penalty": PENALTY,
            "temperature": round(chosen, 3),
            "expected_before_reading": {"evergreen": 0.333, "slow": 0.333, "fast": 0.333},
        },
        heads={identity(name): np.concatenate((found.weights, found.bias[None])) for name, found in heads.items()},
    )


def what_asks(samples: Sequence[Sample], tasks: Sequence[Sample]) -> tuple[np.ndarray, np.ndarray]:
    """Return what says that a text asks something of the world; see `freshness_fit.asking`.

    Of our questions only such as end in a question mark are taken: among those that never change there are tasks.
    """
    questions_of = {number for number, line in enumerate(lines()[0]) if line.text.rstrip().endswith(("?", "？"))}
    told_to = [*{s.text: s for s in samples if s.line in questions_of}.values(), *tasks]
    return asking(matrix([s.text for s in told_to]), np.array([s.label != "t" for s in told_to]))


def tell(name: str, samples: Sequence[Sample], logits: np.ndarray) -> float:
    """Print how well held-out questions are read; return the temperature that makes their logits probabilities."""
    labels = np.array([s.label for s in samples])
    t, auc = temperature(logits, labels), roc_auc_score(labels != "e", 1 - shares(logits)[:, 0])
    print(
        f"{name}: {len(samples)} questions of {len({s.line for s in samples})} lines; AUC {auc:.3f}, "
        f"log loss {balanced_loss(logits, labels):.3f}, at temperature {t:.2f} {balanced_loss(logits / t, labels):.3f}"
    )
    return t


if __name__ == "__main__":
    main()
