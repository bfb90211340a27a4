"""What tokens cost. Pure; it does not know where prices come from."""

from __future__ import annotations

from unisono.types import Prices, Usage


def cost_usd(usage: Usage | None, prices: Prices | None) -> float | None:
    """Return the price of one call in USD, or None when the tokens or the prices are not known.

    Cached input tokens cost their own price where there is one, else the full one.
    """
    if usage is None or prices is None:
        return None
    cached_price = prices.usd_per_mtok_cached_in
    if cached_price is None:
        cached_price = prices.usd_per_mtok_in
    n_cached = min(usage.cached_input_tokens, usage.input_tokens)
    n_fresh = usage.input_tokens - n_cached
    micro_usd = (
        n_fresh * prices.usd_per_mtok_in + n_cached * cached_price + usage.output_tokens * prices.usd_per_mtok_out
    )
    return micro_usd / 1e6
