"""What a key's scope makes of a request: bounds that no wish can lift.

It does not authenticate, and keeps no limits.
"""

from __future__ import annotations

from dataclasses import replace

from unisono.errors import NotAllowed
from unisono.types import Grant, Request, Scope


def within_scope(request: Request, grant: Grant) -> Request:
    """Return the request with its key's bounds among its wishes.

    Raises:
        NotAllowed: the key may not ask for this mode, this model, or any of these models.
    """
    scope = grant.scope
    if not (scope.models or scope.ban or scope.modes):
        return request
    if request.pin is not None and not may_use(scope, request.pin):
        asked = request.model
        who = f"{asked!r} leads to the model {request.pin!r}, which your key may not use"
        text = f"Your key may not use the model {asked!r}" if asked == request.pin else who
        raise NotAllowed(f"{text}. {_allowed(scope)}", param="model")
    if request.mode is not None and scope.modes and request.mode not in scope.modes:
        modes = ", ".join(f"auto:{mode.value}" for mode in scope.modes)
        raise NotAllowed(f"Your key may not use `auto:{request.mode.value}`. It may use: {modes}.", param="model")
    wishes = request.wishes
    models = wishes.models
    if scope.models:
        models = tuple(name for name in wishes.models if name in scope.models) if wishes.models else scope.models
        if not models:
            raise NotAllowed(f"Your key may use none of these models. {_allowed(scope)}", param="unisono.models")
    ban = tuple(dict.fromkeys((*wishes.ban, *scope.ban)))
    return replace(request, wishes=replace(wishes, models=models, ban=ban))


def may_use(scope: Scope, model: str) -> bool:
    """Say whether a scope holds a model."""
    return (not scope.models or model in scope.models) and model not in scope.ban


def _allowed(scope: Scope) -> str:
    if not scope.models:
        return f"It may not use: {', '.join(scope.ban)}."
    return f"It may use: {', '.join(name for name in scope.models if may_use(scope, name))}."
