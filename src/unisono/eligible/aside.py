"""Why each other model is left aside behind a pin that nobody else may answer.

Whether a pin is such a one, the router knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from unisono.eligible.sift import first_against
from unisono.protocols import Rule
from unisono.types import Candidate, Excluded, Features, Model, Request

MAX_KEPT = 1024
"""Lists that are kept; each is made again when it is needed."""


class LeftAside:
    """The reasons against the other models, for each pin the same all day."""

    def __init__(self, models: Iterable[Model], rules: Sequence[Rule]) -> None:
        """Ask the rules up to `pin`: what stands behind it says nothing against a model beside a pin."""
        self._models = tuple(models)
        names = [rule.name for rule in rules]
        self._rules = rules[: names.index("pin") + 1] if "pin" in names else rules
        self._known: dict[tuple[str | None, date], tuple[Excluded, ...]] = {}

    def by(self, request: Request, features: Features) -> tuple[Excluded, ...]:
        """Return the reason against each model that a request's pin leaves aside."""
        place = (request.pin, request.received.date())
        known = self._known.get(place)
        if known is None:
            others = (Candidate(model=model) for model in self._models if model.name != request.pin)
            found = (first_against(request, features, other, rules=self._rules) for other in others)
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            known = self._known[place] = tuple(excluded for excluded in found if excluded is not None)
        return known
