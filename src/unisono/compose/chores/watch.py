"""Notice models that answer unlike before: by their answers to callers, and by canaries where those are on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random

from unisono.catalog.fingerprint import fingerprint
from unisono.compose.live import Live
from unisono.errors import UnisonoError
from unisono.evaluate.probe.run import Answer
from unisono.learn.watch import Watch
from unisono.record.changes import Changes
from unisono.record.drift import SETTLED, claim_canaries
from unisono.record.incidents import Kind
from unisono.record.rows import to_us
from unisono.types import Json, Model

WATCH_S = 2.0
"""How often a worker looks whether models answer unlike before, and whether canaries are due."""


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
        live.alerts.incident(kind, changed.model, changed.sentence)
    await _ask_canaries(live, watch)


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
        known = await asyncio.to_thread(live.store.reader.scores, {model.name: fingerprint(model)})
        picked = canary.pick(live.canaries, known, n=canaries.questions, rng=Random(to_us(now)))
        looked = await canary.look(model, picked, ask)
        flips = sum(looked.flips)
        same = len(looked.flips) - flips
        live.metrics.observe_canaries(model.name, same=same, flipped=flips, failed=looked.failed, usd=looked.usd)
        changed = await asyncio.to_thread(
            watch.canary, fingerprint(model), model.name, looked.flips, now=datetime.now(UTC)
        )
        if changed is not None:
            live.alerts.incident("model_changed", model.name, changed.sentence)
