"""How well published lengths foretell those of a model that was left out, and the shipped fit: `python lab/lengths.py`.

    PYTHONPATH=src:lab python lab/lengths.py            # the table; writes lab/runs/lengths/lengths.json
    PYTHONPATH=src:lab python lab/lengths.py --write    # the fit too: src/unisono/predict/verbosity.json

Each model in turn loses its figures, on all boards or, where several sources have it, on those of one source; what is
expected then is held against them. In logarithms, so .7 is a factor of two; `as before` takes every model for a plain
one, as the product did.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from unisono.catalog.lengths import Length, public_lengths
from unisono.evaluate.report import markdown
from unisono.learn.verbosity import fit_verbosities
from unisono.predict.verbosity import FITTED

ROOT = Path(__file__).resolve().parent.parent
Expect = Callable[[Length], float]


def constant(rest: Sequence[Length]) -> Expect:
    """Expect the board's mean."""
    means = _means(rest, lambda told: True)
    return lambda told: means[told.board]


def plain(rest: Sequence[Length]) -> Expect:
    """Expect what plain models write on the board; where it has none, what the fit says that they would."""
    means, fitted = _means(rest, lambda told: told.effort == "none"), fit_verbosities(rest)
    return lambda told: means.get(told.board, fitted.boards[told.board][0])


def thinks_or_not(rest: Sequence[Length]) -> Expect:
    """Expect of a thinker one factor more than of a plain model."""
    base = plain(rest)
    more = float(np.mean([np.log(told.length) - base(told) for told in rest if told.effort != "none"]))
    return lambda told: base(told) + more * (told.effort != "none")


def fitted(rest: Sequence[Length]) -> Expect:
    """Expect what the shipped model would, fitted to the rest."""
    return fit_verbosities(rest).expected


WAYS = {"constant": constant, "as before": plain, "thinks or not": thinks_or_not, "fitted": fitted}


def errors(table: Sequence[Length]) -> dict[str, dict[str, list[tuple[bool, float]]]]:
    """Return the errors of each way, with whether it is a thinker's, by what was left out."""
    found: dict[str, dict[str, list[tuple[bool, float]]]] = {
        left: {way: [] for way in WAYS} for left in ("a model", "a model in one source", "the same, model unknown")
    }
    for model in sorted({told.model for told in table}):
        rest, own = [t for t in table if t.model != model], [t for t in table if t.model == model]
        unknown = {way: make(rest) for way, make in WAYS.items()}
        _add(found["a model"], unknown, own, rest)
        sources = sorted({told.source for told in own})
        for source in sources if len(sources) > 1 else ():
            seen = [*rest, *(told for told in own if told.source != source)]
            gone = [told for told in own if told.source == source]
            _add(found["a model in one source"], {way: make(seen) for way, make in WAYS.items()}, gone, rest)
            _add(found["the same, model unknown"], unknown, gone, rest)
    return found


def _add(
    into: dict[str, list[tuple[bool, float]]],
    ways: dict[str, Expect],
    gone: Sequence[Length],
    rest: Sequence[Length],
) -> None:
    boards = {told.board for told in rest}
    for told in gone:
        if told.board in boards:
            for way, expect in ways.items():
                into[way].append((told.effort != "none", float(np.log(told.length)) - expect(told)))


def _means(table: Sequence[Length], which: Callable[[Length], bool]) -> dict[str, float]:
    logs: dict[str, list[float]] = {}
    for told in table:
        if which(told):
            logs.setdefault(told.board, []).append(float(np.log(told.length)))
    return {board: float(np.mean(values)) for board, values in logs.items()}


def _told(errors: Sequence[tuple[bool, float]], *, thinks: bool) -> tuple[int, float, float]:
    of = np.array([error for kind, error in errors if kind is thinks])
    return len(of), float(np.sqrt((of**2).mean())), float(of.mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(argv)
    table = public_lengths()
    fit = fit_verbosities(table)
    if options.write:
        FITTED.write_text(json.dumps(fit.as_json(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    rows, kept = [], {}
    for left, ways in errors(table).items():
        for way, of in ways.items():
            n, rms, bias = _told(of, thinks=True)
            n_plain, rms_plain, _ = _told(of, thinks=False)
            rows.append([left, way, f"{n}", f"{rms:.2f}", f"{bias:+.2f}", f"{n_plain}", f"{rms_plain:.2f}"])
            kept[f"{left}: {way}"] = {"thinkers": [n, rms, bias], "plain": [n_plain, rms_plain]}
    out = ROOT / "lab" / "runs" / "lengths" / "lengths.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    boards = {name: list(board) for name, board in fit.boards.items()}
    out.write_text(json.dumps({"errors": kept, "boards": boards, **fit.as_json()}, indent=1) + "\n", encoding="utf-8")
    heads = ["left out", "way", "thinkers' figures", "error", "bias", "plain figures", "error"]
    print(markdown(heads, rows))
    print(
        {effort: round(added, 2) for effort, added in fit.efforts.items()}, fit.plain_sd, fit.thinks_sd, fit.figure_sd
    )


if __name__ == "__main__":
    main()
