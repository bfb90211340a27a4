"""`unisono shadow`, and `unisono evaluate --policy`: a policy beside another on recorded and coming requests.

Both decide again what the record holds, in this process: no model is asked, and a running server is not slowed.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.policies import AGAIN, POLICY, scales_of
from unisono.cli.progress import counted
from unisono.cli.record import AS_JSON, CONFIG, STORE, console, print_json

if TYPE_CHECKING:
    from unisono.evaluate.gate import Verdict
    from unisono.evaluate.offpolicy import Estimated
    from unisono.evaluate.promotion import Scales
    from unisono.evaluate.rechosen import Row
    from unisono.evaluate.shadow import Beside, Shadow
    from unisono.record.policies import Known, Standing

LOOK_S = 1.0
MOST_AT_ONCE = 1000


def shadow(
    policy: str = POLICY,
    against: str = typer.Option("", help="Another policy than the live one."),
    last: int = typer.Option(2000, min=0, max=1_000_000, help="So many of the latest recorded decisions on auto."),
    follow_s: float = typer.Option(
        0.0, "--for", min=0.0, help="Then follow what is decided from now on, so many seconds."
    ),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Run a policy beside the live one: how many decisions differ, what it costs, what is expected of it, and where.

    It decides again the latest recorded requests and, with `--for`, those that come in from now on. It asks no model
    and answers nobody. Expected quality is what the predictors say; `unisono evaluate --policy` has the proof.

    Example: `unisono shadow cheaper --for 60`
    """
    from unisono.evaluate.shadow import shadow as compared

    with scales_of(config, store) as scales:
        known = scales.policies.known()
        one, two = _pair(known, policy, against)
        latest = scales.reader.automatic(limit=last)
        rows = [*scales.rows_of(sorted(latest), one, two, known=known, learned=True, tick=counted(AGAIN))]
        if follow_s > 0:
            seen = max(latest or scales.reader.automatic(limit=1), default="")
            rows += _follow(scales, one, two, known=known, seen=seen, follow_s=follow_s)
    found = compared(rows)
    if as_json:
        told = {"n": 0} if found is None else found.as_json()
        print_json({"policy": one.policy.id, "against": two.policy.id, **told})
    elif found is None:
        print("No recorded decision on auto can be taken again yet.")
    else:
        _print_shadow(found, one.policy.name, two.policy.name)


def show_worth(
    policy: str, against: str, *, config: Path, store: Path | None, tolerance: float, last: int, as_json: bool
) -> None:
    """Print what a policy is worth on the log, beside another: what the gate of `unisono promote` goes by."""
    from unisono.evaluate.promotion import verdict_on

    with scales_of(config, store) as scales:
        known = scales.policies.known()
        one, two = _pair(known, policy, against)
        tick = counted(AGAIN)
        verdict = verdict_on(scales, one, two, known=known, tolerance=tolerance, last=last, tick=tick)
    if as_json:
        print_json({"id": one.policy.id, "against_id": two.policy.id, **verdict.as_json()})
    else:
        _print_verdict(verdict, one.policy.name, two.policy.name)


def _pair(known: Known, policy: str, against: str) -> tuple[Standing, Standing]:
    from unisono.record.policies import Standing

    live = known.state().live
    return Standing(policy=known.policy(policy)), Standing(policy=known.policy(against)) if against else live


def _follow(scales: Scales, one: Standing, two: Standing, *, known: Known, seen: str, follow_s: float) -> list[Row]:
    """Decide again what is decided from now on, until the time is over or somebody interrupts."""
    rows: list[Row] = []
    until_s = time.monotonic() + follow_s
    tick = counted("seconds: {n} to go")
    with suppress(KeyboardInterrupt):
        while (left_s := until_s - time.monotonic()) > 0:
            tick(int(left_s))
            time.sleep(min(LOOK_S, left_s))
            fresh = sorted(found for found in scales.reader.automatic(limit=MOST_AT_ONCE) if found > seen)
            rows += scales.rows_of(fresh, one, two, known=known, learned=True)
            seen = max(fresh, default=seen)
    return rows


def _print_shadow(found: Shadow, one: str, two: str) -> None:
    from rich.table import Table

    out = console()
    out.print(f"{found.whole.n:,} decisions on auto, {found.whole.differ:.1%} of them otherwise under {one}.")
    table = Table("decisions", "number", "differ", f"$ per 1,000: {one}", two, "expected quality", "", "deep", "")
    table.add_row("all", *_cells(found.whole))
    for (by, name), beside in found.slices.items():
        table.add_row(f"{by} {name}", *_cells(beside))
    out.print(table)
    for before, after, n in found.moves:
        out.print(f"{n:,} would go to {after} instead of {before}.")


def _cells(beside: Beside) -> tuple[str, ...]:
    money = (f"{1000 * usd:.3g}" for usd in beside.usd)
    others = (f"{part:.3f}" for part in beside.expected)
    deep = (f"{part:.0%}" for part in beside.deep)
    return (f"{beside.n:,}", f"{beside.differ:.1%}", *money, *others, *deep)


def _print_verdict(verdict: Verdict, one: str, two: str) -> None:
    from rich.table import Table

    out = console()
    out.print(verdict.sentence)
    out.print(
        f"{verdict.n:,} decisions, {verdict.n_judged:,} judged; the two differ on {verdict.differ:.1%} of them"
        f" (at most {verdict.differ_high:.1%})."
    )
    if verdict.one is None or verdict.two is None or verdict.gained is None or verdict.gained_snips is None:
        return
    assert verdict.beside is not None  # noqa: S101 - there are rows
    table = Table("", "doubly robust", "SNIPS", "rests on", "$ per 1,000, expected", "deep")
    for place, name, side in ((0, one, verdict.one), (1, two, verdict.two)):
        rests = f"{side.dr.n_effective:.0f} of {side.dr.n}"
        usd, deep = verdict.beside.usd[place], verdict.beside.deep[place]
        table.add_row(name, _shown(side.dr), _shown(side.snips), rests, f"{1000 * usd:.3g}", f"{deep:.0%}")
    table.add_row(f"{one} less {two}", _signed(verdict.gained), _signed(verdict.gained_snips), "", "", "")
    out.print(table)
    if verdict.slices:
        slices = Table("kind of request", "judged", f"{one} less {two}, doubly robust")
        for s in verdict.slices:
            slices.add_row(f"{s.by} {s.name}", str(s.n), _signed(s.gained) if s.gained.enough else s.gained.why_not)
        out.print(slices)


def _shown(found: Estimated) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]" if found.enough else found.why_not


def _signed(found: Estimated) -> str:
    if not found.enough:
        return found.why_not
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
