"""What routing saved of the baseline's bill, with an interval that holds 19 times in 20.

Pure: sums in, numbers out. The share is a ratio of two sums over the same conversations, so their spread counts
together; answers of one conversation are alike, so they stand together.

Source: W. G. Cochran 1977, "Sampling Techniques", section 6.4, the variance of a ratio estimate.
Not for: fewer than `MIN_ANSWERS` answers, or bills of which a few conversations make the most.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from unisono.evaluate.together import MIN_GROUPS

MIN_ANSWERS = 100
"""Fewer give no interval that could be trusted."""
_Z = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The share of the baseline's bill that was saved; negative when routing was dearer.

    Attributes:
        n: answers of which both costs are known.
        why_not: why there is no interval (`none`, `free`, `few`); empty where there is one.
    """

    n: int
    cost_usd: float
    baseline_usd: float
    share: float | None
    low: float | None
    high: float | None
    why_not: Literal["", "none", "free", "few"]


def saved(
    *, n: int, n_talks: int, cost: float, base: float, cost_cost: float, base_base: float, cost_base: float
) -> Saved:
    """Return what was saved.

    Args:
        n: how many answers.
        n_talks: of how many conversations.
        cost: sum of what they cost, in USD.
        base: sum of what the baseline would have cost.
        cost_cost: sum of the squares of what each conversation cost; `base_base` of the baseline's; `cost_base` of the
            products.
    """
    why_not: Literal["", "none", "free", "few"] = "none" if n == 0 else "free" if base <= 0 else ""
    if why_not:
        return Saved(n=n, cost_usd=cost, baseline_usd=base, share=None, low=None, high=None, why_not=why_not)
    ratio = cost / base
    if n < MIN_ANSWERS or n_talks < MIN_GROUPS:
        return Saved(n=n, cost_usd=cost, baseline_usd=base, share=1 - ratio, low=None, high=None, why_not="few")
    rest = max(0.0, cost_cost - 2 * ratio * cost_base + ratio * ratio * base_base)  # of c - ratio b, whose mean is 0
    error = _Z * sqrt(rest * n_talks / (n_talks - 1)) / base
    return Saved(
        n=n,
        cost_usd=cost,
        baseline_usd=base,
        share=1 - ratio,
        low=1 - ratio - error,
        high=1 - ratio + error,
        why_not="",
    )
