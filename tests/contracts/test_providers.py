"""Every provider that speaks over a wire or plays a script keeps the contract of `protocols.Provider`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial

import pytest

from unisono.testing import PROVIDER_CHECKS, ProviderSetup, ScriptedServer
from unisono.types import JsonValue, Model, Secret, Timeouts
from unisono.upstream.anthropic import anthropic_provider
from unisono.upstream.openai import openai_provider
from unisono.upstream.script import Script
from unisono.upstream.scripted import ScriptedProvider

PATIENT = Timeouts(connect_s=60.0, first_content_s=60.0, gap_s=60.0, total_s=60.0)
QUICK = Timeouts(connect_s=60.0, first_content_s=0.5, gap_s=0.5, total_s=60.0)
"""For the one check that waits for a limit."""


@asynccontextmanager
async def over_openai(script: Script, timeouts: Timeouts) -> AsyncIterator[ProviderSetup]:
    async with ScriptedServer(script) as server:
        model = Model(
            name="m", upstream="openai", upstream_model="real-m", base_url=server.openai_url, api_key=Secret("k")
        )
        provider = openai_provider(model, timeouts)
        await provider.start()
        passes: dict[str, JsonValue] = {"x_unknown": {"deep": [1, None, "é"]}, "seed": 7, "logit_bias": {"5": 1}}
        try:
            yield ProviderSetup(provider=provider, model=model, server=server, passes=passes)
        finally:
            await provider.close()


@asynccontextmanager
async def over_anthropic(script: Script, timeouts: Timeouts) -> AsyncIterator[ProviderSetup]:
    async with ScriptedServer(script) as server:
        model = Model(name="m", upstream="anthropic", upstream_model="real-m", base_url=server.url, api_key=Secret("k"))
        provider = anthropic_provider(model, timeouts)
        await provider.start()
        passes: dict[str, JsonValue] = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5}
        try:
            yield ProviderSetup(provider=provider, model=model, server=server, passes=passes)
        finally:
            await provider.close()


@asynccontextmanager
async def in_process(script: Script, timeouts: Timeouts) -> AsyncIterator[ProviderSetup]:
    def plain(value: object) -> JsonValue:
        if not hasattr(value, "__dataclass_fields__"):
            return value  # type: ignore[return-value]
        return {name: own for name, own in asdict(value).items() if own}  # type: ignore[call-overload]

    options = {k: plain(getattr(script, k)) for k in Script.__dataclass_fields__ if getattr(script, k) is not None}
    model = Model(name="m", upstream="scripted", upstream_model="real-m", options=options)
    provider = ScriptedProvider(model, timeouts)
    await provider.start()
    try:
        yield ProviderSetup(provider=provider, model=model)
    finally:
        await provider.close()


@pytest.mark.parametrize("check", PROVIDER_CHECKS, ids=lambda c: c.__name__.removeprefix("check_"))
@pytest.mark.parametrize("factory", [over_openai, over_anthropic, in_process], ids=lambda f: f.__name__)
def test_provider(factory, check) -> None:  # type: ignore[no-untyped-def]
    timeouts = QUICK if check.__name__ == "check_a_stall_runs_into_a_limit" else PATIENT
    asyncio.run(check(partial(factory, timeouts=timeouts)))
