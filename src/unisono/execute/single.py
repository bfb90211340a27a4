"""The pattern `single`: one answer from one model, the next of the ranking only before the first content.

Plain and streamed answers take this one path, but for a plain pin as long as all goes well (`plain.py`). It does not
decide who may answer (the decision did) and speaks no dialect (`send` does). What an attempt is, `walk.py` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from time import perf_counter

from unisono.errors import UpstreamError
from unisono.execute.hedge import Race
from unisono.execute.patience import NO_PATIENCE, Patience
from unisono.execute.relay import Relay
from unisono.execute.walk import Committed, Running, Walk
from unisono.types import Attempt, Call, Chunk, Decision, Model, Outcome, Request

Send = Callable[[Call], AsyncIterator[Chunk]]


def run(
    request: Request,
    decision: Decision,
    *,
    models: Mapping[str, Model],
    send: Send,
    record: Callable[[Outcome], None],
    observe: Callable[[Attempt, UpstreamError | None], None],
    total_s: float = 600.0,
    patience: Patience = NO_PATIENCE,
    relay: Relay | None = None,
    clock_s: Callable[[], float] = perf_counter,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncGenerator[Committed | Chunk, None]:
    """Carry out a decision: yield one `Committed`, then every chunk of the answer that goes no shorter way.

    Args:
        request: what the caller asked; its body goes to the upstream.
        decision: the ranking is tried in order if it allows a fallback, else only its head.
        models: the catalogue by name.
        send: starts one upstream call.
        record: gets the outcome, exactly once, however this ends.
        observe: gets each attempt once, with its error.
        total_s: limit for the whole request.
        patience: when a model is asked again, and when the next one is asked beside it.
        relay: the short way; None: there is none.
        clock_s: monotonic seconds.
        now: the time of day.

    Raises:
        NoAnswer: no model answered; lists the attempts and carries the last error.
        UpstreamCut: the answer broke off after its first content.
    """
    walk = Walk(
        request,
        decision,
        observe=observe,
        total_s=total_s,
        clock_s=clock_s,
        patience=patience,
    )

    def begin(name: str) -> Running:
        walk.begun(name)
        model = models[name]
        return Running(walk, model, chunks=send(walk.call(model)), started=now())

    return carried(walk, begin, record=record, relay=relay)


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
