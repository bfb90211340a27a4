"""Precision and recall of `contradictions` on labelled pairs of answers, by kind, language and half, with its time.

    python lab/contradictions.py [--show] [--half tuned|unseen] [--answers ../shared/data]

With `--answers` it also compares real answers of four cheap models to GSM8K and MATH level 5: how often two right ones
are said to contradict each other, and how often one of two that end differently is.

`unseen.txt` was written before the comparer and was not looked at while it was tuned on `tuned.txt`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from time import process_time

from unisono.consistency.compare import contradictions

FOLDER = Path(__file__).parent / "contradictions"


def pairs(half: str) -> list[tuple[str, str, str, str, bool]]:
    """Return kind, language, two answers, and whether they conflict."""
    rows = []
    for line in (FOLDER / f"{half}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, language, *answers = (part.strip().replace("\\n", "\n") for part in line.split(" || "))
        rows.append((kind, language, answers[0], answers[1], False))
        if len(answers) == 3:
            rows.append((kind, language, answers[0], answers[2], True))
    return rows


def real(folder: Path) -> None:
    """Print how often real answers are said to contradict each other, by whether they are right."""
    import pandas as pd

    answers = pd.read_parquet(folder / "answers_of_cheap_models.parquet")
    models = ("gpt-4o-mini-2024-07-18", "gemini-1.5-flash", "claude-3-haiku-20240307", "Meta-Llama-3.1-8B-Instruct")
    print("\nreal answers: pairs, said to conflict")
    # The rules on working were made with the first 120 questions of GSM8K and the training part of MATH in view.
    for name, first, last in (("zeroeval_gsm", 120, 500), ("zeroeval_math_l5", 0, 97)):
        right = pd.read_parquet(folder / f"{name}.test.outcomes.parquet").set_index(["prompt_id", "model"])["score"]
        known = set(right.index.get_level_values(0))
        text = answers[answers.dataset_file == name].pivot(index="prompt_id", columns="model", values="response")
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for question in [q for q in text.index if q in known][first:last]:
            for left, other in combinations(models, 2):
                n_right = int(right[question, left] + right[question, other])
                row = counts[("both wrong", "one right", "both right")[n_right]]
                row[0] += 1
                row[1] += bool(contradictions(text[left][question], text[other][question]))
        for kind, (n_pairs, n_found) in sorted(counts.items()):
            print(f"{name:16} {kind:10} {n_pairs:4} {n_found:4}  {n_found / n_pairs:.3f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what was judged wrongly")
    parser.add_argument("--half", choices=("tuned", "unseen"), help="only this half")
    parser.add_argument("--answers", type=Path, help="the folder of the real outcomes")
    wanted = parser.parse_args()
    for half in ("tuned", "unseen") if wanted.half is None else (wanted.half,):
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for kind, language, a, b, conflicts in pairs(half):
            found = contradictions(a, b)
            place = (0 if found else 1) if conflicts else (2 if found else 3)
            for name in (f"{kind} {language}", f"all {language}", "all"):
                counts[name][place] += 1
            if wanted.show and bool(found) != conflicts:
                print("MISSED" if conflicts else f"WRONG {found[0].kind}", kind, language, "|", a, "|", b)
        print(f"\n{half}: pairs, found of conflicts (recall), false alarms, precision")
        for name in sorted(counts):
            hit, missed, false, _ = counts[name]
            recall = hit / (hit + missed) if hit + missed else float("nan")
            precision = hit / (hit + false) if hit + false else float("nan")
            print(f"{name:14} {sum(counts[name]):4} {hit:3}/{hit + missed:<3} {recall:.2f}  {false:2}  {precision:.2f}")
    text = [a for half in ("tuned", "unseen") for _, language, a, _, _ in pairs(half) if language == "en"]
    long, other = " ".join(text[:35])[:1800], " ".join(text[5:40])[:1800]
    n_words = len(long.split())
    contradictions(long, other)
    began = process_time()
    for _ in range(20):
        contradictions(long, other)
    print(f"\ntwo answers of {n_words} words: {(process_time() - began) / 20 * 1e3:.2f} ms of CPU")
    if wanted.answers is not None:
        real(wanted.answers)


if __name__ == "__main__":
    main()
