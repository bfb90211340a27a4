"""Reads the price list that LiteLLM publishes as JSON (`model_prices_and_context_window.json`).

It does not download the list and reads only prices and windows of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unisono.catalog.facts import Facts
from unisono.types import JsonValue, Prices


class PriceListError(ValueError):
    """The list cannot be used; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """The entries of one list, by name."""

    entries: Mapping[str, Mapping[str, JsonValue]]
    source: str

    def find(self, upstream_model: str, *, name: str, upstream: str) -> Facts | None:
        """Return what the list knows about a model, or None.

        Args:
            upstream_model: the name that the upstream is asked for; tried first.
            name: the catalogue name; tried next.
            upstream: the provider; `upstream/upstream_model` is tried last.

        Raises:
            PriceListError: the entry exists and holds something that is no price.
        """
        for key in (upstream_model, name, f"{upstream}/{upstream_model}"):
            entry = self.entries.get(key)
            if entry is not None:
                return _facts(key, entry, source=self.source)
        return None


def read_price_list(path: Path) -> PriceList:
    """Read a list.

    Raises:
        PriceListError: the file cannot be read, is no JSON or has another form.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as exc:
        raise PriceListError(f"cannot read {path}: {exc.strerror or exc}") from exc
    except (ValueError, RecursionError) as exc:
        raise PriceListError(f"{path} is no JSON: {str(exc)[:80]}") from exc
    if not isinstance(data, dict):
        raise PriceListError(f"{path} must hold one JSON object of models")
    entries = {key: entry for key, entry in data.items() if isinstance(entry, dict) and key != "sample_spec"}
    return PriceList(entries, source=path.name)


def _facts(name: str, entry: Mapping[str, JsonValue], *, source: str) -> Facts:
    into = _usd_per_mtok(name, entry, "input_cost_per_token")
    out = _usd_per_mtok(name, entry, "output_cost_per_token")
    cached = _usd_per_mtok(name, entry, "cache_read_input_token_cost")
    prices = None
    if into is not None and out is not None:
        prices = Prices(usd_per_mtok_in=into, usd_per_mtok_out=out, usd_per_mtok_cached_in=cached, source=source)
    return Facts(
        prices=prices,
        context_tokens=_tokens(entry, "max_input_tokens"),
        max_output_tokens=_tokens(entry, "max_output_tokens"),
    )


def _usd_per_mtok(name: str, entry: Mapping[str, JsonValue], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PriceListError(f"{name!r}: {key} must be a number")
    try:
        per_mtok = float(value) * 1e6
    except OverflowError:
        per_mtok = math.inf
    if not math.isfinite(per_mtok) or per_mtok < 0:
        raise PriceListError(f"{name!r}: {key} must be a number of USD, 0 or more")
    # The list's prices have few digits per million; the product of two binary fractions has many.
    return round(per_mtok, 9)


def _tokens(entry: Mapping[str, JsonValue], key: str) -> int | None:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < 1e12:
        return None
    return int(value)
