"""What carrying out a decision needs, in every pattern: the pool, the way to upstreams, who is told, the time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from time import perf_counter

from unisono.errors import UpstreamError
from unisono.execute.patience import NO_PATIENCE, Patience
from unisono.execute.relay import Relay
from unisono.types import Attempt, Call, Chunk, Model, Outcome
from unisono.values import value


@value
class Means:
    """Of one request.

    Attributes:
        models: the catalogue by name.
        send: starts one upstream call.
        record: gets the outcome, exactly once, however this ends.
        observe: gets each attempt once, with its error.
        total_s: limit for the whole request.
        clock_s: monotonic seconds.
        now: the time of day.
        sleep: how to wait.
        patience: when a model is asked again, and when the next one is asked beside it.
        relay: the short way; None: there is none.
    """

    models: Mapping[str, Model]
    send: Callable[[Call], AsyncIterator[Chunk]]
    record: Callable[[Outcome], None]
    observe: Callable[[Attempt, UpstreamError | None], None]
    total_s: float = 600.0
    clock_s: Callable[[], float] = perf_counter
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    patience: Patience = NO_PATIENCE
    relay: Relay | None = None
