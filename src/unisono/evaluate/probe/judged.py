"""An open question's answer, scored by a judge model: what it is asked, and what its reply counts for.

Question, reference and answer go to the judge as quoted text; only the first word of its reply is read. It asks nothing
itself: `run` does.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

OUTPUT_TOKENS = 16
"""Room for the judge's word."""
MAX_SHOWN = 6000
"""Characters of each text that the judge is shown."""
_WORTH = {"YES": 1.0, "PARTLY": 0.5, "NO": 0.0}
_WORD = re.compile(r"[A-Z]+")
_ORDERS = {
    "reference": (
        "Below are a question, a reference answer that is right, and an answer. Does the answer say what the reference "
        "says, in all that the question asks for? Other words and more detail are fine."
    ),
    "rubric": "Below are a question, what a good answer does, and an answer. Does the answer do that?",
    "": (
        "Below are a question and an answer. Check the answer yourself. Does it do what the question asks, rightly and "
        "completely?"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The model that scores; `ask` sends it one prompt and raises `UnisonoError` when it cannot answer."""

    name: str
    ask: Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How an answer is judged: against a reference, by a rubric, or, without either, by the judge's own knowledge."""

    reference: str = ""
    rubric: str = ""

    @property
    def has_reference(self) -> bool:
        """Whether the judge only compares. Without one it must know better than the model that it judges."""
        return bool(self.reference)

    def may_score(self, judge: str, model: str) -> bool:
        """Whether a judge may score a model's answer: nobody judges himself, but by a reference."""
        return judge != model or self.has_reference

    def prompt(self, question: str, answer: str) -> str:
        """Return what the judge is asked."""
        kind = "reference" if self.reference else "rubric" if self.rubric else ""
        parts = [f"{_ORDERS[kind]} Reply with one word: YES, PARTLY or NO.", _quoted("question", question)]
        if kind:
            parts.append(_quoted(kind, self.reference or self.rubric))
        return "\n\n".join([*parts, _quoted("answer", answer)])


def worth(reply: str) -> float | None:
    """Return the score in [0, 1] that a judge's reply stands for; None where it says none of the three words first."""
    return _WORTH.get(next(iter(_WORD.findall(reply.upper())), ""))


def _quoted(name: str, text: str) -> str:
    return f"<{name}>\n{text[:MAX_SHOWN]}\n</{name}>"
