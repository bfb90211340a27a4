"""What `unisono doctor` says of hosts: whether they are reached, with which keys, and what they tell of the models.

It asks no model, and nothing that costs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from unisono.catalog.names import nearest
from unisono.cli.finding import Finding, State
from unisono.config import Config
from unisono.config.hosts import served_at
from unisono.config.kinds import is_loopback
from unisono.types import Model, Prices, Proxy, Tls
from unisono.upstream import trust
from unisono.upstream.listing import Listed, listed
from unisono.upstream.pool import Address, NoProxy, Pool

CONNECT_S = 2.0
LIST_S = 5.0
REFUSES_WITHIN_S = 0.3
"""A host that refuses our certificate says so within this time behind the handshake."""
HOSTED = ("openai", "anthropic")
"""Upstreams that are a host's."""


def exposed_key(model: Model) -> Iterator[Finding]:
    """Warn of a key that travels in clear text, and of a hosted upstream without one."""
    check = f"model {model.name}"
    parts = urlsplit(served_at(model))
    if is_loopback(parts.hostname or ""):
        return
    if parts.scheme == "http" and model.api_key is not None:
        text = f"its key travels unencrypted to {parts.hostname}"
        yield Finding(check=check, state="warn", text=text, todo="use https:// in `base_url`")
    if parts.scheme == "https" and model.api_key is None:
        text = f"{parts.hostname} is asked without a key and will probably refuse"
        yield Finding(check=check, state="warn", text=text, todo='set api_key = "env:NAME"')


async def upstreams(config: Config, *, limit_s: float = CONNECT_S, list_s: float = LIST_S) -> list[Finding]:
    """Say which upstreams accept a connection, with TLS and by the proxy where a call has them, and what they list.

    They are asked for the list of their models, with the key, and for nothing that costs.
    """
    users: dict[tuple[Address, Tls | None], list[Model]] = {}
    for model in config.models:
        if model.upstream in HOSTED:
            users.setdefault((_where(served_at(model)), model.tls), []).append(model)
    tried = await asyncio.gather(
        *(_connect(address, models[0].proxy, tls, limit_s=limit_s) for (address, tls), models in users.items())
    )
    reached = [
        _reached(f"{address.host}:{address.port}", [model.name for model in models], trouble, default=config.default)
        for ((address, _), models), trouble in zip(users.items(), tried, strict=True)
    ]
    there = [model for (_, own), trouble in zip(users.items(), tried, strict=True) if trouble is None for model in own]
    return [*reached, *await _listed(there, config, limit_s=list_s)]


async def _listed(models: Sequence[Model], config: Config, *, limit_s: float) -> list[Finding]:
    """Say which models their hosts refuse, do not know, or have with another window."""
    groups: dict[tuple[str, str, str, Tls | None], list[Model]] = {}
    for model in models:
        key = "" if model.api_key is None else model.api_key.reveal()
        groups.setdefault((model.upstream, served_at(model), key, model.tls), []).append(model)
    told = await asyncio.gather(*(listed(own, limit_s=limit_s) for own in groups.values()))
    return [
        finding
        for own, answers in zip(groups.values(), told, strict=True)
        for model, found in zip(own, answers, strict=True)
        for finding in _told(model, found, is_default=model.name == config.default)
    ]


def _told(model: Model, found: Listed, *, is_default: bool) -> Iterator[Finding]:
    check, host = f"model {model.name}", urlsplit(served_at(model)).hostname or ""
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
    parts = urlsplit(address)
    tls = parts.scheme == "https"
    return Address(host=parts.hostname or "", port=parts.port or (443 if tls else 80), tls=tls)


async def _connect(
    address: Address, proxy: Proxy | None, tls: Tls | None, *, limit_s: float
) -> str | tuple[str, str] | None:
    """Return what stands in the way of a connection, with what to do where that is known; or None."""
    pool = Pool(address, proxy=proxy, tls=tls)
    try:
        await pool.start()
        async with asyncio.timeout(limit_s):
            wire = await pool.connect()
        if address.tls:
            with suppress(TimeoutError):
                async with asyncio.timeout(REFUSES_WITHIN_S):
                    await wire.more()
            if isinstance(wire.lost, ssl.SSLError):
                raise wire.lost
    except TimeoutError:
        return f"no connection within {limit_s:g} s"
    except ssl.SSLError as exc:
        return f"TLS failed ({trust.why(exc)})", trust.todo(exc, tls)
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


def _reached(address: str, names: Sequence[str], trouble: str | tuple[str, str] | None, *, default: str) -> Finding:
    serving = ", ".join(names)
    if trouble is None:
        return Finding(check="upstream", state="ok", text=f"{address} accepts connections ({serving})")
    # Without the default nothing is left when the router breaks; the others have a fallback.
    state: State = "fail" if default in names else "warn"
    todo = "start it, or mend `base_url`; a proxy or firewall may stand between"
    if isinstance(trouble, tuple):
        trouble, todo = trouble
    return Finding(check="upstream", state=state, text=f"{address} ({serving}): {trouble}", todo=todo)
