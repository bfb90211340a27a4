"""The peers that install from the package index, as `lab/peers.py` measured them; it only writes them down."""

from __future__ import annotations

import json

from board.context import ROOT
from board.figures import bracket
from unisono.evaluate.report import markdown
from unisono.types import Json

TITLE = "Beside peers from the package index"
FILE = ROOT / "lab" / "runs" / "peers" / "peers.json"


def text(found: dict[str, Json | None]) -> str:
    """Write quality and decision times down."""
    if not FILE.is_file():
        return "Not measured yet: `python lab/peers.py`."
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    parts = [
        f"`python lab/peers.py`, commit {kept['commit']}: {', '.join(kept['versions'])}, in an environment of their "
        f"own, one "
        "thread, one run.",
        *kept["notes"],
        "**Quality**, in domain, the peers' own classes trained on the train part; they name one model and have no "
        "dial, so "
        "each is a point. *Over mixing*: mean score less the best mix of single models at the same cost.",
    ]
    for name, rows in kept["quality"].items():
        header = ["router", "quality", "USD / 1,000", "over mixing", "unisono at the same cost, minus this"]
        written = [
            [
                row["name"],
                f"{row['quality']:.3f}",
                f"{row['usd_per_1k']:.3f}",
                bracket(row["over_mixing"], signed=True),
                bracket(row["unisono_minus_this"], signed=True),
            ]
            for row in rows
        ]
        parts += [f"`{name}.test`:", markdown(header, written)]
    header = ["ranking", *kept["pairs"]]
    labels = list(next(iter(kept["pairs"].values())))
    parts += [
        "**RouteLLM's heads** on its own pairs (APGR):",
        markdown(header, [[label, *(bracket(p[label], digits=3) for p in kept["pairs"].values())] for label in labels]),
        "**Decision time**, milliseconds of wall time for one prompt of about 200 tokens, from text to choice:",
        markdown(
            ["router", "p50", "p99", "times unisono's p50"],
            [[t["name"], f"{t['p50_ms']:.2f}", f"{t['p99_ms']:.2f}", f"{t['ratio']:.1f}"] for t in kept["times"]],
        ),
    ]
    return "\n\n".join(parts)
