"""Looks a model up in the price package `genai-prices`: data in the wheel, no network.

It does not guess across providers: a server of your own is not priced like a hosted one that runs the same model.
The package takes a quarter of a second to import, so it is imported by the first look-up; call this at load,
never per request.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from unisono.catalog.facts import Facts
from unisono.types import Prices

if TYPE_CHECKING:
    from decimal import Decimal

    from genai_prices.types import ModelPrice, TieredPrices

SOURCE = "genai-prices"


def published(upstream_model: str, *, upstream: str, base_url: str | None, now: datetime) -> Facts | None:
    """Return what the package knows about a model, or None.

    Args:
        upstream_model: the name that the upstream is asked for.
        upstream: the provider plug-in; it tells the vendor where no address is given.
        base_url: the address; it tells the vendor where it is given.
        now: some prices depend on the time; this instant's are taken.

    Returns:
        The base tier of the prices in USD per million tokens and the window, as far as the package has them.
    """
    from genai_prices.data_snapshot import get_snapshot

    vendor = upstream if base_url is None else None
    try:
        _, info = get_snapshot().find_provider_model(upstream_model, None, vendor, base_url)
    except LookupError:
        return None
    return Facts(prices=_prices(info.get_prices(now)), context_tokens=info.context_window)


def _prices(listed: ModelPrice) -> Prices | None:
    into, out = _base(listed.input_mtok), _base(listed.output_mtok)
    if into is None or out is None:
        return None
    cached = _base(listed.cache_read_mtok)
    return Prices(usd_per_mtok_in=into, usd_per_mtok_out=out, usd_per_mtok_cached_in=cached, source=SOURCE)


def _base(price: Decimal | TieredPrices | None) -> float | None:
    """Return the price of the first tier; longer prompts may cost more, which the spread of costs covers."""
    if price is None:
        return None
    from genai_prices.types import TieredPrices

    return float(price.base if isinstance(price, TieredPrices) else price)
