"""What a server costs that nobody asks: processor time a minute, and which thread wakes up how often.

    python -m bench.idle                  # one process, then two workers; a minute
    python -m bench.idle --seconds 60

The pool is the one of `bench.overhead`. Wake-ups are voluntary changes of context, from Linux's own accounts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.overhead import config_text
from bench.processes import free_port, serving

SETTLE_S = 4.0
"""Until what a start has to do is done."""
Accounts = dict[tuple[int, int], tuple[str, float, int]]


def accounts(pids: Sequence[int]) -> Accounts:
    """Return name, processor seconds and wake-ups so far of each thread of some processes, by process and thread."""
    found: Accounts = {}
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
            taken_s = int((task / "schedstat").read_text().split()[0]) / 1e9
            found[pid, int(task.name)] = status["Name"], taken_s, int(status["voluntary_ctxt_switches"])
    return found


def processes(pid: int) -> list[int]:
    """Return a process with its children."""
    return [pid, *(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def measured(n_workers: int, *, seconds: float, folder: Path) -> dict[str, tuple[float, float]]:
    """Return processor milliseconds a minute and wake-ups a second, by name of thread."""
    port = free_port()
    config = folder / f"{n_workers}.toml"
    config.write_text(config_text(port=port, upstream_port=9, store=folder / f"{n_workers}.db"))
    words = ["-m", "unisono.cli", "serve", "--config", str(config), "--port", str(port), "--workers", str(n_workers)]
    with serving("unisono", words, port=port, cpu=None, log=folder / "log", health="/readyz") as server:
        time.sleep(SETTLE_S)
        pids = processes(server.pid)
        before, began_s = accounts(pids), time.perf_counter()
        time.sleep(seconds)
        after, took_s = accounts(pids), time.perf_counter() - began_s
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for place, (name, taken_s, wakes) in after.items():
        _, taken_before_s, wakes_before = before.get(place, (name, 0.0, 0))
        if place[0] != server.pid or n_workers == 1:
            name = "event loop" if place[0] == place[1] else name
        else:
            name = "the process over the workers"
        found[name][0] += 6e4 * (taken_s - taken_before_s) / took_s
        found[name][1] += (wakes - wakes_before) / took_s
    return {name: (ms, wakes) for name, (ms, wakes) in found.items()}


def main() -> None:
    """Measure and print a table for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=25.0, help="how long each is watched")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for n in (1, 2):
            rows = measured(n, seconds=given.seconds, folder=Path(folder))
            print(f"\n| {n} worker{'s' * (n > 1)}: thread | CPU ms a minute | wake-ups a second |\n|---|---:|---:|")
            for name, (ms, wakes) in sorted(rows.items(), key=lambda row: -row[1][0]):
                print(f"| {name} | {ms:.1f} | {wakes:.1f} |")
            total = [sum(row[place] for row in rows.values()) for place in (0, 1)]
            print(f"| **all** | **{total[0]:.0f}** | **{total[1]:.1f}** |")


if __name__ == "__main__":
    main()
