"""`unisono policies`: what decides, what did, what could: list, make, compare. It puts nothing in force.

It needs no running server: policies are in the record, and every server over it sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from unisono.cli.change import value_of
from unisono.cli.record import AS_JSON, CONFIG, STORE, console, print_json, record_path

if TYPE_CHECKING:
    from unisono.evaluate.promotion import Scales
    from unisono.record.policies import Known
    from unisono.types import Json, JsonValue

app = typer.Typer(help="List, make and compare policies.", no_args_is_help=True, rich_markup_mode="markdown")

BY = "command line"
AGAIN = "deciding again: {n} to go"
MAX_EVENTS = 10
POLICY = typer.Argument(..., help="A policy's id, the beginning of it, or its name; `config` is the file alone.")


@app.command("list")
def list_policies(config: Path = CONFIG, store: Path | None = STORE, as_json: bool = AS_JSON) -> None:
    """Show which policy is live, which is tried on a share, which were, and what happened last.

    Example: `unisono policies list`
    """
    from rich.markup import escape
    from rich.table import Table

    from unisono.record.policies.view import named, overview

    known = read_known(record_path(config, store))
    found = overview(known)
    if as_json:
        print_json(found)
        return
    state = known.state()
    table = Table("policy", "name", "state", "made", "settings", "gate", box=None)
    for policy in cast("list[dict[str, JsonValue]]", found["policies"]):
        verdict = cast("Json | None", policy["verdict"])
        settings = cast("Json", policy["settings"])
        told = policy["state"]
        if told == "canary":
            told = f"canary, {state.share:.0%}"
        elif told == "live" and state.live.held is not None:
            told = f"live, scores held at {state.live.held}"
        elif told == "live" and state.live.within is not None:
            told = f"live, for {named(state.live.within)}"
        elif told == "others":
            told = "live, for all others"
        table.add_row(
            str(policy["id"]),
            escape(str(policy["name"])),
            str(told),
            str(policy["at"] or "")[:16].replace("T", " "),
            escape(", ".join(f"{key}={value}" for key, value in settings.items())),
            "" if verdict is None else str(verdict["verdict"]),
        )
    out = console()
    out.print(table)
    for event in known.events[: -MAX_EVENTS - 1 : -1]:
        why = escape(f": {event.why}" if event.why else "")
        name = escape(known.policies[event.policy].name)
        out.print(f"{event.at:%Y-%m-%d %H:%M:%S} {event.kind.replace('_', ' ')} {name} ({event.by}){why}")


@app.command("create")
def create_policy(
    setting: list[str] = typer.Option(
        [], "--set", help="A key of [routing] and its value, such as dial=0.3; again for more."
    ),
    unset: list[str] = typer.Option([], "--unset", help="A key that is to be the file's again."),
    name: str = typer.Option("", help="For people. Default: the settings."),
    parent: str = typer.Option("", help="The policy that is changed. Default: the live one."),
    freeze_scores: bool = typer.Option(False, "--freeze-scores", help="Keep it at what is learned by now."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Make a candidate: the settings of another policy, some of them changed. It decides nothing yet.

    Example: `unisono policies create --name cheaper --set dial=0.3`
    """
    from unisono.evaluate.promotion import create
    from unisono.record.policies.view import policy_view

    asked = {**dict(map(_setting, setting)), **dict.fromkeys(unset)}
    with scales_of(config, store) as scales:
        policy = create(
            scales,
            name=name,
            settings=asked,
            parent=parent,
            freeze=freeze_scores,
            by=BY,
            now=datetime.now(UTC),
        )
        known = scales.policies.known()
    if as_json:
        print_json(policy_view(policy, known))
    else:
        print(f"{policy.id} ({policy.name}) is made. `unisono shadow {policy.id}` shows what it would do.")


@app.command("show")
def show_policy(
    policy: str = POLICY, config: Path = CONFIG, store: Path | None = STORE, as_json: bool = AS_JSON
) -> None:
    """Show one policy: its settings, where it stands, what the gate said.

    Example: `unisono policies show cheaper`
    """
    from unisono.record.policies.view import policy_view

    known = read_known(record_path(config, store))
    found = policy_view(known.policy(policy), known)
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        verdict = cast("Json | None", found["verdict"])
        print(f"{key}: {(verdict['sentence'] if verdict else 'not judged') if key == 'verdict' else value}")


@app.command("diff")
def diff_policies(
    policy: str = POLICY,
    against: str = typer.Argument("", help="The other one. Default: the live one."),
    config: Path = CONFIG,
    store: Path | None = STORE,
    as_json: bool = AS_JSON,
) -> None:
    """Show in what two policies differ, with the values that hold, the file's included.

    Example: `unisono policies diff cheaper config`
    """
    from unisono.config import load_config
    from unisono.evaluate.promotion import difference_between

    known = read_known(record_path(config, store))
    one, other = known.policy(policy), known.policy(against) if against else known.state().live.policy
    found = difference_between(known, one, other, load_config(config))
    if as_json:
        print_json(found)
        return
    differences = cast("dict[str, dict[str, JsonValue]]", found["differences"])
    if not differences:
        print(f"{one.name} and {other.name} decide by the same.")
    for key, values in differences.items():
        print(f"{key}: {one.name} {values['policy']}, {other.name} {values['against']}")


def read_known(path: Path) -> Known:
    """Return all policies of a record and what happened to them.

    Raises:
        StoreError: it cannot be read.
    """
    from unisono.record.policies import Policies

    with closing(Policies(path)) as policies:
        return policies.known()


@contextmanager
def scales_of(config: Path, store: Path | None) -> Iterator[Scales]:
    """Lend what policies are made and judged with.

    Raises:
        ConfigError: the configuration cannot be read.
        StoreError: there is no record.
        ArtifactError: the encoder cannot be read.
    """
    from unisono.config import load_config
    from unisono.evaluate.promotion import Scales
    from unisono.plugins import load
    from unisono.record.policies import Policies
    from unisono.record.reader import Reader

    path, settings = record_path(config, store), load_config(config)
    registry = load()
    with closing(Reader(path)) as reader, closing(Policies(path)) as policies:
        yield Scales(
            config=settings,
            registry=registry,
            encoder=registry.encoder(settings.encoder),
            reader=reader,
            policies=policies,
        )


def _setting(text: str) -> tuple[str, object]:
    """Read `key=value`, the value as the file has it; a bare word is a text."""
    key, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} must be such as dial=0.3", param_hint="--set")
    return key.strip(), value_of(value.strip())
