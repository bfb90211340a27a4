"""What a price list knows about a model: prices and window.

It does not decide which list wins: the configuration does.
"""

from __future__ import annotations

from dataclasses import dataclass

from unisono.types import Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Published figures of one model; None where the list says nothing."""

    prices: Prices | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
