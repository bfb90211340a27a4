"""THE PATH: the one place that knows the order of the stages.

It builds nothing (`compose` does) and speaks no HTTP (`server` does).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from zlib import crc32

from uuid_utils import uuid7

from unisono.catalog import Catalog
from unisono.choose.continuity import keep_or_switch
from unisono.choose.explore import explored, may_explore
from unisono.choose.goal import goal_of
from unisono.choose.home import home_of
from unisono.choose.house import Ruled, by_house
from unisono.choose.memory import anchored
from unisono.choose.pattern import ALONE, Arranged, arranged
from unisono.choose.retry import retried
from unisono.choose.utility import utility, yardstick_usd
from unisono.choose.words import pinned
from unisono.eligible.aside import LeftAside
from unisono.eligible.candidates import Candidates
from unisono.eligible.limits import within_limits
from unisono.eligible.sift import first_against, sift
from unisono.errors import LimitReached, ModelNotFound, NoCandidate
from unisono.predict.currency import stale_notice
from unisono.protocols import QualityPredictor
from unisono.router import told
from unisono.router.degraded import as_declared, bare_features
from unisono.router.expect import expected, weighed
from unisono.router.pin import is_plain_pin, pin_first
from unisono.router.stages import Settings, Stages
from unisono.types import (
    Choice,
    Decision,
    Estimate,
    Excluded,
    Features,
    Goal,
    Health,
    Message,
    Mode,
    Model,
    Notice,
    Past,
    Ranked,
    Request,
    Situation,
)
from unisono.understand.form import with_form
from unisono.understand.glance import only_glanced
from unisono.values import changed, value

NOTHING_KNOWN = Situation()
"""A first request of a caller without limits."""


class Router:
    """Decides which model serves a request.

    Attributes:
        catalog: the pool.
        stages: one of each.
        settings: what a decision depends on besides the request.
        models: the pool by name.
        clock_s: seconds that only ever grow.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        stages: Stages,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock_s: Callable[[], float] = perf_counter,
    ) -> None:
        """Route over `catalog` with these stages."""
        self.catalog = catalog
        self.settings = settings
        self.stages = stages
        self.models: Mapping[str, Model] = {model.name: model for model in catalog}
        self._now = now
        self.clock_s = clock_s
        self._candidates = Candidates(catalog)
        self._left_aside = LeftAside(catalog, stages.rules)
        self._all_up = tuple((model.name, Health.UP) for model in catalog)

    @property
    def quality(self) -> QualityPredictor | None:
        """What predicts quality; None when the trained parts are broken."""
        return self.stages.quality

    def understand(self, request: Request) -> Features:
        """Return what is understood of a request."""
        return self.stages.understand(request)

    def decide(self, request: Request, *, known: Situation = NOTHING_KNOWN) -> tuple[Features, Decision]:
        """Return what was understood of a request, and which models may answer it, best first.

        Args:
            request: what the caller asks.
            known: what the conversation and the limits say; health and expectations are filled in here.

        Raises:
            NoCandidate: no model may serve it.
        """
        quality = self.stages.quality
        if quality is None:
            return self.decide_degraded(request, known=known, why="its trained parts cannot be read")
        started_s = self.clock_s()
        if is_plain_pin(request):
            features = self.stages.glance(request, dated=self._is_dated(request.pin))
            health, scores = self._health()[0], self.settings.scores
            return features, self._pinned_in(
                request, features, known=known, health=health, scores=scores, quality=quality, started_s=started_s
            )
        features = self.stages.understand(request)
        if request.mode is Mode.PRO or self.settings.patterns.cascade:
            features = with_form(features, request.body)
        anchor = self.stages.anchor(request, features)
        scores, expected = self.settings.scores, known.estimates
        health, limited = self._health()
        situation = _seen(known, health=health, limited=limited, scores=scores, anchor=anchor, estimates=expected)
        return features, self.decide_in(request, features, situation=situation, quality=quality, started_s=started_s)

    def decide_in(
        self,
        request: Request,
        features: Features,
        *,
        situation: Situation,
        quality: QualityPredictor,
        started_s: float,
        seed: int | None = None,
    ) -> Decision:
        """Decide in a situation that is known whole: a pure function but for the id and the clock.

        Where `situation.estimates` holds what was expected of a model, its cost and latency are taken from there.

        Args:
            request: what the caller asks.
            features: what was understood of it.
            situation: all that moves.
            quality: with the scores of `situation.scores` taken in.
            started_s: when this began, on the router's clock.
            seed: of a recorded decision; default: made from the words of the request.

        Raises:
            NoCandidate: no model may serve it.
        """
        if request.pin is not None and only_glanced(features):
            return self._pinned_in(
                request,
                features,
                known=situation,
                health=situation.health,
                scores=situation.scores,
                quality=quality,
                started_s=started_s,
            )
        past, rules = situation.past, self.stages.rules
        candidates = self._candidates.at(situation.health, situation.limited).values()
        kept, excluded = sift(request, features, candidates=candidates, rules=rules)
        models = [c.model for c in kept]
        case = _Case(request=request, features=features, goal=self._goal(request, features, past), situation=situation)
        estimates = self._expected(case, models, quality=quality)
        now = weighed(estimates, models, features, past=past, now=request.received)
        house = self._by_house(case, now)
        choice = pin_first(house.choice, request.pin, case.goal)
        against = (*excluded, *choice.excluded, *house.against)
        choice, again, switched = self._going_on(case, choice, against=against)
        heir = choice.ranking[0].model if switched else None
        choice, limited = self._within_limits(case, house.whole(choice))
        if request.pin is not None and not request.allow_fallback:
            choice = replace(choice, ranking=choice.ranking[:1])
        if not choice.ranking:
            raise NoCandidate("No model meets the bounds of this request.", excluded=(*excluded, *choice.excluded))
        if past is not None and heir not in (None, choice.ranking[0].model):
            switched = told.stood_in_for(str(past.model), choice, case.goal)
        pattern = self._arranged(case, house.front(choice), limited=limited)
        if seed is None:
            seed = crc32(f"{request.model}\0{features.task}".encode("utf-8", "surrogatepass"))
        unread = told.unread(features, case.goal)
        tried: tuple[Notice, ...] = ()
        if pattern.pattern != "single":
            switched = ()  # whose words the answer has is not known before the models were asked
        elif not (limited or unread) and _is_first(situation):
            choice, tried = self._explored(case, choice, house=house, seed=seed)
        return self._decision(
            case,
            replace(choice, excluded=(*excluded, *choice.excluded)),
            notices=(
                *unread,
                *house.notices,
                *again,
                *limited,
                *switched,
                *tried,
                *self._stale(case, choice.ranking[0].model),
            ),
            seed=seed,
            baseline=max(now, key=lambda e: (e.quality.mean, e.cost.usd, e.model)).model,
            started_s=started_s,
            situation=changed(situation, estimates=estimates),
            pattern=pattern,
        )

    def _goal(self, request: Request, features: Features, past: Past | None) -> Goal:
        raised = (0 if past is None else past.raised) + features.dissatisfied
        return goal_of(request, dial=self.settings.dial, features=features, raised=raised)

    def _expected(self, case: _Case, models: Sequence[Model], *, quality: QualityPredictor) -> tuple[Estimate, ...]:
        stages = self.stages
        return expected(
            case.request,
            case.features,
            models,
            quality=quality,
            cost=stages.cost,
            latency=stages.latency,
            recorded=case.situation.estimates,
        )

    def _home(self, case: _Case, estimates: Sequence[Estimate]) -> str:
        """Return who stays when in doubt, and whose price is the yardstick."""
        return home_of(case.goal.mode, estimates, self.models, default=self.settings.default)

    def _by_house(self, case: _Case, estimates: Sequence[Estimate]) -> Ruled:
        """Choose, as a rule of the house says where a request falls under one. Who asks again is beyond such rules."""
        choose = partial(self.stages.chooser.choose, goal=case.goal, default=self._home(case, estimates))
        rule = case.features.rule
        found = None if rule is None or case.situation.retry is not None else self.settings.house.get(rule)
        if found is None:
            return Ruled(choose(estimates))
        named = set()
        for name in found.models:
            with suppress(ModelNotFound):  # it has retired, and nobody follows it
                named.add(self.catalog.resolve(name, today=case.request.received.date()).name)
        return by_house(found, estimates, case.goal, named=named, choose=choose)

    def _going_on(
        self, case: _Case, choice: Choice, *, against: Sequence[Excluded]
    ) -> tuple[Choice, tuple[Notice, ...], tuple[Notice, ...]]:
        """Stay with the model of the conversation, or of a nearly equal prompt, unless another is clearly better.

        Returns:
            The choice, what is said to who asks again, and of a switch.
        """
        goal, situation = case.goal, case.situation
        if situation.retry is not None:  # who asks again has moved on by himself
            choice, again = retried(choice, retry=situation.retry, language=goal.language)
            return choice, again, ()
        past, rules = situation.past, self.settings.continuity
        if case.request.pin is None and (past is None or past.model is None):
            choice = anchored(choice, anchor=situation.anchor, margin=rules.margin, language=goal.language)
        choice, switched = keep_or_switch(
            choice, request=case.request, features=case.features, goal=goal, past=past, excluded=against, rules=rules
        )
        return choice, (), switched

    def _within_limits(self, case: _Case, choice: Choice) -> tuple[Choice, tuple[Notice, ...]]:
        return within_limits(
            choice,
            request=case.request,
            features=case.features,
            spent=case.situation.spent,
            models=self.models,
            language=case.goal.language,
        )

    def _arranged(self, case: _Case, choice: Choice, *, limited: Sequence[Notice]) -> Arranged:
        """Say how models work together; who asks again, or comes where a limit has sent him, gets one of them alone."""
        if case.situation.retry is not None or any(notice.code == "limit_downgrade" for notice in limited):
            return ALONE
        return arranged(
            choice,
            request=case.request,
            features=case.features,
            goal=case.goal,
            past=case.situation.past,
            models=self.models,
            rules=self.settings.patterns,
            default=self.settings.default,
        )

    def _explored(self, case: _Case, choice: Choice, *, house: Ruled, seed: int) -> tuple[Choice, tuple[Notice, ...]]:
        rules, goal = self.settings.exploration, case.goal
        if rules.share <= 0.0 or not may_explore(case.request, case.features, goal):
            return choice, ()
        estimates = [ranked.estimate for ranked in choice.ranking]
        usd = yardstick_usd(estimates, self._home(case, estimates))
        healthy = {model for model, health in case.situation.health if health is Health.UP}
        front, tried = explored(
            house.front(choice),
            worth=lambda estimate: utility(estimate, goal, default_usd=usd),
            rules=rules,
            healthy=healthy,
            seed=seed,
            language=goal.language,
        )
        return replace(front, ranking=(*front.ranking, *choice.ranking[len(front.ranking) :])), tried

    def _stale(self, case: _Case, model: str) -> tuple[Notice, ...]:
        """Return the notice that what a model knows is older than the answer should be, where it is."""
        today, language = case.request.received.date(), case.goal.language
        notice = stale_notice(self.models[model], case.features.freshness, today=today, language=language)
        return () if notice is None else (notice,)

    def _pinned_in(
        self,
        request: Request,
        features: Features,
        *,
        known: Situation,
        health: tuple[tuple[str, Health], ...],
        scores: int,
        quality: QualityPredictor,
        started_s: float,
    ) -> Decision:
        """Decide on a plain pin: nobody else may answer, so nobody else is looked at.

        Args:
            request: what the caller asks.
            features: what a glance tells of it.
            known: the situation, but for the next two.
            health: of all models.
            scores: the generation that `quality` has taken in.
            quality: expects how good the answer will be.
            started_s: when this began, on the router's clock.

        Raises:
            NoCandidate: the pinned model cannot serve the request.
        """
        assert request.pin is not None  # noqa: S101 - said by `is_plain_pin`
        model = self.models[request.pin]
        candidates, rules = self._candidates.at(health), self.stages.rules
        if first_against(request, features, candidates[model.name], rules=rules) is not None:
            sift(request, features, candidates=candidates.values(), rules=rules)  # says why, and raises
        goal = self._goal(request, features, known.past)
        case = _Case(request=request, features=features, goal=goal, situation=known)
        estimates = self._expected(case, (model,), quality=quality)
        (now,) = weighed(estimates, (model,), features, past=known.past, now=request.received)
        reason = pinned(model.name, goal)
        first = Ranked(
            model=model.name,
            estimate=now,
            utility=utility(now, goal, default_usd=now.cost.usd),
            propensity=1.0,
            reason=reason,
        )
        choice = Choice(ranking=(first,), excluded=self._left_aside.by(request, features), reason=reason)
        choice, limited = self._within_limits(case, choice)
        return self._decision(
            case,
            choice,
            notices=(*limited, *self._stale(case, model.name)),
            seed=0,
            baseline=model.name,
            started_s=started_s,
            situation=_seen(known, health=health, limited=(), scores=scores, anchor=known.anchor, estimates=estimates),
        )

    def _is_dated(self, pin: str | None) -> bool:
        """Say whether it matters of what day an answer of this model is."""
        model = None if pin is None else self.models.get(pin)
        return model is not None and model.knowledge_cutoff is not None

    def decide_degraded(
        self, request: Request, *, why: str, known: Situation = NOTHING_KNOWN
    ) -> tuple[Features, Decision]:
        """Return the declared default (or the pinned model) when the router itself is broken.

        Raises:
            NoCandidate: the rules leave nobody: a broken router still breaks no bound of the caller.
        """
        started_s = self.clock_s()
        features = bare_features(request)
        health, limited = self._health()
        situation = replace(known, health=health, limited=limited, estimates=())
        return features, self.decide_degraded_in(request, features, situation=situation, why=why, started_s=started_s)

    def decide_degraded_in(
        self, request: Request, features: Features, *, situation: Situation, why: str, started_s: float
    ) -> Decision:
        """Do what `decide_degraded` does in a situation that is known whole: pure but for the id and the clock.

        Raises:
            NoCandidate: the rules leave nobody.
        """
        candidates = self._candidates.at(situation.health, situation.limited).values()
        kept, excluded = sift(request, features, candidates=candidates, rules=self.stages.rules)
        goal = goal_of(request, dial=self.settings.dial, features=features)
        case = _Case(request=request, features=features, goal=goal, situation=situation)
        first = request.pin or self.settings.default
        ranking = as_declared((c.model for c in kept), first=first, why=why, goal=goal)
        choice, limited = self._within_limits(
            case, Choice(ranking=ranking, excluded=excluded, reason=ranking[0].reason)
        )
        return self._decision(
            case,
            choice,
            notices=limited,
            seed=0,
            baseline=None,
            started_s=started_s,
            degraded=why,
            situation=situation,
        )

    def models_for(self, part: str, request: Request, decision: Decision) -> tuple[str, ...]:
        """Return whom to ask a part of a question, best first: decided as the whole was, among the same models."""
        messages = (Message(role="user", text=part),)
        asked = replace(request, messages=messages, body={"messages": [{"role": "user", "content": part}]})
        allowed = [ranked.model for ranked in decision.ranking]
        quality = self.stages.quality
        if quality is None:
            return tuple(allowed)
        situation = replace(decision.situation, past=None, anchor=None, retry=None, estimates=())
        try:
            features = self.stages.understand(asked)
            found = self.decide_in(asked, features, situation=situation, quality=quality, started_s=self.clock_s())
        except (NoCandidate, LimitReached):
            return tuple(allowed)
        return tuple(ranked.model for ranked in found.ranking if ranked.model in allowed) or tuple(allowed)

    def _health(self) -> tuple[tuple[tuple[str, Health], ...], tuple[tuple[str, datetime], ...]]:
        """Return the health of every model, and until when hosts limit some of those that are down."""
        if self.stages.all_up():
            return self._all_up, ()
        now_s, state = self.clock_s(), self.stages.health.state
        health = tuple([(name, state(name, now_s)[0]) for name in self.models])
        down = {name for name, found in health if found is Health.DOWN}
        return health, tuple([row for row in self.stages.limited() if row[0] in down])

    def _decision(
        self,
        case: _Case,
        choice: Choice,
        *,
        notices: tuple[Notice, ...],
        seed: int,
        baseline: str | None,
        started_s: float,
        situation: Situation,
        degraded: str | None = None,
        pattern: Arranged = ALONE,
    ) -> Decision:
        """Put a decision together.

        Args:
            case: what was decided.
            choice: how.
            notices: of the steps; those that every decision may need come before them.
            seed: of what was left to chance.
            baseline: the model that the bill is held against.
            started_s: when this began, on the router's clock.
            situation: what is recorded of the moment.
            degraded: what is broken.
            pattern: how the models work together.
        """
        request = case.request
        standing = told.standing(
            request,
            choice,
            goal=case.goal,
            catalog=self.catalog,
            unrecorded=case.situation.unrecorded,
            degraded=degraded,
        )
        return Decision(
            id=str(uuid7()),
            at=self._now(),
            request=request.id,
            session=request.session,
            mode=request.mode,
            pin=request.pin,
            goal=case.goal,
            pattern=pattern.pattern,
            ranking=choice.ranking,
            excluded=choice.excluded,
            reason=pattern.reason or choice.reason,
            notices=(*standing, *notices),
            degraded=degraded is not None,
            allow_fallback=request.allow_fallback,
            baseline=baseline,
            config_hash=self.settings.config_hash,
            artifact=self.settings.artifact,
            seed=seed,
            decide_s=self.clock_s() - started_s,
            situation=situation,
            plan=pattern.plan,
            policy=self.settings.policy,
        )


@value
class _Case:
    """A request and all that a decision on it takes into account."""

    request: Request
    features: Features
    goal: Goal
    situation: Situation


def _seen(
    known: Situation,
    *,
    health: tuple[tuple[str, Health], ...],
    limited: tuple[tuple[str, datetime], ...],
    scores: int,
    anchor: str | None,
    estimates: tuple[Estimate, ...],
) -> Situation:
    """Return a situation with what the router sees for itself. Every request asks; `replace` takes thrice as long."""
    return Situation(
        health=health,
        past=known.past,
        spent=known.spent,
        anchor=anchor,
        retry=known.retry,
        estimates=estimates,
        scores=scores,
        unrecorded=known.unrecorded,
        limited=limited,
    )


def _is_first(situation: Situation) -> bool:
    """Say whether nothing before hangs together with this request, and what it shows will be recorded."""
    past = situation.past
    alone = situation.anchor is None and situation.retry is None and (past is None or past.model is None)
    return alone and not situation.unrecorded
