"""What compares answers, as plug-ins with one contract: the claims without weights, or a model asked as a judge.

An NLI model joins as a plug-in of the same form. It decides nothing about answers: who compares does.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from unisono.consistency.compare import Conflict, contradictions

Ask: TypeAlias = Callable[[str], Awaitable[str]]
"""One prompt to one model; returns its text."""

_FOUND = re.compile(r"^\s*CONFLICT:\s*(.+?)\s*\|\|\s*(.+?)\s*$", re.MULTILINE)
_PROMPT = (
    "Two answers to one question follow. Do they contradict each other in a fact, a number, a date, a name or a"
    " conclusion? Different wording or more detail is no contradiction.\nFor each contradiction write one line:"
    " CONFLICT: <words of answer A> || <words of answer B>\nIf there is none, write: NONE\n\n"
    "Question:\n{question}\n\nAnswer A:\n{a}\n\nAnswer B:\n{b}"
)


class Comparer(Protocol):
    """Finds contradictions between two answers to one question."""

    @property
    def name(self) -> str:
        """What the configuration and notices call it."""

    async def compare(self, question: str, a: str, b: str) -> tuple[Conflict, ...]:
        """Return what cannot both be right; empty when nothing was found."""


class ClaimsComparer:
    """Compares claims; see `compare.contradictions`."""

    name = "claims"

    async def compare(self, question: str, a: str, b: str) -> tuple[Conflict, ...]:
        """See `Comparer.compare`."""
        return contradictions(a, b)


class JudgeComparer:
    """Asks a model, and takes only lines of the agreed form from its reply."""

    name = "judge"

    def __init__(self, ask: Ask) -> None:
        """Ask with `ask`."""
        self._ask = ask

    async def compare(self, question: str, a: str, b: str) -> tuple[Conflict, ...]:
        """See `Comparer.compare`. What the judge quotes must stand in the answers, or the line does not count."""
        reply = await self._ask(_PROMPT.format(question=question, a=a, b=b))
        return tuple(
            Conflict(kind="judged", left=left, right=right)
            for left, right in _FOUND.findall(reply)
            if _stands_in(left, a) and _stands_in(right, b)
        )


def _stands_in(quote: str, answer: str) -> bool:
    words = re.findall(r"\w+", quote.lower())
    there = set(re.findall(r"\w+", answer.lower()))
    return bool(words) and sum(word in there for word in words) >= 0.8 * len(words)
