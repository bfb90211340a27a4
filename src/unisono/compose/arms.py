"""Policies to routers that are ready to decide. It puts none of them in force: `live` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from unisono.catalog import Catalog
from unisono.catalog.fingerprint import fingerprint
from unisono.choose.memory import Anchors
from unisono.compose.allowed import fits
from unisono.compose.lessons import Lessons
from unisono.compose.outlets import Outlets
from unisono.compose.trained import Trained, as_promised, with_artifact
from unisono.config import Config
from unisono.config.kept import kept_of
from unisono.config.overlay import with_overlay
from unisono.errors import ArtifactError, RequestError, StartError, UnisonoError
from unisono.inforce import Arm
from unisono.plugins import Registry
from unisono.predict.artifact import Artifact
from unisono.protocols import Evidence, QualityPredictor
from unisono.recipe import chooser_of, measured, settings_of
from unisono.record.lessons import latest_lessons
from unisono.record.policies import Standing
from unisono.record.store import Store
from unisono.router import Executor, Router, Stages
from unisono.types import Mode, Model, Score
from unisono.understand.reading import Reading
from unisono.upstream.health import HealthBook


class ArmBuilder:
    """Builds arms, and rebuilds those that follow the scores.

    Attributes:
        reading: what reads the prompts of the arms that are built from here on.
        seen_scores: the generation of scores that is taken in.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        store: Store,
        health: HealthBook,
        outlets: Outlets,
        lessons: Lessons,
        reading: Reading,
        broken: dict[str, str],
    ) -> None:
        """Build with these parts.

        Args:
            registry: of plug-ins.
            store: the record, which has the scores and keeps configurations.
            health: of the models.
            outlets: send the calls.
            lessons: expect cost and time, and are taught.
            reading: reads prompts.
            broken: is told which part is broken, and why.
        """
        self.reading = reading
        self.seen_scores = store.reader.generation()
        self._registry = registry
        self._store = store
        self._health = health
        self._outlets = outlets
        self._lessons = lessons
        self._broken = broken

    def built(
        self,
        config: Config,
        standings: Sequence[Standing],
        *,
        live: Standing,
        trained: Trained,
        anchors: Mapping[str, Anchors],
    ) -> list[Arm]:
        """Return the policies ready to decide. Of those that are not live, one that cannot be read is left out.

        Args:
            config: without any policy's settings.
            standings: the policies.
            live: the one that is or will be in force; where its trained parts cannot be read, the default serves.
            trained: the encoder; its artifact is that of the configuration, where it was read.
            anchors: of policies that have decided before, by id.

        Raises:
            StartError: the live policy does not fit the configuration, or its predictor is not installed.
        """
        fits(live.policy, config)
        shared = dict(anchors)
        arms = []
        for standing in standings:
            name = f"policy {standing.policy.name}"
            self._broken.pop(name, None)
            try:
                own = with_overlay(config, standing.policy.settings)
                self._registry.predictor(own.routing.predictor)
            except (RequestError, StartError) as error:
                if standing.key == live.key:
                    raise
                self._broken[name] = str(error)
                continue
            same = trained.artifact is not None and own.routing.artifact == config.routing.artifact
            parts = trained if same or trained.encoder is None else with_artifact(own, trained.encoder)
            near = shared.setdefault(standing.policy.id, Anchors())  # the same however its scores are held
            arm = self._arm(own, standing, as_promised(standing, parts), near)
            if arm.fault is not None and standing.key != live.key:
                self._broken[name] = arm.fault
            else:
                arms.append(arm)
        return arms

    def rebuilt(self, arm: Arm) -> Arm:
        """Return a policy with every score taken in that it follows."""
        router = self._router(arm.config, arm.standing, arm.artifact, anchors=arm.anchors)
        return replace(arm, router=router, executor=Executor(router))

    def _arm(self, config: Config, standing: Standing, parts: Trained, anchors: Anchors) -> Arm:
        router = self._router(config, standing, parts.artifact, anchors=anchors)
        return Arm(
            standing=standing,
            config=config,
            artifact=parts.artifact,
            fault=parts.fault,
            router=router,
            executor=Executor(router),
            anchors=anchors,
        )

    def _router(self, config: Config, standing: Standing, artifact: Artifact | None, *, anchors: Anchors) -> Router:
        """Return a policy's router, with every score of this pool taken in; without `quality` where it is broken."""
        kept = kept_of(config)
        self._store.keep_config(kept)
        generation = self.seen_scores if standing.scores is None else standing.scores
        quality = None if artifact is None else self._quality(config, artifact, generation=generation)
        stages = Stages(
            understand=self.reading.now,
            rules=[rule() for rule in self._registry.rules.values()],
            quality=quality,
            cost=self._lessons.cost_of(artifact, past=lambda: latest_lessons(self._store.reader, kept.fingerprints)),
            latency=self._lessons.latency,
            chooser=chooser_of(kept),
            health=self._health,
            all_up=self._health.all_up,
            limited=self._health.limited,
            send=self._outlets.send,
            learn=self._lessons.take,
            anchor=anchors.near,
            evidence=self._evidence(config),
            comparer=self._registry.comparer(config.routing.compare),
            glance=self.reading.now.glance,
            patience={mode: self._lessons.patience(config, mode) for mode in (None, *Mode)}.__getitem__,
        )
        settings = settings_of(
            kept,
            artifact="none" if artifact is None else artifact.id,
            scores=generation,
            total_s=config.timeouts.total_s,
            policy=standing.policy.id,
        )
        return Router(Catalog(config.models), stages=stages, settings=settings)

    def _quality(self, config: Config, artifact: Artifact, *, generation: int) -> QualityPredictor | None:
        """Return what expects quality, with the scores taken in; None where a plug-in's code fails: it is told."""
        named = config.routing.predictor
        plugin, scores = self._registry.predictor(named), self._scores(config.models, generation=generation)
        part = f"predictor {named}"
        try:
            quality = measured(
                artifact,
                scores,
                read=self.reading.text,
                models=config.models,
                plugin=plugin,
                in_domain=config.routing.in_domain,
            )
        except ArtifactError as error:
            self._broken[part] = str(error)
            return None
        self._broken.pop(part, None)
        return quality

    def _scores(self, models: Sequence[Model], *, generation: int) -> tuple[Score, ...]:
        try:
            return self._store.reader.scores_at(generation, {model.name: fingerprint(model) for model in models})
        except UnisonoError as error:
            self._broken["scores"] = str(error)
            return ()

    def _evidence(self, config: Config) -> dict[str, Evidence]:
        """Return the checks of answers; what runs code only where the operator allows it."""
        known = self._registry.evidence
        return {name: make() for name, make in known.items() if name != "code" or config.routing.run_code}
