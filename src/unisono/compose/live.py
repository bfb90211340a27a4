"""A running Unisono: the parts that a configuration describes, swapped as a whole while requests run.

It routes nothing and serves nothing. What it keeps of requests is in `requests`, what it does beside them in `chores`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter
from typing import Protocol

from unisono.budget import DecisionBudget
from unisono.choose.memory import Anchors
from unisono.compose.alerts import Alerts
from unisono.compose.allowed import fits, no_model_lost, same_house, same_models
from unisono.compose.arms import ArmBuilder
from unisono.compose.canaries import canaries_of
from unisono.compose.lessons import Lessons
from unisono.compose.outlets import Outlets
from unisono.compose.requests import Requests
from unisono.compose.trained import Trained, read_trained
from unisono.compose.warm import warm
from unisono.config import Config, load_config
from unisono.config.kept import KeptConfig, kept_of
from unisono.config.lookout import Lookout
from unisono.eligible.health import limited
from unisono.errors import ArtifactError, StartError, UnisonoError
from unisono.evaluate.promotion import Scales
from unisono.inforce import Arm, InForce, wanted
from unisono.learn.signals import Signals
from unisono.plugins import Registry
from unisono.protocols import Encoder
from unisono.record.fellows import Fellows
from unisono.record.incidents import Incidents
from unisono.record.limits import Ledger
from unisono.record.metrics import Metrics, of_workers
from unisono.record.policies import Policies, Standing
from unisono.record.rests import Rests
from unisono.record.ring import LOOK_EVERY_S, KeyRing
from unisono.record.rows import to_us
from unisono.record.sessions import Sessions
from unisono.record.store import Store
from unisono.record.tracing import Tracing
from unisono.router import Executor, Router
from unisono.types import Health, Request
from unisono.understand.freshness import FreshnessReader
from unisono.understand.reading import Reading
from unisono.upstream.health import HealthBook, Rest
from unisono.upstream.vectors import Embedders

log = logging.getLogger("unisono")
LONG_REST_S = 60.0
"""From so long on, the log tells that a host limits a model."""


class Chores(Protocol):
    """Says what a running Unisono does beside answering."""

    def __call__(self, live: Live, *, serves: bool, worker: int | None) -> Iterable[Coroutine[None, None, None]]:
        """Return each chore, until it is cancelled; see `Live.start`."""


class Live:
    """A running Unisono: what the server and the command line hold on to.

    Attributes:
        config: in force at this moment.
        inforce: the policies that decide.
        trained: the encoder, and the trained parts of the live policy.
        reading: reads prompts.
        requests: what is known and noted of each request.
        alerts: what operators are told.
        outlets: send calls to upstreams.
        store: the record; `sessions`, `policies`, `ledger`, `keys`, `signals` and `rests` keep parts of it.
        health: of each model's upstream.
        lessons: what attempts teach of cost and time.
        metrics: count.
        lookout: looks for changes, every chore's at one go.
        fellows: the other workers over the same record; None for one that is alone.
    """

    def __init__(self, config: Config, *, registry: Registry, store: Store, chores: Chores) -> None:
        """Hold the parts; `build` makes them, `start` sets them and the chores going."""
        self.config = config
        self.store = store
        self.sessions = Sessions(store)
        self.policies = Policies(config.store.path)
        self.budget = DecisionBudget()
        self.keys = KeyRing(config.store.path, look_every_s=LOOK_EVERY_S, changed=self._follow_limits)
        self.keys.follow(config.server.keys, config.callers)
        self.ledger = Ledger(store, (*config.limits, *self.keys.limits))
        self.metrics = Metrics()
        self.alerts = Alerts(Incidents(store), metrics=self.metrics, policy=lambda: self.inforce.policy)
        self.embedders = Embedders()
        self.signals = Signals(store, count=self.metrics.observe_signal)
        self.rests = Rests(store)
        self.health = HealthBook(told=self._note_rest, lifted=self._note_answer)
        self.outlets = Outlets(registry, self.health)
        self.lessons = Lessons(self.outlets.n_calls)
        self.lookout = Lookout()
        self._registry = registry
        self._chores = chores
        self.trained = read_trained(config, registry)
        self.canaries = canaries_of(config)
        self._freshness = self._read_freshness()
        self.reading = Reading(self.trained.encoder, config.encoder, freshness=self._freshness, rules=config.rules)
        if self.reading.fault is not None:
            self.alerts.broken["rules"] = self.reading.fault
        self._builder = ArmBuilder(
            registry=registry,
            store=store,
            health=self.health,
            outlets=self.outlets,
            lessons=self.lessons,
            reading=self.reading,
            broken=self.alerts.broken,
        )
        self._reloads: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.tracing = None
        if config.tracing.endpoint is not None:
            self.tracing = Tracing(config.tracing.endpoint, sample=config.tracing.sample)
        self.fellows: Fellows | None = None
        self._worker = 0
        self._reloading = asyncio.Lock()
        state = self.policies.known().state()
        arms = self._builder.built(config, wanted(state), live=state.live, trained=self.trained, anchors={})
        self.inforce = InForce(state, arms)
        self.requests = Requests(
            self.inforce,
            store=store,
            sessions=self.sessions,
            ledger=self.ledger,
            keys=self.keys,
            signals=self.signals,
            metrics=self.metrics,
            tracing=self.tracing,
            keeps_text=config.store.text == "text",
            alerts=self.alerts,
        )
        self.trained = self._of_live(self.trained.encoder)

    @property
    def router(self) -> Router:
        """What decides by the live policy."""
        return self.inforce.live.router

    def router_for(self, request: Request) -> Router:
        """Return what decides in a request's conversation: the live policy, or the one that is tried on a share."""
        return self.inforce.arm_for(request.session, request.key).router

    def executor_for(self, request: Request) -> Executor:
        """Return what carries out the decision on a request: of the policy that `router_for` names."""
        return self.inforce.arm_for(request.session, request.key).executor

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
        try:
            if serves:
                before = await asyncio.to_thread(self._last_in_force)
                no_model_lost(() if before is None else before.models, self.config)
            await self.outlets.begin(self.config)
        except StartError:
            await self.close()
            raise
        await self.embedders.follow(self.config.embeddings, timeouts=self.config.timeouts)
        if serves:
            await self._warm(self.config, self.inforce.arms)
        if worker is not None:
            self.fellows = Fellows(self.store, since_us=to_us(datetime.now(UTC)))
            self._worker = worker
        if serves:
            with suppress(UnisonoError):  # `readiness` tells about the store
                self.take_rests(await asyncio.to_thread(self.rests.read, self.router.models))
            self.store.note_in_force(kept_of(self.config))
        self._tasks += map(asyncio.create_task, self._chores(self, serves=serves, worker=worker))

    async def close(self) -> None:
        """Stop everything that `start` set going; the record is flushed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._reloads, return_exceptions=True)
        await self.reading.close()
        await self.outlets.close()
        await self.embedders.close()
        self.policies.close()
        await asyncio.to_thread(self.store.close)  # before what waits for others
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)

    async def reload(self, config: Config) -> None:
        """Put a new configuration in force as a whole, or not at all. Requests in flight end on the old one.

        Raises:
            UnisonoError: the new configuration cannot be put in force; the old one stays.
        """
        async with self._reloading:
            same_house(self.config, config)
            no_model_lost(self.config.models, config)
            trained = await asyncio.to_thread(read_trained, config, self._registry)
            canaries = await asyncio.to_thread(canaries_of, config)
            state = self.inforce.state
            fits(state.live.policy, config)
            reading = await asyncio.to_thread(
                Reading,
                trained.encoder,
                config.encoder,
                freshness=self._freshness,
                rules=config.rules,
                known=self.reading.ordinary,
            )
            if reading.fault is not None:
                await reading.close()
                raise StartError(f"{reading.fault} Mend the encoder, or take `like` out of the rules.")
            planned = self.outlets.planned(config, before=self.config)
            await self.outlets.start_new(planned)
            await self.embedders.follow(config.embeddings, timeouts=config.timeouts)
            before, self.reading = self.reading, reading
            self._builder.reading = reading
            arms = await self._built(config, wanted(state), live=state.live, trained=trained)
            self.health.forget(self.outlets.swap(planned, wait_s=config.timeouts.total_s))
            self.lessons.forget(same_models(self.config, config))
            self.metrics.keep_models({model.name for model in config.models})
            self.config, self.canaries = config, canaries
            self.store.note_in_force(kept_of(config))
            self.keys.follow(config.server.keys, config.callers)
            self._follow_limits()
            self.inforce.renew(state, arms)
            self.trained = self._of_live(trained.encoder)
            self.alerts.healed("rules")
            await before.close()
        log.info("config reloaded hash=%s models=%d", config.hash, len(config.models))

    async def reload_file(self) -> None:
        """Read the configuration's file again; a broken one is logged, and the old configuration stays."""
        if self.config.file is None:
            return
        try:
            config = await asyncio.to_thread(load_config, self.config.file)
        except UnisonoError as error:
            self.alerts.config_refused(error)
        else:
            await self.reload_or_refuse(config)

    async def reload_or_refuse(self, config: Config) -> None:
        """Put a new configuration in force, or log why not; then the old one stays."""
        try:
            await self.reload(config)
        except UnisonoError as error:
            self.alerts.config_refused(error)
        else:
            self.alerts.healed("config")

    def _follow_limits(self) -> None:
        self.ledger.follow((*self.config.limits, *self.keys.limits))

    async def read_ahead(self, request: Request) -> None:
        """Have the prompt encoded off the event loop where the encoder is slow; it is decided without when it is late.

        Raises:
            ArtifactError: the encoder failed; the request can be decided all the same.
        """
        if not await self.reading.ahead(request):
            self.metrics.observe_late_encoder()

    def want_reload(self) -> None:
        """Have the configuration's file read again soon: what SIGHUP does."""
        task = asyncio.create_task(self.reload_file())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    def metrics_page(self) -> bytes:
        """Return what Prometheus reads: of every worker where there are several. It blocks."""
        own = self.metrics.render()
        if self.fellows is None:
            return own
        try:
            pages = dict(self.fellows.metrics())
        except UnisonoError:
            pages = {}
        return of_workers(sorted({**pages, self._worker: own}.items()))

    async def take_scores(self, generation: int) -> bool:
        """Have the policies that follow the scores decide by those of a generation; says whether they are others."""
        if generation == self._builder.seen_scores:
            return False
        self._builder.seen_scores = generation
        async with self._reloading:
            old = [arm for arm in self.inforce.arms if arm.standing.scores is None]
            self.inforce.put(await asyncio.to_thread(lambda: [*map(self._builder.rebuilt, old)]))
            self.inforce.swap(self.inforce.state)
        log.info("scores changed; quality predictor rebuilt")
        return True

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
                trained = Trained(self.trained.encoder, None, None)
                self.inforce.put(await self._built(self.config, missing, live=state.live, trained=trained))
        if state.live != self.inforce.state.live:
            self.requests.watch_shares_anew()
        self.inforce.swap(state)
        self.trained = self._of_live(self.trained.encoder)
        tried = "" if state.canary is None else f" canary={state.canary.id} share={state.share:g}"
        log.info("policy=%s%s", state.live.policy.id, tried)

    async def _built(
        self, config: Config, standings: Sequence[Standing], *, live: Standing, trained: Trained
    ) -> list[Arm]:
        """Return policies ready to decide, built off the event loop; what is in force lends them its anchors."""
        anchors = {arm.standing.policy.id: arm.anchors for arm in self.inforce.arms}
        built = self._builder.built
        arms = await asyncio.to_thread(built, config, standings, live=live, trained=trained, anchors=anchors)
        await self._warm(config, arms)
        return arms

    async def _warm(self, config: Config, arms: Iterable[Arm]) -> None:
        """Have policies decide before a caller waits for it. What fails then is told when a request meets it."""
        elsewhere = config.encoder.base_url is not None
        work = warm([arm.router for arm in arms], self.reading, asks_elsewhere=elsewhere, now=datetime.now(UTC))
        (failed,) = await asyncio.gather(work, return_exceptions=True)
        if failed is not None:
            log.warning("warming up failed error=%s", type(failed).__name__)

    def _last_in_force(self) -> KeptConfig | None:
        try:
            return self.store.in_force()
        except UnisonoError as error:  # a broken record takes no models away, and `readiness` tells of it
            log.warning("cannot read which models were in force: %s", error)
            return None

    def _read_freshness(self) -> FreshnessReader | None:
        try:
            encoder = self.trained.encoder
            return FreshnessReader(encoder=None if encoder is None else encoder.name)
        except ArtifactError as error:
            self.alerts.broken["freshness"] = str(error)
            return None

    def _of_live(self, encoder: Encoder | None) -> Trained:
        live = self.inforce.live
        return Trained(encoder, live.artifact, live.fault)

    # ---------------------------------------------------------------------- what operators are told

    def take_rests(self, rests: Mapping[str, tuple[datetime, datetime]]) -> None:
        """Leave models alone that their hosts limit, as other workers or an earlier run were told."""
        told = {model: Rest(since=since, until=until) for model, (since, until) in rests.items()}
        self.health.take_in(told, now_s=perf_counter(), now=datetime.now(UTC))

    def _note_rest(self, model: str, rest: Rest) -> None:
        known = self.router.models.get(model)
        if known is not None:
            self.rests.tell(known, since=rest.since, until=rest.until)
        if (rest.until - rest.since).total_seconds() >= LONG_REST_S:
            log.warning("model=%s %s", model, limited(rest.until, now=rest.since))

    def _note_answer(self, model: str) -> None:
        known = self.router.models.get(model)
        if known is not None:
            self.rests.forget(known)

    @property
    def scales(self) -> Scales:
        """What policies are made and judged with.

        Raises:
            ArtifactError: the encoder cannot be read.
        """
        encoder = self.trained.encoder
        if encoder is None:
            raise ArtifactError(self.trained.fault or "The encoder cannot be read.")
        return Scales(
            config=self.config,
            registry=self._registry,
            encoder=encoder,
            reader=self.store.reader,
            policies=self.policies,
        )

    # ------------------------------------------------------------------------------ how it stands

    def health_of(self, model: str) -> tuple[Health, float | None]:
        """Return a model's health, and when one that is down may be tried again."""
        return self.health.state(model, perf_counter())

    def rests_s(self, model: str) -> float | None:
        """Return for how long a model that is down is left alone; None for one that may be asked."""
        _, until_s = self.health_of(model)
        return None if until_s is None else max(0.0, until_s - perf_counter())

    def refresh_metrics(self) -> None:
        """Bring the gauges up to date before they are read."""
        store = self.store.health()
        self.metrics.set_record(n_waiting=store.n_waiting, n_lost=store.n_lost)
        self.metrics.set_config(self.config.hash)
        state, canary = self.inforce.state, self.inforce.canary
        tried = None if canary is None else canary.standing.policy.id
        within = state.live.within
        others = None if within is None else within.others.policy.id
        self.metrics.set_policies(state.live.policy.id, others, tried, state.share)
        self.metrics.set_in_domain(0 if within is None else len(within.callers))
        for model in self.config.models:
            self.metrics.set_model_up(model.name, self.health_of(model.name)[0] is not Health.DOWN)
            self.metrics.set_waiting(model.name, self.outlets.calls_of(model.name)["waiting"])
