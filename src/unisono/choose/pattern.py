"""Whether one model answers, a cheaper one with a stronger behind it, or several together; and who does what.

Pure: ranking and features in, a plan and its reason out. It asks nobody; `execute` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

from unisono.choose.breakeven import Check, Worth, accepts_from, agreement, judgement, validity, worth
from unisono.choose.plans import cascade_reason, fusion_reason, not_several
from unisono.choose.utility import yardstick_usd
from unisono.types import (
    Capability,
    Choice,
    Estimate,
    Features,
    Goal,
    Mode,
    Model,
    Past,
    Plan,
    Planned,
    Ranked,
    Request,
)

MAX_LEADS = 3
MAX_BACKERS = 3
"""Models looked at as lead and as backers, best first; the search is this small so that it costs microseconds."""
MAX_CHECKS = 2
PLANNER_TOKENS = 200.0
"""What splitting a question into parts is expected to write."""
JUDGES_FROM = 0.5
"""Whoever is expected to be right less often than this judges and writes nothing: it would spoil better answers."""
MORE_IN = 1.3
"""Input tokens are estimates; a bound on cost is kept with this much in hand."""
MIN_TOKENS = 16
ENOUGH_QUALITY = 0.5
"""A member must be expected to be at least so good, as a share of the best: two of a weak kind outvote the best."""

EVIDENCE: dict[str, tuple[str, ...]] = {
    "final": ("refusal", "arithmetic", "logprobs", "agreement"),
    "format": ("refusal", "form"),
    "code": ("refusal", "parses", "code"),
    "": ("refusal", "judge"),
}
"""What is looked at in an answer, by what can be checked of it. The learned scorer is off: beside agreement it told
nothing more on the sets that we have."""

MORE = 1.25
"""Estimates off by .03 then choose a cascade that cannot pay in under five cases of a hundred."""

Pattern = Literal["single", "cascade", "fusion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What the configuration allows.

    Attributes:
        cascade: the modes in which a cascade may be chosen.
        members: how many models `auto:pro` asks at once, at most; 1 turns fusion off.
        judge: the model that judges and writes; None: the best.
        margin: how much better than the default another model must be; a cascade must be better than one model alone
            by `MORE` times as much.
    """

    cascade: frozenset[Mode] = frozenset()
    members: int = 3
    judge: str | None = None
    margin: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """The pattern, its plan, and the reason; None leaves the choice's own."""

    pattern: Pattern = "single"
    plan: Plan | None = None
    reason: str | None = None


ALONE = Arranged()


def arranged(
    choice: Choice,
    *,
    request: Request,
    features: Features,
    goal: Goal,
    past: Past | None,
    models: Mapping[str, Model],
    rules: Patterns,
    default: str,
) -> Arranged:
    """Return the pattern for a ranking that stands.

    Args:
        choice: the ranking after continuity and limits.
        request: for its pin, its mode and whether others may answer.
        features: for what can be checked, and the number of questions.
        goal: prices and bounds.
        past: the conversation until now.
        models: the pool by name.
        rules: what the configuration allows.
        default: the configured model, by whose cost money is measured.
    """
    wants_several = request.mode is Mode.PRO
    if (
        not choice.ranking
        or request.pin is not None
        or features.in_tool_loop
        or features.bound
        or not request.allow_fallback
    ):
        return ALONE
    if wants_several:
        return _fusion(choice, features=features, goal=goal, models=models, rules=rules)
    if goal.mode in rules.cascade and (features.checkable or rules.judge is not None):
        default_usd = yardstick_usd([r.estimate for r in choice.ranking], default)
        return _cascade(
            choice, features=features, goal=goal, past=past, models=models, rules=rules, default_usd=default_usd
        )
    return ALONE


# ------------------------------------------------------------------------------------------ cascade


@dataclass(frozen=True, slots=True)
class _Cascade:
    """A cascade that may be chosen."""

    lead: Ranked
    backers: tuple[Ranked, ...]
    closer: Ranked
    checks: tuple[Check, ...]
    worth: Worth
    judge: Ranked | None


def _cascade(
    choice: Choice,
    *,
    features: Features,
    goal: Goal,
    past: Past | None,
    models: Mapping[str, Model],
    rules: Patterns,
    default_usd: float,
) -> Arranged:
    current = None if past is None else past.model
    best = max(
        _cascades(
            choice.ranking,
            features=features,
            goal=goal,
            current=current,
            models=models,
            judge=rules.judge,
            default_usd=default_usd,
        ),
        key=lambda c: c.worth.utility,
        default=None,
    )
    first = choice.ranking[0]
    if best is None or best.worth.utility <= first.utility + MORE * rules.margin:
        return ALONE
    lead, closer = best.lead.estimate, best.closer.estimate
    plan = Plan(
        members=(lead.model, *(b.model for b in best.backers)),
        closer=closer.model,
        calls=(
            _call(lead, "member"),
            *(_backing(b.estimate, c) for b, c in zip(best.backers, best.checks, strict=False)),
            *(() if best.judge is None else (_call(best.judge.estimate, "judge"),)),
            _call(closer, "closer"),
        ),
        evidence=EVIDENCE[features.checkable],
        accept=accepts_from(lead, closer, goal, default_usd=default_usd),
        right=lead.quality.mean,
        utility=best.worth.utility,
        single_utility=first.utility,
    )
    reason = cascade_reason(plan, quality=best.worth.quality, escalates=best.worth.escalates, first=first, goal=goal)
    return Arranged(pattern="cascade", plan=plan, reason=reason)


def _cascades(
    ranking: Sequence[Ranked],
    *,
    features: Features,
    goal: Goal,
    current: str | None,
    models: Mapping[str, Model],
    judge: str | None,
    default_usd: float,
) -> Iterator[_Cascade]:
    """Yield the cascades within the bounds. In mid-conversation the lead is the model that goes on with it."""
    asked = None if features.checkable else next((r for r in ranking if r.model == judge), None)
    closers = {ranking[0].model: ranking[0]}
    strongest = max(ranking, key=lambda r: (r.estimate.quality.mean, r.model))
    closers[strongest.model] = strongest
    for closer in closers.values():
        cheaper = [r for r in ranking if r.estimate.cost.usd < closer.estimate.cost.usd]
        cheaper.sort(key=lambda r: (-r.estimate.quality.mean, r.model))
        for lead in cheaper[:MAX_LEADS] if current is None else [r for r in cheaper if r.model == current]:
            for backers in _backers(cheaper, lead, features):
                checks = _checks(lead, backers, features=features, models=models)
                if asked is not None and asked is not lead:
                    checks = (judgement(asked.estimate),)
                if checks and _within((lead, *backers), closer, goal):
                    found = worth(lead.estimate, checks, closer.estimate, goal, default_usd=default_usd)
                    yield _Cascade(lead, backers, closer, checks, found, None if features.checkable else asked)


def _backers(cheaper: Sequence[Ranked], lead: Ranked, features: Features) -> Iterator[tuple[Ranked, ...]]:
    if features.checkable != "final":
        yield ()
        return
    others = [r for r in cheaper if r.model != lead.model][:MAX_BACKERS]
    for n in range(1, MAX_CHECKS + 1):
        yield from permutations(others, n)


def _checks(
    lead: Ranked, backers: Sequence[Ranked], *, features: Features, models: Mapping[str, Model]
) -> tuple[Check, ...]:
    if features.checkable in ("format", "code"):
        return (validity(features.checkable),)
    maker = maker_of(models[lead.model])
    return tuple(agreement(b.estimate, kin=maker_of(models[b.model]) == maker) for b in backers)


def _within(asked: Sequence[Ranked], closer: Ranked, goal: Goal) -> bool:
    """Say whether a cascade keeps the request's bounds even when every model of it is asked."""
    usd = sum(r.estimate.cost.high_usd for r in (*asked, closer))
    if goal.max_cost_usd is not None and usd > goal.max_cost_usd:
        return False
    if goal.max_first_token_s is None:
        return True
    # the first two answer side by side; whoever comes later is waited for, and then the closer begins
    held_s = max(r.estimate.latency.total_s for r in asked[:2]) + sum(r.estimate.latency.total_s for r in asked[2:])
    return held_s + closer.estimate.latency.first_token_s <= goal.max_first_token_s


# ------------------------------------------------------------------------------------------ fusion


_BY_ONE = frozenset({Capability.TOOLS, Capability.ANTHROPIC})
"""What calls tools, or has Anthropic call them, is one model's work."""


def _fusion(
    choice: Choice, *, features: Features, goal: Goal, models: Mapping[str, Model], rules: Patterns
) -> Arranged:
    if rules.members < 2:
        return Arranged(reason=f"{choice.reason} {not_several('off', goal)}")
    if not features.joint or features.needs & _BY_ONE:
        return Arranged(reason=f"{choice.reason} {not_several('form', goal)}")
    members = _diverse(choice.ranking, models=models, n=rules.members)
    if len(members) < 2:
        return Arranged(reason=f"{choice.reason} {not_several('pool', goal)}")
    named = _author(choice.ranking, rules)
    closer = named if named.estimate.quality.mean >= JUDGES_FROM else None
    for asked, author in _smaller(members, closer):
        calls = _calls(asked, author, goal, features=features, models=models)
        capped = _capped(calls, goal, features=features, models=models)
        if capped is not None and _in_time(asked, author, goal):
            return _fused(choice, asked, author, capped, features=features, goal=goal)
    return Arranged(reason=f"{choice.reason} {not_several('bounds', goal)}")


def _fused(
    choice: Choice,
    asked: Sequence[Ranked],
    author: Ranked | None,
    calls: tuple[Planned, ...],
    *,
    features: Features,
    goal: Goal,
) -> Arranged:
    plan = Plan(
        members=tuple(r.model for r in asked),
        closer=None if author is None else author.model,
        calls=calls,
        evidence=("agreement", "contradictions") if features.checkable == "final" else ("contradictions",),
        right=max(r.estimate.quality.mean for r in asked),
        enough=max(2, len(asked) // 2 + 1),
        split=features.n_parts >= 2 and author is not None and goal.max_cost_usd is None,
        utility=choice.ranking[0].utility,
        single_utility=choice.ranking[0].utility,
    )
    return Arranged(pattern="fusion", plan=plan, reason=fusion_reason(plan, goal))


def _smaller(members: Sequence[Ranked], author: Ranked | None) -> Iterator[tuple[Sequence[Ranked], Ranked | None]]:
    """Yield what may be asked, dearest first: without the author, then with fewer members."""
    for n in range(len(members), 1, -1):
        if author is not None:
            yield members[:n], author
        yield members[:n], None


def _calls(
    asked: Sequence[Ranked],
    author: Ranked | None,
    goal: Goal,
    *,
    features: Features,
    models: Mapping[str, Model],
) -> tuple[Planned, ...]:
    calls = [_call(r.estimate, "member") for r in asked]
    if author is None:
        return tuple(calls)
    read = sum(r.estimate.cost.output_tokens for r in asked)
    calls.append(_longer(author.estimate, models[author.model], more_in=read, part="author"))
    if features.n_parts >= 2 and goal.max_cost_usd is None:
        calls.append(_planner(author.estimate, models[author.model], features))
    return tuple(calls)


def _longer(estimate: Estimate, model: Model, *, more_in: float, part: Literal["author"]) -> Planned:
    more = 0.0 if model.prices is None else more_in * model.prices.usd_per_mtok_in / 1e6
    cost = estimate.cost
    return Planned(
        model=estimate.model,
        part=part,
        usd=cost.usd + more,
        high_usd=cost.high_usd + 2 * more,
        tokens=cost.output_tokens + more_in,
    )


def _planner(estimate: Estimate, model: Model, features: Features) -> Planned:
    prices = model.prices
    usd = 0.0
    if prices is not None:
        usd = (features.n_input_tokens * prices.usd_per_mtok_in + PLANNER_TOKENS * prices.usd_per_mtok_out) / 1e6
    return Planned(model=estimate.model, part="planner", usd=usd, high_usd=2 * usd, tokens=PLANNER_TOKENS)


def _capped(
    calls: Sequence[Planned], goal: Goal, *, features: Features, models: Mapping[str, Model]
) -> tuple[Planned, ...] | None:
    """Return the calls with the longest answers that the bound on cost leaves each; None when it leaves too little.

    What the bound leaves beyond the expected highs is shared out equally. The author is charged for reading all that
    the members may write.
    """
    bound = goal.max_cost_usd
    if bound is None:
        return tuple(calls)
    spare = bound - sum(c.high_usd for c in calls)
    if spare < 0:
        return None
    capped: list[Planned] = []
    read = float(features.n_input_tokens)
    for call in sorted(calls, key=lambda c: c.part == "author"):
        prices = models[call.model].prices
        if prices is None:
            return None
        left = call.high_usd + spare / len(calls) - MORE_IN * read * prices.usd_per_mtok_in / 1e6
        if prices.usd_per_mtok_out <= 0:
            capped.append(call)
            continue
        n_tokens = int(left * 1e6 / prices.usd_per_mtok_out)
        if n_tokens < max(call.tokens - (read - features.n_input_tokens), MIN_TOKENS):
            return None
        capped.append(replace(call, max_tokens=n_tokens))
        read += n_tokens
    return tuple(capped)


def _in_time(asked: Sequence[Ranked], author: Ranked | None, goal: Goal) -> bool:
    if goal.max_first_token_s is None:
        return True
    held_s = max(r.estimate.latency.total_s for r in asked)
    written_s = 0.0 if author is None else author.estimate.latency.total_s
    return held_s + written_s <= goal.max_first_token_s


def _diverse(ranking: Sequence[Ranked], *, models: Mapping[str, Model], n: int) -> list[Ranked]:
    """Return the best models, one of each maker before a second of any."""
    best = sorted(ranking, key=lambda r: (-r.estimate.quality.mean, r.model))
    floor = ENOUGH_QUALITY * best[0].estimate.quality.mean
    good = [r for r in best if r.estimate.quality.mean >= floor]
    makers: set[str] = set()
    first: list[Ranked] = []
    second: list[Ranked] = []
    for ranked in good:
        maker = maker_of(models[ranked.model])
        (second if maker in makers else first).append(ranked)
        makers.add(maker)
    return [*first, *second][:n]


def _author(ranking: Sequence[Ranked], rules: Patterns) -> Ranked:
    named = next((r for r in ranking if r.model == rules.judge), None)
    return named or max(ranking, key=lambda r: (r.estimate.quality.mean, r.model))


def maker_of(model: Model) -> str:
    """Return whose model it is, as far as its name tells: the letters that it begins with."""
    name = model.upstream_model.rpartition("/")[2].lower()
    match = re.match(r"(?:meta-)?([a-z]+)", name)
    return match.group(1) if match else name


def _backing(estimate: Estimate, check: Check) -> Planned:
    agrees = check.passes_right / max(check.passes_wrong, 1e-3)
    differs = (1 - check.passes_right) / max(1 - check.passes_wrong, 1e-3)
    return replace(_call(estimate, "member"), agrees=agrees, differs=differs)


def _call(estimate: Estimate, part: Literal["member", "judge", "closer"]) -> Planned:
    cost = estimate.cost
    return Planned(model=estimate.model, part=part, usd=cost.usd, high_usd=cost.high_usd, tokens=cost.output_tokens)
