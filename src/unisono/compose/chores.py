"""What a running Unisono does beside answering, each until it is cancelled: follow what changed, look for harm, keep
several workers in step.

Each chore only looks and says when; what is to be done, `Live` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from unisono.catalog.fingerprint import fingerprint
from unisono.compose.files import OpenFiles
from unisono.config import Config
from unisono.config.watch import watch
from unisono.errors import UnisonoError
from unisono.evaluate.in_domain import Domain, Looks, enter_domain, entered, follow_again, leave_domain
from unisono.evaluate.probe.run import Answer
from unisono.evaluate.rechosen import DEEP
from unisono.evaluate.watching import look
from unisono.learn.learner import Learner
from unisono.learn.watch import Watch
from unisono.record.changes import Changes
from unisono.record.drift import SETTLED, claim_canaries
from unisono.record.fellows import Fellows, error_of
from unisono.record.incidents import Kind
from unisono.record.rows import to_us
from unisono.types import Json, Model

if TYPE_CHECKING:
    from unisono.compose.live import Live
    from unisono.evaluate.probe.questions import Question

LEARN_S = 1.0
"""How often signals are turned into scores."""
NOTICE_SCORES_S = 1.0
"""How often the server looks whether its learner, or another process, has changed the scores."""
WATCH_S = 2.0
"""How often a worker looks whether models answer unlike before, and whether canaries are due."""
STEP_S = 0.2
"""How often a worker looks whether its fellows did something."""
POLICY_S = 0.2
"""How often every server looks whether another policy was put in force."""
PAGE_S = 1.0
"""How often a worker tells its metrics, where they have changed."""
GUARD_S = 2.0
"""How often one process looks whether a policy that is watched breaks a guardrail."""
DOMAIN_S = 5.0
"""How often it looks whether requests are of the kinds of the table that the live policy was fitted on."""
FILES_S = 1.0
"""How often each process looks whether it has too many files open."""
GUARD_SHARE = 0.02
"""Share of the time that may go into either look, but for a machine on which a look waits for others."""
MOST_REST_S = 30.0
"""The longest rest after a look."""
REBUILD_SHARE = 0.1
"""Share of the time that may go into taking new scores in, however fast they come."""


# ------------------------------------------------------------------------------- follow what changed


async def follow_config(live: Live, file: Path, mark: bytes | None) -> None:
    """Put each change of the configuration's file in force, or say why not."""
    async for change in watch(file, seen=mark, lookout=live.lookout):
        if isinstance(change, Config):
            await live.reload_or_refuse(change)
        else:
            live.refuse_config(change)


async def notice_scores(live: Live) -> None:
    """Take new scores in."""
    seen: int | None = None
    changes = Changes(live.config.store.path)

    def grown() -> bool:
        try:
            return changes.any() and live.store.generation() != seen
        except UnisonoError:  # `readiness` tells about the store
            changes.forget()
            return False

    async with aclosing(live.lookout.when(grown, every_s=NOTICE_SCORES_S)) as looks:
        async for _ in looks:
            began_s = perf_counter()
            with suppress(UnisonoError):
                seen = await asyncio.to_thread(live.store.generation)
                if await live.take_scores(seen):
                    took_s = perf_counter() - began_s
                    await asyncio.sleep(max(0.0, took_s / REBUILD_SHARE - NOTICE_SCORES_S))


async def follow_policies(live: Live) -> None:
    """Decide by the policies that anybody puts in force."""

    def moved() -> bool:
        try:
            return live.policies.latest() != live.inforce.state.n or "policy" in live.broken
        except UnisonoError:
            return True

    async with aclosing(live.lookout.when(moved, every_s=POLICY_S)) as looks:
        async for _ in looks:
            try:
                if await asyncio.to_thread(live.policies.latest) != live.inforce.state.n:
                    await live.take_policies()
            except UnisonoError as error:
                live.broken["policy"] = str(error)
            else:
                live.note_healed("policy")


async def learn_on(live: Live) -> None:
    """Turn signals into scores."""
    learner, changes = Learner(live.store), Changes(live.config.store.path)
    async with aclosing(live.lookout.when(changes.any, every_s=LEARN_S)) as looks:
        async for _ in looks:
            try:
                await asyncio.to_thread(learner.step)
            except UnisonoError:  # `readiness` tells about the store; the signals wait
                changes.forget()


# ------------------------------------------------------------------------------------ look for harm


async def guard_policies(live: Live) -> None:
    """Take back policies that break a guardrail."""
    await _guard(live, _guard_policy, is_due=lambda: live.inforce.state.n != 0, every_s=GUARD_S)


async def guard_domain(live: Live) -> None:
    """Route a caller's requests as in domain while they are like the prompts of the table behind the live policy."""
    looks = Looks(live.store.reader)

    def is_due() -> bool:
        arm = live.inforce.live
        return arm.artifact is not None and arm.artifact.domain is not None and arm.config.routing.in_domain != "never"

    await _guard(live, lambda live: _guard_domain(live, looks), is_due=is_due, every_s=DOMAIN_S)


async def _guard(
    live: Live, look: Callable[[Live], Awaitable[None]], *, is_due: Callable[[], bool], every_s: float
) -> None:
    """Look when the record has changed and it is due, and rest the longer the longer a look took."""
    changes = Changes(live.config.store.path)
    async with aclosing(live.lookout.when(lambda: is_due() and changes.any(), every_s=every_s)) as looks:
        async for _ in looks:
            began_s = perf_counter()
            try:
                await look(live)
            except UnisonoError:  # `readiness` tells about the store; somebody else may have moved it
                changes.forget()
            await asyncio.sleep(min((perf_counter() - began_s) / GUARD_SHARE, MOST_REST_S))


async def _guard_policy(live: Live) -> None:
    known = await asyncio.to_thread(live.policies.known)
    deep = {model.name for model in live.config.models if model.role in DEEP}
    found = await asyncio.to_thread(lambda: look(live.store.reader, known, deep=deep, now=datetime.now(UTC)))
    if found is None:
        return
    id_, why, now = found.policy.id, found.broken.text, datetime.now(UTC)
    event = await asyncio.to_thread(lambda: live.policies.roll_back(why=why, by="guardrail", now=now, of=id_))
    if entered(known, found.policy):
        await asyncio.to_thread(follow_again, live.policies, now=now)
    text = f"{why} {found.policy.name} is rolled back; {known.policies[event.live].name} decides."
    live.note_incident("policy_rolled_back", found.policy.name, text)
    await live.take_policies()


async def _guard_domain(live: Live, looks: Looks) -> None:
    arm = live.inforce.live
    if arm.artifact is None:
        return
    try:
        for found in await asyncio.to_thread(looks.due, arm.artifact):
            await _turn_domain(live, found)
    except UnisonoError:
        looks.forget()
        raise


async def _turn_domain(live: Live, found: Domain) -> None:
    """Let a caller in or out, where it is shown that requests are alike or unlike."""
    state, now, caller = live.inforce.state, datetime.now(UTC), found.caller
    standing, is_unlike = state.live, found.apart is not None and found.apart.unlike
    always = standing.within is None and live.inforce.live.config.routing.in_domain == "always"
    if always and is_unlike:
        live.note_incident("out_of_domain", caller, f"{found.sentence} `in_domain` says always: it stays.")
    if always or not (is_unlike or (found.opens and state.canary is None)):
        return
    turn = leave_domain if is_unlike else enter_domain
    if not await asyncio.to_thread(turn, live.policies, standing, caller, why=found.sentence, now=now):
        return
    await live.take_policies()
    if is_unlike:
        decides = live.inforce.state.live.for_caller(caller).policy.name
        live.note_incident("out_of_domain", caller, f"{found.sentence} {decides} decides for {caller} again.")


async def watch_models(live: Live) -> None:
    """Notice models that answer unlike before."""
    watch = Watch(live.store, live.config.store.path)
    changes = Changes(live.config.store.path, still_s=SETTLED.total_seconds() + 1.0)  # young rows wait for a later look

    def is_due() -> bool:
        return changes.any() or bool(live.config.canaries.every_s)

    async with aclosing(live.lookout.when(is_due, every_s=WATCH_S)) as looks:
        async for _ in looks:
            try:
                await _watch_models(live, watch)
            except UnisonoError:  # `readiness` tells about the store; the next look sees the same again
                changes.forget()


async def _watch_models(live: Live, watch: Watch) -> None:
    names = {fingerprint(model): model.name for model in live.config.models}
    now = datetime.now(UTC)
    for changed in await asyncio.to_thread(watch.step, names, live.inforce.live.artifact, now=now):
        kind: Kind = "traffic_changed" if changed.with_others else "model_changed"
        live.note_incident(kind, changed.model, changed.sentence)
    await _ask_canaries(live, watch)


def canaries_of(config: Config) -> tuple[Question, ...]:
    """Return what canaries may ask; nothing where they are off.

    Raises:
        StartError: the file of own questions cannot be read, or a line is no question.
    """
    if not config.canaries.every_s:
        return ()
    from unisono.evaluate import canary

    return canary.bank(config.canaries.own)


async def _ask_canaries(live: Live, watch: Watch) -> None:
    """Ask each model that was probed some of its questions again, when the operator wants that and it is time."""
    canaries, path, now = live.config.canaries, live.config.store.path, datetime.now(UTC)
    if not canaries.every_s or not await asyncio.to_thread(claim_canaries, path, every_s=canaries.every_s, now=now):
        return
    from unisono.compose.asking import answered
    from unisono.evaluate import canary

    async def ask(model: Model, body: Json) -> Answer:
        return await answered(live, model, body)

    for model in live.config.models:
        known = await asyncio.to_thread(live.store.scores, {model.name: fingerprint(model)})
        picked = canary.pick(live.canaries, known, n=canaries.questions, rng=Random(to_us(now)))
        looked = await canary.look(model, picked, ask)
        flips = sum(looked.flips)
        same = len(looked.flips) - flips
        live.metrics.observe_canaries(model.name, same=same, flipped=flips, failed=looked.failed, usd=looked.usd)
        changed = await asyncio.to_thread(
            watch.canary, fingerprint(model), model.name, looked.flips, now=datetime.now(UTC)
        )
        if changed is not None:
            live.note_incident("model_changed", model.name, changed.sentence)


async def watch_files(live: Live) -> None:
    """Tell when as many files are open as may be, and when there is room again."""
    files = OpenFiles()
    async with aclosing(live.lookout.when(files.turned, every_s=FILES_S)) as looks:
        async for _ in looks:
            if (fault := files.fault) is not None:
                live.note_incident("out_of_files", "server", fault)
                live.broken["files"] = fault
            else:
                live.note_healed("files")


# -------------------------------------------------------------------------------- several workers


async def keep_in_step(live: Live, fellows: Fellows) -> None:
    """Take in what the fellows did, and tell them what requests in flight hold here."""
    keys: int | None = None
    changes = Changes(live.config.store.path)
    async with aclosing(live.lookout.when(changes.any, every_s=STEP_S)) as looks:
        async for _ in looks:
            fellows.tell_held(live.ledger.held())
            now = datetime.now(UTC)
            windows = live.ledger.windows(now)
            try:
                news = await asyncio.to_thread(fellows.look, now_us=to_us(now), windows=windows)
                rests = await asyncio.to_thread(live.rests.read, live.router.models)
                if keys not in (None, news.keys):
                    live.keys.refresh()
            except UnisonoError:  # `readiness` tells about the store
                changes.forget()
                continue
            keys = news.keys
            live.ledger.take_in(news.spending, news.held)
            live.sessions.take_in(news.sessions)
            for attempt in news.attempts:
                if attempt.model in live.router.models:
                    live.health.observe(attempt, error_of(attempt), perf_counter())
                    live.lessons.latency.learn(attempt)
            live.take_rests(rests)
            for stored in news.decided:
                live.requests.take_in(stored)


async def tell_metrics(live: Live, fellows: Fellows, worker: int) -> None:
    """Tell the fellows what this worker's metrics are, when they have changed."""
    if worker == 0:
        fellows.begin_metrics()
    told = b""
    while True:
        live.refresh_metrics()
        page = await asyncio.to_thread(live.metrics.render)
        if page != told:
            fellows.tell_metrics(worker, page)
            told = page
        await asyncio.sleep(PAGE_S)
