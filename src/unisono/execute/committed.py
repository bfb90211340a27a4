"""The first event of every answer: which model has begun to give it."""

from __future__ import annotations

from unisono.types import Notice, Part
from unisono.values import value


@value
class Committed:
    """A model has begun to answer; from here on no other model may.

    Attributes:
        model: catalogue name of the model that answers.
        reported_model: the name that its upstream reports, if it has.
        notices: the decision's, and those of the walk so far.
        n_failed: how many models failed before.
        first_content_s: from the attempt's start to its first content; None for an answer without any.
        waited_s: from the request's start to now, failed attempts included.
        reason: why this model answers, where the decision's own reason does not say it.
        parts: what each model did, where several worked on the answer.
    """

    model: str
    reported_model: str | None
    notices: tuple[Notice, ...]
    n_failed: int
    first_content_s: float | None
    waited_s: float
    reason: str | None = None
    parts: tuple[Part, ...] = ()
