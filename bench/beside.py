"""What a request costs in two checkouts, beside each other and beside the bare proxy, in short interleaved turns.

    git worktree add /tmp/before COMMIT
    python -m bench.beside --before /tmp/before                 # pinned; some five minutes
    python -m bench.beside --before /tmp/before --model auto

Of each cell the cheaper third of the turns counts, since what else runs on a machine only adds. A turn's clock runs on
until the record has written what came: in turns of a tenth of a second that would be left out. It is for telling a
change of some percent on a machine that is not quiet; the figures of the documentation come from `bench.overhead`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.machine import ROOT
from bench.mock_upstream import AT_ONCE
from bench.overhead import Scenario, Target, guarded_text, measure
from bench.processes import child, free_port, serving

CELLS = (
    Scenario(name="plain 1 KB", n_bytes=1024, stream=False, n_requests={1: 300, 16: 800, 64: 800}),
    Scenario(name="plain 20 KB", n_bytes=20 * 1024, stream=False, n_requests={1: 200, 16: 500, 64: 500}),
    Scenario(name="stream, paced", n_bytes=1024, stream=True, n_requests={1: 6, 16: 64, 64: 192}),
    Scenario(name="stream, at once", n_bytes=1024, stream=True, n_requests={16: 120, 64: 128}, max_tokens=AT_ONCE),
)
SETTLE_S = 0.2
"""The record writes every 0.05 s."""


def low(values: list[float]) -> float:
    """Return the mean of the lower third."""
    lowest = sorted(values)[: max(1, len(values) // 3)]
    return sum(lowest) / len(lowest)


def compared(before: Path, *, model: str, n_rounds: int, folder: Path) -> dict[tuple[str, int], dict[str, list[float]]]:
    """Return the processor microseconds a request of every turn, by cell and by what was asked."""
    cpus = sorted(os.sched_getaffinity(0))
    upstream, bare = free_port(), free_port()
    found: dict[tuple[str, int], dict[str, list[float]]] = {}
    with ExitStack() as stack:

        def start(name: str, words: list[str], port: int, cpu: int, root: Path = ROOT) -> Target:
            log = folder / f"{name}.log"
            server = stack.enter_context(serving(name, words, port=port, cpu=cpu, log=log, root=root))
            return Target(name=name, server=server, model=model)

        start("mock", ["-m", "bench.mock_upstream", "--port", str(upstream)], upstream, cpus[-1])
        words = ["-m", "bench.bare_proxy", "--port", str(bare), "--upstream", f"http://127.0.0.1:{upstream}"]
        targets = [start("bare", words, bare, cpus[0])]
        for name, root in (("before", before), ("after", ROOT)):
            port, file = free_port(), folder / f"{name}.toml"
            file.write_text(guarded_text(folder, port=port, upstream_port=upstream, store=folder / f"{name}.db"))
            words = ["-m", "unisono.cli", "serve", "--config", str(file), "--port", str(port)]
            targets.append(start(name, words, port, cpus[0], root))
        load = stack.enter_context(child(["-m", "bench.load"], cpu=cpus[-1], log=folder / "load.log", piped=True))
        for turn in range(-1, n_rounds):  # the first warms up
            for cell in CELLS:
                for n_connections, n in cell.n_requests.items():
                    for place in range(len(targets)):
                        target = targets[(place + turn) % len(targets)]
                        began_s = target.server.cpu_s()
                        measure(load, target, cell, n_connections, n)
                        time.sleep(SETTLE_S)
                        cpu_us = 1e6 * (target.server.cpu_s() - began_s) / n
                        if turn >= 0:
                            cells = found.setdefault((cell.name, n_connections), {})
                            cells.setdefault(target.name, []).append(cpu_us)
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, help="the other checkout")
    parser.add_argument("--model", default="m1", help="what requests name: a model, or `auto`")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = compared(given.before.resolve(), model=given.model, n_rounds=given.rounds, folder=Path(folder))
    print("| CPU µs | conn. | bare | before | after | after ÷ bare | after ÷ before |")
    print("|---|" + "---:|" * 6)
    for (name, n), cells in found.items():
        bare, before, after = (low(cells[key]) for key in ("bare", "before", "after"))
        print(
            f"| {name} | {n} | {bare:,.0f} | {before:,.0f} | {after:,.0f} | {after / bare:.2f} | {after / before:.2f} |"
        )


if __name__ == "__main__":
    main()
