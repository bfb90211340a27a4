"""Gives each model its figures: the file's own, then the operator's price list, then the price package.

It asks no network, and asks no list about a model whose file says all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from unisono.catalog.facts import Facts
from unisono.catalog.litellm import PriceList, PriceListError, read_price_list
from unisono.catalog.published import published
from unisono.config.entry import Entry, build_model
from unisono.config.hosts import host_at
from unisono.config.kinds import is_loopback
from unisono.config.mistake import Mistake
from unisono.types import Model, Prices

_UNPRICED = ("local", "scripted")
_FREE = ":free"
"""Behind a model's name at OpenRouter: its variant that costs nothing."""
_NOTHING = Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=0.0, usd_per_mtok_cached_in=0.0, source=f"OpenRouter's {_FREE}")


def priced_models(
    entries: Sequence[Entry], *, prices_file: object, now: datetime
) -> tuple[tuple[Model, ...], list[Mistake]]:
    """Return the models of the entries that are right, and what the price list has against them."""
    price_list: PriceList | None = None
    mistakes: list[Mistake] = []
    if isinstance(prices_file, Path):
        try:
            price_list = read_price_list(prices_file)
        except PriceListError as exc:
            mistakes.append(Mistake(("prices_file",), str(exc)))
    models: list[Model] = []
    for entry in entries:
        if entry.section.mistakes:
            continue
        try:
            model = build_model(entry, _facts(entry, price_list, now=now))
        except PriceListError as exc:
            mistakes.append(Mistake(("prices_file",), str(exc)))
            continue
        if isinstance(model, Mistake):
            mistakes.append(model)
        else:
            models.append(model)
    return tuple(models), mistakes


def _facts(entry: Entry, price_list: PriceList | None, *, now: datetime) -> Facts:
    """Return the published figures: the operator's list first, then the package."""
    upstream = entry.upstream or ""
    if upstream in _UNPRICED or _is_complete(entry):
        return Facts()
    upstream_model: str = entry.get("upstream_model") or entry.get("name")
    names = (upstream_model, *(entry.get("reports") or ()))  # Azure serves deployments, whose names tell nothing
    if price_list is not None:
        listed = (price_list.find(asked, name=entry.get("name"), upstream=upstream) for asked in names)
        if (known := next(filter(None, listed), None)) is not None:
            return known
    base_url = entry.base_url
    if is_loopback(urlsplit(base_url or "").hostname or ""):
        return Facts()
    is_free = host_at(base_url or "") == "openrouter" and upstream_model.endswith(_FREE)
    told = (published(asked.removesuffix(_FREE), upstream=upstream, base_url=base_url, now=now) for asked in names)
    found = next(filter(None, told), Facts())
    return replace(found, prices=_NOTHING) if is_free else found


def _is_complete(entry: Entry) -> bool:
    """Return whether the file itself says all that a list could add."""
    wanted = ("context_tokens", "usd_per_mtok_in", "usd_per_mtok_out", "max_output_tokens")
    return all(name in entry.section.given for name in wanted)
