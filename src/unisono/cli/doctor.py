"""`unisono doctor`: what stands in the way of serving, and what to do about it.

It asks no model, writes nothing and mends nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import ssl
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from unisono.cli.exposure import exposure
from unisono.cli.files import allow_files, files_for
from unisono.cli.finding import Finding, State

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.plugins import Registry
    from unisono.predict.artifact import Artifact
    from unisono.types import Model, Prices, Proxy
    from unisono.upstream.listing import Listed
    from unisono.upstream.pool import Address

CONNECT_S = 2.0
LIST_S = 5.0
LOOK_S = 1.5
"""How long the record's file is looked at: some hundred megabytes."""
OLDEST_PYTHON = (3, 11)
_MIB = 1024 * 1024
_LITTLE_BYTES = 1024 * _MIB
_NO_SPACE_BYTES = 64 * _MIB
_SQLITE_MAGIC = b"SQLite format 3\x00"
_HTTP = ("openai", "anthropic")
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (where a server on every address is asked)


def doctor(
    path: Path = typer.Argument(Path("unisono.toml"), help="The TOML file."),
    config: Path | None = typer.Option(None, "--config", "-c", help="The same, as other commands write it."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
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
        if model.upstream in _HTTP:
            yield from exposed_key(model)
    yield from watched(config, now=datetime.now(UTC))
    yield from asyncio.run(upstreams(config))


# ---------------------------------------------------------------------------------- this machine


def python_version(version: tuple[int, ...]) -> Finding:
    """Say whether this Python is new enough."""
    named = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return Finding(
            check="python", state="fail", text=f"this is Python {named}", todo="install Python 3.11 or newer"
        )
    return Finding(check="python", state="ok", text=named)


def demo_packages() -> Finding:
    """Say whether `unisono demo` has its models; only the demo needs them."""
    from unisono.demo.pool import missing_packages

    missing = missing_packages()
    if missing:
        text = "the packages of `unisono demo` are not installed; nothing else needs them"
        return Finding(check="demo", state="warn", text=text, todo=" && ".join(missing))
    return Finding(check="demo", state="ok", text="the models of `unisono demo` are installed")


def port(host: str, number: int) -> Finding:
    """Say whether the server can listen there, or does so already."""
    address = f"{host}:{number}"
    if number == 0:
        return Finding(check="port", state="ok", text=f"{host}, a free port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as exc:
            if (version := _unisono_at(host, number)) is not None:
                return Finding(check="port", state="ok", text=f"a Unisono serves at {address} already ({version})")
            what = exc.strerror or str(exc)
            todo = "stop what uses it, or set another server.port"
            return Finding(check="port", state="fail", text=f"cannot listen on {address}: {what}", todo=todo)
    return Finding(check="port", state="ok", text=f"{address} is free")


def _unisono_at(host: str, number: int, *, limit_s: float = 1.0) -> str | None:
    """Return the version of the Unisono that answers there; None where something else or nothing does."""
    import http.client

    asked = http.client.HTTPConnection(_ANY.get(host, host), number, timeout=limit_s)
    try:
        asked.request("GET", "/")
        told = json.loads(asked.getresponse().read(_MIB))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        asked.close()
    return str(told.get("version")) if isinstance(told, dict) and told.get("name") == "unisono" else None


def open_files(max_requests: int, *, allowed: int | None) -> Iterator[Finding]:
    """Warn where this user may have too few files open for as many requests as may be in hand."""
    needed = files_for(max_requests)
    if allowed is not None and allowed < needed:
        text = f"{allowed} files may be open; {max_requests} requests in hand (server.max_requests) need about {needed}"
        todo = "raise the limit (ulimit -Hn, LimitNOFILE= of systemd), or lower server.max_requests"
        yield Finding(check="open files", state="warn", text=text, todo=todo)


def store(path: Path) -> Iterator[Finding]:
    """Say whether the record can be written, has room, and is not open to every user of the machine."""
    folder = path.parent
    if not folder.is_dir():
        yield Finding(check="store", state="fail", text=f"there is no folder {folder}", todo=f"mkdir -p {folder}")
        return
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK) or not os.access(folder, os.W_OK):
        todo = "give this user the right to write the file and its folder, or set another store.path"
        yield Finding(check="store", state="fail", text=f"{path} cannot be written", todo=todo)
        return
    yield _store_file(path)
    yield disk_space(shutil.disk_usage(folder).free, folder=folder)


def _store_file(path: Path) -> Finding:
    if not path.exists() or path.stat().st_size == 0:
        return Finding(check="store", state="ok", text=f"{path} will be made")
    if _begins(path) != _SQLITE_MAGIC:
        text, todo = f"{path} is not a SQLite file", "set another store.path; that file is something else"
        return Finding(check="store", state="fail", text=text, todo=todo)
    if (why := _damage(path)) is not None:
        todo = "stop the server, then as it says; or put a copy from before in its place"
        return Finding(check="store", state="fail", text=f"{path} is damaged: {why}", todo=todo)
    if (found := _version(path)) is not None:
        return found
    if path.stat().st_mode & stat.S_IROTH:
        text = f"{path} can be read by every user of this machine"
        return Finding(check="store", state="warn", text=text, todo=f"chmod 600 {path}")
    return Finding(check="store", state="ok", text=str(path))


def _version(path: Path) -> Finding | None:
    """Say that the record is another version's, if it is."""
    from unisono.errors import StoreError
    from unisono.record.database import version_in
    from unisono.record.migrations import VERSION

    try:
        version = version_in(path)
    except StoreError as exc:
        return Finding(check="store", state="fail", text=str(exc), todo="as it says")
    if version == VERSION:
        return None
    text = f"{path} is of an older Unisono (schema {version}); the start of `unisono serve` upgrades it to {VERSION}"
    return Finding(check="store", state="warn", text=text, todo="make a copy first: `unisono log copy FILE`")


def _damage(path: Path) -> str | None:
    from unisono.record.database import damage

    return damage(path, limit_s=LOOK_S)


def disk_space(free_bytes: int, *, folder: Path) -> Finding:
    """Say whether the record has room to grow."""
    text = f"{free_bytes / _MIB:,.0f} MiB free at {folder}"
    if free_bytes < _NO_SPACE_BYTES:
        return Finding(check="disk", state="fail", text=text, todo="free some space, or move store.path")
    if free_bytes < _LITTLE_BYTES:
        return Finding(check="disk", state="warn", text=text, todo="the record grows; plan for more space")
    return Finding(check="disk", state="ok", text=text)


def _begins(path: Path, *, n_bytes: int = 16) -> bytes:
    """Return the first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as opened:
            return opened.read(n_bytes)
    except OSError:
        return b""


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
    """Say which policy in force, or tried on a share, has trained parts that cannot be read."""
    from unisono.compose.trained import as_promised, with_artifact
    from unisono.config.overlay import with_overlay
    from unisono.errors import UnisonoError
    from unisono.record.policies import Policies, Standing

    if _begins(config.store.path) != _SQLITE_MAGIC:
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
    for standing in (state.live, *tried):
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
    if model.prices is None:
        todo = "set usd_per_mtok_in and usd_per_mtok_out (0 for a server of your own)"
        text = "no price is known, so its costs are unknown and no limit in usd holds for it"
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


def exposed_key(model: Model) -> Iterator[Finding]:
    """Warn of a key that travels in clear text, and of a hosted upstream without one."""
    from unisono.config.kinds import is_loopback

    check = f"model {model.name}"
    parts = urlsplit(_address(model))
    if is_loopback(parts.hostname or ""):
        return
    if parts.scheme == "http" and model.api_key is not None:
        text = f"its key travels unencrypted to {parts.hostname}"
        yield Finding(check=check, state="warn", text=text, todo="use https:// in `base_url`")
    if parts.scheme == "https" and model.api_key is None:
        text = f"{parts.hostname} is asked without a key and will probably refuse"
        yield Finding(check=check, state="warn", text=text, todo='set api_key = "env:NAME"')


def _address(model: Model) -> str:
    from unisono.upstream import anthropic, openai

    return model.base_url or (anthropic if model.upstream == "anthropic" else openai).DEFAULT_BASE_URL


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
    if _begins(config.store.path) != _SQLITE_MAGIC:
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


# -------------------------------------------------------------------------------------- reachability


async def upstreams(config: Config, *, limit_s: float = CONNECT_S, list_s: float = LIST_S) -> list[Finding]:
    """Say which upstreams accept a connection, with TLS and by the proxy where a call has them, and what they list.

    They are asked for the list of their models, with the key, and for nothing that costs.
    """
    users: dict[Address, list[Model]] = {}
    for model in config.models:
        if model.upstream in _HTTP:
            users.setdefault(_where(_address(model)), []).append(model)
    tried = await asyncio.gather(
        *(_connect(address, models[0].proxy, limit_s=limit_s) for address, models in users.items())
    )
    reached = [
        _reached(f"{address.host}:{address.port}", [model.name for model in models], trouble, default=config.default)
        for (address, models), trouble in zip(users.items(), tried, strict=True)
    ]
    there = [model for (_, own), trouble in zip(users.items(), tried, strict=True) if trouble is None for model in own]
    return [*reached, *await _listed(there, config, limit_s=list_s)]


async def _listed(models: Sequence[Model], config: Config, *, limit_s: float) -> list[Finding]:
    """Say which models their hosts refuse, do not know, or have with another window."""
    from unisono.upstream.listing import listed

    groups: dict[tuple[str, str, str], list[Model]] = {}
    for model in models:
        key = "" if model.api_key is None else model.api_key.reveal()
        groups.setdefault((model.upstream, _address(model), key), []).append(model)
    told = await asyncio.gather(*(listed(own, limit_s=limit_s) for own in groups.values()))
    return [
        finding
        for own, answers in zip(groups.values(), told, strict=True)
        for model, found in zip(own, answers, strict=True)
        for finding in _told(model, found, is_default=model.name == config.default)
    ]


def _told(model: Model, found: Listed, *, is_default: bool) -> Iterator[Finding]:
    from unisono.catalog.names import nearest

    check, host = f"model {model.name}", urlsplit(_address(model)).hostname or ""
    state: State = "fail" if is_default else "warn"
    if found.refused is not None:
        said = str(found.refused).partition(": the upstream answered ")[2]
        todo = "mend `api_key`, or what it names" if model.api_key is not None else 'set api_key = "env:NAME"'
        todo = "pay, or raise the limit there" if found.refused.http_status == 402 else todo
        yield Finding(check=check, state=state, text=f"{host} refuses it: {said}", todo=todo)
        return
    if not found.is_listed:
        near = nearest(model.upstream_model, sorted(found.names))
        text = f"{host} does not list {model.upstream_model!r}" + (f"; nearest: {', '.join(near)}" if near else "")
        yield Finding(check=check, state=state, text=text, todo="mend `upstream_model`")
    if found.usd_per_mtok is not None and not _is_near(model.prices, found.usd_per_mtok):
        into, out = (f"{usd:.4g}" for usd in found.usd_per_mtok)
        known = "no price" if (own := model.prices) is None else f"{own.usd_per_mtok_in:g} and {own.usd_per_mtok_out:g}"
        text = f"{host} asks {into} and {out} USD per million tokens, the price list has {known}: routing goes by that"
        todo = f"usd_per_mtok_in = {into} and usd_per_mtok_out = {out}"
        yield Finding(check=check, state="warn", text=text, todo=todo)
    if found.window is not None and found.window != model.context_tokens:
        fewer = found.window < model.context_tokens
        text = f"{host} says that it reads {found.window} tokens, the configuration {model.context_tokens}: " + (
            "longer prompts are refused there" if fewer else "longer prompts go elsewhere, or are refused"
        )
        yield Finding(check=check, state="warn", text=text, todo=f"context_tokens = {found.window}")


def _is_near(prices: Prices | None, told: tuple[float, float]) -> bool:
    """Say whether prices are those of a host to a quarter, or the operator's own, who knows best."""
    if prices is None:
        return False
    pairs = zip((prices.usd_per_mtok_in, prices.usd_per_mtok_out), told, strict=True)
    return prices.source == "config" or all(abs(own - theirs) <= 0.25 * max(own, theirs) for own, theirs in pairs)


def _where(address: str) -> Address:
    from unisono.upstream.pool import Address

    parts = urlsplit(address)
    tls = parts.scheme == "https"
    return Address(host=parts.hostname or "", port=parts.port or (443 if tls else 80), tls=tls)


async def _connect(address: Address, proxy: Proxy | None, *, limit_s: float) -> str | None:
    """Return what stands in the way of a connection, or None."""
    from unisono.upstream.http import no_tls
    from unisono.upstream.pool import NoProxy, Pool

    pool = Pool(address, proxy=proxy)
    try:
        await pool.start()
        async with asyncio.timeout(limit_s):
            wire = await pool.connect()
    except TimeoutError:
        return f"no connection within {limit_s:g} s"
    except ssl.SSLError as exc:
        return no_tls(exc)
    except NoProxy as exc:
        return str(exc)
    except socket.gaierror:
        return "its name cannot be looked up"
    except UnicodeError:
        return "its name is not one that can be looked up"
    except OSError as exc:
        return os.strerror(exc.errno) if exc.errno else str(exc)
    wire.close()
    pool.close()
    return None


def _reached(address: str, names: Sequence[str], trouble: str | None, *, default: str) -> Finding:
    serving = ", ".join(names)
    if trouble is None:
        return Finding(check="upstream", state="ok", text=f"{address} accepts connections ({serving})")
    # Without the default nothing is left when the router breaks; the others have a fallback.
    state: State = "fail" if default in names else "warn"
    todo = "start it, or mend `base_url`; a proxy or firewall may stand between"
    return Finding(check="upstream", state=state, text=f"{address} ({serving}): {trouble}", todo=todo)


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
