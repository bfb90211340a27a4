"""The pattern `cascade`: a cheaper model answers, its answer is checked, a stronger one takes over if need be.

The answer is held until the evidence is in; nothing of it leaves before. Streamed and plain answers take this one path.
Whether a cascade pays at all was decided before, request by request (`choose/breakeven`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from unisono import notices as say
from unisono.errors import UpstreamError
from unisono.execute import sentences
from unisono.execute.committed import Committed
from unisono.execute.crew import Crew
from unisono.execute.means import Means
from unisono.execute.member import Member
from unisono.protocols import Evidence
from unisono.types import Chunk, Decision, Plan, Planned, Request, Seen, Verdict

MOST_ODDS = 1e4
LEFT_TO_CLOSER = 0.1
"""Of the time that is left: kept for the one who takes over, however soon it is expected to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the evidence says of the lead's answer: the probability that it is right, and what was seen."""

    right: float
    verdicts: tuple[Verdict, ...]


async def run(
    request: Request, decision: Decision, *, task: str, means: Means, checks: Mapping[str, Evidence]
) -> AsyncGenerator[Committed | Chunk, None]:
    """Carry out a cascade: yield one `Committed`, then every chunk of the answer.

    Args:
        request: what the caller asked.
        decision: with a plan.
        task: the user's words that say what is to be done.
        means: the pool, the way to upstreams, who is told, the time.
        checks: evidence by name.

    Raises:
        NoAnswer: no model answered.
        UpstreamCut: the answer broke off after its first content.
    """
    plan = decision.plan
    assert plan is not None and plan.closer is not None  # noqa: S101 - the contract of `choose`
    async with Crew(request, decision, means) as crew:
        lead, judged = await _evidence(crew, plan, task=task, checks=checks)
        if judged is not None and judged.right >= plan.accept:
            reason = sentences.taken(
                lead.model.name, judged.right, plan.accept, verdicts=judged.verdicts, language=crew.language
            )
            events = crew.answer(lead, reason)
        else:
            events = _take_over(crew, plan, lead, judged)
        async with aclosing(events):
            async for event in events:
                yield event


async def _evidence(
    crew: Crew, plan: Plan, *, task: str, checks: Mapping[str, Evidence]
) -> tuple[Member, Judged | None]:
    """Ask the lead and, one after the other, those who back it; return what the evidence says, None for no answer.

    When the bound on the first token comes near, whatever is in by then has to do.
    """
    closer = next(r for r in crew.decision.ranking if r.model == plan.closer)
    lead = crew.ask(plan.members[0], "member")
    backers: list[Member] = []
    judged: Judged | None = None
    for n, name in enumerate((*plan.members[1:], None)):
        if name is not None:
            backers.append(crew.ask(name, "member"))
        elif n > 0:
            break
        within_s = crew.to_first_token_s() * (1 - LEFT_TO_CLOSER) - closer.estimate.latency.first_token_s
        in_time = await crew.settle([lead, *backers], within_s=within_s, until=lambda: lead.done and not lead.ok)
        if not lead.ok:
            return lead, None
        judged = await _judged(lead, backers, crew, plan, task=task, checks=checks)
        if judged.right >= plan.accept or not in_time:
            break
    return lead, judged


async def _judged(
    lead: Member,
    backers: Sequence[Member],
    crew: Crew,
    plan: Plan,
    *,
    task: str,
    checks: Mapping[str, Evidence],
) -> Judged:
    verdicts: list[Verdict] = []
    for name in plan.evidence:
        check = checks.get(name)
        if check is None:
            continue
        if name == "agreement":
            verdicts += [v for b in backers if b.ok and (v := await _backed(lead, b, crew, plan, task, check))]
            continue
        seen = Seen(task=task, body=crew.request.body, answer=lead.said)
        with suppress(UpstreamError):  # a judge that fails says nothing
            if (verdict := await check.weigh(seen, crew.reply)) is not None:
                verdicts.append(verdict)
    odds = plan.right / max(1 - plan.right, 1e-6)
    for verdict in verdicts:
        odds = min(max(odds * verdict.odds, 1 / MOST_ODDS), MOST_ODDS)
    return Judged(right=odds / (1 + odds), verdicts=tuple(verdicts))


async def _backed(lead: Member, backer: Member, crew: Crew, plan: Plan, task: str, check: Evidence) -> Verdict | None:
    """Return whether one other model agrees, with the odds that the plan made of what is expected of it."""
    seen = Seen(task=task, body=crew.request.body, answer=lead.said, others=(backer.said,))
    verdict = await check.weigh(seen, None)
    if verdict is None:
        return None
    call = _call_of(plan, backer.model.name)
    odds = call.agrees if verdict.odds > 1 else call.differs
    return Verdict(evidence=verdict.evidence, odds=odds, text=f"{backer.model.name}: {verdict.text}")


def _call_of(plan: Plan, model: str) -> Planned:
    return next(call for call in plan.calls if call.model == model and call.part == "member")


async def _take_over(
    crew: Crew, plan: Plan, lead: Member, judged: Judged | None
) -> AsyncGenerator[Committed | Chunk, None]:
    """Let the stronger model answer; if it does not begin in time or fails, the lead's answer serves, else others."""
    await crew.dismiss(crew.members)
    if judged is None and (failed := crew.failures()):
        crew.say(say.fallback(failed, answers=str(plan.closer), language=crew.language))
    closer = crew.ask(str(plan.closer), "closer")
    in_time = await crew.first_content([closer], within_s=crew.to_first_token_s())
    if not in_time and not lead.ok and crew.left_s() > 0:  # nothing else to give: late is better than never
        await crew.first_content([closer], within_s=crew.left_s())
    if closer.begun:
        events = crew.answer(closer, _why_taken_over(closer, lead, judged, plan, crew))
    elif lead.ok:  # unchecked or doubted, but an answer: it is better than none, and it is told
        await crew.dismiss([closer])
        why = "late" if not in_time else "failed"
        crew.say(say.fallback([(closer.model.name, why)], answers=lead.model.name, language=crew.language))
        events = crew.answer(lead, sentences.instead(lead.model.name, closer.model.name, language=crew.language))
    else:
        tried = {m.model.name for m in crew.members}
        events = crew.walk([r for r in crew.decision.ranking if r.model not in tried])
    async with aclosing(events):
        async for event in events:
            yield event


def _why_taken_over(closer: Member, lead: Member, judged: Judged | None, plan: Plan, crew: Crew) -> str:
    after, before = closer.model.name, lead.model.name
    if judged is None:
        return sentences.took_over(after, before, language=crew.language)
    return sentences.doubted(after, before, judged.right, plan.accept, verdicts=judged.verdicts, language=crew.language)
