"""Precision and recall of `contradictions` on labelled pairs of answers, by kind, language and half, with its time.

    python lab/contradictions.py [--show] [--half tuned|unseen]

`unseen.txt` was written before the comparer and was not looked at while it was tuned on `tuned.txt`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what was judged wrongly")
    parser.add_argument("--half", choices=("tuned", "unseen"), help="only this half")
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
            hit, missed, false, right = counts[name]
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


if __name__ == "__main__":
    main()
