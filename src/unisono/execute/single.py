"""The pattern `single`: one answer from one model, the next of the ranking only before the first content.

Plain and streamed answers take this one path, but for a plain pin as long as all goes well (`plain.py`). It does not
decide who may answer (the decision did) and speaks no dialect (`send` does). What an attempt is, `running.py` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from unisono.execute.committed import Committed
from unisono.execute.hedge import Race
from unisono.execute.means import Means
from unisono.execute.relay import Relay
from unisono.execute.running import Running
from unisono.execute.walk import Walk
from unisono.types import Chunk, Decision, Outcome, Request


def run(request: Request, decision: Decision, *, means: Means) -> AsyncGenerator[Committed | Chunk, None]:
    """Carry out a decision: yield one `Committed`, then every chunk of the answer that goes no shorter way.

    Args:
        request: what the caller asked; its body goes to the upstream.
        decision: the ranking is tried in order if it allows a fallback, else only its head.
        means: the pool, the way to upstreams, who is told, the time.

    Raises:
        NoAnswer: no model answered; lists the attempts and carries the last error.
        UpstreamCut: the answer broke off after its first content.
    """
    walk = Walk(
        request,
        decision,
        observe=means.observe,
        total_s=means.total_s,
        clock_s=means.clock_s,
        patience=means.patience,
    )

    def begin(name: str) -> Running:
        walk.begun(name)
        model = means.models[name]
        return Running(walk, model, chunks=means.send(walk.call(model)), started=means.now())

    return carried(walk, begin, record=means.record, relay=means.relay)


async def carried(
    walk: Walk,
    begin: Callable[[str], Running],
    *,
    record: Callable[[Outcome], None],
    relay: Relay | None,
) -> AsyncGenerator[Committed | Chunk, None]:
    """Go a walk to its end; `begin` asks a model. See `run`."""
    race: Race[Running] = Race.alone()
    try:
        for name, pause_s in walk.order():
            await walk.patience.wait(pause_s)
            race = walk.race(name, begin)
            async with begin(name) as attempt:
                held = await race.until_content(attempt)
                yield walk.commit(attempt)
                for chunk in held:
                    yield chunk
                async for chunk in await attempt.behind(relay):
                    attempt.see(chunk)
                    yield chunk
                return
            if (second := race.take_second()) is not None:
                async for event in _go_on(walk, race, second, relay):
                    yield event
                if walk.answered:
                    return
        raise walk.no_answer()
    except (GeneratorExit, asyncio.CancelledError):
        await race.abandon()
        walk.cancelled()
        raise
    finally:
        record(walk.outcome())


async def _go_on(
    walk: Walk, race: Race[Running], second: Running, relay: Relay | None
) -> AsyncGenerator[Committed | Chunk, None]:
    """Go on with the attempt that was begun beside the first."""
    async with second as attempt:
        held = await race.until_second()
        yield walk.commit(attempt)
        for chunk in held:
            yield chunk
        async for chunk in await attempt.behind(relay):
            attempt.see(chunk)
            yield chunk
