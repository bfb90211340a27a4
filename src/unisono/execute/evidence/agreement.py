"""Do others end in the same final answer? The strongest evidence that costs little, where answers end in something.

It compares final answers in their normal form; long texts it leaves to `consistency.compare`.

Source: agreement of cheap models, as in AutoMix (2310.12963) and mixtures of chains (2310.03094).
"""

from __future__ import annotations

from unisono.consistency.comparers import Ask
from unisono.consistency.final import final_answer, last_number, normal_form
from unisono.types import Said, Seen, Verdict

AGREES = 5.8
DIFFERS = 0.5
"""Odds where another model gives the same final answer, and where it gives another one: shares of agreement under right
and under wrong answers, thirty ordered pairs of models on the training part of MATH level 5. The plan's own odds, made
of the expected quality of the models at hand, take their place in a cascade."""
SHORT = 40
"""Characters of an answer that is compared as a whole."""


class Agreement:
    """Says whether any other answer ends as this one does."""

    name = "agreement"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        mine = ending(seen.answer)
        others = [form for other in seen.others if (form := ending(other)) is not None]
        if mine is None or not others:
            return None
        if mine in others:
            return Verdict(evidence=self.name, odds=AGREES, text=f"another model ends in {mine} too")
        return Verdict(evidence=self.name, odds=DIFFERS, text=f"it ends in {mine}, others in {' and '.join(others)}")


def ending(said: Said) -> str | None:
    """Return the final answer in normal form: a marked one, a tool call, a short text whole, else the last number."""
    if said.tool_calls:
        return " ".join(f"{name}({arguments})" for name, arguments in said.tool_calls)
    marked = final_answer(said.text)
    if marked is not None:
        return marked
    plain = said.text.strip()
    if plain and len(plain) <= SHORT and "\n" not in plain:
        return normal_form(plain)
    return last_number(said.text)
