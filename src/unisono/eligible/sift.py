"""All rules against all candidates: who is kept, and the first reason against each loser.

It raises the error that a caller sees when nobody is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unisono.errors import ContextTooLong, NoCandidate
from unisono.native import only_anthropics
from unisono.protocols import Rule
from unisono.types import Candidate, Excluded, Features, Request


def sift(
    request: Request, features: Features, *, candidates: Iterable[Candidate], rules: Sequence[Rule]
) -> tuple[tuple[Candidate, ...], tuple[Excluded, ...]]:
    """Split candidates into kept ones and losers with the first reason against each.

    When only `health` stands against the models that are left, they are kept: an attempt at a failing upstream
    is better than none, and its error is honest. `health` never stands against a pinned model.

    Raises:
        ContextTooLong: the prompt is longer than every window of the models that could else serve.
        NoCandidate: nobody may serve; the reasons are in the error.
    """
    kept: list[Candidate] = []
    lost: list[Excluded] = []
    failing: list[Candidate] = []
    for candidate in candidates:
        against = first_against(request, features, candidate, rules=rules)
        if against is None:
            kept.append(candidate)
            continue
        lost.append(against)
        if against.rule == "health":
            failing.append(candidate)
    if request.pin in {e.model for e in lost}:
        raise _nobody(request, lost)  # a fallback is for failures; a model that cannot serve is the caller's mistake
    if kept:
        return tuple(kept), tuple(lost)
    if failing:
        names = {c.model.name for c in failing}
        return tuple(failing), tuple(e for e in lost if e.model not in names)
    raise _nobody(request, lost)


def first_against(
    request: Request, features: Features, candidate: Candidate, *, rules: Sequence[Rule]
) -> Excluded | None:
    """Return what the first rule says that has something against a candidate."""
    for rule in rules:
        if (reason := rule.against(request, features, candidate)) is not None:
            return Excluded(model=candidate.model.name, rule=rule.name, reason=reason)
    return None


def _nobody(request: Request, lost: Sequence[Excluded]) -> NoCandidate:
    if request.pin is not None:  # that the others were not asked for is nothing to be told
        lost = [e for e in lost if e.rule != "pin"] or lost
    by_window = [e for e in lost if e.rule == "window"]
    others = {e.rule for e in lost} - {"window", "pin", "allow", "ban", "lifecycle"}
    if by_window and not others:
        return ContextTooLong(
            "The prompt is too long for every model that may serve. Shorten it.", excluded=lost, param="messages"
        )
    beyond = only_anthropics(request.body, request.messages) if any(e.rule == "dialect" for e in lost) else ()
    asks = f" It has {', '.join(beyond)}." if beyond else ""
    if request.pin is not None:
        return NoCandidate(f"{request.pin} cannot serve this request.{asks}", excluded=lost, param="model")
    return NoCandidate(f"No model can serve this request.{asks}", excluded=lost)
