"""Follow what changed: the configuration, the scores, the policy in force, the signals of callers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path
from time import perf_counter

from unisono.compose.live import Live
from unisono.config import Config
from unisono.config.watch import watch
from unisono.errors import UnisonoError
from unisono.learn.learner import Learner
from unisono.record.changes import Changes

LEARN_S = 1.0
"""How often signals are turned into scores."""
NOTICE_SCORES_S = 1.0
"""How often the server looks whether its learner, or another process, has changed the scores."""
POLICY_S = 0.2
"""How often every server looks whether another policy was put in force."""
REBUILD_SHARE = 0.1
"""Share of the time that may go into taking new scores in, however fast they come."""


async def follow_config(live: Live, file: Path, mark: bytes | None) -> None:
    """Put each change of the configuration's file in force, or say why not."""
    async for change in watch(file, seen=mark, lookout=live.lookout):
        if isinstance(change, Config):
            await live.reload_or_refuse(change)
        else:
            live.alerts.config_refused(change)


async def notice_scores(live: Live) -> None:
    """Take new scores in."""
    seen: int | None = None
    changes = Changes(live.config.store.path)

    def grown() -> bool:
        try:
            return changes.any() and live.store.reader.generation() != seen
        except UnisonoError:  # `readiness` tells about the store
            changes.forget()
            return False

    async with aclosing(live.lookout.when(grown, every_s=NOTICE_SCORES_S)) as looks:
        async for _ in looks:
            began_s = perf_counter()
            with suppress(UnisonoError):
                seen = await asyncio.to_thread(live.store.reader.generation)
                if await live.take_scores(seen):
                    took_s = perf_counter() - began_s
                    await asyncio.sleep(max(0.0, took_s / REBUILD_SHARE - NOTICE_SCORES_S))


async def follow_policies(live: Live) -> None:
    """Decide by the policies that anybody puts in force."""

    def moved() -> bool:
        try:
            return live.policies.latest() != live.inforce.state.n or "policy" in live.alerts.broken
        except UnisonoError:
            return True

    async with aclosing(live.lookout.when(moved, every_s=POLICY_S)) as looks:
        async for _ in looks:
            try:
                if await asyncio.to_thread(live.policies.latest) != live.inforce.state.n:
                    await live.take_policies()
            except UnisonoError as error:
                live.alerts.broken["policy"] = str(error)
            else:
                live.alerts.healed("policy")


async def learn_on(live: Live) -> None:
    """Turn signals into scores."""
    learner, changes = Learner(live.store), Changes(live.config.store.path)
    async with aclosing(live.lookout.when(changes.any, every_s=LEARN_S)) as looks:
        async for _ in looks:
            try:
                await asyncio.to_thread(learner.step)
            except UnisonoError:  # `readiness` tells about the store; the signals wait
                changes.forget()
