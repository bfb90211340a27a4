"""`unisono doctor`: what stands in the way of serving, and what to do about it.

It asks no model, writes nothing and mends nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.exposure import exposure
from unisono.cli.finding import Finding
from unisono.cli.machine import demo_packages, is_record, open_files, port, python_version, store
from unisono.cli.record import AS_JSON
from unisono.config.files import allow_files

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.plugins import Registry
    from unisono.predict.artifact import Artifact
    from unisono.types import Model

_MIB = 1024 * 1024


def doctor(
    path: Path = typer.Argument(Path("unisono.toml"), help="The TOML file."),
    config: Path | None = typer.Option(None, "--config", "-c", help="The same, as other commands write it."),
    as_json: bool = AS_JSON,
) -> None:
    """Look at everything that serving needs, and say what to do; exit 1 if something fails.

    Example: `unisono doctor unisono.toml`
    """
    findings = list(examine(config or path, today=datetime.now(UTC).date()))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print_table(findings)
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


def examine(path: Path, *, today: date) -> Iterator[Finding]:
    """Yield every finding about one configuration file."""
    from unisono.cli.reach import HOSTED, exposed_key, upstreams
    from unisono.config import load_config
    from unisono.errors import ConfigError

    yield python_version(sys.version_info[:2])
    yield demo_packages()
    try:
        config = load_config(path)
    except ConfigError as error:
        for problem in error.problems:
            todo = "mend this line; docs/reference/configuration.md lists the keys"
            yield Finding(check="configuration", state="fail", text=str(problem), todo=todo if problem.line else "")
        return
    n_models = len(config.models)
    yield Finding(check="configuration", state="ok", text=f"{path}: {n_models} model{'s' * (n_models != 1)}")
    yield from default_serves(config, today=today)
    yield port(config.server.host, config.server.port)
    yield from open_files(config.server.max_requests, allowed=allow_files())
    yield from store(config.store.path)
    yield from exposure(config, now=datetime.now(UTC))
    yield from plug_ins(config)
    for model in config.models:
        yield from prices(model)
        if model.upstream == "local":
            yield from local_files(model)
        if model.upstream in HOSTED:
            yield from exposed_key(model)
    yield from watched(config, now=datetime.now(UTC))
    yield from asyncio.run(upstreams(config))


# -------------------------------------------------------------------------------- trained parts, plug-ins


def plug_ins(config: Config) -> Iterator[Finding]:
    """Say whether every provider is there and takes its options, and whether the trained parts load."""
    from unisono import plugins
    from unisono.errors import StartError

    try:
        registry = plugins.load()
    except StartError as error:
        yield Finding(check="plug-ins", state="fail", text=str(error))
        return
    for model in config.models:
        yield from _provider(model, config, registry)
    yield _artifact(config, registry)
    yield from _predictor(config, registry)
    yield from policies(config, registry)


def _provider(model: Model, config: Config, registry: Registry) -> Iterator[Finding]:
    """Build the provider, which opens nothing, to see whether it accepts the model's options."""
    from unisono.errors import UnisonoError

    try:
        registry.provider(model.upstream)(model, config.timeouts)
    except UnisonoError as error:
        yield Finding(check=f"model {model.name}", state="fail", text=str(error), todo="mend the model's keys")


def _artifact(config: Config, registry: Registry) -> Finding:
    from unisono.compose import read_trained
    from unisono.errors import StartError

    try:
        trained = read_trained(config, registry)
    except StartError as error:
        todo = "install what the encoder needs, or take `encoder` out of [routing]"
        return Finding(check="encoder", state="fail", text=str(error), todo=todo)
    if trained.fault is not None:
        todo = "take `routing.artifact` out to use the built-in one, or install Unisono again"
        return Finding(check="artifact", state="fail", text=trained.fault, todo=todo)
    if trained.artifact is None:
        return Finding(check="artifact", state="ok", text=trained.id)
    if config.routing.in_domain == "always" and trained.artifact.domain is None:
        return Finding(
            check="artifact",
            state="warn",
            text=f"`in_domain` changes nothing: {trained.artifact.id} was not fitted on a table, or on a small one",
            todo="fit a table of a hundred prompts and more (`unisono fit`), or take `in_domain` out of [routing]",
        )
    if config.routing.artifact is None:
        return Finding(check="artifact", state="ok", text=trained.id)
    return strangers(trained.artifact, config)


def _predictor(config: Config, registry: Registry) -> Iterator[Finding]:
    """Say whether a plug-in that is to expect quality is installed; of Unisono's own predictor nothing need be said."""
    from unisono.errors import StartError

    named = config.routing.predictor
    try:
        if registry.predictor(named) is not None:
            yield Finding(check="predictor", state="ok", text=f"{named}, a plug-in")
    except StartError as error:
        todo = "install its plug-in, or take `predictor` out of [routing]"
        yield Finding(check="predictor", state="fail", text=str(error), todo=todo)


def strangers(artifact: Artifact, config: Config) -> Finding:
    """Warn where an artifact of one's own does not know models of the pool: they are only guessed at."""
    unknown = [model.name for model in config.models if artifact.ability.place(model) is None]
    if not unknown:
        return Finding(check="artifact", state="ok", text=artifact.id)
    known = sorted(artifact.ability.known)
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return Finding(
        check="artifact",
        state="warn",
        text=f"{artifact.id} knows {len(config.models) - len(unknown)} of {len(config.models)} models; not "
        f"{', '.join(unknown)}. It was fitted on {', '.join(known[:8])}{more}",
        todo="put the name that it was fitted under among the model's `reports`, or probe it",
    )


def policies(config: Config, registry: Registry) -> Iterator[Finding]:
    """Say which policy in force, or tried on a share, has trained parts that cannot be read, and who is in domain."""
    from unisono.compose.trained import as_promised, with_artifact
    from unisono.config.overlay import with_overlay
    from unisono.errors import UnisonoError
    from unisono.record.policies import Policies, Standing
    from unisono.record.policies.view import named

    if not is_record(config.store.path):
        return
    kept = Policies(config.store.path)
    try:
        state = kept.known().state()
        encoder = registry.encoder(config.encoder)
    except UnisonoError:
        return  # an older record, or an encoder that is told of above
    finally:
        kept.close()
    tried = () if state.canary is None else (Standing(policy=state.canary),)
    within = state.live.within
    if within is not None:
        text = f"{state.live.policy.name} decides for {named(within)}; for all others {within.others.policy.name} does"
        yield Finding(check="in domain", state="ok", text=text)
    for standing in (state.live, *tried, *(() if within is None else (within.others,))):
        policy = standing.policy
        try:
            own = with_overlay(config, policy.settings)
            registry.predictor(own.routing.predictor)
        except UnisonoError as error:
            fault: str | None = str(error)
        else:
            fault = None if policy.artifact is None else as_promised(standing, with_artifact(own, encoder)).fault
        if fault is not None:
            todo = (
                "bring its folder back and send the server a SIGHUP, or return to the policy before: unisono rollback"
            )
            yield Finding(check=f"policy {policy.name}", state="fail", text=fault, todo=todo)


# ----------------------------------------------------------------------------------------- the models


def default_serves(config: Config, *, today: date) -> Iterator[Finding]:
    """Warn when the default's sunset has ended."""
    from unisono.catalog.catalog import is_retired

    model = next(m for m in config.models if m.name == config.default)
    if is_retired(model, today=today):
        text = f"the default {model.name} ended its sunset on {model.lifecycle.until}"
        yield Finding(check="default", state="fail", text=text, todo="name another model as `default`")


def prices(model: Model) -> Iterator[Finding]:
    """Warn where costs will be shown as unknown."""
    from unisono.config.hosts import is_hosted

    if model.prices is None:
        todo = "set usd_per_mtok_in and usd_per_mtok_out (0 for a server of your own)"
        assumed = ", and `auto` takes it to cost what the dearest model does" if is_hosted(model) else ""
        text = f"no price is known, so its costs are unknown and no limit in usd holds for it{assumed}"
        yield Finding(check=f"model {model.name}", state="warn", text=text, todo=todo)


def local_files(model: Model) -> Iterator[Finding]:
    """Say whether all that a local model needs is there, as the server itself looks for it, and fits into memory."""
    from unisono.errors import StartError
    from unisono.upstream.local import plan

    check = f"model {model.name}"
    try:
        found = plan(model)
    except StartError as exc:
        yield Finding(check=check, state="fail", text=str(exc).removeprefix(f"{model.name}: "), todo="as it says")
        return
    text = f"{found.file.name}, {found.file.stat().st_size / _MIB:,.0f} MiB, run by {found.server.name}"
    yield Finding(check=check, state="ok", text=text)


def watched(config: Config, *, now: datetime) -> Iterator[Finding]:
    """Say which models were noticed to answer unlike before, and what canaries cost."""
    from unisono.errors import StartError, StoreError
    from unisono.evaluate import canary
    from unisono.evaluate.roster import NEWS
    from unisono.record.incidents import changes
    from unisono.record.reader import Reader

    if config.canaries.every_s:
        every_s, n = config.canaries.every_s, config.canaries.questions
        try:
            usd = canary.daily_usd(config.models, canary.bank(config.canaries.own), n=n, every_s=every_s)
        except StartError as error:
            yield Finding(check="canaries", state="fail", text=str(error), todo="mend the file that canaries.own names")
        else:
            cost = "a price is not known" if usd is None else f"at most ${usd:.4f} a day"
            text = f"{n} questions to each model every {every_s:g} s: {cost}"
            yield Finding(check="canaries", state="ok", text=text)
    if not is_record(config.store.path):
        return
    reader = Reader(config.store.path)
    try:
        found = changes(reader.rows, since=now - NEWS)
    except StoreError:
        return  # an older record; the next start upgrades it
    finally:
        reader.close()
    for model, changed in found.items():
        todo = f"unisono models probe {model} --again"
        yield Finding(check=f"model {model}", state="warn", text=f"{changed['at']}: {changed['text']}", todo=todo)


# ------------------------------------------------------------------------------------------ the table


def _print_table(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    table = Table("", "what", box=None)
    for name in ("found", "what to do"):
        table.add_column(name, overflow="fold")  # a path or a command is of no use with its end cut off
    for f in findings:
        table.add_row(Text(f.state, style=colours[f.state]), Text(f.check), Text(f.text), Text(f.todo))
    console = Console()
    console.print(table)
    counts = {state: sum(f.state == state for f in findings) for state in colours}
    console.print(f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} in the way")
