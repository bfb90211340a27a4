"""Two callers of one server, one like the fitted table and one not: `PYTHONPATH=src:lab python lab/callers.py`.

Training parts only, under names that nobody knows. `unisono fit` sees a set without one task. One caller asks fresh
prompts of the tasks that it saw, the other one that task, in several shares of 1,200 requests in a random order. The
best single model of the seen prompts is the default, the dial is the default. Compared are in domain never (`never`),
by one verdict over all requests, as it was until 27 November 2026 (`together`), and by a verdict for each caller
(`apart`), both looked at every 25 requests. Five draws of the requests a case, one fit a task. Brackets hold 95 % of
resamples of the tasks. Writes `lab/runs/callers/callers.json` (four minutes).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from own_tables import ENCODER, LOOK_EVERY, N_FRESH, N_SEEN, READ, chosen, own, split
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.fit import Fit, fit_table
from unisono.evaluate.in_domain import LATEST, OPENS_AT
from unisono.evaluate.metrics import interval, resampled
from unisono.predict.artifact import assembled
from unisono.predict.caution import FULL
from unisono.predict.domain import Domain, told_apart
from unisono.types import Json

Array = NDArray[np.float64]
OUT = Path(__file__).resolve().parent / "runs" / "callers" / "callers.json"
UNSEEN = {"mmlu_pro": ("physics", "psychology"), "llmrouter_default": ("commonsense_qa", "gsm8k")}
"""Sets where deciding in domain is worth something, and the tasks that the other caller asks: of each set the one on
which it costs most, and another (`own_tables.py`)."""
SHARES = (0.1, 0.25, 0.5)
"""Of the caller that is unlike the table."""
N_REQUESTS, SEEDS = 1200, range(5)
LIKE, UNLIKE = 0, 1


def main() -> None:
    """Fit, decide, print and write."""
    rows = [row for name, tasks in UNSEEN.items() for task in tasks for row in cases(name, task)]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    print("| set | unlike | caller | never | together | open | apart | open |\n|---|---:|---|" + "---:|" * 5)
    for name in (*UNSEEN, "both"):
        for share in SHARES:
            part = [row for row in rows if name in (row["set"], "both") and row["share"] == share]
            for caller in ("like", "unlike", "all"):
                print(f"| {name} | {share:.0%} | {caller} | {' | '.join(told(part, caller))} |")


def told(rows: list[Json], caller: str) -> Iterator[str]:
    for way in ("never", "together", "apart"):
        gain, spent, opened = (np.array([row[way][caller][key] for row in rows]) for key in ("gain", "spent", "open"))
        over = interval(resampled(len(rows), rng=np.random.default_rng(0)) @ gain)
        yield f"{over.value:+.4f} [{over.low:+.4f}, {over.high:+.4f}], {spent.mean():.0%}"
        if way != "never":
            yield f"{opened.mean():.0%}"


def cases(name: str, task: str) -> Iterator[Json]:
    """Fit without a task, and yield what each share of it among the requests does, mean over the draws."""
    whole = own(name)
    tasks = np.array(whole.categories)
    seen, like = split(whole.rows(tasks != task), N_SEEN, N_FRESH, seed=0)
    unlike = whole.rows(tasks == task)
    fit, default, usd = fit_table(seen, encoder=ENCODER), best(seen), np.nanmean(seen.costs_usd, axis=0)
    domain = assembled(arrays=fit.trained.arrays, manifest=fit.manifest).domain
    assert domain is not None
    callers = [decided(fit, table, default=default, usd=usd) for table in (like, unlike)]
    for share in SHARES:
        drawn = [run(callers, domain, share=share, seed=seed) for seed in SEEDS]
        row = {
            way: {
                caller: {key: float(np.mean([one[way][caller][key] for one in drawn])) for key in found}
                for caller, found in drawn[0][way].items()
            }
            for way in drawn[0]
        }
        yield {"set": name, "task": task, "share": share, "caution": shares(fit), **row}
        print(name, task, share, flush=True)


def best(seen: Outcomes) -> int:
    return int(np.nanmean(seen.scores, axis=0).argmax())


def shares(fit: Fit) -> tuple[float, float]:
    """Return the share of the doubt that stands for any requests, and for those of the table's kinds."""
    served, inside = fit.found.served, fit.found.in_domain
    return FULL if served is None else served.caution, FULL if inside is None else inside.caution


def decided(fit: Fit, table: Outcomes, *, default: int, usd: Array) -> tuple[Array, Array, Array]:
    """Return the vectors of a caller's prompts, and gain and bill of each, as fitted and in domain, shape (n, 2)."""
    table = table.rows(~np.isnan(table.scores).any(axis=1))
    taken = np.stack([chosen(fit, one, table, default=default, usd=usd) for one in shares(fit)], axis=1)
    gain = np.take_along_axis(table.scores, taken, axis=1) - table.scores[:, [default]]
    return np.array([READ(prompt).embedding for prompt in table.prompts]), gain, usd[taken] / usd[default]


def run(callers: list[tuple[Array, Array, Array]], domain: Domain, *, share: float, seed: int) -> Json:
    """Draw requests of both callers in some order, and decide each in three ways."""
    rng = np.random.default_rng(seed)
    who = (rng.permutation(N_REQUESTS) < share * N_REQUESTS).astype(np.intp)
    vectors, gain, spent = (np.empty((N_REQUESTS, part.shape[1])) for part in callers[0])
    for caller, parts in enumerate(callers):
        rows = np.flatnonzero(who == caller)
        picked = rng.choice(len(parts[0]), len(rows), replace=len(rows) > len(parts[0]))
        for whole, part in zip((vectors, gain, spent), parts, strict=True):
            whole[rows] = part[picked]
    ways = {
        "never": np.zeros(N_REQUESTS, dtype=bool),
        "together": opened(domain, vectors, np.zeros(N_REQUESTS, dtype=np.intp)),
        "apart": opened(domain, vectors, who),
    }
    return {
        way: {
            caller: {
                "gain": float(np.where(is_open, gain[:, 1], gain[:, 0])[rows].mean()),
                "spent": float(np.where(is_open, spent[:, 1], spent[:, 0])[rows].mean()),
                "open": float(is_open[rows].mean()),
            }
            for caller, rows in (("like", who == LIKE), ("unlike", who == UNLIKE), ("all", who >= 0))
        }
        for way, is_open in ways.items()
    }


def opened(domain: Domain, vectors: Array, who: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return at which requests a server decides as in domain, with a verdict for each of `who`."""
    found = np.zeros(len(vectors), dtype=bool)
    inside: dict[int, bool] = {}
    for begin in range(0, len(vectors), LOOK_EVERY):
        for caller in np.unique(who):
            asked = np.flatnonzero(who[:begin] == caller)[-LATEST:]
            apart = told_apart(domain, list(vectors[asked]))
            if apart is not None:
                was = inside.get(caller, False)
                inside[caller] = not apart.unlike if was else apart.alike and apart.n >= OPENS_AT
        block = slice(begin, begin + LOOK_EVERY)
        found[block] = [inside.get(caller, False) for caller in who[block]]
    return found


if __name__ == "__main__":
    main()
