"""What two policies would have chosen in the situations that the record holds: no model is asked, and none is needed.

A policy that follows what is learned is given the scores that were known before: the decisions are worked through in
blocks, each with the scores at its beginning, so that no policy is judged by an answer that it has learned from. It
estimates nothing.

Source: A. P. Dawid 1984 for judging by the next case only; A. Owen and Y. Zhou 2000 for the chance of a choice in a log
of several policies (the mixture of their chances).
Not for: what a policy would have done later in a conversation that it would have led elsewhere: each turn is decided
in the conversation as it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from unisono.config import Config
from unisono.config.kept import kept_of
from unisono.config.overlay import with_overlay
from unisono.errors import ArtifactError, StartError, UnisonoError
from unisono.evaluate.judged import reward_of, whose
from unisono.evaluate.recompute import Parts, parts_of
from unisono.evaluate.together import Whose
from unisono.plugins import Registry
from unisono.predict.artifact import Artifact, default_artifact_path, load
from unisono.protocols import Encoder
from unisono.record.policies import Event, Known, Standing
from unisono.record.reader import Reader, Stored
from unisono.types import Decision, Mode, Role
from unisono.understand.task_type import TaskTypes
from unisono.understand.task_type import load as load_types

N_BLOCKS = 8
MIN_BLOCK = 200
"""Decisions that are decided again with one generation of scores, at least."""
DEEP = (Role.DEEP, Role.PRO)
REFUSED = "[refused]"
LENGTHS = ((50, "under 50 tokens"), (500, "50 to 500 tokens"), (None, "over 500 tokens"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One recorded decision beside what two policies would have chosen.

    Attributes:
        decision: its id.
        model: the choice that was made.
        chance: that this choice had in the log.
        reward: of the answer, in [0, 1]; None where nobody judged it.
        one: chance of each model under the first policy. Several models' joint work, and a refusal, stand here under
            names of their own (`[cascade]`, `[fusion]`, `[refused]`), which no log of single answers holds.
        two: the same under the second.
        quality: that was expected of each model, before the answer.
        usd: that each model's answer was expected to cost.
        deep: the models of the pool whose role is deep or pro.
        slices: what the request was: its task, language, length and key.
        unseen: chance of what the first policy would choose, the second would not, and the log could never hold.
        whose: to whom the answer was given.
    """

    decision: str
    model: str
    chance: float
    reward: float | None
    one: Mapping[str, float]
    two: Mapping[str, float]
    quality: Mapping[str, float]
    usd: Mapping[str, float]
    deep: frozenset[str] = frozenset()
    slices: Mapping[str, str] = field(default_factory=dict)
    unseen: float = 0.0
    whose: Whose = ("", "")


class Rechooser:
    """Decides recorded requests again by one policy, over today's pool."""

    def __init__(
        self, standing: Standing, *, config: Config, registry: Registry, encoder: Encoder, reader: Reader
    ) -> None:
        """Read the policy's trained parts.

        Raises:
            RequestError: its settings do not fit the configuration.
            StartError: its trained parts cannot be read, or are others by now.
        """
        self.standing = standing
        self._kept = kept_of(with_overlay(config, standing.policy.settings))
        self._registry, self._reader = registry, reader
        self.encoder = encoder
        self.deep = frozenset(model.name for model in config.models if model.role in DEEP)
        self.cascade = frozenset(Mode(mode) for mode in self._kept.routing.cascade)
        self._artifact = self._load()
        self._parts: tuple[int, Parts] | None = None
        self._others: Rechooser | None = None
        if standing.within is not None:
            others = standing.within.others
            self._others = Rechooser(others, config=config, registry=registry, encoder=encoder, reader=reader)

    @property
    def learned_until(self) -> datetime | None:
        """The moment up to which its trained parts have seen this log; None where they have not."""
        training = self._artifact.manifest.get("training")
        until = training.get("log_until") if isinstance(training, dict) else None
        return datetime.fromisoformat(until) if isinstance(until, str) else None

    def decide(self, stored: Stored, *, generation: int) -> Decision | None:
        """Return the decision in the recorded situation; None where no model would have been allowed.

        Args:
            stored: from the record, with its features.
            generation: of the scores, for a policy that is not frozen at another.
        """
        assert stored.features is not None  # noqa: S101 - said by `usable`
        if self._others is not None and self.standing.for_caller(stored.request.key) is not self.standing:
            return self._others.decide(stored, generation=generation)
        frozen, held = self.standing.policy.scores, self.standing.held
        known = generation if held is None else min(generation, held)
        parts = self._with_scores(known if frozen is None else frozen)
        assert parts.quality is not None  # noqa: S101 - there is an artifact
        try:
            return parts.router.decide_in(
                stored.request,
                stored.features,
                situation=stored.decision.situation,
                quality=parts.quality,
                started_s=0.0,
                seed=stored.decision.seed,
            )
        except UnisonoError:
            return None

    def _with_scores(self, generation: int) -> Parts:
        if self._parts is None or self._parts[0] != generation:
            parts = parts_of(
                self._kept,
                registry=self._registry,
                artifact=self._artifact,
                encoder=self.encoder,
                scores=self._reader.scores_at(generation, self._kept.fingerprints),
                generation=generation,
                policy=self.standing.policy.id,
            )
            self._parts = (generation, parts)
        return self._parts[1]

    def _load(self) -> Artifact:
        policy = self.standing.policy
        try:
            place = self._kept.routing.artifact or default_artifact_path(self.encoder.name)
            found = load(place, encoder=self.encoder.name)
        except ArtifactError as error:
            raise StartError(f"The policy {policy.name} cannot be judged: {error}") from error
        if policy.artifact not in (None, found.id):
            text = f"was made with the artifact {policy.artifact}, and its folder holds {found.id} by now"
            raise StartError(f"The policy {policy.name} {text}. Make a policy of the new one.")
        return found


def usable(stored: Stored) -> bool:
    """Say whether a recorded decision can be taken again by another policy."""
    made = stored.decision
    whole = stored.features is not None and bool(made.situation.health)
    return whole and made.mode is not None and not made.degraded and made.situation.retry is None


def rows(
    reader: Reader,
    ids: Sequence[str],
    *,
    one: Rechooser,
    two: Rechooser,
    known: Known,
    learned: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[Row]:
    """Yield each decision that can be taken again, and that neither policy has been trained or frozen on.

    Args:
        reader: of the record.
        ids: of decisions, oldest first.
        one: the first policy, such as a candidate.
        two: the second, such as the live one.
        known: what happened to policies, for the chances in a log of two of them.
        learned: yield also those that a policy has learned from: to see what it would do, not to judge it.
        tick: called after each.

    Raises:
        StoreError: the record cannot be read.
    """
    block, generation = max(MIN_BLOCK, -(-len(ids) // N_BLOCKS)), 0
    log = _Log(known, encoder=one.encoder, deep=one.deep)
    until = max((at for at in (one.learned_until, two.learned_until) if at is not None), default=None)
    frozen = max((s for s in (one.standing.policy.scores, two.standing.policy.scores) if s is not None), default=0)
    for place, decision in enumerate(ids):
        stored = reader.stored(decision)
        tick()
        if stored is None:
            continue
        if place % block == 0:
            generation = stored.decision.situation.scores
        made = stored.decision
        is_known = (until is not None and made.at <= until) or made.situation.scores < frozen
        if not usable(stored) or (is_known and not learned):
            continue
        first, second = (c.decide(stored, generation=min(generation, made.situation.scores)) for c in (one, two))
        if first is not None and made.mode in one.cascade - two.cascade:
            first = replace(first, pattern="cascade")  # what it needs to know of the form was not looked at then
        if second is not None:
            yield log.row(stored, first, second, reward=reward_of(reader, stored))


class _Log:
    """Puts a recorded decision beside two that were taken again."""

    def __init__(self, known: Known, *, encoder: Encoder, deep: frozenset[str]) -> None:
        self._deep = deep
        self._events: Sequence[Event] = known.events
        self._lives = known.lives()
        self._times = [event.at for event in known.events]
        self._types: TaskTypes | None = _types(encoder.name)

    def row(self, stored: Stored, one: Decision | None, two: Decision, *, reward: float | None) -> Row:
        """Return the row; `one` is None where the first policy lets nobody answer."""
        made = stored.decision
        decisions = [d for d in (two, one, made) if d is not None]
        estimates = [r.estimate for d in decisions for r in d.ranking]
        logged, first, second = self._logged(stored, one, two), _chances(one), _chances(two)
        more = {model: chance - second.get(model, 0.0) for model, chance in first.items()}
        return Row(
            decision=made.id,
            model=made.model,
            chance=logged.get(made.model, 1.0),  # of joint work there is no reward, so it is not read
            reward=reward,
            one=first,
            two=second,
            quality={**{e.model: e.quality.mean for e in estimates}, **_jointly(decisions, _lead), REFUSED: 0.0},
            usd={**{e.model: e.cost.usd for e in estimates}, **_jointly(decisions, _bill), REFUSED: 0.0},
            deep=self._deep,
            slices=self._slices(stored),
            unseen=sum(max(extra, 0.0) for model, extra in more.items() if logged.get(model, 0.0) <= 0.0),
            whose=whose(stored.request),
        )

    def _logged(self, stored: Stored, one: Decision | None, two: Decision) -> dict[str, float]:
        """Return the chance of each model in the log: where a canary ran, over both policies, as conversations fall.

        The policy that decided has the chances that it wrote down, the other one those of its decision taken again.
        """
        made = stored.decision
        own = _chances(made)
        place = bisect_right(self._times, made.at) - 1
        event = self._events[place] if place >= 0 else None
        if event is None or event.canary is None:
            return own
        live = self._lives[place].for_caller(stored.request.key).policy.id
        shares = {live: 1.0 - event.share, event.canary: event.share}
        others = {d.policy: d for d in (one, two) if d is not None}
        other = next((name for name in shares if name != made.policy), None)
        if made.policy not in shares or other is None or other not in others:
            return own
        again = _chances(others[other])
        return {
            model: shares[made.policy] * own.get(model, 0.0) + shares[other] * again.get(model, 0.0)
            for model in {**own, **again}
        }

    def _slices(self, stored: Stored) -> dict[str, str]:
        features = stored.features
        assert features is not None  # noqa: S101 - said by `usable`
        kind = None if self._types is None else self._types.read(features.surface, features.embedding)
        length = next(name for most, name in LENGTHS if most is None or features.n_input_tokens < most)
        return {
            "task": "unknown" if kind is None else kind.name,
            "language": "zh" if features.language == "zh" else "not zh",  # others are not told apart
            "length": length,
            "key": stored.request.key,
        }


def _jointly(decisions: Sequence[Decision], figure: Callable[[Decision], float]) -> dict[str, float]:
    return {f"[{d.pattern}]": figure(d) for d in decisions if d.pattern != "single"}


def _lead(decision: Decision) -> float:
    return decision.ranking[0].estimate.quality.mean


def _bill(decision: Decision) -> float:
    plan = decision.plan
    return decision.ranking[0].estimate.cost.usd if plan is None else sum(call.usd for call in plan.calls)


def _chances(decision: Decision | None) -> dict[str, float]:
    if decision is None:
        return {REFUSED: 1.0}
    if decision.pattern != "single":
        return {f"[{decision.pattern}]": 1.0}
    return {ranked.model: ranked.propensity for ranked in decision.ranking}


def _types(encoder: str) -> TaskTypes | None:
    try:
        return load_types(encoder)
    except ArtifactError:
        return None
