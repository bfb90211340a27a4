"""Keep several workers over one record in step."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from time import perf_counter

from unisono.compose.live import Live
from unisono.errors import UnisonoError
from unisono.record.changes import Changes
from unisono.record.fellows import Fellows, error_of
from unisono.record.rows import to_us

STEP_S = 0.2
"""How often a worker looks whether its fellows did something."""
PAGE_S = 1.0
"""How often a worker tells its metrics, where they have changed."""


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
            for features, attempt in news.lessons:
                if attempt.model in live.router.models:
                    live.lessons.take_in(features, attempt)
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
