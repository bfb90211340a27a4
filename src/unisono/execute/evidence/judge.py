"""What a judge model says of an answer: right, wrong, or unsure. It costs a call, which the plan counts.

The question and the answer go to the judge as quoted text; only its first word is read.
"""

from __future__ import annotations

import re

from unisono.consistency.comparers import Ask
from unisono.types import Seen, Verdict

SAYS_RIGHT = 1.6
SAYS_WRONG = 0.4
"""Odds; they are `breakeven`'s rates of a judge, set with care: judges of the size of the lead see little more."""
MAX_SHOWN = 6000

PROMPT = (
    "Below are a question and an answer. Check the answer yourself. Reply with one word: RIGHT, WRONG or UNSURE.\n\n"
    "<question>\n{question}\n</question>\n\n<answer>\n{answer}\n</answer>"
)
_WORD = re.compile(r"[A-Za-z]+")


class Judge:
    """Asks the judge."""

    name = "judge"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        if ask is None:
            return None
        reply = await ask(PROMPT.format(question=seen.task[:MAX_SHOWN], answer=seen.answer.text[:MAX_SHOWN]))
        word = next(iter(_WORD.findall(reply.upper())), "")
        if word == "RIGHT":
            return Verdict(evidence=self.name, odds=SAYS_RIGHT, text="the judge finds it right")
        if word == "WRONG":
            return Verdict(evidence=self.name, odds=SAYS_WRONG, text="the judge finds it wrong")
        return None
