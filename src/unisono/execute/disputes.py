"""Where the models that worked on one answer contradict each other, and how the user is told.

What is left when the answer leaves is a notice, never silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unisono import notices as say
from unisono.consistency.compare import Conflict
from unisono.consistency.comparers import Ask, ClaimsComparer, Comparer
from unisono.errors import UpstreamError
from unisono.execute.crew import Crew
from unisono.execute.member import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusing:
    """What a fusion needs beside the means: the user's words, the way from a part to its models, the comparer."""

    task: str
    route: Callable[[str], Sequence[str]]
    comparer: Callable[[Ask], Comparer] = lambda ask: ClaimsComparer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Whose words the answer is, and why."""

    member: Member
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Two members, by their places, and what each says."""

    left: int
    right: int
    words: tuple[str, str]

    @property
    def shown(self) -> str:
        """Both, as the author is shown them."""
        return f"“{self.words[0]}” against “{self.words[1]}”"


async def disputes_among(crew: Crew, whole: Sequence[Member], fusing: Fusing) -> list[Dispute]:
    """Return every contradiction between two of the answers."""
    found: list[Dispute] = []
    for left in range(len(whole)):
        for right in range(left + 1, len(whole)):
            conflicts = await _compared(crew, whole[left], whole[right], fusing)
            found += [Dispute(left=left, right=right, words=(c.left, c.right)) for c in conflicts]
    return found


def tell_disputes(crew: Crew, whole: Sequence[Member], disputes: Sequence[Dispute], settled: Settled) -> None:
    """Tell the first contradiction, one of the answer's own where there is one, and how many more there are."""
    if not disputes:
        return
    first = next((d for d in disputes if settled.member in (whole[d.left], whole[d.right])), disputes[0])
    names = (whole[first.left].model.name, whole[first.right].model.name)
    follows = settled.member.model.name
    crew.say(say.contradiction(names, first.words, n_more=len(disputes) - 1, follows=follows, language=crew.language))


async def compare_written(crew: Crew, author: Member, sources: Sequence[Member], fusing: Fusing) -> None:
    """Tell where a written answer contradicts what it was made of."""
    for source in sources:
        tell_written(crew, author, source, await _compared(crew, author, source, fusing))


def tell_written(crew: Crew, author: Member, source: Member, found: Sequence[Conflict]) -> None:
    """Tell the first contradiction of a written answer with one that it was made of, and how many more there are."""
    if found:
        names = (author.model.name, f"{source.model.name} ({'部分' if crew.language == 'zh' else 'part'})")
        words = (found[0].left, found[0].right)
        follows = author.model.name
        crew.say(say.contradiction(names, words, n_more=len(found) - 1, follows=follows, language=crew.language))


async def _compared(crew: Crew, a: Member, b: Member, fusing: Fusing) -> Sequence[Conflict]:
    claims = ClaimsComparer()
    if crew.decision.goal.max_cost_usd is not None:  # a judge's calls are no part of the plan's budget
        return await claims.compare(fusing.task, a.said.text, b.said.text)
    try:
        return await fusing.comparer(crew.reply).compare(fusing.task, a.said.text, b.said.text)
    except UpstreamError:  # a judge that fails leaves the claims
        return await claims.compare(fusing.task, a.said.text, b.said.text)
