"""Did the model refuse, say that it does not know, or break off? In English and Chinese.

A hedge ("approximately", "perhaps") told nothing on 1,374 measured answers (odds .73 to 1.03), so none is looked for.
"""

from __future__ import annotations

import re

from unisono.consistency.comparers import Ask
from unisono.types import Seen, Verdict

REFUSED = 0.02
BROKE_OFF = 0.15
"""Odds for an answer that is none, and for one that was cut at its length. Set, not measured: almost no right answer
looks so."""
READ = 400
"""Characters from the beginning that are looked at: who refuses says so at once."""

_REFUSES = re.compile(
    r"\bI(?:'m| am) (?:sorry|unable|not able)\b|\bI (?:can(?:'t|not|’t)|do not|don't|don’t) (?:help|assist|answer|know"
    r"|provide|have (?:access|enough|information)|comply|determine)|\bas an? (?:AI|language model)\b"
    r"|\bcannot be determined\b|\bnot enough information\b"
    r"|抱歉|对不起|我(?:无法|不能|不知道)|作为(?:一个)?(?:AI|人工智能|语言模型)|信息不足",
    re.IGNORECASE,
)


class Refusal:
    """Looks for an answer that is none."""

    name = "refusal"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        answer = seen.answer
        if answer.refusal or answer.finish == "content_filter":
            return Verdict(evidence=self.name, odds=REFUSED, text="it refused")
        if not answer.text.strip() and not answer.tool_calls:
            return Verdict(evidence=self.name, odds=REFUSED, text="it said nothing")
        if _REFUSES.search(answer.text[:READ]):
            return Verdict(evidence=self.name, odds=REFUSED, text="it says that it cannot answer")
        if answer.finish == "length":
            return Verdict(evidence=self.name, odds=BROKE_OFF, text="it was cut at its length")
        return None
