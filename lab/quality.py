"""Reproduces every table of `lab/LEADERBOARD.md`: `python lab/quality.py`.

Each section is measured by a file of `lab/board/` and kept in `lab/runs/quality/<section>.json` with a fingerprint of
all that it depends on (data, artifact, code); a section whose fingerprint still holds is not measured again unless
`--fresh` is given. `--only sets,pairs` runs some sections. The data folder is `--data`, else the environment's
`UNISONO_DATA`, else `../shared/data`; `--router NAME` tries one router and keeps nothing. Nothing here is tuned on a
test part.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from time import process_time

from board.context import DATA, ROOT, Context, say
from unisono.predict.artifact import MANIFEST, default_artifact_path
from unisono.types import Json

SECTIONS = (
    "shows",
    "sets",
    "folds",
    "tasks",
    "newcomers",
    "transfer",
    "pairs",
    "ceiling",
    "nothing",
    "calibration",
    "flips",
    "speed",
    "peers",
)
"""Files of `lab/board/`, in the order of the page."""
DERIVED = ("shows", "peers")
"""Sections that read other results and measure nothing."""
RUNS = ROOT / "lab" / "runs" / "quality"
CODE = (
    *("lab/board", "lab/routers", "lab/corpus.py", "lab/pools.py"),
    *(f"src/unisono/{part}" for part in ("understand", "predict", "learn", "choose", "evaluate")),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is stale, draw, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the outcome tables")
    parser.add_argument("--artifact", type=Path, default=default_artifact_path(), help="folder of the trained parts")
    parser.add_argument("--only", default="", help=f"some of {','.join(SECTIONS)}; the others stay as they are")
    parser.add_argument("--fresh", action="store_true", help="measure again what is still current")
    parser.add_argument("--router", help="print one router of lab/routers on the fixed split alone, and keep nothing")
    parser.add_argument("--board", type=Path, default=ROOT / "lab" / "LEADERBOARD.md", help="where the page goes")
    options = parser.parse_args(argv)
    wanted = options.only.split(",") if options.only else list(SECTIONS)
    if unknown := sorted(set(wanted) - set(SECTIONS)):
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    if not options.data.is_dir():
        parser.error(
            f"no data folder {options.data}: the outcome tables do not come with Unisono. Name the folder with --data "
            "or UNISONO_DATA; docs/how-to/add-a-router.md says what it holds."
        )
    warnings.simplefilter("ignore")  # means over models that no prompt of a slice knows; networks stopped on purpose
    context = Context(data=options.data, artifact_path=options.artifact)
    if options.router is not None:
        from board import trial

        print(trial.run(context, options.router))
        return
    mark = fingerprint(options.data, options.artifact)
    for name in SECTIONS:
        if name in wanted and name not in DERIVED:
            measure(name, context, mark, fresh=options.fresh)
    found = {name: kept(name) for name in SECTIONS if name not in DERIVED}
    from board import plots

    plots.draw(found, ROOT / "docs" / "images" / "quality")
    options.board.write_text(page(found), encoding="utf-8")
    say(f"wrote {options.board}")


def measure(name: str, context: Context, mark: str, *, fresh: bool) -> None:
    """Run one section and keep its result, unless the one kept is of this very state."""
    file = RUNS / f"{name}.json"
    if not fresh and file.is_file() and json.loads(file.read_text())["fingerprint"] == mark:
        say(f"{name}: current")
        return
    started = process_time()
    found = import_module(f"board.{name}").run(context)
    seconds = process_time() - started
    body = {
        "fingerprint": mark,
        "artifact": context.artifact.id,
        "commit": commit(),
        "cpu_seconds": round(seconds, 1),
        "found": found,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    say(f"{name}: {seconds:.0f} s")


def kept(name: str) -> Json | None:
    """Return a section's kept result, or None."""
    file = RUNS / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def page(found: dict[str, Json | None]) -> str:
    """Return the leaderboard."""
    whole = [body for body in found.values() if body is not None]
    artifacts, commits = sorted({body["artifact"] for body in whole}), sorted({body["commit"] for body in whole})
    seconds = sum(body["cpu_seconds"] for body in whole)
    parts = [HEAD.format(artifacts=", ".join(artifacts), commits=", ".join(commits), minutes=seconds / 60)]
    for name in SECTIONS:
        section = import_module(f"board.{name}")
        if name in DERIVED:
            written = section.text(found)
        else:
            body = found[name]
            written = f"Not measured yet: `python lab/quality.py --only {name}`."
            if body is not None:
                written = section.text(body["found"])
        parts += [f"## {section.TITLE}", written]
    return "\n\n".join(parts) + "\n"


def fingerprint(data: Path, artifact: Path) -> str:
    """Return a mark of everything that results depend on: data, artifact, code."""
    digest = sha256()
    for file in files(data, artifact):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def files(data: Path, artifact: Path) -> Iterator[Path]:
    """Yield the files behind the fingerprint, in a fixed order."""
    yield from sorted(data.glob("*.parquet"))
    yield artifact / MANIFEST
    for place in CODE:
        path = ROOT / place
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def commit() -> str:
    """Return the commit at hand, marked if files differ from it, or `unknown` outside a clone."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],  # noqa: S607 - the git on the PATH is the one meant
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return told.stdout.strip() or "unknown"


HEAD = """# Leaderboard

Written by `python lab/quality.py`; do not edit. Artifact {artifacts}, commit {commits}; {minutes:.0f} minutes of one
core. [How to add a router](../docs/how-to/add-a-router.md), [what failed](LOG.md).

Brackets hold 95 % of 1,000 resamples of the prompts, the same for all policies, so that differences are paired.
**AIQ**: mean height of the non-decreasing hull of quality over cost between the cheapest and the dearest single model
(RouterBench); every policy may also send everything to the cheapest. **Top quality** and what follows from it is the
highest point of a policy's curve, picked with knowledge of the test outcomes, for every policy alike: Gain@B and
PerfGain relate it to the best and the dearest single model, Gap@O to the per-prompt oracle, CostSave is the share of
the dearest model's bill saved at the best single model's quality, – where that is never reached (LLMRouterBench). **At
its setting**: what a policy does without being tuned; arena is RouterArena's formula on that point, times 100. Every
router has the product's own expected costs, so the tables compare knowledge of quality. The hull of singles and both
oracles know the test outcomes; the shuffled-label control is our own training on scores dealt to other prompts: it
knows models and prices but no prompts. Prices are those that the tables imply; time has no price here. Pools and why:
`pools.py`."""


if __name__ == "__main__":
    main()
