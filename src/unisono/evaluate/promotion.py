"""Makes policies, has the gate judge them on the record, and puts them in force or refuses: for HTTP and command line.

Nothing is put in force without the gate's word unless somebody says why, and that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from unisono.config import Config
from unisono.config.overlay import read_overlay, with_overlay
from unisono.errors import ArtifactError, PolicyRefused, RequestError, StartError
from unisono.evaluate.gate import TOLERANCE, Verdict, judge
from unisono.evaluate.rechosen import Rechooser, Row, rows
from unisono.plugins import Registry
from unisono.predict.artifact import load
from unisono.protocols import Encoder
from unisono.record.policies import Known, Policies, Policy, Standing, State, made
from unisono.record.reader import Reader
from unisono.types import Json, JsonValue

MAX_JUDGED = 10_000
MAX_OTHERS = 2_000
"""The latest decisions that are looked at beside the judged ones: for what differs, what it costs, what is deep."""
FEW = 200
"""So many decisions are taken again in half a second: no other process is worth its start."""
MAX_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """What a judgement needs: the pool of today, the encoder, the record."""

    config: Config
    registry: Registry
    encoder: Encoder
    reader: Reader
    policies: Policies

    def rows(
        self, one: Standing, two: Standing, *, known: Known, last: int, tick: Callable[[int], None] = lambda n: None
    ) -> list[Row]:
        """Return recorded decisions beside what two policies would have chosen.

        Args:
            one: the first policy.
            two: the second.
            known: what happened to policies.
            last: judged decisions that are looked at, the latest ones.
            tick: told, before each, how many are to come.

        Raises:
            UnisonoError: a policy or the record cannot be read.
        """
        return [*self.rows_of(self.ids(last=last), one, two, known=known, tick=tick)]

    def ids(self, *, last: int) -> list[str]:
        """Return the decisions that a judgement looks at, oldest first.

        Raises:
            StoreError: the record cannot be read.
        """
        return sorted({*self.reader.judged(limit=last), *self.reader.automatic(limit=MAX_OTHERS)})

    def rows_of(
        self,
        ids: Sequence[str],
        one: Standing,
        two: Standing,
        *,
        known: Known,
        learned: bool = False,
        tick: Callable[[int], None] = lambda n: None,
    ) -> Iterator[Row]:
        """Yield these decisions beside what two policies would have chosen; see `rows`.

        Args:
            ids: of decisions, oldest first.
            one: the first policy.
            two: the second.
            known: what happened to policies.
            learned: also those that a policy has learned from; see `rechosen.rows`.
            tick: told, before each, how many are to come.

        Raises:
            UnisonoError: a policy or the record cannot be read.
        """
        left = len(ids)

        def told() -> None:
            nonlocal left
            left -= 1
            tick(left)

        first, second = (
            Rechooser(s, config=self.config, registry=self.registry, encoder=self.encoder, reader=self.reader)
            for s in (one, two)
        )
        yield from rows(self.reader, ids, one=first, two=second, known=known, learned=learned, tick=told)


def create(
    scales: Scales, *, name: str, settings: Mapping[str, object], parent: str, freeze: bool, by: str, now: datetime
) -> Policy:
    """Make a policy of another one by changing settings; a setting that is None is the file's again.

    Args:
        scales: for the pool and the record.
        name: for people; empty takes the settings for one.
        settings: values as the file has them under `[routing]`.
        parent: id or name; empty: the live policy.
        freeze: keep it at the scores of this moment, whatever is learned later.
        by: who makes it.
        now: the moment.

    Raises:
        RequestError: a setting is wrong, or the name is taken.
        NotFound: there is no such parent.
        StoreError: the record cannot be read or written.
    """
    known = scales.policies.known()
    before = known.policy(parent) if parent else known.state().live.policy
    asked = {**before.settings, **settings}
    kept = read_overlay({key: value for key, value in asked.items() if value is not None}, scales.config)
    _installed(scales, kept)
    scores = scales.reader.generation() if freeze else before.scores
    policy = made(
        settings=kept,
        name=(name or _described(kept, scores))[:MAX_NAME],
        parent=before.id,
        artifact=_artifact_of(scales, kept),
        scores=scores,
    )
    return scales.policies.create(policy, by=by, now=now)


def verdict_on(
    scales: Scales,
    one: Standing,
    two: Standing,
    *,
    known: Known,
    tolerance: float = TOLERANCE,
    last: int = MAX_JUDGED,
    tick: Callable[[int], None] = lambda n: None,
) -> Verdict:
    """Return what the gate says of a policy against another.

    Raises:
        UnisonoError: a policy or the record cannot be read.
    """
    return judge(scales.rows(one, two, known=known, last=last, tick=tick), tolerance=tolerance)


def promote(
    scales: Scales,
    named: str,
    *,
    canary: float,
    override: str,
    by: str,
    tolerance: float = TOLERANCE,
    last: int = MAX_JUDGED,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    tick: Callable[[int], None] = lambda n: None,
    apart: Callable[[str], Json | None] = lambda policy: None,
) -> tuple[State, Json | None]:
    """Put a policy in force, or on a share of the conversations, if the gate lets it pass.

    A share is given to a policy that is not shown to be worse, since it brings the evidence that is missing. What a
    rollback has returned to is in force already: it follows what is learned again, and nothing is judged.

    Args:
        scales: for the pool and the record.
        named: id or name.
        canary: share of conversations; 0 means all.
        override: why it is to be put in force whatever the gate says.
        by: who does it.
        tolerance: loss of mean reward that counts as none.
        last: judged decisions that are looked at.
        now: the clock.
        tick: told how many decisions are to come.
        apart: has the policy of an id judged elsewhere where there is much to look at; None where it cannot.

    Returns:
        How things stand, and the verdict, if one was asked for.

    Raises:
        PolicyRefused: the gate does not let it pass; that is kept.
        NotFound: there is no such policy.
        UnisonoError: a policy or the record cannot be read or written.
    """
    known = scales.policies.known()
    policy, live = known.policy(named), known.state().live
    with_overlay(scales.config, policy.settings)  # a pool that has lost a model that it names: said before the work
    if policy.id == live.policy.id:
        return scales.policies.promote(policy, live=live, verdict=None, why=override, by=by, now=now()), None
    told = apart(policy.id) if len(scales.ids(last=last)) > FEW else None
    if told is None or told.get("against_id") != live.policy.id:
        one = Standing(policy=policy)
        told = verdict_on(scales, one, live, known=known, tolerance=tolerance, last=last, tick=tick).as_json()
    is_unknown = told["verdict"] == "unknown"
    enough = bool(told["passes"]) or (canary > 0 and is_unknown)
    if not enough and not override:
        why = str(told["sentence"])
        scales.policies.refuse(policy, verdict=told, why=why, by=by, now=now())
        hint = "Try it on a share with `canary`" if is_unknown else "Change it"
        raise PolicyRefused(
            f"{policy.name} is not put in force. {why} {hint}, or say why with `override`.", verdict=told
        )
    why = override if not enough else ""
    if canary > 0:
        state = scales.policies.try_on(policy, live=live, share=canary, verdict=told, why=why, by=by, now=now())
    else:
        state = scales.policies.promote(policy, live=live, verdict=told, why=why, by=by, now=now())
    return state, told


def difference_between(known: Known, one: Policy, other: Policy, config: Config) -> Json:
    """Return in what two policies differ: each setting with both values as they hold, the file's included.

    Raises:
        RequestError: one of them does not fit the configuration.
    """
    found: Json = {}
    effective = [with_overlay(config, policy.settings).routing for policy in (one, other)]
    for key in sorted({*one.settings, *other.settings}):
        values = [getattr(routing, key) for routing in effective]
        if values[0] != values[1]:
            found[key] = {"policy": _shown(values[0]), "against": _shown(values[1])}
    if one.artifact != other.artifact:
        found["artifact_id"] = {"policy": one.artifact, "against": other.artifact}
    if one.scores != other.scores:
        found["scores"] = {"policy": one.scores, "against": other.scores}
    return {"policy": one.id, "against": other.id, "differences": found}


def _shown(value: object) -> JsonValue:
    if isinstance(value, tuple):
        return [str(part) for part in value]
    if isinstance(value, int | float | dict) or value is None:
        return cast("JsonValue", value)
    return str(value)


def _described(settings: Json, scores: int | None) -> str:
    parts = [f"{key}={value}" for key, value in settings.items()]
    return ", ".join([*parts, *([] if scores is None else [f"scores={scores}"])]) or "config"


def _installed(scales: Scales, settings: Json) -> None:
    """Say that the predictor that settings name is installed here.

    Raises:
        RequestError: it is not.
    """
    try:
        scales.registry.predictor(with_overlay(scales.config, settings).routing.predictor)
    except StartError as error:
        raise RequestError(str(error), param="settings.predictor") from error


def _artifact_of(scales: Scales, settings: Json) -> str | None:
    """Return the id of the trained parts that settings name.

    Raises:
        RequestError: they cannot be read, or fit another encoder.
    """
    if "artifact" not in settings:
        return None
    place = with_overlay(scales.config, settings).routing.artifact
    assert place is not None  # noqa: S101 - it is among the settings
    try:
        return load(place, encoder=scales.encoder.name).id
    except ArtifactError as error:
        raise RequestError(str(error), param="settings.artifact") from error
