"""`unisono promote` and `unisono rollback`: puts a policy in force after the gate has judged it, or takes it back.

Both work on the record; every worker of every server over it follows within a second.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import typer

from unisono.cli.policies import AGAIN, BY, POLICY, scales_of
from unisono.cli.progress import counted
from unisono.cli.record import AS_JSON, CONFIG, STORE, print_json, record_path


def promote(
    policy: str = POLICY,
    canary: float = typer.Option(0.0, min=0.0, max=1.0, help="Only on this share of the conversations, such as 0.1."),
    override: str = typer.Option("", help="Why it is to be put in force whatever the gate says; kept with the policy."),
    tolerance: float = typer.Option(0.01, min=0.0, max=0.5, help="A loss of mean quality that counts as none."),
    last: int = typer.Option(10_000, min=1, max=1_000_000, help="Look at so many of the latest judged answers."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Put a policy in force, if the gate lets it pass: exit code 1 and the reason when it does not.

    The gate judges it beside the live one on the record, as `unisono evaluate --policy` does. With `--canary` it gets a
    share of the conversations, each as a whole; what is not shown either way may be tried so, what is shown to be
    worse may not. The policy that a rollback has returned to follows what is learned again when it is promoted.

    Example: `unisono promote cheaper --canary 0.1`
    """
    from unisono.errors import PolicyRefused
    from unisono.evaluate import promotion
    from unisono.record.policies.view import canary_view

    with scales_of(config, store) as scales:
        try:
            state, verdict = promotion.promote(
                scales,
                policy,
                canary=0.0 if canary == 1.0 else canary,
                override=override,
                by=BY,
                tolerance=tolerance,
                last=last,
                tick=counted(AGAIN),
            )
        except PolicyRefused as refusal:
            why = (
                str(refusal).replace("`canary`", "`--canary`").replace("`override`", "`--override`")
            )  # the API's words
            told = refusal.verdict
            if as_json:
                print_json({"promoted": False, "why": why, "verdict": told})
                raise typer.Exit(1) from refusal
            raise PolicyRefused(why, verdict=told) from refusal
    if as_json:
        print_json({"promoted": True, "live": state.live.policy.id, "canary": canary_view(state), "verdict": verdict})
        return
    if verdict is not None:
        print(verdict["sentence"])
    if state.canary is not None:
        print(f"{state.canary.name} decides {state.share:.0%} of the conversations. `unisono rollback` ends that.")
    else:
        print(f"{state.live.policy.name} is in force. `unisono rollback` returns to what was before.")


def rollback(
    why: str = typer.Option("", help="Kept with what happened."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """End a canary; where there is none, return to the policy before, with the scores that it had then.

    Decisions are those of before to the last bit, within a second, at every worker; answers under way end as they
    began. What is learned from then on does not move them until that policy is promoted again.

    Example: `unisono rollback --why "complaints about short answers"`
    """
    from unisono.record.policies import Policies

    with closing(Policies(record_path(config, store))) as policies:
        event = policies.roll_back(why=why, by=BY, now=datetime.now(UTC))
        known = policies.known()
    gone, live = known.policies[event.policy], known.policies[event.live]
    if as_json:
        print_json({"ended": event.policy, "live": event.live, "scores_held_at": event.held})
    elif event.kind == "canary_ended":
        print(f"{gone.name} is tried no more; {live.name} decides every conversation.")
    else:
        held = "" if event.held is None else f" with the scores of generation {event.held}"
        print(f"{live.name} is in force again{held}, in place of {gone.name}.")
