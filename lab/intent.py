"""Prints how well wishes for effort are read, per language: `PYTHONPATH=src python lab/intent.py`.

The lines are ours: `tests/understand/data/*.tsv` with language, wish (`more`, `less`, `none`) and text. The traps are
the lines with the wish `none`: negated, quoted, reported, about thinking, about speed, about format.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from unisono.types import Message
from unisono.understand.intent import effort

DATA = Path(__file__).resolve().parent.parent / "tests" / "understand" / "data"
WISHES = ("more", "less", "none")


def main() -> None:
    """Read every line and print a table for the documentation."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for file in sorted(DATA.glob("intent*.tsv")):
        for line in file.read_text("utf-8").splitlines():
            language, wish, text = line.split("\t")
            found = effort((Message(role="user", text=text.replace("\\n", "\n")),))
            counts.setdefault(language, Counter())[wish, "none" if found is None else found.value] += 1
    total: Counter[tuple[str, str]] = Counter()
    for tally in counts.values():
        total.update(tally)
    pairs = [(wish, found) for wish in WISHES for found in WISHES]
    print("| language | " + " | ".join(f"{wish} read as {found}" for wish, found in pairs) + " | recall | false |")
    print("|---" * (len(pairs) + 3) + "|")
    for language, tally in [*counts.items(), ("all", total)]:
        asked = sum(n for (wish, _), n in tally.items() if wish != "none")
        right = sum(n for (wish, found), n in tally.items() if wish == found != "none")
        traps = sum(n for (wish, _), n in tally.items() if wish == "none")
        false = sum(n for (wish, found), n in tally.items() if wish == "none" != found)
        cells = " | ".join(str(tally[pair]) for pair in pairs)
        print(f"| {language} | {cells} | {right / asked:.3f} | {false / traps:.3f} |")


if __name__ == "__main__":
    main()
