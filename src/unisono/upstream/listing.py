"""What a host says when asked for the list of its models: whether it takes the key and knows a name, and a window.

It costs nothing, and says less than a call: what a host does not tell is not known. Azure lists models, and serves
deployments, so no name is looked for there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import orjson

from unisono.config.hosts import served_at
from unisono.errors import UpstreamError, UpstreamRefused
from unisono.loose import as_list, inside, objects_in
from unisono.types import Json, JsonValue, Model, Timeouts
from unisono.upstream.anthropic import api_headers, api_url
from unisono.upstream.http import Transport, under
from unisono.upstream.openai import key_headers
from unisono.upstream.quirks import is_azure, tells_charges

_WINDOWS = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens")
"""Where OpenRouter and Together, Groq, Mistral, vLLM and Anthropic say how many tokens a model reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a host tells of one model.

    Attributes:
        refused: the key, the account or what it may use is refused, with this error.
        names: every name that the host lists; empty where it does not say.
        is_listed: the model is one of them; True where the host does not say.
        window: how many tokens it reads, where the host says so.
        usd_per_mtok: its prices of the prompt and the answer, where the host says so (OpenRouter).
    """

    refused: UpstreamRefused | None = None
    names: frozenset[str] = frozenset()
    is_listed: bool = True
    window: int | None = None
    usd_per_mtok: tuple[float, float] | None = None


async def listed(models: Sequence[Model], *, limit_s: float) -> list[Listed]:
    """Ask a host about models that have its address and key in common, within a limit of seconds for each call."""
    first = models[0]
    if first.upstream == "anthropic":
        return list(await asyncio.gather(*(_of_anthropics(model, limit_s=limit_s) for model in models)))
    try:
        if tells_charges(served_at(first)):
            await _get(first, "/key", limit_s=limit_s)  # it lists its models to everybody
        rows = list(_rows(orjson.loads(await _get(first, "/models", limit_s=limit_s))))
    except (UpstreamError, orjson.JSONDecodeError) as error:
        return [_unlisted(error)] * len(models)
    return [_found(model, rows) for model in models]


async def _of_anthropics(model: Model, *, limit_s: float) -> Listed:
    """Ask for one model: the list has no aliases, and this road knows them."""
    try:
        row = orjson.loads(await _get(model, f"/models/{model.upstream_model}", limit_s=limit_s))
    except (UpstreamError, orjson.JSONDecodeError) as error:
        gone = isinstance(error, UpstreamRefused) and error.http_status == 404
        return Listed(is_listed=False) if gone else _unlisted(error)
    return Listed(window=_window(row) if isinstance(row, dict) else None)


def _unlisted(error: Exception) -> Listed:
    if isinstance(error, UpstreamRefused) and error.http_status in (401, 402, 403):
        return Listed(refused=error)
    return Listed()


def _found(model: Model, rows: list[Json]) -> Listed:
    names = {name: row for row in rows for name in _names(row)}
    asked = model.upstream_model
    row = names.get(asked) or names.get(asked.partition(":")[0])  # OpenRouter's variants; Ollama lists each tag
    if row is None:  # an alias: xAI lists `grok-4-0709` alone, and serves `grok-4` too
        row = next((own for name, own in names.items() if re.fullmatch(rf"{re.escape(asked)}(-\d+)+", name)), None)
    known = row is not None or not names or is_azure(model.base_url or "")
    return Listed(
        names=frozenset(names),
        is_listed=known,
        window=None if row is None else _window(row),
        usd_per_mtok=None if asked not in names else _prices(names[asked]),
    )


def _rows(document: JsonValue) -> Iterator[Json]:
    rows = document.get("data") if isinstance(document, dict) else document
    return objects_in(rows)


def _names(row: Json) -> Iterator[str]:
    for name in (row.get("id"), *as_list(row.get("aliases"))):
        if isinstance(name, str):
            yield name.removeprefix("models/")  # as Gemini writes them
            yield name.removesuffix(":latest")  # as Ollama does


def _window(row: Json) -> int | None:
    told = [row.get(name) for name in _WINDOWS]
    return next((n for n in told if isinstance(n, int) and not isinstance(n, bool) and n > 0), None)


def _prices(row: Json) -> tuple[float, float] | None:
    """Read OpenRouter's prices: texts, in USD a token."""
    told = inside(row, "pricing")
    try:
        into, out = (float(text) * 1e6 for name in ("prompt", "completion") if isinstance(text := told.get(name), str))
    except ValueError:
        return None
    return (into, out) if 0.0 <= into < inf and 0.0 <= out < inf else None  # -1: it depends


async def _get(model: Model, path: str, *, limit_s: float) -> bytes:
    base_url = served_at(model)
    of_anthropics = model.upstream == "anthropic"
    transport = Transport(
        model=model.name,
        url=api_url(base_url, path) if of_anthropics else under(base_url, path),
        headers=api_headers(model.api_key) if of_anthropics else key_headers(model.api_key, base_url=base_url),
        timeouts=Timeouts(connect_s=limit_s, first_content_s=limit_s, gap_s=limit_s, total_s=limit_s),
        proxy=model.proxy,
        tls=model.tls,
        method="GET",
    )
    await transport.start()
    try:
        with await transport.post(b"") as answer:
            return await answer.read_all()
    finally:
        await transport.close()
