"""What tokens cost. Pure; it does not know where prices come from."""

from __future__ import annotations

from unisono.types import Prices, Usage

OWN = "config"
"""The source of prices that the operator wrote: these are what counts, whatever an upstream charges."""


def spent_usd(usage: Usage | None, prices: Prices | None) -> float | None:
    """Return what one call has cost in USD: as its upstream says, unless the operator wrote prices; else by its price.

    None when neither is known.
    """
    if usage is not None and usage.charged_usd is not None and (prices is None or prices.source != OWN):
        return usage.charged_usd
    listed = cost_usd(usage, prices)
    if listed is None or usage is None or prices is None or not usage.surcharge_tokens:
        return listed
    return listed + usage.surcharge_tokens * prices.usd_per_mtok_in / 1e6


def cost_usd(usage: Usage | None, prices: Prices | None) -> float | None:
    """Return the list price of one call in USD, or None when the tokens or the prices are not known.

    Cached input tokens cost their own price where there is one, else the full one. What writing to a cache costs on top
    is left out.
    """
    if usage is None or prices is None:
        return None
    cached_price = prices.usd_per_mtok_cached_in
    if cached_price is None:
        cached_price = prices.usd_per_mtok_in
    n_cached = min(usage.cached_input_tokens, usage.input_tokens) if usage.cached_input_tokens else 0
    n_fresh = usage.input_tokens - n_cached
    micro_usd = (
        n_fresh * prices.usd_per_mtok_in + n_cached * cached_price + usage.output_tokens * prices.usd_per_mtok_out
    )
    return micro_usd / 1e6
