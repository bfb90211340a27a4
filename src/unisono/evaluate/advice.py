"""Is routing worth it on this traffic? Each single model against the router, from the log of what it has answered.

It says "use X always" when that is shown, "routing pays" when that is shown, and otherwise that nothing is shown and
what would show it. Pure: judged answers in, advice out. A table of outcomes is `unisono evaluate`'s business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from unisono.evaluate.judged import Judged
from unisono.evaluate.offpolicy import Estimated, Log, difference, doubly_robust
from unisono.evaluate.together import fairly, groups

TOLERANCE = 0.01
"""Quality that counts as equal: one answer in a hundred."""
ALL = 0.99
HOPELESS = 0.3
"""Where the best of all models is expected to be right less often than this, and was not, no model serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """Always one model, on the judged questions that it might answer.

    Attributes:
        quality: its estimated reward.
        gained: that, less the router's on the same questions.
        usd: expected cost of an answer; `router_usd` is the router's on the same questions.
        share: chance with which the router took the model.
    """

    model: str
    quality: Estimated
    gained: Estimated
    usd: float
    router_usd: float
    share: float

    @property
    def saved(self) -> float:
        """Share of this model's bill that the router saves; negative when it is dearer."""
        return 1.0 - self.router_usd / self.usd if self.usd > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The answer and what it rests on.

    Attributes:
        kind: `always` (use one model), `routes` (routing pays), `unknown` (not enough evidence).
        router: the router's own reward on the judged questions.
        expected_usd: what the decisions expected the router to cost, by its chances, in the mean: the figure that the
            expected costs of single models are compared with. 0 without any answer.
        spent_usd: what the judged answers did cost in the mean, where that is known.
        singles: by expected quality, best first; `cheapest` and `strongest` are names among them.
        never: models that were in the ranking and never answered first.
        unserved: decisions that no model serves.
    """

    kind: Literal["always", "routes", "unknown"]
    sentence: str
    n: int
    router: Estimated | None
    expected_usd: float
    spent_usd: float | None
    singles: tuple[Single, ...]
    cheapest: str | None
    strongest: str | None
    never: tuple[str, ...]
    unserved: tuple[str, ...]


def advise(answers: Sequence[Judged], *, tolerance: float = TOLERANCE) -> Advice:
    """Return the advice.

    Args:
        answers: judged answers of one policy.
        tolerance: loss of mean reward that counts as none.
    """
    answers = [answers[place] for place in fairly([answer.whose for answer in answers])]
    models = sorted({model for answer in answers for model in answer.chances})
    singles = [_single(model, [a for a in answers if model in a.chances]) for model in models]
    singles.sort(key=lambda s: (-s.quality.value, s.usd, s.model))
    firsts = Counter(answer.model for answer in answers)
    bills = [answer.spent_usd for answer in answers if answer.spent_usd is not None]
    kind, sentence = _verdict(singles, tolerance=tolerance)
    return Advice(
        kind=kind,
        sentence=sentence,
        n=len(answers),
        router=doubly_robust(_router_log(answers)) if answers else None,
        expected_usd=float(np.mean([_expected(a.chances, a.cost_usd) for a in answers])) if answers else 0.0,
        spent_usd=sum(bills) / len(bills) if bills else None,
        singles=tuple(singles),
        cheapest=min(singles, key=lambda s: (s.usd, s.model)).model if singles else None,
        strongest=singles[0].model if singles else None,
        never=tuple(model for model in models if firsts[model] == 0),
        unserved=tuple(a.decision for a in answers if max(a.quality.values()) < HOPELESS and a.reward < 0.5),
    )


def _single(model: str, answers: Sequence[Judged]) -> Single:
    log = _log(answers, [float(a.model == model) for a in answers], [a.quality[model] for a in answers])
    return Single(
        model=model,
        quality=doubly_robust(log),
        gained=difference(log, _router_log(answers), name="dr"),
        usd=float(np.mean([a.cost_usd[model] for a in answers])),
        router_usd=float(np.mean([_expected(a.chances, a.cost_usd) for a in answers])),
        share=float(np.mean([a.chances[model] for a in answers])),
    )


def _router_log(answers: Sequence[Judged]) -> Log:
    """Return the log beside the policy that made it."""
    return _log(answers, [a.chances[a.model] for a in answers], [_expected(a.chances, a.quality) for a in answers])


def _log(answers: Sequence[Judged], target: Sequence[float], expected_target: Sequence[float]) -> Log:
    return Log(
        rewards=np.array([a.reward for a in answers]),
        chances=np.array([a.chances[a.model] for a in answers]),
        target=np.array(target),
        expected_logged=np.array([a.quality[a.model] for a in answers]),
        expected_target=np.array(expected_target),
        groups=groups([a.whose for a in answers]),
    )


def _expected(chances: dict[str, float], values: dict[str, float]) -> float:
    return sum(chance * values[model] for model, chance in chances.items())


def _verdict(singles: Sequence[Single], *, tolerance: float) -> tuple[Literal["always", "routes", "unknown"], str]:
    known = [s for s in singles if s.gained.enough]
    all_known = len(known) == len(singles)
    # Where the router takes one model nearly always, it is no worse than itself: that shows nothing about the others.
    not_worse = [
        s
        for s in known
        if s.gained.low > -tolerance and s.usd <= s.router_usd * (1.0 + tolerance) and (all_known or s.share < ALL)
    ]
    if not_worse:
        best = min(not_worse, key=lambda s: (s.usd, -s.gained.value))
        return "always", (
            f"Use {best.model} always: against the router it changes quality by {_points(best.gained)}, "
            f"and its answers cost {_less(best.router_usd, best.usd)}."
        )
    strongest = singles[0] if singles else None
    if strongest is not None and strongest.gained.enough and strongest.gained.high < tolerance and strongest.saved > 0:
        return "routes", (
            f"Routing pays: {strongest.saved:.0%} cheaper than always using {strongest.model}, the strongest, "
            f"which would change quality by {_points(strongest.gained)}."
        )
    if strongest is not None and all_known and max(s.gained.high for s in known) < 0.0:
        best = max(known, key=lambda s: s.gained.value)
        return "routes", (
            f"Routing pays: every single model is worse than the router; always using {best.model} would change "
            f"quality by {_points(best.gained)}, and the bill by {_change(best.router_usd, best.usd)}."
        )
    better = [s for s in known if s.gained.low > 0.0]
    if better:
        best = max(better, key=lambda s: s.gained.low)
        return "unknown", (
            f"{best.model} alone is better by {_points(best.gained)} at "
            f"{best.usd / max(best.router_usd, 1e-12):.1f} times the cost: raise `routing.dial` if that is worth it."
        )
    reason = next((s.gained.why_not for s in singles if not s.gained.enough), "the intervals are too wide")
    return "unknown", (
        f"Not shown either way: {reason}. Send feedback, and let the router try other models now and then "
        "(`routing.explore`; it hardly tries a model that is known well), or judge a table of your own outcomes with "
        "`unisono evaluate`."
    )


def _points(gained: Estimated) -> str:
    value, low, high = (100 * part for part in (gained.value, gained.low, gained.high))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points"


def _change(before: float, after: float) -> str:
    return f"{after / before - 1.0:+.0%}" if before > 0 else "nothing"


def _less(before: float, after: float) -> str:
    """Say by how much a bill is lower than another, within the tolerance of which it may lie above."""
    share = 1.0 - after / before if before > 0 else 0.0
    return f"{share:.0%} less" if share >= 0.005 else "no more" if share > -0.005 else f"{-share:.0%} more"
