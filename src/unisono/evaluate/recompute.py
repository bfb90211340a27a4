"""Recomputes a recorded decision from what it was made of, and says where it differs, field by field.

Eligibility, expected quality, choice, continuity and limits are computed anew. What moves by itself (health, the
conversation, limits, expected cost and time) is taken from the recorded situation. No upstream is asked, and the words
of the request are not needed: its features are in the record. Floats must be equal to the last bit; that holds on the
same machine with the same libraries, since another processor may add in another order.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from unisono.catalog import Catalog
from unisono.config.kept import KeptConfig
from unisono.config.values import EncoderConfig
from unisono.errors import ArtifactError, NotFound, StartError, UnisonoError
from unisono.notices import fault_in
from unisono.plugins import Registry
from unisono.predict.artifact import Artifact, default_artifact_path, load
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.protocols import Encoder, QualityPredictor
from unisono.recipe import chooser_of, measured, settings_of
from unisono.record.reader import Reader, Stored
from unisono.router import Router, Stages
from unisono.types import FIRST_POLICY, Attempt, Call, Chunk, Decision, Features, JsonValue, Request, Score
from unisono.understand.features import Understanding

NOT_COMPARED = ("id", "at", "decide_s")
"""New in every decision."""
MAX_KEPT = 8
"""Configurations and generations of scores whose parts are kept ready."""

Leaf: TypeAlias = "str | int | float | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that came out otherwise; None where a side does not have it."""

    field: str
    recorded: JsonValue
    recomputed: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of recomputing a decision: `impossible` says in `why` what is missing."""

    decision: str
    verdict: Literal["same", "differs", "impossible"]
    why: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The pure parts as they were: `quality` is None where the decision was made without."""

    router: Router
    quality: QualityPredictor | None


class Impossible(Exception):
    """A decision cannot be recomputed; the text says what is missing."""


def parts_of(
    config: KeptConfig,
    *,
    registry: Registry,
    artifact: Artifact | None,
    encoder: Encoder | None,
    scores: Sequence[Score] = (),
    generation: int = 0,
    policy: str = FIRST_POLICY,
) -> Parts:
    """Build what decides, without anything that lives.

    Args:
        config: the configuration that was in force.
        registry: for the rules.
        artifact: the trained parts; None for a decision that was made without.
        encoder: reads the prompts of the scores.
        scores: what the predictor had taken in, in order.
        generation: of the scores.
        policy: whose overlay the configuration has.

    Raises:
        StartError: the plug-in that expects quality is not installed.
        ArtifactError: its code failed.
    """
    quality = None
    if artifact is not None:
        quality = measured(
            artifact,
            scores,
            read=Understanding(encoder, cache_size=1).text,
            models=config.models,
            in_domain=config.routing.in_domain,
            plugin=registry.predictor(config.routing.predictor),
        )
    stages = Stages(
        understand=_not_asked,
        rules=[rule() for rule in registry.rules.values()],
        quality=quality,
        cost=TokenCost(),
        latency=RecentLatency(),
        chooser=chooser_of(config),
        health=_NotAsked(),
        send=_sends_nothing,
    )
    name = "none" if artifact is None else artifact.id
    settings = settings_of(config, artifact=name, scores=generation, policy=policy)
    return Parts(router=Router(Catalog(config.models), stages=stages, settings=settings), quality=quality)


def recompute(stored: Stored, parts: Parts) -> Replayed:
    """Decide again in the recorded situation, and compare.

    Args:
        stored: from the record.
        parts: those that were in force.
    """
    made = stored.decision
    try:
        again = _decide(stored, parts)
    except Impossible as reason:
        return Replayed(decision=made.id, verdict="impossible", why=str(reason))
    except UnisonoError as refusal:
        found: tuple[Difference, ...] = (
            Difference(field="ranking", recorded=[r.model for r in made.ranking], recomputed=f"refused: {refusal}"),
        )
    else:
        # An artifact cannot have been asked where the router was broken; its id is the running server's all the same.
        found = tuple(differences(made, replace(again, artifact=made.artifact) if made.degraded else again))
    return Replayed(decision=made.id, verdict="differs" if found else "same", differences=found)


def _decide(stored: Stored, parts: Parts) -> Decision:
    made, features = stored.decision, stored.features
    if features is None:
        raise Impossible("The features it was made from were not kept.")
    if not made.situation.health:
        raise Impossible("An older Unisono made it, which did not keep the situation.")
    if made.degraded:
        return parts.router.decide_degraded_in(
            stored.request, features, situation=made.situation, why=_fault(made), started_s=0.0
        )
    if parts.quality is None:
        raise Impossible("The trained parts that it was made with are missing.")
    return parts.router.decide_in(
        stored.request,
        features,
        situation=made.situation,
        quality=parts.quality,
        started_s=0.0,
        seed=made.seed,
    )


def _fault(made: Decision) -> str:
    for notice in made.notices:
        if (why := fault_in(notice, first=made.model, language=made.goal.language)) is not None:
            return why
    raise Impossible("The router was degraded, and the notice that says why is not in the record.")


def differences(recorded: Decision, recomputed: Decision) -> Iterator[Difference]:
    """Yield each field in which two decisions differ, apart from those that are new in every decision."""
    old, new = dict(_leaves(recorded)), dict(_leaves(recomputed))
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if name.split(".")[0] not in NOT_COMPARED and not _same(before, after):
            yield Difference(field=name, recorded=before, recomputed=after)


def _same(before: Leaf, after: Leaf) -> bool:
    """Equal, or two floats that are no numbers: the record does not tell those apart."""
    if isinstance(before, float) and isinstance(after, float):
        return before == after or not (math.isfinite(before) or math.isfinite(after))
    return before == after


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yield every plain value inside a dataclass with its path."""
    if is_dataclass(value):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)
    elif isinstance(value, (tuple, list)):
        for place, part in enumerate(value):
            yield from _leaves(part, f"{path}[{place}]")
    else:
        yield path, _leaf(value)


def _leaf(value: object) -> Leaf:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):  # numpy's own too
        return float(value)
    if isinstance(value, date):  # a stamp is one too
        return value.isoformat()
    return value if value is None or isinstance(value, int) else str(value)


class Recomputer:
    """Recomputes decisions of one record; parts that were built once are kept for the next."""

    def __init__(
        self,
        reader: Reader,
        *,
        registry: Registry,
        now: KeptConfig | None = None,
        encoder: EncoderConfig = EncoderConfig(),  # noqa: B008 - frozen
    ) -> None:
        """Read from `reader`.

        Args:
            reader: of the record.
            registry: for the rules and the encoder.
            now: today's configuration, for decisions under its hash that the record holds no configuration of.
            encoder: today's; an artifact of another one cannot be recomputed with.
        """
        self._reader = reader
        self._registry = registry
        self._now = now
        self._parts: dict[tuple[str, str, int, str], Parts] = {}
        self._artifacts: dict[Path, Artifact] = {}
        self._encoder: Encoder | None = None
        self._encoder_settings = encoder

    def replay(self, decision: str) -> Replayed:
        """Recompute one decision.

        Raises:
            NotFound: the record does not hold it.
            StoreError: the record cannot be read.
        """
        stored = self._reader.stored(decision)
        if stored is None:
            raise NotFound(f"The record holds no decision {decision!r}. `unisono log` lists them.")
        try:
            parts = self._parts_for(stored.decision)
        except Impossible as reason:
            return Replayed(decision=decision, verdict="impossible", why=str(reason))
        return recompute(stored, parts)

    def _parts_for(self, made: Decision) -> Parts:
        key = (made.config_hash, "" if made.degraded else made.artifact, made.situation.scores, made.policy)
        if key not in self._parts:
            if len(self._parts) >= MAX_KEPT:
                del self._parts[next(iter(self._parts))]
            self._parts[key] = self._build(made)
        return self._parts[key]

    def _build(self, made: Decision) -> Parts:
        config = self._config(made.config_hash)
        if made.degraded:
            return parts_of(config, registry=self._registry, artifact=None, encoder=None, policy=made.policy)
        generation = made.situation.scores
        if generation <= self._reader.purged():
            raise Impossible("What the predictor had learned then has been purged since.")
        try:
            return parts_of(
                config,
                registry=self._registry,
                artifact=self._artifact(made.artifact, config),
                encoder=self._read_encoder(),
                scores=self._reader.scores_at(generation, config.fingerprints),
                generation=generation,
                policy=made.policy,
            )
        except (StartError, ArtifactError) as error:
            raise Impossible(str(error)) from error

    def _config(self, hash: str) -> KeptConfig:  # noqa: A002  (`Config.hash`)
        kept = self._reader.config(hash)
        if kept is None and self._now is not None and self._now.hash == hash:
            kept = self._now
        if kept is None:
            raise Impossible(f"The configuration {hash} is not in the record, and today's file is another one.")
        return kept

    def _artifact(self, id: str, config: KeptConfig) -> Artifact:  # noqa: A002  (`Artifact.id`)
        """Return the artifact of this id from one of the places where it may lie."""
        routings = [config.routing, *([] if self._now is None else [self._now.routing])]
        places = dict.fromkeys(
            [
                *(r.artifact for r in routings if r.artifact is not None),
                default_artifact_path(self._read_encoder().name),
            ]
        )
        faults = []
        for place in places:
            try:
                found = self._load(place)
            except ArtifactError as error:
                faults.append(str(error))
                continue
            if found.id == id:
                return found
            faults.append(f"{place.name!r} is the artifact {found.id}.")
        raise Impossible(f"It was made with the artifact {id}, which is not here: {' '.join(faults)}")

    def _load(self, place: Path) -> Artifact:
        if place not in self._artifacts:
            self._artifacts[place] = load(place, encoder=self._read_encoder().name)
        return self._artifacts[place]

    def _read_encoder(self) -> Encoder:
        if self._encoder is None:
            try:
                self._encoder = self._registry.encoder(self._encoder_settings)
            except StartError as error:
                raise Impossible(f"Its encoder is not here: {error}") from error
        return self._encoder


def _not_asked(request: Request) -> Features:
    raise AssertionError("features come from the record")


class _NotAsked:
    """Health comes from the record."""

    def state(self, model: str, now_s: float) -> NoReturn:
        raise AssertionError("health comes from the record")

    def observe(self, attempt: Attempt, error: Exception | None, now_s: float) -> None:
        raise AssertionError("nothing is attempted")


async def _sends_nothing(call: Call) -> AsyncIterator[Chunk]:
    raise AssertionError("nothing is sent")
    yield
