"""The pattern `fusion`: several models answer side by side; one answer is chosen, judged or written from theirs.

Nothing leaves before the parts were compared with each other; a contradiction that is left is told. A member that is
dead, slow or wrong costs the answer nothing but its help. Streamed and plain answers take this one path.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from unisono import notices as say
from unisono.execute import sentences
from unisono.execute.bodies import author_body, capped, judge_body, letter
from unisono.execute.committed import Committed
from unisono.execute.crew import Crew
from unisono.execute.disputes import Dispute, Fusing, Settled, compare_written, disputes_among, tell_disputes
from unisono.execute.evidence.agreement import ending
from unisono.execute.means import Means
from unisono.execute.member import Member
from unisono.execute.parts import answer_in_parts
from unisono.execute.vote import Vote, agreed, vote
from unisono.types import Chunk, Decision, Plan, Planned, Request

PATIENCE_S = 1.0
"""When most have answered, the rest get as long again as those took, and at least this."""
AUTHOR_SHARE = 0.5
"""Of the request's time, what the members may use; the rest is the author's."""


async def run(
    request: Request, decision: Decision, *, means: Means, fusing: Fusing
) -> AsyncGenerator[Committed | Chunk, None]:
    """Carry out a fusion: yield one `Committed`, then every chunk of the answer.

    Raises:
        NoAnswer: no model answered.
        UpstreamCut: the answer broke off after its first content.
    """
    plan = decision.plan
    assert plan is not None  # noqa: S101 - the contract of `choose`
    async with Crew(request, decision, means) as crew:
        settled = await answer_in_parts(crew, plan, fusing) if plan.split else None
        settled = settled or await _together(crew, plan, fusing)
        if settled is not None:
            await crew.dismiss([m for m in crew.members if m is not settled.member])
            events = crew.answer(settled.member, settled.reason)
        else:
            await crew.dismiss(crew.members)
            tried = {m.model.name for m in crew.members if m.part == "member"}
            events = crew.walk([r for r in decision.ranking if r.model not in tried])
        async with aclosing(events):
            async for event in events:
                yield event


async def _together(crew: Crew, plan: Plan, fusing: Fusing) -> Settled | None:
    """Ask the members and return the answer; None when none of them gave one."""
    members = [_asked(crew, call) for call in plan.calls if call.part == "member"]
    await _wait(crew, plan, members)
    whole = _best_first([m for m in members if m.ok], crew.decision)
    whole = [m for m in whole if not m.said.refusal] or whole
    if not whole:
        return await _first_to_speak(crew, members)
    counts = "agreement" in plan.evidence
    await crew.dismiss(members)
    _tell_missing(crew, members)
    if len(whole) == 1:
        return Settled(member=whole[0], reason=sentences.only_one(whole[0].model.name, crew.language))
    disputes = await disputes_among(crew, whole, fusing)
    found = vote([m.said for m in whole], [_quality(m, crew.decision) for m in whole]) if counts else None
    settled = await _settle(crew, plan, whole, found, disputes, fusing)
    tell_disputes(crew, whole, disputes, settled)
    return settled


def _asked(crew: Crew, call: Planned) -> Member:
    return crew.ask(call.model, "member", body=capped(crew.request.body, call.max_tokens))


async def _wait(crew: Crew, plan: Plan, members: Sequence[Member]) -> None:
    """Wait until enough agree, all have ended, or those that are left have had their time."""
    counts = "agreement" in plan.evidence

    def enough() -> bool:
        whole = {m.model.name: m.said for m in members if m.ok}
        return counts and agreed(whole, enough=plan.enough) is not None

    def most() -> bool:
        n_open = sum(1 for m in members if not m.done)
        return enough() or (sum(1 for m in members if m.ok) >= 2 and n_open == 1)

    bound = crew.decision.goal.max_first_token_s
    held_s = crew.left_s() * AUTHOR_SHARE if bound is None else crew.to_first_token_s() - _writing_s(plan, crew)
    began_s = crew.means.clock_s()
    if not await crew.settle(members, within_s=held_s, until=most) or enough():
        return
    took_s = crew.means.clock_s() - began_s
    await crew.settle(members, within_s=min(held_s - took_s, max(took_s, PATIENCE_S)), until=enough)


def _writing_s(plan: Plan, crew: Crew) -> float:
    author = next((r for r in crew.decision.ranking if r.model == plan.closer), None)
    return 0.0 if author is None else author.estimate.latency.total_s


async def _first_to_speak(crew: Crew, members: Sequence[Member]) -> Settled | None:
    """Nobody has a whole answer: take the best that has begun, or the first to begin while there is time."""
    await crew.first_content(members, within_s=crew.left_s())
    begun = _best_first([m for m in members if m.begun and m.error is None], crew.decision)
    if not begun:
        return None
    _tell_missing(crew, members)
    return Settled(member=begun[0], reason=sentences.out_of_time(begun[0].model.name, crew.language))


async def _settle(
    crew: Crew, plan: Plan, whole: Sequence[Member], found: Vote | None, disputes: Sequence[Dispute], fusing: Fusing
) -> Settled:
    """Choose by vote where that decides; else let the judge choose or the author write; else take the best."""
    if found is not None and found.decided:
        chosen = whole[found.place]
        return Settled(
            member=chosen,
            reason=sentences.voted(chosen.model.name, found.n_for, found.n_voted, language=crew.language),
        )
    fallback = whole[found.place] if found is not None and found.n_for > 1 else _first_choice(crew, whole)
    settled = None
    if plan.closer is not None:
        if found is not None:
            settled = await _judged(crew, plan, whole, fusing)
        else:
            settled = await _written(crew, plan, whole, disputes, fusing)
    if settled is not None:
        return settled
    return Settled(member=fallback, reason=sentences.best_of(fallback.model.name, len(whole), language=crew.language))


def _first_choice(crew: Crew, whole: Sequence[Member]) -> Member:
    """Return the router's own first choice where it answered: the guard keeps the default where doubt is large."""
    return next((m for m in whole if m.model.name == crew.decision.model), whole[0])


async def _judged(crew: Crew, plan: Plan, whole: Sequence[Member], fusing: Fusing) -> Settled | None:
    """Ask the judge for a letter; None when it gives none in time or the budget is used up."""
    if not _affordable(crew, plan):
        return None
    cap = _author_call(plan).max_tokens
    texts = [m.said.text for m in whole]
    judge = crew.ask(
        str(plan.closer), "judge", body=judge_body(crew.request.body, fusing.task, texts, max_tokens=cap), stream=False
    )
    await crew.settle([judge], within_s=crew.to_first_token_s())
    if not judge.ok:
        return None
    said = ending(judge.said)
    for place, member in enumerate(whole):
        if said == letter(place).lower():
            return Settled(
                member=member,
                reason=sentences.judged(member.model.name, judge.model.name, len(whole), language=crew.language),
            )
    return None


async def _written(
    crew: Crew, plan: Plan, whole: Sequence[Member], disputes: Sequence[Dispute], fusing: Fusing
) -> Settled | None:
    """Have one answer written from all; it is held, and compared with what it was made of."""
    if not _affordable(crew, plan):
        return None
    texts = [m.said.text for m in whole]
    body = author_body(crew.request.body, texts, [d.shown for d in disputes], max_tokens=_author_call(plan).max_tokens)
    author = crew.ask(str(plan.closer), "author", body=body)
    await crew.settle([author], within_s=crew.to_first_token_s())
    if not author.ok or author.said.finish == "length":
        return None
    await compare_written(crew, author, whole, fusing)
    return Settled(member=author, reason=sentences.written(author.model.name, len(whole), language=crew.language))


def _affordable(crew: Crew, plan: Plan) -> bool:
    """Say whether the bound on cost has room for the author: for what it reads and its longest answer."""
    bound = crew.decision.goal.max_cost_usd
    return bound is None or crew.spent_usd() + _author_call(plan).high_usd <= bound


def _author_call(plan: Plan) -> Planned:
    return next(call for call in plan.calls if call.part == "author")


def _tell_missing(crew: Crew, members: Sequence[Member]) -> None:
    """Tell which members failed; those that were merely not waited for stand in the parts."""
    failed = [(m.model.name, sentences.why_missing(m.error, crew.language)) for m in members if m.error is not None]
    if failed:
        crew.say(say.parts_missing(failed, language=crew.language))


def _quality(member: Member, decision: Decision) -> float:
    return next((r.estimate.quality.mean for r in decision.ranking if r.model == member.model.name), 0.5)


def _best_first(members: Sequence[Member], decision: Decision) -> list[Member]:
    return sorted(members, key=lambda m: (-_quality(m, decision), m.model.name))
