"""Every provider that speaks over a wire or plays a script keeps the contract of `protocols.Provider`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest

from unisono.testing import PROVIDER_CHECKS, ProviderSetup, ScriptedServer, SetupFactory
from unisono.types import JsonValue, Model, Secret, Timeouts
from unisono.upstream.anthropic import anthropic_provider
from unisono.upstream.openai import openai_provider
from unisono.upstream.script import Script
from unisono.upstream.scripted import ScriptedProvider

TIMEOUTS = Timeouts(connect_s=0.5, first_content_s=0.2, gap_s=0.2, total_s=2.0)


@asynccontextmanager
async def over_openai(script: Script) -> AsyncIterator[ProviderSetup]:
    async with ScriptedServer(script) as server:
        model = Model(
            name="m", upstream="openai", upstream_model="real-m", base_url=server.openai_url, api_key=Secret("k")
        )
        provider = openai_provider(model, TIMEOUTS)
        await provider.start()
        passes: dict[str, JsonValue] = {"x_unknown": {"deep": [1, None, "é"]}, "seed": 7, "logit_bias": {"5": 1}}
        try:
            yield ProviderSetup(provider=provider, model=model, server=server, passes=passes)
        finally:
            await provider.close()


@asynccontextmanager
async def over_anthropic(script: Script) -> AsyncIterator[ProviderSetup]:
    async with ScriptedServer(script) as server:
        model = Model(name="m", upstream="anthropic", upstream_model="real-m", base_url=server.url, api_key=Secret("k"))
        provider = anthropic_provider(model, TIMEOUTS)
        await provider.start()
        passes: dict[str, JsonValue] = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5}
        try:
            yield ProviderSetup(provider=provider, model=model, server=server, passes=passes)
        finally:
            await provider.close()


@asynccontextmanager
async def in_process(script: Script) -> AsyncIterator[ProviderSetup]:
    def plain(value: object) -> JsonValue:
        if not hasattr(value, "__dataclass_fields__"):
            return value  # type: ignore[return-value]
        return {name: own for name, own in asdict(value).items() if own}  # type: ignore[call-overload]

    options = {k: plain(getattr(script, k)) for k in Script.__dataclass_fields__ if getattr(script, k) is not None}
    model = Model(name="m", upstream="scripted", upstream_model="real-m", options=options)
    provider = ScriptedProvider(model, TIMEOUTS)
    await provider.start()
    try:
        yield ProviderSetup(provider=provider, model=model)
    finally:
        await provider.close()


@pytest.mark.parametrize("check", PROVIDER_CHECKS, ids=lambda c: c.__name__.removeprefix("check_"))
@pytest.mark.parametrize("factory", [over_openai, over_anthropic, in_process], ids=lambda f: f.__name__)
def test_provider(factory: SetupFactory, check) -> None:  # type: ignore[no-untyped-def]
    asyncio.run(check(factory))
