"""What a rule of the house makes of a choice: the models that it names go first, the others answer where none can.

Which rule a request falls under is found out by `understand.house`. A rule never lifts what stands against a model, and
where it can not be kept it yields and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from unisono.choose.words import behind_rule, only_by_rule
from unisono.notices import ruled, yielded
from unisono.types import Choice, Estimate, Excluded, Goal, HouseRule, Notice, Ranked

Choose: TypeAlias = Callable[[Sequence[Estimate]], Choice]


class Ruled(NamedTuple):
    """A choice under a rule, or under none.

    Attributes:
        choice: among the models that the rule names.
        behind: the others, best first: they answer only where none of these can.
        notices: what must be said of it.
    """

    choice: Choice
    behind: tuple[Ranked, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def against(self) -> tuple[Excluded, ...]:
        """Why each of the others does not answer."""
        return tuple([Excluded(model=r.model, rule="house", reason=r.reason) for r in self.behind])

    def whole(self, choice: Choice) -> Choice:
        """Return what has become of `choice`, with the others behind it."""
        return replace(choice, ranking=(*choice.ranking, *self.behind)) if self.behind else choice

    def front(self, choice: Choice) -> Choice:
        """Return a whole choice without the others behind it."""
        if not self.behind:
            return choice
        names = {ranked.model for ranked in self.behind}
        return replace(choice, ranking=tuple([r for r in choice.ranking if r.model not in names]))


def by_house(
    rule: HouseRule, estimates: Sequence[Estimate], goal: Goal, *, named: AbstractSet[str], choose: Choose
) -> Ruled:
    """Choose as a rule says.

    Args:
        rule: that the request falls under.
        estimates: of all models that may serve.
        goal: what the choice aims at.
        named: the models that the rule names, or their successors.
        choose: chooses among estimates.
    """
    inside = [estimate for estimate in estimates if estimate.model in named]
    choice = choose(inside) if inside else None
    if choice is None or not choice.ranking:
        whole = choose(estimates)
        return Ruled(whole, notices=(yielded(rule.name, rule.models, language=goal.language),) if whole.ranking else ())
    outside = [estimate for estimate in estimates if estimate.model not in named]
    if not outside:
        return Ruled(choice)
    names = tuple([estimate.model for estimate in inside])
    notice = ruled(rule.name, names, language=goal.language)
    if len(choice.ranking) == 1:  # alone because of the rule, and not because nobody else may serve
        choice = _because(choice, only_by_rule(choice.ranking[0].model, rule.name, goal))
    others = choose(outside)
    behind = tuple([replace(r, propensity=0.0, reason=behind_rule(rule.name, goal)) for r in others.ranking])
    return Ruled(replace(choice, excluded=(*choice.excluded, *others.excluded)), behind, (notice,))


def _because(choice: Choice, reason: str) -> Choice:
    first, *rest = choice.ranking
    return replace(choice, ranking=(replace(first, reason=reason), *rest), reason=reason)
