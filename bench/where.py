"""Where the processor time of a request goes inside the server: samples of its stacks while it is asked, by part.

    python -m venv /tmp/py-spy && /tmp/py-spy/bin/pip install py-spy
    python -m bench.where --py-spy /tmp/py-spy/bin/py-spy    # pinned, auto, a pin's paced stream; 1 KB, 16 connections

Only what holds the interpreter is sampled, so that waiting counts for nobody; what a thread does without it (SQLite's
writing) is not seen. A sample counts for the innermost part that its stack passes through. It measures no totals:
`bench.overhead` does.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.overhead import KEY, fire, guarded_text
from bench.processes import child, free_port, serving

PARTS = (
    ("unisono/compose/lessons", "learning from the attempt"),
    ("unisono/execute/plain", "the short way"),
    ("unisono/server/short", "the short way"),
    ("unisono/execute/relay", "a stream on its way to the caller"),
    ("unisono/server/stream", "a stream on its way to the caller"),
    ("unisono/understand/freshness", "freshness"),
    ("unisono/understand/grams", "freshness"),
    ("unisono/understand/days", "freshness"),
    ("unisono/understand/intent", "wishes in words"),
    ("unisono/understand/own", "wishes in words"),
    ("unisono/understand/gate", "wishes in words"),
    ("unisono/understand/embed", "encoder"),
    ("unisono/understand/surface", "surface facts"),
    ("unisono/understand", "the rest of reading"),
    ("unisono/predict", "estimates"),
    ("unisono/choose", "rules, choice, decision"),
    ("unisono/eligible", "rules, choice, decision"),
    ("unisono/router", "rules, choice, decision"),
    ("unisono/upstream", "HTTP client and dialect"),
    ("unisono/execute", "walk over the ranking"),
    ("unisono/record/writer", "the record's writer (its own thread)"),
    ("unisono/record", "record, metrics, limits, sessions"),
    ("unisono/learn", "learner (its own thread)"),
    ("logging/", "log line"),
    ("unisono/cli/lines", "log line"),
    ("unisono/edge", "body and answer"),
    ("unisono/compose", "record, metrics, limits, sessions"),
    ("unisono/server/listen", "HTTP server"),
    ("unisono/server/cycle", "HTTP server"),
    ("uvicorn/", "HTTP server"),
    ("unisono/server", "endpoint"),
    ("unisono/config", "looking for changes (its own threads)"),
)
"""What stands in a frame, and the part that it tells; the first of these that a frame holds counts."""


def part_of(stack: str) -> str:
    """Return the part of a stack, outermost frame first."""
    frames = stack.split(";")
    if any("unisono/compose/lessons" in frame and "Lessons.take " in frame for frame in frames):
        return "learning from the attempt"
    if any("Writer._live" in frame for frame in frames):
        return "the record's writer (its own thread)"
    for frame in reversed(frames):
        for mark, part in PARTS:
            if mark in frame:
                return part
    return "event loop and the rest"


def sampled(py_spy: Path, *, model: str, n_requests: int, folder: Path, stream: bool = False) -> Counter[str]:
    """Return how many samples fell on each part."""
    mock_port, port = free_port(), free_port()
    config, raw = folder / f"{model}.toml", folder / f"{model}.txt"
    config.write_text(guarded_text(folder, port=port, upstream_port=mock_port, store=folder / f"{model}.db"))
    cpus = sorted(os.sched_getaffinity(0))
    mock_words = ["-m", "bench.mock_upstream", "--port", str(mock_port)]
    words = ["-m", "unisono.cli", "serve", "--config", str(config), "--port", str(port)]
    order: dict[str, object] = {"key": KEY, "model": model, "n_bytes": 1024, "stream": stream, "n_connections": 16}
    with (
        serving("mock", mock_words, port=mock_port, cpu=cpus[-1], log=folder / "mock.log"),
        serving("unisono", words, port=port, cpu=cpus[0], log=folder / f"{model}.log") as server,
        child(["-m", "bench.load"], cpu=cpus[-1], log=folder / "load.log", piped=True) as load,
    ):

        def ask(n: int) -> None:
            fire(load, server, {**order, "n_requests": n}, what=model)

        ask(32 if stream else 300)
        spy = [
            str(py_spy),
            "record",
            "--pid",
            str(server.pid),
            "--rate",
            "500",
            "--format",
            "raw",
            "--nonblocking",
            "--gil",
        ]
        recording = subprocess.Popen(
            [*spy, "--output", str(raw), "--duration", "600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(1.0)
        for _ in range(4):
            ask(n_requests)
        recording.send_signal(signal.SIGINT)
        recording.wait(60)
    counts: Counter[str] = Counter()
    for line in filter(str.strip, raw.read_text().splitlines()):
        stack, _, n = line.rpartition(" ")
        counts[part_of(stack)] += int(n)
    return counts


def main() -> None:
    """Sample both ways and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--py-spy", type=Path, required=True, help="the program")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: sampled(given.py_spy, model=model, n_requests=n, folder=Path(folder), stream=stream)
            for name, model, n, stream in (
                ("pinned", "m1", 2500, False),
                ("auto", "auto", 600, False),
                ("pinned, stream", "m1", 320, True),
            )
        }
    parts = dict.fromkeys([*(part for _, part in PARTS), "event loop and the rest"])
    print("| part | " + " | ".join(f"{name}, %" for name in found) + " |\n|---|" + "---:|" * len(found))
    for part in parts:
        shares = [100 * counts[part] / counts.total() for counts in found.values()]
        if max(shares) >= 0.5:
            print(f"| {part} | " + " | ".join(f"{share:.0f}" for share in shares) + " |")


if __name__ == "__main__":
    main()
