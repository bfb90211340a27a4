"""Is traffic told from the table that a policy was fitted on? `PYTHONPATH=src:lab python lab/traffic.py`.

Training parts only. Of each set a table is drawn, and requests that are of its kinds, mostly so, or not: fresh prompts,
the same tasks in other shares, a third of the tasks, half and a quarter of a task that the table lacks, and that task
alone, each task in turn. `domain.told_apart` sees what a server sees: vectors. Counted is how often it says alike and
unlike, after so many requests. Writes `lab/runs/traffic/traffic.json` (six minutes).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from board.context import DATA
from unisono.evaluate.datasets import load_outcomes
from unisono.predict.domain import domain_of, told_apart
from unisono.types import Json
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

Array = NDArray[np.float64]
OUT = Path(__file__).resolve().parent / "runs" / "traffic" / "traffic.json"
SETS = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "routerdc_7small")
N_TABLE = (150, 400, 1500)
N_REQUESTS = (100, 200, 400)
N_DRAWS = 10
FEWEST = 100
"""Prompts of a task, for it to be kept from the table."""


def main() -> None:
    """Measure, print and write."""
    out: list[Json] = []
    read = Understanding(StaticEncoder(), cache_size=1).text
    for name in SETS:
        table = load_outcomes(DATA, name, part="train")
        vectors = np.array([read(prompt).embedding for prompt in table.prompts])
        for kind, label, known, asked in cases(vectors, np.array(table.categories)):
            for n_table in N_TABLE if kind in ("of its kinds", "another task") else N_TABLE[-1:]:
                about = {"set": name, "kind": kind, "label": label}
                out += [{**about, **counted(known, asked, n_table, n)} for n in N_REQUESTS if len(asked) >= n]
    print("| requests | table | asked | cases | share told: mean | least | most | alike | unlike |")
    print("|---|" + "---:|" * 8)
    for kind in dict.fromkeys(str(row["kind"]) for row in out):
        for n_table in N_TABLE:
            for n in N_REQUESTS:
                rows = [r for r in out if r["kind"] == kind and r["n_table"] == n_table and r["n"] == n]
                if rows:
                    print(f"| {kind} | {n_table} | {n} | {len(rows)} | {shown(rows)} |")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("[\n" + ",\n".join(map(json.dumps, out)) + "\n]\n")


def shown(rows: list[Json]) -> str:
    mean, alike, unlike = (float(np.mean([float(r[k]) for r in rows])) for k in ("share", "alike", "unlike"))
    least, most = min(float(r["least"]) for r in rows), max(float(r["most"]) for r in rows)
    return f"{mean:.2f} | {least:.2f} | {most:.2f} | {alike:.0%} | {unlike:.0%}"


def cases(vectors: Array, tasks: NDArray[np.str_]) -> Iterator[tuple[str, str, Array, Array]]:
    """Yield what the requests are, a label, the vectors to draw a table from, and those to draw requests from."""
    rng = np.random.default_rng(0)
    names = sorted(set(tasks.tolist()))
    place = rng.permutation(len(vectors))
    seen, fresh = place[: len(place) // 2], place[len(place) // 2 :]
    yield "of its kinds", "", vectors[seen], vectors[fresh]
    for n in range(3):
        shares = dict(zip(names, rng.dirichlet(np.full(len(names), 4.0)), strict=True))
        chance = np.array([shares[task] for task in tasks[fresh]])
        drawn = rng.choice(fresh, 900, p=chance / chance.sum())
        yield "other shares of its tasks", str(n), vectors[seen], vectors[drawn]
    for n in range(3):
        third = rng.choice(names, max(1, len(names) // 3), replace=False)
        yield "a third of its tasks", str(n), vectors[seen], vectors[fresh[np.isin(tasks[fresh], third)]]
    for task in names:
        own, others = np.flatnonzero(tasks == task), rng.permutation(np.flatnonzero(tasks != task))
        if len(own) < FEWEST:
            continue
        half, most = len(others) // 2, len(own)
        yield "another task", task, vectors[others], vectors[own]
        for kind, times in (("half another task", 1), ("a quarter another task", 3)):
            n_own = min(most, half // times)
            mixed = np.concatenate((own[:n_own], others[: times * n_own]))
            yield kind, task, vectors[others[half:]], vectors[mixed]


def counted(known: Array, asked: Array, n_table: int, n: int) -> Json:
    """Draw tables and requests, and count what is said."""
    found = []
    for seed in range(N_DRAWS):
        rng = np.random.default_rng(seed)
        domain = domain_of(known[rng.permutation(len(known))[:n_table]], seed=seed)
        apart = told_apart(domain, list(asked[rng.permutation(len(asked))[:n]]))
        found.append(apart)
    shares = [apart.share for apart in found]
    return {
        "n_table": n_table,
        "n": n,
        "share": round(float(np.mean(shares)), 4),
        "least": round(min(shares), 4),
        "most": round(max(shares), 4),
        "alike": float(np.mean([apart.alike for apart in found])),
        "unlike": float(np.mean([apart.unlike for apart in found])),
    }


if __name__ == "__main__":
    main()
