"""What a server fitted on a set's training part decides on its test part: `PYTHONPATH=src:lab python lab/served.py`.

As an operator has it who runs `unisono fit` on a table and serves fresh requests of its kinds at the default dial, the
best single model of the table being the default: `in_domain` as it comes (`when_alike`: requests in a random order,
the first with all of the doubt that the fit kept, looked at every 25), `never` and `always`. Some test parts hold tasks
that their training parts lack: then those of known tasks are decided by themselves too. Nothing was chosen by these
test parts. Brackets hold 95 % of resamples of the prompts. Writes `lab/runs/served/served.json` (four minutes).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from board.context import DATA
from own_tables import ENCODER, judged, shown
from pools import POOLS, with_assumed_prices
from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.evaluate.fit import fit_table
from unisono.types import Json

OUT = Path(__file__).resolve().parent / "runs" / "served" / "served.json"
SETS = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "zeroeval_math_l5", "bfcl_v1_2024_08")


def main() -> None:
    """Fit, decide, print and write."""
    out: dict[str, Json] = {}
    print(
        "| set | prompts | best single | oracle | never | left | bill | always | left | bill |"
        " when alike | left | bill |"
    )
    print("|---|" + "---:|" * 12)
    for name in SETS:
        seen = part(name, "train")
        fresh, fit = part(name, "test").only(seen.models), fit_table(seen, encoder=ENCODER)
        known = np.isin(np.array(fresh.categories), sorted(set(seen.categories)))
        whole = {} if known.all() else {f"{name}, known tasks": fresh.rows(known)}
        for label, asked in {name: fresh, **whole}.items():
            row = judged(fit, seen, asked)
            out[label] = row
            print(
                f"| {label} | {row['n']} | {row['best']:.3f} | {row['oracle']:.3f} | "
                f"{' | '.join(shown(row[key]) for key in ('measured', 'in_domain', 'when_alike'))} |",
                flush=True,
            )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(out, indent=1) + "\n")


def part(name: str, which: str) -> Outcomes:
    """Return a part of a set with its pool, and its prices or assumed ones."""
    table = with_assumed_prices(load_outcomes(DATA, name, part=which))
    return table.only(POOLS.get(name, table.models))


if __name__ == "__main__":
    main()
