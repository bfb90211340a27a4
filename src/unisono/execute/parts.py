"""A question of several parts: a planner splits it, each part goes to the model that the router finds for it, and one
author writes the whole from what they found.

It gives up quietly, and the question is answered as one, when the planner finds one part or fails.
"""

from __future__ import annotations

import re

import orjson

from unisono import notices as say
from unisono.consistency.compare import among
from unisono.execute import sentences
from unisono.execute.bodies import join_body, part_body, planner_body
from unisono.execute.crew import Crew
from unisono.execute.disputes import Dispute, Fusing, Settled, tell_disputes, tell_written
from unisono.execute.member import Member
from unisono.types import Plan

MAX_PARTS = 6
PARTS_SHARE = 0.6
"""Of the time that is left, what the parts may use."""


async def answer_in_parts(crew: Crew, plan: Plan, fusing: Fusing) -> Settled | None:
    """Return the whole answer, or None when the question is better answered as one."""
    questions = await _split(crew, plan, fusing)
    if len(questions) < 2:
        return None
    members = [_asked(crew, question, fusing) for question in questions]
    await crew.settle(members, within_s=crew.to_first_token_s() * PARTS_SHARE)
    await crew.dismiss(members)
    answered = [(q, m) for q, m in zip(questions, members, strict=True) if m.ok]
    if not answered:
        return None
    missing = [q for q, m in zip(questions, members, strict=True) if not m.ok]
    failed = [(m.model.name, sentences.why_missing(m.error, crew.language)) for m in members if not m.ok]
    if failed:
        crew.say(say.parts_missing(failed, language=crew.language))
    whole = [m for _, m in answered]
    found = among([m.said.text for m in whole], finals=False)
    disputes = [Dispute(left=d.left, right=d.right, words=(d.conflict.left, d.conflict.right)) for d in found]
    told = [(q, m.said.text) for q, m in answered]
    body = join_body(crew.request.body, told, missing, [d.shown for d in disputes])
    author = crew.ask(str(plan.closer), "author", body=body)
    await crew.settle([author], within_s=crew.to_first_token_s())
    if not author.ok or author.said.finish == "length":
        return None
    reason = sentences.joined(author.model.name, len(questions), language=crew.language)
    settled = Settled(member=author, reason=reason)
    tell_disputes(crew, whole, disputes, settled)
    _compare(crew, author, whole)
    return settled


def _asked(crew: Crew, question: str, fusing: Fusing) -> Member:
    model = next(iter(fusing.route(question)), crew.decision.model)
    return crew.ask(model, "member", body=part_body(crew.request.body, fusing.task, question))


def _compare(crew: Crew, author: Member, sources: list[Member]) -> None:
    """Tell where the whole contradicts a part. The parts answer other questions, so final answers do not count."""
    for source in sources:
        found = among([author.said.text, source.said.text], finals=False)
        tell_written(crew, author, source, [d.conflict for d in found])


async def _split(crew: Crew, plan: Plan, fusing: Fusing) -> list[str]:
    planner = crew.ask(str(plan.closer), "planner", body=planner_body(crew.request.body, fusing.task), stream=False)
    await crew.settle([planner], within_s=crew.to_first_token_s() / 4)
    if not planner.ok:
        await crew.dismiss([planner])
        return []
    return questions_in(planner.said.text)


def questions_in(reply: str) -> list[str]:
    """Return the questions of a planner's reply: the first JSON array of texts in it, at most `MAX_PARTS`."""
    match = re.search(r"\[.*\]", reply, re.DOTALL)
    try:
        found = orjson.loads(match.group()) if match else []
    except orjson.JSONDecodeError:
        return []
    if not isinstance(found, list):
        return []
    texts = [text.strip() for text in found if isinstance(text, str) and text.strip()]
    return list(dict.fromkeys(texts))[:MAX_PARTS]
