"""What Unisono adds to a request, beside a bare Starlette + aiohttp proxy and other gateways, in one run.

    python -m bench.overhead                            # about eight minutes; nginx, if it is installed
    python -m bench.overhead --venv /tmp/peers-plane    # LiteLLM and TensorZero too, see below
    python -m bench.overhead --quick                    # about half a minute, for a look

Several ways to the same mock upstream: direct, through `bare_proxy`, through Unisono with a pinned model, through
Unisono with `auto` (features, encoder, estimates, decision, record, metrics), and through the peers. Every server is a
process of its own on processor 0; the mock and the load generator share processor 1. Rounds are interleaved and medians
reported. It writes `bench/results/overhead.json` and prints tables. It measures no routing quality.

The peers of the package index go into an environment of their own:

    python -m venv /tmp/peers-plane && /tmp/peers-plane/bin/pip install 'litellm[proxy]==1.106.*' 'tensorzero==2026.6.*'
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.machine import ROOT, provenance
from bench.mock_upstream import AT_ONCE
from bench.peers import NAMES, peer
from bench.processes import Server, child, free_port, serving

RESULTS = ROOT / "bench" / "results" / "overhead.json"
N_MODELS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of request. `n_requests` by number of connections."""

    name: str
    n_bytes: int
    stream: bool
    n_requests: dict[int, int]
    max_tokens: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One way to the upstream: which server, the `model` that requests name, and the share of the requests it gets."""

    name: str
    server: Server
    model: str
    path: str = "/v1/chat/completions"
    share: float = 1.0


FULL = (
    Scenario(name="plain 1 KB", n_bytes=1024, stream=False, n_requests={1: 500, 16: 1500, 64: 1500}),
    Scenario(name="plain 20 KB", n_bytes=20 * 1024, stream=False, n_requests={1: 300, 16: 800, 64: 800}),
    Scenario(name="stream of 100 chunks, paced", n_bytes=1024, stream=True, n_requests={1: 8, 16: 160, 64: 384}),
    Scenario(
        name="stream of 100 chunks, at once",
        n_bytes=1024,
        stream=True,
        n_requests={1: 100, 16: 240, 64: 384},
        max_tokens=AT_ONCE,
    ),
)
QUICK = (
    Scenario(name="plain 1 KB", n_bytes=1024, stream=False, n_requests={1: 200, 16: 500}),
    Scenario(name="plain 20 KB", n_bytes=20 * 1024, stream=False, n_requests={16: 300}),
    Scenario(name="stream of 100 chunks, paced", n_bytes=1024, stream=True, n_requests={16: 48}),
)


KEY = "bench-0123456789abcdef0123456789abcdef"
"""What every caller sends."""

GUARDED = """
[[keys]]
name = "bench"
key = "file:{key_file}"

[[limits]]
name = "rate"
counts = "messages"
amount = 1_000_000_000
window_s = 60

[[limits]]
name = "budget"
counts = "usd"
amount = 1_000_000
window = "month"
"""
"""Who is served, and how much of what: a key, a limit by the minute and a budget by the month that are far away."""


def guarded_text(folder: Path, *, port: int, upstream_port: int, store: Path) -> str:
    """Return `config_text` with a key, whose file is put into `folder`, and limits."""
    key_file = folder / "bench.key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    return config_text(port=port, upstream_port=upstream_port, store=store) + GUARDED.format(key_file=key_file)


def config_text(*, port: int, upstream_port: int, store: Path) -> str:
    """Return a configuration with `N_MODELS` models of different role and price, all at the mock."""
    head = f'default = "m0"\n\n[server]\nport = {port}\n\n[store]\npath = "{store}"\n'
    models = [
        f"""
[[models]]
name = "m{i}"
upstream = "openai"
base_url = "http://127.0.0.1:{upstream_port}/v1"
upstream_model = "mock-1"
role = "{"deep" if i % 2 else "fast"}"
context_tokens = 131072
usd_per_mtok_in = {0.1 * (i + 1):.2f}
usd_per_mtok_out = {0.4 * (i + 1):.2f}
quality = {0.5 + 0.08 * i:.2f}
"""
        for i in range(N_MODELS)
    ]
    return head + "".join(models)


@contextmanager
def servers(folder: Path, *, venv: Path | None) -> Iterator[list[Target]]:
    """Start the mock, the bare proxy, two Unisonos and the peers that are installed."""
    cpus = sorted(os.sched_getaffinity(0))
    under_test, beside = (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)
    ports = [free_port() for _ in range(4)]
    with ExitStack() as stack:

        def start(name: str, words: Sequence[str], port: int, cpu: int | None) -> Server:
            return stack.enter_context(serving(name, words, port=port, cpu=cpu, log=folder / f"{name}.log"))

        mock = start("mock", ["-m", "bench.mock_upstream", "--port", str(ports[0])], ports[0], beside)
        upstream = f"http://127.0.0.1:{ports[0]}"
        bare_words = ["-m", "bench.bare_proxy", "--port", str(ports[1]), "--upstream", upstream]
        targets = [
            Target(name="direct", server=mock, model="mock-1"),
            Target(name="bare proxy", server=start("bare", bare_words, ports[1], under_test), model="mock-1"),
        ]
        for kind, port, model in (("pinned", ports[2], "m1"), ("auto", ports[3], "auto")):
            file = folder / f"{kind}.toml"
            store = folder / f"{kind}.db"
            file.write_text(guarded_text(folder, port=port, upstream_port=ports[0], store=store))
            words = ["-m", "unisono.cli", "serve", "--config", str(file), "--port", str(port)]
            server = start(f"unisono-{kind}", words, port, under_test)
            targets.append(Target(name=f"unisono, {kind}", server=server, model=model))
        for name in NAMES:
            port = free_port()
            found = peer(name, venv=venv, folder=folder, port=port, upstream=ports[0])
            if found is None:
                print(f"{name} is not installed: left out", file=sys.stderr)
                continue
            log = folder / f"{name}.log"
            beside_us = serving(
                name, found.words, port=port, cpu=under_test, log=log, health=found.health, announce=found.announce
            )
            server = stack.enter_context(beside_us)
            targets.append(Target(name=name, server=server, model=found.model, path=found.path, share=found.share))
        yield targets


def measure(
    load: subprocess.Popen[str], target: Target, scenario: Scenario, n_connections: int, n: int
) -> dict[str, float]:
    """Fire one cell and return its figures."""
    n = max(n_connections, round(n * target.share))
    order: dict[str, object] = {
        "key": KEY,
        "path": target.path,
        "model": target.model,
        "max_tokens": scenario.max_tokens,
        "n_bytes": scenario.n_bytes,
        "stream": scenario.stream,
        "n_connections": n_connections,
        "n_requests": n,
    }
    return fire(load, target.server, order, what=f"{target.name}, {scenario.name}, {n_connections} connections")


def fire(load: subprocess.Popen[str], server: Server, order: dict[str, object], *, what: str) -> dict[str, float]:
    """Have the load generator send one round to a server; return its figures and the server's CPU a request.

    Args:
        load: `bench.load`, piped.
        server: what it asks.
        order: what `bench.load.fire` takes, but for the port.
        what: names the round where it fails.
    """
    assert load.stdin is not None
    assert load.stdout is not None
    before_s = server.cpu_s()
    load.stdin.write(json.dumps({"port": server.port, **order}) + "\n")
    load.stdin.flush()
    result: dict[str, float] = json.loads(load.stdout.readline())
    if "error" in result:
        raise RuntimeError(f"{what}: {result['error']}")
    return {**result, "cpu_us": 1e6 * (server.cpu_s() - before_s) / result["n_requests"]}


def run(scenarios: Sequence[Scenario], *, n_rounds: int, folder: Path, venv: Path | None) -> dict[str, object]:
    """Return the medians of every cell and the facts of every server."""
    cells: dict[tuple[str, int, str], list[dict[str, float]]] = {}
    cpus = sorted(os.sched_getaffinity(0))
    with (
        servers(folder, venv=venv) as targets,
        child(
            ["-m", "bench.load"], cpu=cpus[-1] if len(cpus) > 1 else None, log=folder / "load.log", piped=True
        ) as load,
    ):
        idle_mb = {t.name: t.server.rss_mb() for t in targets}
        for target in targets:  # connections, caches and lazily imported code
            for scenario in scenarios:
                measure(load, target, scenario, 16, 100 if not scenario.stream else 16)
        for round_ in range(n_rounds):
            for scenario in scenarios:
                for n_connections, n in scenario.n_requests.items():
                    for place in range(len(targets)):
                        target = targets[(place + round_) % len(targets)]
                        figures = measure(load, target, scenario, n_connections, n)
                        cells.setdefault((scenario.name, n_connections, target.name), []).append(figures)
            print(f"round {round_ + 1} of {n_rounds} done", file=sys.stderr)
        facts = {
            t.name: {"cold_s": t.server.cold_s, "idle_mb": idle_mb[t.name], "load_mb": t.server.rss_mb()}
            for t in targets
        }
    return {"servers": facts, "cells": [_row(key, rounds, cells) for key, rounds in cells.items()]}


def _row(
    key: tuple[str, int, str],
    rounds: list[dict[str, float]],
    cells: dict[tuple[str, int, str], list[dict[str, float]]],
) -> dict[str, object]:
    scenario, n_connections, target = key

    def middle(name: str, of: str = target) -> float:
        return median(r[name] for r in cells[(scenario, n_connections, of)])

    return {
        "scenario": scenario,
        "connections": n_connections,
        "target": target,
        "n_requests": rounds[0]["n_requests"],
        "rps": round(middle("rps"), 1),
        "cpu_us": round(middle("cpu_us"), 1),
        "cpu_us_rounds": [round(r["cpu_us"], 1) for r in rounds],
        "p50_ms": round(middle("p50_ms"), 3),
        "p99_ms": round(middle("p99_ms"), 3),
        "added_p50_ms": round(middle("p50_ms") - middle("p50_ms", "direct"), 3),
        "added_p99_ms": round(middle("p99_ms") - middle("p99_ms", "direct"), 3),
        "added_first_p50_ms": round(middle("first_p50_ms") - middle("first_p50_ms", "direct"), 3),
        "cpu_to_bare": round(middle("cpu_us") / middle("cpu_us", "bare proxy"), 2),
        "rps_to_bare": round(middle("rps") / middle("rps", "bare proxy"), 3),
    }


def table(result: dict[str, object]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| scenario | conn. | through | requests/s | CPU µs/request | ÷ bare | added p50 ms | p99 ms | first byte ms |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    rows: list[dict[str, object]] = result["cells"]  # type: ignore[assignment]
    order = {"direct": 0, "bare proxy": 1}
    for row in sorted(rows, key=lambda r: (r["scenario"], r["connections"], order.get(str(r["target"]), 2))):
        direct = row["target"] == "direct"
        shown = (
            ["–"] * 4
            if direct
            else [
                f"{row['cpu_to_bare']:.2f}",
                f"{row['added_p50_ms']:.2f}",
                f"{row['added_p99_ms']:.2f}",
                f"{row['added_first_p50_ms']:.2f}",
            ]
        )
        cpu = "–" if direct else f"{row['cpu_us']:.0f}"
        lines.append(
            f"| {row['scenario']} | {row['connections']} | {row['target']} | {row['rps']:.0f} | {cpu} | "
            + " | ".join(shown)
            + " |"
        )
    lines += ["", "| server | cold start s | memory MB idle | under load |", "|---|---:|---:|---:|"]
    facts: dict[str, dict[str, float]] = result["servers"]  # type: ignore[assignment]
    for name, fact in facts.items():
        if name != "direct":
            lines.append(f"| {name} | {fact['cold_s']:.2f} | {fact['idle_mb']:.0f} | {fact['load_mb']:.0f} |")
    return "\n".join(lines)


def compact(result: dict[str, object]) -> str:
    """Return three tables with a column for each way, as the documentation has them."""
    rows: list[dict[str, object]] = result["cells"]  # type: ignore[assignment]
    facts: dict[str, object] = result["servers"]  # type: ignore[assignment]
    cells = {(str(r["scenario"]), int(str(r["connections"])), str(r["target"])): r for r in rows}
    targets = [name for name in facts if name != "direct"]
    lines: list[str] = []
    for title, key, digits in (("CPU µs", "cpu_us", 0), ("requests/s", "rps", 0), ("added p50 ms", "added_p50_ms", 2)):
        lines += ["", f"| {title} | conn. | " + " | ".join(targets) + " |", "|---|---:|" + "---:|" * len(targets)]
        for scenario, n in dict.fromkeys((scenario, n) for scenario, n, _ in cells):
            shown = [f"{float(str(cells[scenario, n, t][key])):,.{digits}f}" for t in targets]
            lines.append(f"| {scenario} | {n} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def goals(result: dict[str, object]) -> str:
    """Return what was aimed at beside what came out, as Markdown."""
    rows: list[dict[str, object]] = result["cells"]  # type: ignore[assignment]
    facts: dict[str, dict[str, float]] = result["servers"]  # type: ignore[assignment]
    cpu_us = {(str(r["scenario"]), r["connections"], str(r["target"])): float(str(r["cpu_us"])) for r in rows}

    def ratios(over: str, under: str, *, streams: bool) -> str:
        found = [
            us / cpu_us[scenario, n, under]
            for (scenario, n, target), us in cpu_us.items()
            if target == over and (scenario, n, under) in cpu_us and scenario.startswith("stream") == streams
        ]
        return f"{min(found):.2f} to {max(found):.2f}" if found else "not measured"

    auto = facts["unisono, auto"]
    lines = [
        ("pinned, plain: CPU ÷ bare proxy", "at most 2", ratios("unisono, pinned", "bare proxy", streams=False)),
        ("pinned, streams: CPU ÷ TensorZero", "below 1", ratios("unisono, pinned", "TensorZero", streams=True)),
        ("LiteLLM, plain: CPU ÷ Unisono's `auto`", "at least 5", ratios("LiteLLM", "unisono, auto", streams=False)),
        ("cold start, s", "below 2", f"{auto['cold_s']:.2f}"),
        ("memory under load, MB", "below 200", f"{auto['load_mb']:.0f}"),
    ]
    return "\n".join(
        ["", "| what | goal | measured |", "|---|---|---|", *(f"| {' | '.join(line)} |" for line in lines)]
    )


def main() -> None:
    """Measure, write the results, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round; its results are not written")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds, 3 at least")
    parser.add_argument("--venv", type=Path, help="where LiteLLM's proxy and TensorZero are installed")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    about = provenance()
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            QUICK if given.quick else FULL,
            n_rounds=1 if given.quick else max(3, given.rounds),
            folder=Path(folder),
            venv=given.venv,
        )
    if not given.quick or given.out != RESULTS:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps({**about, **result}, indent=1) + "\n")
    print(table(result))
    print(compact(result))
    print(goals(result))


if __name__ == "__main__":
    main()
