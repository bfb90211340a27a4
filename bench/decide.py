"""How long a decision takes: features, encoder, rules, estimates, choice. Offline; no model is called.

    python -m bench.decide            # about half a minute
    python -m bench.decide --quick

Prompts of 20 to 8,000 tokens (as Unisono estimates them) and pools of 2 to 50 models; every prompt is new. One thread.
It writes `bench/results/decide.json` and prints a table. It measures no quality and no server.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter

from bench.load import quantile
from bench.machine import ROOT, provenance
from bench.prompts import body, prompt

RESULTS = ROOT / "bench" / "results" / "decide.json"
N_TOKENS = (20, 200, 2_000, 8_000)
POOLS = (2, 10, 50)
_ROLES = ("fast", "deep", "fast-mini", "deep-mini", "pro")


def config_text(n_models: int, *, store: Path) -> str:
    """Return a configuration with a pool of `n_models`, none of which is ever called."""
    models = [
        f"""
[[models]]
name = "m{i}"
upstream = "openai"
base_url = "http://127.0.0.1:9/v1"
role = "{_ROLES[i % len(_ROLES)]}"
context_tokens = 131072
usd_per_mtok_in = {0.05 * (i + 1):.2f}
usd_per_mtok_out = {0.2 * (i + 1):.2f}
quality = {0.4 + 0.5 * i / n_models:.3f}
"""
        for i in range(n_models)
    ]
    return f'default = "m0"\n\n[store]\npath = "{store}"\n' + "".join(models)


def prompts(n: int, *, n_tokens: int) -> list[bytes]:
    """Return `n` bodies whose prompt has about `n_tokens` tokens by Unisono's own estimate."""
    from unisono.understand.tokens import count_prompt

    rng = Random(n_tokens)
    probe = body(prompt(rng, 4000), model="auto", stream=False)
    n_chars = round(4000 * n_tokens / count_prompt(json.loads(probe)))
    return [body(prompt(rng, n_chars), model="auto", stream=False) for _ in range(n)]


def measure(n_models: int, *, n_repeats: int, folder: Path) -> list[dict[str, float]]:
    """Return one row for each prompt length with a pool of `n_models`."""
    from uuid_utils import uuid7

    from unisono.compose import build
    from unisono.config import load_config
    from unisono.edge.parse import parse

    file = folder / f"{n_models}.toml"
    file.write_text(config_text(n_models, store=folder / f"{n_models}.db"))
    live = build(load_config(file))
    rows = []
    try:
        for n_tokens in N_TOKENS:
            parse_us: list[float] = []
            decide_us: list[float] = []
            now = datetime.now(UTC)
            for raw in prompts(n_repeats + 10, n_tokens=n_tokens):
                began_s = perf_counter()
                request = parse(raw, {}, catalog=live.router.catalog, request_id=str(uuid7()), now=now)
                parsed_s = perf_counter()
                live.router.decide(request)
                decide_us.append(1e6 * (perf_counter() - parsed_s))
                parse_us.append(1e6 * (parsed_s - began_s))
            rows.append(_row(n_models, n_tokens, parse_us[10:], decide_us[10:]))
    finally:
        live.store.close()
    return rows


def _row(n_models: int, n_tokens: int, parse_us: Sequence[float], decide_us: Sequence[float]) -> dict[str, float]:
    return {
        "models": n_models,
        "tokens": n_tokens,
        "n": len(decide_us),
        "p50_us": round(quantile(sorted(decide_us), 0.5), 1),
        "p99_us": round(quantile(sorted(decide_us), 0.99), 1),
        "parse_p50_us": round(quantile(sorted(parse_us), 0.5), 1),
    }


def table(rows: Sequence[dict[str, float]]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| prompt tokens | models | decide p50 ms | p99 ms | reading the body p50 ms |",
        "|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r['tokens']:,} | {r['models']} | {r['p50_us'] / 1e3:.2f} | {r['p99_us'] / 1e3:.2f} "
        f"| {r['parse_p50_us'] / 1e3:.3f} |"
        for r in sorted(rows, key=lambda r: (r["tokens"], r["models"]))
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, write the results, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="50 prompts a row; its results are not written")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes in
    about = provenance()
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for n_models in POOLS:
            rows += measure(n_models, n_repeats=50 if given.quick else 500, folder=Path(folder))
    if not given.quick or given.out != RESULTS:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
