"""Config to running objects: the only place that builds things, and that swaps them while requests run.

It routes nothing and serves nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter

from unisono.budget import DecisionBudget
from unisono.catalog import Catalog
from unisono.catalog.fingerprint import fingerprint
from unisono.catalog.removal import removals
from unisono.choose.continuity import moved_on, switched_by_hand
from unisono.choose.memory import Anchors
from unisono.config import Config, load_config
from unisono.config.kept import KeptConfig, kept_of
from unisono.config.overlay import with_overlay
from unisono.edge.parse import DERIVED
from unisono.errors import ArtifactError, NotFound, RequestError, StartError, UnisonoError
from unisono.evaluate.probe.run import Answer
from unisono.evaluate.promotion import Scales
from unisono.evaluate.rechosen import DEEP
from unisono.evaluate.watching import look
from unisono.execute.cost import cost_usd
from unisono.execute.patience import Patience, RetryBudget, no_hedge
from unisono.execute.said import said_in
from unisono.execute.single import Committed
from unisono.inforce import Arm, InForce, wanted
from unisono.learn.learner import Learner
from unisono.learn.online import Online
from unisono.learn.pace import Pace
from unisono.learn.signals import Signals
from unisono.learn.watch import Watch
from unisono.plugins import Registry, load
from unisono.predict import artifact as artifacts
from unisono.predict.cost import TokenCost, unknown_length
from unisono.predict.latency import RecentLatency
from unisono.protocols import Encoder, Evidence, QualityPredictor
from unisono.recipe import chooser_of, measured, settings_of
from unisono.record.alarm import ShareGuard
from unisono.record.drift import claim_canaries
from unisono.record.fellows import Fellows, error_of
from unisono.record.incidents import Incidents, Kind
from unisono.record.limits import SPENDING_KEPT, Ledger, Reservation
from unisono.record.metrics import Metrics, of_workers
from unisono.record.policies import Policies, Policy, Standing
from unisono.record.ring import KeyRing
from unisono.record.rows import to_us
from unisono.record.sessions import Sessions
from unisono.record.store import Store
from unisono.record.texts import text_row
from unisono.record.tracing import Tracing
from unisono.router import Router, Stages
from unisono.types import (
    Attempt,
    Call,
    Chunk,
    Decision,
    Features,
    Health,
    Json,
    Mode,
    Model,
    Outcome,
    Request,
    Retry,
    Score,
    Situation,
    Spent,
)
from unisono.understand.freshness import FreshnessReader
from unisono.understand.reading import Reading
from unisono.upstream.firsts import FirstContents
from unisono.upstream.health import HealthBook
from unisono.upstream.outlet import Outlet, Sending
from unisono.upstream.vectors import Embedders

log = logging.getLogger("unisono")

LEARN_S = 1.0
"""How often signals are turned into scores."""
NOTICE_SCORES_S = 1.0
"""How often the server looks whether its learner, or another process, has changed the scores."""
WATCH_S = 2.0
"""How often a worker looks whether models answer unlike before, and whether canaries are due."""
STEP_S = 0.2
"""How often a worker looks at what its fellows did."""
POLICY_S = 0.1
"""How often every server looks whether another policy was put in force: 0.1 ms outside the event loop."""
PAGE_STEPS = 5
"""After so many looks a worker tells its metrics."""
GUARD_S = 2.0
"""How often one process looks whether a policy that is watched breaks a guardrail."""
GUARD_SHARE = 0.02
"""Share of the time that may go into that look."""
REBUILD_SHARE = 0.1
"""Share of the time that may go into taking new scores in, however fast they come."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The trained parts as they were read; `fault` says why they are missing."""

    encoder: Encoder | None
    artifact: artifacts.Artifact | None
    fault: str | None

    @property
    def id(self) -> str:
        """What a decision records: the artifact's id, or `none`."""
        return "none" if self.artifact is None else self.artifact.id


def read_trained(config: Config, registry: Registry) -> Trained:
    """Return encoder and artifact; a broken one is a fault and no crash: the declared default serves then.

    Raises:
        StartError: the encoder is not installed.
    """
    try:
        encoder = registry.encoder(config.encoder)
    except ArtifactError as error:
        return Trained(None, None, str(error))
    return _with_artifact(config, encoder)


def _with_artifact(config: Config, encoder: Encoder) -> Trained:
    try:
        path = config.routing.artifact or artifacts.default_artifact_path(encoder.name)
        return Trained(encoder, artifacts.load(path, encoder=encoder.name), None)
    except ArtifactError as error:
        return Trained(encoder, None, str(error))


class Live:
    """A running Unisono: what the server and the command line hold on to."""

    def __init__(self, config: Config, *, registry: Registry, store: Store) -> None:
        """Hold the parts; `build` makes them, `start` sets them going."""
        self.config = config
        self.store = store
        self.sessions = Sessions(store)
        self.incidents = Incidents(store)
        self.policies = Policies(config.store.path)
        self.guard = ShareGuard()
        self.budget = DecisionBudget()
        self.keys = KeyRing(config.store.path, changed=self._follow_limits)
        self.keys.follow(config.server.keys, config.callers)
        self.ledger = Ledger(store, (*config.limits, *self.keys.limits))
        self.metrics = Metrics()
        self.embedders = Embedders()
        self.signals = Signals(store, count=self.metrics.observe_signal)
        self._learner = Learner(store)
        self.health = HealthBook()
        self._registry = registry
        self._faults: dict[str, str] = {}
        self._trained = read_trained(config, registry)
        self._latency = RecentLatency(self._in_flight)
        self._costs: dict[str, TokenCost] = {}
        self._freshness = self._read_freshness()
        self._reading = Reading(self._trained.encoder, config.encoder, freshness=self._freshness)
        self._firsts = FirstContents()
        self._pace = Pace()
        self._retries = RetryBudget()
        self._outlets: dict[str, Outlet] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.tracing = None
        if config.tracing.endpoint is not None:
            self.tracing = Tracing(config.tracing.endpoint, sample=config.tracing.sample)
        self._fellows: Fellows | None = None
        self._worker = 0
        self._reloading = asyncio.Lock()
        self._seen_scores = store.generation()
        state = self.policies.known().state()
        arms = self._build_arms(config, wanted(state), live=state.live, trained=self._trained)
        self.inforce = InForce(state, arms)
        self._trained = self._of_live(self._trained.encoder)

    @property
    def router(self) -> Router:
        """What decides by the live policy."""
        return self.inforce.live.router

    def router_for(self, request: Request) -> Router:
        """Return what decides in a request's conversation: the live policy, or the one that is tried on a share."""
        return self.inforce.arm_for(request.session).router

    @property
    def anchors(self) -> Anchors:
        """Where nearly equal prompts went under the live policy."""
        return self.inforce.live.anchors

    # ------------------------------------------------------------------------------ life

    async def start(self, *, serves: bool = True, worker: int | None = None) -> None:
        """Start every provider and the background tasks.

        Args:
            serves: callers will come: the configuration is compared with the last that served them, and followed.
            worker: the number of this one of several processes over the same record; None for one that is alone.

        Raises:
            StartError: a provider cannot start, or a model would be taken from callers; nothing is left running.
        """
        if serves:
            before = await asyncio.to_thread(self._last_in_force)
            try:
                _no_model_lost(() if before is None else before.models, self.config)
            except StartError:
                await self.close()
                raise
        self._outlets = self._make_outlets(self.config, keep={})
        try:
            await _start_all(self._outlets.values())
        except StartError:
            await self.close()
            raise
        await self.embedders.follow(self.config.embeddings, timeouts=self.config.timeouts)
        self._tasks.append(asyncio.create_task(self._notice_scores()))
        self._tasks.append(asyncio.create_task(self._follow_policies()))
        if worker is not None:
            self._fellows = Fellows(self.store, since_us=to_us(datetime.now(UTC)))
            self._worker = worker
            self._tasks.append(asyncio.create_task(self._keep_in_step(self._fellows, worker)))
        if serves:
            self.store.note_in_force(kept_of(self.config))
            self._tasks.append(asyncio.create_task(self._learn_on()))
            if not worker:  # one of several is enough
                self._tasks.append(asyncio.create_task(self._guard_policies()))
                self._tasks.append(asyncio.create_task(self._watch_on()))
        if serves and self.config.file is not None:
            content = await asyncio.to_thread(self.config.file.read_bytes)
            self._tasks.append(asyncio.create_task(self._follow_config(self.config.file, content)))

    async def close(self) -> None:
        """Stop everything that `start` set going; the record is flushed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._closing, return_exceptions=True)
        await self._reading.close()
        await asyncio.gather(*(outlet.provider.close() for outlet in self._outlets.values()))
        await self.embedders.close()
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)
        self.policies.close()
        await asyncio.to_thread(self.store.close)

    async def reload(self, config: Config) -> None:
        """Put a new configuration in force as a whole, or not at all. Requests in flight end on the old one.

        Raises:
            UnisonoError: the new configuration cannot be put in force; the old one stays.
        """
        async with self._reloading:
            _same_house(self.config, config)
            _no_model_lost(self.config.models, config)
            trained = await asyncio.to_thread(read_trained, config, self._registry)
            state = self.inforce.state
            _fits(state.live.policy, config)
            reading = Reading(trained.encoder, config.encoder, freshness=self._freshness)
            outlets = self._make_outlets(config, keep=self._outlets)
            added = [outlet for name, outlet in outlets.items() if self._outlets.get(name) is not outlet]
            await _start_all(added)
            await self.embedders.follow(config.embeddings, timeouts=config.timeouts)
            before, self._reading = self._reading, reading
            needed, build = wanted(state), self._build_arms
            arms = await asyncio.to_thread(build, config, needed, live=state.live, trained=trained)
            kept = frozenset(name for name, outlet in outlets.items() if self._outlets.get(name) is outlet)
            gone = [outlet for name, outlet in self._outlets.items() if outlets.get(name) is not outlet]
            self._outlets = outlets
            self.health.forget(kept)
            same = _same_models(self.config, config)
            for cost in self._costs.values():
                cost.forget(same)
            self._latency.forget(same)
            self.metrics.keep_models({model.name for model in config.models})
            self.config = config
            self.store.note_in_force(kept_of(config))
            self.keys.follow(config.server.keys, config.callers)
            self._follow_limits()
            self.inforce = InForce(state, arms)
            self._trained = self._of_live(trained.encoder)
            await before.close()
            for outlet in gone:
                task = asyncio.create_task(outlet.close(wait_s=config.timeouts.total_s))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        log.info("config reloaded hash=%s models=%d", config.hash, len(config.models))

    async def reload_file(self) -> None:
        """Read the configuration's file again; a broken one is logged, and the old configuration stays."""
        if self.config.file is None:
            return
        try:
            await self.reload(await asyncio.to_thread(load_config, self.config.file))
        except UnisonoError as error:
            self.refuse_config(error)
        else:
            self._faults.pop("config", None)

    def _follow_limits(self) -> None:
        self.ledger.follow((*self.config.limits, *self.keys.limits))

    async def read_ahead(self, request: Request) -> None:
        """Have the prompt encoded off the event loop where the encoder is slow; it is decided without when it is late.

        Raises:
            ArtifactError: the encoder failed; the request can be decided all the same.
        """
        if not await self._reading.ahead(request):
            self.metrics.observe_late_encoder()

    @property
    def n_waiting_for_encoder(self) -> int:
        """How many prompts wait for a slow encoder."""
        return self._reading.n_waiting

    def read_now(self, request: Request) -> None:
        """Have the prompt encoded here and now, however long it takes: for one request without an event loop."""
        self._reading.at_once(request)

    def want_reload(self) -> None:
        """Have the configuration's file read again soon: what SIGHUP does."""
        task = asyncio.create_task(self.reload_file())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def refuse_config(self, error: UnisonoError) -> None:
        """Say that a new configuration was refused and the old one stays."""
        self._faults["config"] = f"the changed file was refused, the old configuration stays: {error}"
        log.error("config refused, the old one stays: %s", error)

    async def _follow_config(self, file: Path, content: bytes) -> None:
        from unisono.config.watch import watch

        async for change in watch(file, seen=content):
            if isinstance(change, Config):
                try:
                    await self.reload(change)
                except UnisonoError as error:
                    self.refuse_config(error)
                else:
                    self._faults.pop("config", None)
            else:
                self.refuse_config(change)

    async def _keep_in_step(self, fellows: Fellows, worker: int) -> None:
        """Take in what the fellows did, and tell them what they must know."""
        n_looks = 0
        keys: int | None = None
        if worker == 0:
            fellows.begin_metrics()
        while True:
            fellows.tell_held(self.ledger.held())
            if n_looks % PAGE_STEPS == 0:
                self.refresh_metrics()
                fellows.tell_metrics(worker, await asyncio.to_thread(self.metrics.render))
            n_looks += 1
            await asyncio.sleep(STEP_S)
            now = datetime.now(UTC)
            since_us = to_us(now - SPENDING_KEPT)
            try:
                news = await asyncio.to_thread(fellows.look, now_us=to_us(now), spending_since_us=since_us)
                if keys not in (None, news.keys):
                    self.keys.refresh()
            except UnisonoError:
                continue  # `readiness` tells about the store
            keys = news.keys
            self.ledger.take_in(news.spending, news.held)
            self.sessions.take_in(news.sessions)
            for attempt in news.attempts:
                if attempt.model in self.router.models:
                    self.health.observe(attempt, error_of(attempt), perf_counter())
                    self._latency.learn(attempt)

    def metrics_page(self) -> bytes:
        """Return what Prometheus reads: of every worker where there are several. It blocks."""
        own = self.metrics.render()
        if self._fellows is None:
            return own
        try:
            pages = dict(self._fellows.metrics())
        except UnisonoError:
            pages = {}
        return of_workers(sorted({**pages, self._worker: own}.items()))

    async def _learn_on(self) -> None:
        while True:
            await asyncio.sleep(LEARN_S)
            with suppress(UnisonoError):  # `readiness` tells about the store; the signals wait
                await asyncio.to_thread(self._learner.step)

    async def _watch_on(self) -> None:
        watch = Watch(self.store, self.config.store.path)
        while True:
            await asyncio.sleep(WATCH_S)
            with suppress(UnisonoError):  # `readiness` tells about the store; the next look sees the same again
                names = {fingerprint(model): model.name for model in self.config.models}
                now = datetime.now(UTC)
                for changed in await asyncio.to_thread(watch.step, names, self._trained.artifact, now=now):
                    kind: Kind = "traffic_changed" if changed.with_others else "model_changed"
                    self.note_incident(kind, changed.model, changed.sentence)
                await self._ask_canaries(watch)

    async def _ask_canaries(self, watch: Watch) -> None:
        """Ask each model that was probed some of its questions again, when the operator wants that and it is time."""
        canaries, path, now = self.config.canaries, self.config.store.path, datetime.now(UTC)
        if not canaries.every_s or not await asyncio.to_thread(claim_canaries, path, every_s=canaries.every_s, now=now):
            return
        from unisono.evaluate import canary
        from unisono.evaluate.probe.questions import probe_questions

        questions = probe_questions(n_per_kind=canary.BANK_PER_KIND)
        for model in self.config.models:
            known = await asyncio.to_thread(self.store.scores, {model.name: fingerprint(model)})
            picked = canary.pick(questions, known, n=canaries.questions, rng=Random(to_us(now)))
            looked = await canary.look(model, picked, self._answer)
            flips = sum(looked.flips)
            same = len(looked.flips) - flips
            self.metrics.observe_canaries(model.name, same=same, flipped=flips, failed=looked.failed, usd=looked.usd)
            changed = await asyncio.to_thread(
                watch.canary, fingerprint(model), model.name, looked.flips, now=datetime.now(UTC)
            )
            if changed is not None:
                self.note_incident("model_changed", model.name, changed.sentence)

    async def _answer(self, model: Model, body: Json) -> Answer:
        return await answered(self, model, body)

    async def _notice_scores(self) -> None:
        took_s = 0.0
        while True:
            await asyncio.sleep(max(NOTICE_SCORES_S, took_s / REBUILD_SHARE))
            try:
                generation = await asyncio.to_thread(self.store.generation)
            except UnisonoError:
                continue  # `readiness` tells about the store
            if generation != self._seen_scores:
                self._seen_scores = generation
                began_s = perf_counter()
                async with self._reloading:
                    old = [arm for arm in self.inforce.arms if arm.standing.scores is None]
                    self.inforce.put(await asyncio.to_thread(lambda arms: [*map(self._rebuilt, arms)], old))
                    self.inforce.swap(self.inforce.state)
                took_s = perf_counter() - began_s
                log.info("scores changed; quality predictor rebuilt")

    async def _follow_policies(self) -> None:
        while True:
            await asyncio.sleep(POLICY_S)
            try:
                if await asyncio.to_thread(self.policies.latest) != self.inforce.state.n:
                    await self.take_policies()
            except UnisonoError as error:
                self._faults["policy"] = str(error)
            else:
                self._faults.pop("policy", None)

    async def _guard_policies(self) -> None:
        took_s = 0.0
        while True:
            await asyncio.sleep(max(GUARD_S, took_s / GUARD_SHARE))
            if self.inforce.state.n == 0:
                continue
            began_s = perf_counter()
            with suppress(UnisonoError):  # `readiness` tells about the store; somebody else may have moved it
                await self._guard_policy()
            took_s = perf_counter() - began_s

    async def _guard_policy(self) -> None:
        """Take back a policy that breaks a guardrail."""
        known = await asyncio.to_thread(self.policies.known)
        deep = {model.name for model in self.config.models if model.role in DEEP}
        found = await asyncio.to_thread(lambda: look(self.store.reader, known, deep=deep, now=datetime.now(UTC)))
        if found is None:
            return
        id_, why, now = found.policy.id, found.broken.text, datetime.now(UTC)
        event = await asyncio.to_thread(lambda: self.policies.roll_back(why=why, by="guardrail", now=now, of=id_))
        text = f"{why} {found.policy.name} is rolled back; {known.policies[event.live].name} decides."
        self.note_incident("policy_rolled_back", found.policy.name, text)
        await self.take_policies()

    async def take_policies(self) -> None:
        """Decide by the policies that the record says are in force. What a rollback returns to is ready already.

        Raises:
            UnisonoError: the record cannot be read, or the live policy does not fit the configuration; the one that was
                in force stays.
        """
        state = (await asyncio.to_thread(self.policies.known)).state()
        if self.inforce.missing(state):
            async with self._reloading:
                missing = self.inforce.missing(state)
                trained = Trained(self._trained.encoder, None, None)
                build = self._build_arms
                self.inforce.put(await asyncio.to_thread(build, self.config, missing, live=state.live, trained=trained))
        if state.live.key != self.inforce.state.live.key:
            self.guard = ShareGuard()  # another policy has other shares; from here on its guardrails watch them
        self.inforce.swap(state)
        self._trained = self._of_live(self._trained.encoder)
        tried = "" if state.canary is None else f" canary={state.canary.id} share={state.share:g}"
        log.info("policy=%s%s", state.live.policy.id, tried)

    # ------------------------------------------------------------------------------ parts

    def _last_in_force(self) -> KeptConfig | None:
        try:
            return self.store.in_force()
        except UnisonoError as error:  # a broken record takes no models away, and `readiness` tells of it
            log.warning("cannot read which models were in force: %s", error)
            return None

    def _read_freshness(self) -> FreshnessReader | None:
        try:
            encoder = self._trained.encoder
            return FreshnessReader(encoder=None if encoder is None else encoder.name)
        except ArtifactError as error:
            self._faults["freshness"] = str(error)
            return None

    def _of_live(self, encoder: Encoder | None) -> Trained:
        live = self.inforce.live
        return Trained(encoder, live.artifact, live.fault)

    def _build_arms(
        self, config: Config, standings: Sequence[Standing], *, live: Standing, trained: Trained
    ) -> list[Arm]:
        """Return the policies ready to decide. Of those that are not live, one that cannot be read is left out.

        Args:
            config: without any policy's settings.
            standings: the policies.
            live: the one that is or will be in force; where its trained parts cannot be read, the default serves.
            trained: the encoder; its artifact is that of the configuration, where it was read.

        Raises:
            StartError: the live policy does not fit the configuration.
        """
        _fits(live.policy, config)
        arms = []
        for standing in standings:
            name = f"policy {standing.policy.name}"
            self._faults.pop(name, None)
            try:
                own = with_overlay(config, standing.policy.settings)
            except RequestError as error:
                self._faults[name] = str(error)
                continue
            same = trained.artifact is not None and own.routing.artifact == config.routing.artifact
            parts = trained if same or trained.encoder is None else _with_artifact(own, trained.encoder)
            arm = self._arm(own, standing, _as_promised(standing, parts))
            if arm.fault is not None and standing.key != live.key:
                self._faults[name] = arm.fault
            else:
                arms.append(arm)
        return arms

    def _arm(self, config: Config, standing: Standing, parts: Trained) -> Arm:
        anchors, known = Anchors(), getattr(self, "inforce", None)
        for arm in () if known is None else known.arms:
            if arm.standing.policy.id == standing.policy.id:
                anchors = arm.anchors
        router = self._router(config, standing, parts.artifact, anchors=anchors)
        return Arm(
            standing=standing,
            config=config,
            artifact=parts.artifact,
            fault=parts.fault,
            router=router,
            anchors=anchors,
        )

    def _rebuilt(self, arm: Arm) -> Arm:
        """Return a policy with every score taken in that it follows."""
        return replace(arm, router=self._router(arm.config, arm.standing, arm.artifact, anchors=arm.anchors))

    def _cost_of(self, artifact: artifacts.Artifact | None) -> TokenCost:
        """Return what expects the length of answers; policies with the same trained parts share what it learns."""
        known = self._costs.get("none" if artifact is None else artifact.id)
        if known is None:
            known = TokenCost(unknown_length if artifact is None else artifact.length.expected)
            self._costs["none" if artifact is None else artifact.id] = known
        return known

    def _scores(self, models: Sequence[Model], *, generation: int) -> tuple[Score, ...]:
        try:
            return self.store.scores_at(generation, {model.name: fingerprint(model) for model in models})
        except UnisonoError as error:
            self._faults["scores"] = str(error)
            return ()

    def _router(
        self, config: Config, standing: Standing, artifact: artifacts.Artifact | None, *, anchors: Anchors
    ) -> Router:
        """Return a policy's router, with every score of this pool taken in; without `quality` where it is broken."""
        kept = kept_of(config)
        self.store.keep_config(kept)
        generation = self._seen_scores if standing.scores is None else standing.scores
        quality: QualityPredictor | None = None
        if artifact is not None:
            scores = self._scores(config.models, generation=generation)
            quality = measured(artifact, scores, read=self._reading.text)
        stages = Stages(
            understand=self._reading.now,
            rules=[rule() for rule in self._registry.rules.values()],
            quality=quality,
            cost=self._cost_of(artifact),
            latency=self._latency,
            chooser=chooser_of(kept),
            health=self.health,
            send=self.send,
            learn=self._learn,
            anchor=anchors.near,
            evidence=self._evidence(config),
            comparer=self._registry.comparer(config.routing.compare),
            glance=self._reading.now.glance,
            patience={mode: self._patience(config, mode) for mode in (None, *Mode)}.__getitem__,
        )
        settings = settings_of(
            kept,
            artifact="none" if artifact is None else artifact.id,
            scores=generation,
            total_s=config.timeouts.total_s,
            policy=standing.policy.id,
        )
        return Router(Catalog(config.models), stages=stages, settings=settings)

    def _evidence(self, config: Config) -> dict[str, Evidence]:
        """Return the checks of answers; what runs code only where the operator allows it."""
        known = self._registry.evidence
        return {name: make() for name, make in known.items() if name != "code" or config.routing.run_code}

    def _make_outlets(self, config: Config, *, keep: dict[str, Outlet]) -> dict[str, Outlet]:
        outlets: dict[str, Outlet] = {}
        for model in config.models:
            old = keep.get(model.name)
            same = config.timeouts == self.config.timeouts and config.calls == self.config.calls
            if old is not None and old.model == model and same:
                outlets[model.name] = old
                continue
            provider = self._registry.provider(model.upstream)(model, config.timeouts)
            calls = config.calls
            outlets[model.name] = Outlet(
                model, provider, most=calls.max_in_flight, wait_s=calls.max_wait_s, rests=self._rests
            )
        return outlets

    def _in_flight(self, model: str) -> int:
        outlet = self._outlets.get(model)
        return 0 if outlet is None else outlet.n_calls

    def _learn(self, features: Features, attempt: Attempt) -> None:
        if not self._pace.take(attempt.model, perf_counter()):
            return
        Online(self._latency, *self._costs.values()).learn_one(features, attempt)
        if attempt.status == "ok" and attempt.first_content_s is not None:
            self._firsts.note(attempt.model, attempt.first_content_s)

    def _rests(self, model: str, seconds: float) -> None:
        """Leave a model alone whose upstream says that its rate limit is used up."""
        self.health.rest(model, perf_counter() + seconds)

    def _patience(self, config: Config, mode: Mode | None) -> Patience:
        hedges = mode is not None and mode in config.calls.hedge
        return Patience(
            retries=config.calls.retries,
            budget=self._retries,
            hedge_after_s=self._firsts.slow_after_s if hedges else no_hedge,
        )

    def send(self, call: Call) -> Sending:
        """Send one call to its model's provider. While it is down this is the one call that tries it."""
        self.health.begin(call.model.name, perf_counter())
        return self._outlets[call.model.name].send(call)

    # ------------------------------------------------------------------------------ what happened

    def note_decision(self, request: Request, features: Features, decision: Decision) -> None:
        """Record a decision that is about to be carried out."""
        self.metrics.observe_decision(decision)
        self.metrics.observe_task(features.task_type)
        if decision.mode is not None:
            self._watch_shares(decision)
            passing = ("limit_downgrade", "explored")  # what only this once was answered so binds no later prompt
            if not decision.degraded and not any(n.code in passing for n in decision.notices):
                self.inforce.arm_for(request.session).anchors.note(request, features, decision.model)
        self.signals.seen(request, features, decision)
        self.store.record_request(request, features, decision)

    async def known(self, request: Request) -> Situation:
        """Return what is remembered of the caller's conversation. A first turn that nobody named has no past."""
        named = not request.session.startswith(DERIVED)
        if named or any(message.role == "assistant" for message in request.messages):
            past = await self.sessions.load(request.key, request.session)
        else:
            past = self.sessions.past(request.key, request.session)
        return Situation(past=past, retry=await self._retry(request))

    async def _retry(self, request: Request) -> Retry | None:
        """Return the decision that the caller wants taken again.

        Raises:
            NotFound: this key made no such decision.
        """
        asked = request.wishes.retry_of
        if asked is None:
            return None
        found = await asyncio.to_thread(self.store.stored, asked)
        if found is None or found.request.key != request.key:
            raise NotFound(
                f"No decision {asked!r} of this key is recorded; take `retry_of` from an answer's `unisono`."
            )
        answered = None if found.outcome is None else found.outcome.model
        return Retry(decision=asked, model=answered or found.decision.model, how=request.wishes.how)

    def spent(self, request: Request) -> tuple[Spent, ...]:
        """Return the limits that the caller stands under at this moment."""
        return self.ledger.spent(key=request.key, user=request.user, models=self.config.models, now=datetime.now(UTC))

    def reserve(self, request: Request, features: Features, decision: Decision) -> Reservation:
        """Hold what a decision is expected to use of its limits; nothing may be awaited since `spent`."""
        return self.ledger.reserve(request, features, decision, models=self.router.models)

    def note_turn(self, request: Request, features: Features, reservation: Reservation, outcome: Outcome) -> None:
        """Settle the limits, and remember what a conversation has become after an answer."""
        self.ledger.settle(reservation, request, outcome, models=self.router.models, now=datetime.now(UTC))
        past = self.sessions.past(request.key, request.session)
        by_hand = past is not None and switched_by_hand(request, past)
        after = moved_on(past, outcome=outcome, features=features, now=datetime.now(UTC), by_hand=by_hand)
        if past is not None or after.model is not None:
            self.sessions.note(request.key, request.session, after)

    def note_outcome(self, outcome: Outcome, *, baseline_usd: float | None, by: str) -> None:
        """Record how a request of a key ended; one line in the log."""
        self.metrics.observe_outcome(outcome)
        for notice in outcome.notices:
            if notice.code == "model_mismatch" and outcome.model is not None:
                self.note_incident("model_mismatch", outcome.model, notice.text)
        self.store.record_outcome(outcome, baseline_usd=baseline_usd)
        self.signals.ended(outcome, by=by)
        log.info(
            "decision=%s key=%s status=%s model=%s attempts=%d seconds=%.3f cost_usd=%s",
            outcome.decision,
            by,
            outcome.status,
            outcome.model,
            len(outcome.attempts),
            outcome.total_s,
            outcome.cost_usd,
        )

    def trace(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """Make the spans of a request that has ended, where somebody collects them."""
        if self.tracing is not None:
            self.tracing.request(request, decision, outcome, models=self.router.models)

    def keeps_words(self, request: Request) -> bool:
        """Say whether this request's words are kept for an export: operator and holder of the key both want it."""
        return self.config.store.text == "text" and request.key in self.keys.exporting

    async def keeping(
        self, request: Request, decision: Decision, events: AsyncGenerator[Committed | Chunk, None]
    ) -> AsyncGenerator[Committed | Chunk, None]:
        """Yield an answer's events as they come; keep its words when it has ended well."""
        chunks: list[Chunk] = []
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Chunk):
                    chunks.append(event)
                yield event
        row = text_row(decision.id, request.body, said_in(chunks))
        if row is not None:
            self.store.record_rows(*row)

    def note_refusal(self, request: Request, error: UnisonoError) -> None:
        """Log a request that no model may serve."""
        log.info("request=%s status=refused code=%s", request.id, error.code)

    def _watch_shares(self, decision: Decision) -> None:
        model = self.router.models.get(decision.model)
        if model is None:
            return
        alarm = self.guard.note(model.role, policy=self.policy)
        if alarm is not None:
            text = (
                f"The share of {alarm.role.value} {alarm.direction} from {alarm.usual:.0%} to {alarm.recent:.0%} "
                f"under the policy {alarm.policy}."
            )
            self.note_incident("share_alarm", alarm.role.value, text, policy=alarm.policy)

    @property
    def policy(self) -> str:
        """What decides now: the live policy, the hash of its configuration, the artifact, the generation of scores."""
        settings = self.router.settings
        return f"{settings.policy}/{settings.config_hash}/{settings.artifact}/{settings.scores}"

    def note_incident(self, kind: Kind, subject: str, text: str, *, policy: str | None = None) -> None:
        """Record what an operator must know of; the first of an hour goes to the log."""
        incident = self.incidents.note(kind, subject, text, policy=policy or self.policy, now=datetime.now(UTC))
        self.metrics.observe_incident(kind)
        if incident.n == 1:
            log.error("incident=%s subject=%s policy=%s text=%r", kind, subject, incident.policy, text)

    @property
    def scales(self) -> Scales:
        """What policies are made and judged with.

        Raises:
            ArtifactError: the encoder cannot be read.
        """
        encoder = self._trained.encoder
        if encoder is None:
            raise ArtifactError(self._trained.fault or "The encoder cannot be read.")
        return Scales(
            config=self.config,
            registry=self._registry,
            encoder=encoder,
            reader=self.store.reader,
            policies=self.policies,
        )

    def note_fault(self, part: str, text: str) -> None:
        """Remember that a part of the router broke; `/readyz` tells."""
        if part not in self._faults:
            self.note_incident("router_failed", part, text)
        self._faults[part] = text

    def note_healed(self, part: str) -> None:
        """Forget a fault that is over."""
        self._faults.pop(part, None)

    def baseline_usd(self, decision: Decision, outcome: Outcome) -> float | None:
        """Return what the answer's tokens would have cost at the baseline model's prices, where they are known."""
        model = None if decision.baseline is None else self.router.catalog.get(decision.baseline)
        usage = outcome.attempts[-1].usage if outcome.attempts else None
        return None if model is None or usage is None else cost_usd(usage, model.prices)

    # ------------------------------------------------------------------------------ how it stands

    def health_of(self, model: str) -> tuple[Health, float | None]:
        """Return a model's health, and when one that is down may be tried again."""
        return self.health.state(model, perf_counter())

    def calls_of(self, model: str) -> dict[str, int]:
        """Return how many calls of a model run in this process, and how many wait for their turn."""
        outlet = self._outlets.get(model)
        if outlet is None:
            return {"in_flight": 0, "waiting": 0}
        return {"in_flight": outlet.gate.n_inside, "waiting": outlet.gate.n_waiting}

    def rests_s(self, model: str) -> float | None:
        """Return for how long a model that is down is left alone; None for one that may be asked."""
        _, until_s = self.health_of(model)
        return None if until_s is None else max(0.0, until_s - perf_counter())

    def faults(self) -> dict[str, str]:
        """Return what is degraded right now: the part and why."""
        faults = dict(self._faults)
        if self._trained.fault is not None:
            faults["artifact"] = self._trained.fault
        store = self.store.health()
        if not store.ok:
            faults["record"] = store.reason
        for model in self.config.models:
            health, _ = self.health_of(model.name)
            if health is Health.DOWN:
                faults[f"model {model.name}"] = "its upstream is failing"
        return faults

    def readiness(self) -> Json:
        """Return what `GET /readyz` shows."""
        faults = self.faults()
        store = self.store.health()
        return {
            "status": "degraded" if faults else "ready",
            "degraded": dict(faults),
            "config_hash": self.config.hash,
            "artifact": self._trained.id,
            "policy": self.router.settings.policy,
            "models": {m.name: self.health_of(m.name)[0].value for m in self.config.models},
            "record": {"ok": store.ok, "n_waiting": store.n_waiting, "n_lost": store.n_lost},
        }

    def refresh_metrics(self) -> None:
        """Bring the gauges up to date before they are read."""
        store = self.store.health()
        self.metrics.set_record(n_waiting=store.n_waiting, n_lost=store.n_lost)
        self.metrics.set_config(self.config.hash)
        state, canary = self.inforce.state, self.inforce.canary
        tried = None if canary is None else canary.standing.policy.id
        self.metrics.set_policies(state.live.policy.id, tried, state.share)
        for model in self.config.models:
            self.metrics.set_model_up(model.name, self.health_of(model.name)[0] is not Health.DOWN)
            if (outlet := self._outlets.get(model.name)) is not None:
                self.metrics.set_waiting(model.name, outlet.gate.n_waiting)


def build(config: Config) -> Live:
    """Return everything that a configuration describes, not yet started.

    Raises:
        StoreError: the record cannot be opened.
        StartError: a plug-in cannot be loaded.
    """
    store = Store(config.store.path, text=config.store.text, flush_s=config.store.flush_s)
    return Live(config, registry=load(), store=store)


async def ask(live: Live, model: Model, body: Json) -> Chunk:
    """Return the whole answer of one model to one body, past the router: what probes use.

    Raises:
        UpstreamError: it failed.
    """
    call = Call(model=model, body=body, stream=False, decision="probe")
    last: Chunk | None = None
    async with aclosing(live.send(call)) as chunks:
        async for chunk in chunks:
            last = chunk
    assert last is not None  # noqa: S101 - a plain answer is a stream of one chunk
    return last


async def answered(live: Live, model: Model, body: Json) -> Answer:
    """Return what one model says to one body, past the router, as probes take it.

    Raises:
        UpstreamError: it failed.
    """
    began_s = perf_counter()
    chunk = await ask(live, model, body)
    tokens = None if chunk.usage is None else chunk.usage.output_tokens
    return Answer(text=said_in([chunk]).text, output_tokens=tokens, seconds=perf_counter() - began_s)


async def _start_all(outlets: Iterable[Outlet]) -> None:
    """Start providers side by side; when one fails, close those that started."""
    todo = list(outlets)
    results = await asyncio.gather(*(o.provider.start() for o in todo), return_exceptions=True)
    failures = [r for r in results if isinstance(r, BaseException)]
    if failures:
        await asyncio.gather(*(o.provider.close() for o in todo), return_exceptions=True)
        raise failures[0]


def _same_models(old: Config, new: Config) -> frozenset[str]:
    """Return the names that mean the same model before and after: what was seen of those still holds."""
    before = {model.name: fingerprint(model) for model in old.models}
    return frozenset(model.name for model in new.models if before.get(model.name) == fingerprint(model))


def _no_model_lost(before: Sequence[Model], config: Config) -> None:
    """Refuse to take a model from callers without notice."""
    today = datetime.now(UTC).date()
    lost = [*removals(before, config.models, today=today, forced=config.removed)]
    if lost:
        raise StartError(
            " ".join(lost) + " Or name it in `removed = [...]` at the top of the file to take it away at once."
        )


def _as_promised(standing: Standing, parts: Trained) -> Trained:
    """Return the trained parts of a policy, or the fault that its folder holds others by now."""
    promised, found = standing.policy.artifact, parts.artifact
    if promised is None or found is None or found.id == promised:
        return parts
    why = f"{standing.policy.name} was made with the artifact {promised}; its folder holds {found.id} by now."
    return Trained(parts.encoder, None, why)


def _fits(policy: Policy, config: Config) -> None:
    """Refuse a configuration that the live policy's settings do not fit.

    Raises:
        StartError: it names a model that has gone, or the like.
    """
    try:
        with_overlay(config, policy.settings)
    except RequestError as error:
        text = f"The policy {policy.name}, which is to decide, does not fit the configuration: {error}."
        raise StartError(f"{text} `unisono rollback` first, or promote another one.") from error


def _same_house(old: Config, new: Config) -> None:
    """Refuse changes that a running server cannot make: where it listens and where it records."""
    moved = [name for name in ("host", "port") if getattr(old.server, name) != getattr(new.server, name)]
    moved += [name for name in ("store", "tracing") if getattr(old, name) != getattr(new, name)]
    if moved:
        raise StartError(f"A running server cannot change {', '.join(moved)}: restart it, or change this back.")
