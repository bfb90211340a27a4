"""What a decision tells its caller of how a request was understood and where it stands, whatever model was chosen.

What a step of the choice has to say, that step says itself; the words are those of `notices`.
"""

from __future__ import annotations

from unisono import notices as say
from unisono.catalog import Catalog
from unisono.types import Choice, Features, Goal, Notice, Request


def standing(
    request: Request, choice: Choice, *, goal: Goal, catalog: Catalog, unrecorded: bool, degraded: str | None
) -> list[Notice]:
    """Return the notices that any decision may need.

    Args:
        request: what the caller asks.
        choice: who answers.
        goal: what the choice was made for; it gives the language.
        catalog: knows which names have successors, and which models are on their way out.
        unrecorded: the decision will not be in the record.
        degraded: what of the router is broken; None where nothing is.
    """
    language = goal.language
    notices: list[Notice] = []
    if degraded is not None:
        notices.append(say.degraded(degraded, first=choice.ranking[0].model, language=language))
    model = None if request.pin is None else catalog.get(request.pin)
    if model is not None:
        if request.model != model.name and catalog.get(request.model) is not None:
            notices.append(say.successor(request.model, answers=model.name, language=language))
        life = model.lifecycle
        if life.state == "sunset" and life.until is not None:
            notices.append(say.sunset(model.name, until=life.until, follows=life.successor, language=language))
    if request.mode not in (None, goal.mode):
        notices.append(say.effort(goal.mode, language=language))
    if request.left_out:
        notices.append(say.left_out(request.left_out, language=language))
    if unrecorded:
        notices.append(say.unrecorded(language=language))
    return notices


def unread(features: Features, goal: Goal) -> tuple[Notice, ...]:
    """Return the notice that the words of a request were not encoded; an empty request has none."""
    read = features.embedding is not None or not features.surface.any()
    return () if read else (say.unread(goal.language),)


def stood_in_for(before: str, choice: Choice, goal: Goal) -> tuple[Notice, ...]:
    """Return the notice of a switch to a model that stands in for the one which was to take over and is at a limit."""
    answers = choice.ranking[0].model
    return () if answers == before else (say.switched(before, answers, why=choice.reason, language=goal.language),)
