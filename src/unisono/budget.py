"""When the router itself is too slow or broken: how often it is asked before the default serves for a while.

A decision cannot be stopped half-way, so it is measured: after `LIMIT` failures or overruns in a row the declared
default serves, marked as degraded, for `REST_S` seconds; then one decision tries again.
"""

from __future__ import annotations

BUDGET_S = 0.25
"""What a decision may take; a hundred times what it takes."""
LONG_TOKENS = 32_000
"""For every so many tokens of a prompt it may take that long: nobody may send the router to rest by long prompts."""
LIMIT = 3
REST_S = 10.0


class DecisionBudget:
    """Counts failures and overruns. Not thread-safe: it belongs to the event loop."""

    def __init__(self) -> None:
        """All is well."""
        self._n_bad = 0
        self._rests_until_s = 0.0
        self.why = ""

    def rests(self, now_s: float) -> bool:
        """Say whether the router is to be left alone now."""
        return now_s < self._rests_until_s

    def note(self, *, took_s: float, failed: str | None, now_s: float, n_tokens: int = 0) -> bool:
        """Take in one decision.

        Args:
            took_s: how long it took.
            n_tokens: of its prompt.
            failed: what broke, None when nothing did.
            now_s: monotonic.

        Returns:
            True when it was good.
        """
        if failed is None and took_s <= BUDGET_S * max(1.0, n_tokens / LONG_TOKENS):
            self._n_bad, self.why = 0, ""
            return True
        self._n_bad += 1
        self.why = failed or f"its decisions took {took_s:.2f} s, more than {BUDGET_S:g} s"
        if self._n_bad >= LIMIT:
            self._rests_until_s = now_s + REST_S
        return False
