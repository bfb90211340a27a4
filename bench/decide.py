"""How long a decision takes: features, encoder, rules, estimates, choice. Offline; no model is called.

    python -m bench.decide            # some minutes
    python -m bench.decide --quick

Prompts of 20 to 8,000 tokens (as Unisono estimates them), with ten models of many kinds (`kinds.BODIES`),
and pools of 2 to 50 models; every prompt is new. One thread, one process for each encoder. `cpu` is the process's own
clock, which noise of the machine touches least. For an encoder that does not run on the event loop (`use`, `e5`) its
time is part of the figure all the same: the prompt is read, then decided. It writes `bench/results/decide.json` and
prints tables. It measures no quality (`lab/encoders.py` does) and no server.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

from bench.kinds import BODIES
from bench.load import quantile
from bench.machine import ROOT, provenance

RESULTS = ROOT / "bench" / "results" / "decide.json"
N_TOKENS = (20, 200, 2_000, 8_000)
POOLS = (2, 10, 50)
ENCODERS = ("static", "use", "e5")
N_STAGE_PROMPTS = 200
N_WARM = 10
"""Prompts of each row that do not count."""
_ROLES = ("fast", "deep", "fast-mini", "deep-mini", "pro")


def config_text(n_models: int, *, store: Path, encoder: str, artifact: Path | None) -> str:
    """Return a configuration with a pool of `n_models`, none of which is ever called."""
    models = [
        f"""
[[models]]
name = "m{i}"
upstream = "openai"
base_url = "http://127.0.0.1:9/v1"
role = "{_ROLES[i % len(_ROLES)]}"
context_tokens = 131072
capabilities = ["tools"]
usd_per_mtok_in = {0.05 * (i + 1):.2f}
usd_per_mtok_out = {0.2 * (i + 1):.2f}
quality = {0.4 + 0.5 * i / n_models:.3f}
"""
        for i in range(n_models)
    ]
    routing = f'\n[routing]\nencoder = "{encoder}"\n' + ("" if artifact is None else f'artifact = "{artifact}"\n')
    return f'default = "m0"\n\n[store]\npath = "{store}"\n' + routing + "".join(models)


def prompts(n: int, *, n_tokens: int, kind: str = "words") -> Iterator[bytes]:
    """Yield `n` bodies whose prompt has about `n_tokens` tokens by Unisono's own estimate."""
    from unisono.understand.tokens import count_prompt

    rng, make = Random(n_tokens), BODIES[kind]
    n_chars = round(4000 * n_tokens / count_prompt(json.loads(make(rng, 4000))))
    for _ in range(n):
        yield make(rng, n_chars)


def measure(n_models: int, *, n_repeats: int, folder: Path, encoder: str, artifact: Path | None) -> dict[str, Any]:
    """Return one row for each prompt length with a pool of `n_models`, and where the time goes."""
    from uuid_utils import uuid7

    from unisono.compose import build, faults
    from unisono.config import load_config
    from unisono.edge.parse import parse

    file = folder / f"{n_models}.toml"
    file.write_text(config_text(n_models, store=folder / f"{n_models}.db", encoder=encoder, artifact=artifact))
    live = build(load_config(file))
    rows, stages = [], []
    try:
        assert live.router.stages.quality is not None, faults(live)
        for kind, n_tokens in [(kind, n) for kind in (BODIES if n_models == 10 else ("words",)) for n in N_TOKENS]:
            parse_us: list[float] = []
            decide_us: list[float] = []
            cpu_us: list[float] = []
            now = datetime.now(UTC)
            n_prompts = n_repeats if kind == "words" else n_repeats * 2 // 5
            for raw in prompts(n_prompts + N_WARM, n_tokens=n_tokens, kind=kind):
                began_s = perf_counter()
                request = parse(raw, {}, catalog=live.router.catalog, request_id=str(uuid7()), now=now)
                parsed_s, cpu_s = perf_counter(), process_time()
                live.reading.at_once(request)
                live.router.decide(request)
                cpu_us.append(1e6 * (process_time() - cpu_s))
                decide_us.append(1e6 * (perf_counter() - parsed_s))
                parse_us.append(1e6 * (parsed_s - began_s))
            rows.append(_row(n_models, n_tokens, kind, parse_us[N_WARM:], decide_us[N_WARM:], cpu_us[N_WARM:]))
            if n_models == 10 and kind == "words":
                stages.append({"tokens": n_tokens, **_stages(live, n_tokens=n_tokens)})
    finally:
        live.store.close()
    return {"rows": rows, "stages": stages, "memory_mb": round(_resident_mb(), 1)}


def _stages(live: Any, *, n_tokens: int) -> dict[str, float]:
    """Return the median CPU microseconds of the parts of one decision."""
    from uuid_utils import uuid7

    from unisono.choose.goal import goal_of
    from unisono.edge.parse import parse
    from unisono.understand import tokens
    from unisono.understand.conversation import task_text
    from unisono.understand.intent import effort
    from unisono.understand.surface import surface

    parts, encoder = live.router.stages, live.trained.encoder
    models = list(live.router.catalog)
    taken: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began_s = process_time()
        found = work()
        taken.setdefault(name, []).append(1e6 * (process_time() - began_s))
        return found

    now = datetime.now(UTC)

    def take_apart(raw: bytes) -> None:
        request = parse(raw, {}, catalog=live.router.catalog, request_id=str(uuid7()), now=now)
        task = task_text(request.messages)
        timed("surface facts", lambda: surface(task))
        timed("encoder", lambda: encoder.encode([task]))
        timed("token count", lambda: tokens.count_prompt(request.body))
        timed("wishes in words", lambda: effort(request.messages))
        timed("freshness", lambda: live._freshness.read(task, now=now))
        live.reading.at_once(request)
        features = parts.understand(request)
        timed("quality", lambda: parts.quality.predict_one(features, models))
        costs = timed("cost", lambda: parts.cost.predict_one(request, features, models))
        timed("latency", lambda: parts.latency.predict_one(features, models, costs))
        goal = goal_of(request, dial=0.5, features=features)
        decision = timed("whole decision, read before", lambda: live.router.decide(request))[1]
        estimates = [ranked.estimate for ranked in decision.ranking]
        timed("choice", lambda: parts.chooser.choose(estimates, goal, default="m0"))

    for raw in prompts(N_STAGE_PROMPTS, n_tokens=n_tokens):
        take_apart(raw)
    return {name: round(quantile(sorted(times), 0.5), 1) for name, times in taken.items()}


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _row(
    n_models: int,
    n_tokens: int,
    kind: str,
    parse_us: Sequence[float],
    decide_us: Sequence[float],
    cpu_us: Sequence[float],
) -> dict[str, Any]:
    return {
        "models": n_models,
        "tokens": n_tokens,
        "kind": kind,
        "n": len(decide_us),
        "p50_us": round(quantile(sorted(decide_us), 0.5), 1),
        "p99_us": round(quantile(sorted(decide_us), 0.99), 1),
        "cpu_p50_us": round(quantile(sorted(cpu_us), 0.5), 1),
        "cpu_p99_us": round(quantile(sorted(cpu_us), 0.99), 1),
        "parse_p50_us": round(quantile(sorted(parse_us), 0.5), 1),
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| encoder | text | prompt tokens | models | p50 ms | p99 ms | CPU p50 ms | CPU p99 ms | body p50 ms |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for encoder, told in found.items():
        lines += [
            f"| {encoder} | {r['kind']} | {r['tokens']:,} | {r['models']} "
            f"| {r['p50_us'] / 1e3:.2f} | {r['p99_us'] / 1e3:.2f} "
            f"| {r['cpu_p50_us'] / 1e3:.2f} | {r['cpu_p99_us'] / 1e3:.2f} | {r['parse_p50_us'] / 1e3:.3f} |"
            for r in sorted(told["rows"], key=lambda r: (list(BODIES).index(r["kind"]), r["tokens"], r["models"]))
        ]
    lines += ["", "Resident memory of the process, MB: " + ", ".join(f"{n} {t['memory_mb']}" for n, t in found.items())]
    for encoder, told in found.items():
        stages = told["stages"]
        names = [name for name in stages[0] if name != "tokens"]
        lines += ["", f"Where the time goes, `{encoder}`, 10 models, CPU p50 in µs:", ""]
        lines += ["| tokens | " + " | ".join(names) + " |", "|---:|" + "---:|" * len(names)]
        lines += ["| " + " | ".join([f"{s['tokens']:,}", *(f"{s[n]:.0f}" for n in names)]) + " |" for s in stages]
    return "\n".join(lines)


def one_encoder(encoder: str, *, n_repeats: int, artifact: Path | None) -> dict[str, Any]:
    """Return everything about one encoder; runs in a process of its own."""
    rows: list[dict[str, Any]] = []
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n_models in POOLS:
            gc.collect()  # the pool before lies in cycles; a server holds one
            told = measure(n_models, n_repeats=n_repeats, folder=Path(folder), encoder=encoder, artifact=artifact)
            rows += told["rows"]
            found["stages"] = told["stages"] or found.get("stages", [])
            found["memory_mb"] = told["memory_mb"]
    return {**found, "rows": rows}


def main() -> None:
    """Measure, write the results, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="50 prompts a row; its results are not written")
    parser.add_argument("--encoders", nargs="+", default=["static"], help=f"of {', '.join(ENCODERS)}; see --artifacts")
    parser.add_argument(
        "--artifacts", type=Path, help="folder with an artifact for each encoder, by the encoder's name"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    n_repeats = 50 if given.quick else 500
    if given.child:
        artifact = None if given.artifacts is None or given.child == "static" else given.artifacts / given.child
        print(json.dumps(one_encoder(given.child, n_repeats=n_repeats, artifact=artifact)))
        return
    found = {}
    for encoder in given.encoders:
        words = [sys.executable, "-m", "bench.decide", *sys.argv[1:], "--child", encoder]
        single = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        told = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=single)
        found[encoder] = json.loads(told.stdout)
    if not given.quick or given.out != RESULTS:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps({**provenance(), "encoders": found}, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
