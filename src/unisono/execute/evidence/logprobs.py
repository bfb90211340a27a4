"""How sure was the model of its words? Read where the answer carries log-probabilities, that is where the caller asked.

Nothing is asked of the upstream for it: the answer would carry what the caller did not order.
"""

from __future__ import annotations

from math import exp

from unisono.consistency.comparers import Ask
from unisono.types import Seen, Verdict

MIN_TOKENS = 3
SURE = 0.9
UNSURE = 0.6
"""Geometric mean of the tokens' probabilities from which an answer counts as sure, and below which as unsure."""
ODDS_SURE = 1.3
ODDS_UNSURE = 0.6
"""Set, not measured: no set of ours has log-probabilities with outcomes. Mild on purpose."""


class Logprobs:
    """Takes the mean probability of the tokens."""

    name = "logprobs"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        found = seen.answer.logprobs
        if len(found) < MIN_TOKENS:
            return None
        mean = exp(sum(found) / len(found))
        odds = ODDS_SURE if mean >= SURE else ODDS_UNSURE if mean < UNSURE else 1.0
        return Verdict(evidence=self.name, odds=odds, text=f"mean probability of its tokens {mean:.2f}")
