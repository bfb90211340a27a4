"""Do the sums in an answer come out? Each `a + b = c` of plain numbers is computed again.

It reads two numbers, one operation and one result; longer expressions are left alone.
"""

from __future__ import annotations

import re

from unisono.consistency.comparers import Ask
from unisono.types import Seen, Verdict

WRONG = 0.57
RIGHT = 1.42
"""Odds with a wrong sum in it, and with right ones only: 1,374 answers of six models to the training part of MATH level
5. Wrong sums are rare there (1.1 % of answers), so the first is known only roughly."""

_SUM = re.compile(
    r"(?<![\d.*/×÷+^({-])(?:^|\s)\$?(-?\d[\d,]*(?:\.\d+)?)\s*([-+*×/÷])\s*\$?(\d[\d,]*(?:\.\d+)?)\s*=\s*\$?"
    r"(-?\d[\d,]*(?:\.\d+)?)(?![\d.,]*\s*[-+*×/÷^%])"
)
MAX_SUMS = 50


class Arithmetic:
    """Computes sums again."""

    name = "arithmetic"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        n_right, wrong = recomputed(seen.answer.text)
        if wrong:
            return Verdict(evidence=self.name, odds=WRONG, text=f"{wrong[0]} is wrong")
        if n_right:
            return Verdict(evidence=self.name, odds=RIGHT, text=f"{n_right} sums come out")
        return None


def recomputed(text: str) -> tuple[int, tuple[str, ...]]:
    """Return how many sums of a text come out, and those that do not."""
    n_right, wrong = 0, []
    for match in list(_SUM.finditer(text))[:MAX_SUMS]:
        left, sign, right, result = match.groups()
        a, b, c = (float(number.replace(",", "")) for number in (left, right, result))
        value = _value(a, sign, b)
        if value is None:
            continue
        # A result may be rounded to the digits that it shows.
        shown = len(result.partition(".")[2])
        if abs(value - c) <= 0.5 * 10.0**-shown + 1e-9 * abs(value) or abs(value - c) <= 0.005 * abs(value):
            n_right += 1
        else:
            wrong.append(match.group().strip())
    return n_right, tuple(wrong)


def _value(a: float, sign: str, b: float) -> float | None:
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    if sign in "*×":
        return a * b
    return None if b == 0 else a / b
