"""Answers that many ask for at once and that take a while: made once, and handed to all who come meanwhile.

They are made in a thread of their own that, where the system allows it, yields the processor to those who answer
callers. It knows no route. What is kept ages: it is made again when it is older than it took to make, times `REST`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

import orjson

from unisono.types import Json

FRESH_S = 2.0
"""No answer is made again sooner."""
REST = 100.0
"""So many times longer than it took to make, an answer is good: at most a hundredth of the time goes into making it."""
KEPT = 32
NICENESS = 10
"""How far the thread steps back behind those that answer callers: about a tenth of their share of a busy processor."""


@dataclass(frozen=True, slots=True)
class _Made:
    body: bytes
    until_s: float


class Shared:
    """Makes answers in a thread, one at a time, and keeps the latest."""

    def __init__(self, *, clock_s: Callable[[], float] = perf_counter) -> None:
        """Keep nothing yet."""
        self._clock_s = clock_s
        self._kept: OrderedDict[str, _Made] = OrderedDict()
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="overview", initializer=_step_back)

    async def get(self, name: str, make: Callable[[], Json]) -> bytes:
        """Return an answer's JSON: the kept one, else a new one. What `make` raises goes to whoever asked."""
        if (found := self._good(name)) is not None:
            return found
        async with self._turn:
            if (found := self._good(name)) is not None:
                return found
            began_s = self._clock_s()
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._thread, lambda: orjson.dumps(make()))
            now_s = self._clock_s()
            self._kept[name] = _Made(body, now_s + max(FRESH_S, REST * (now_s - began_s)))
            self._kept.move_to_end(name)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return body

    def _good(self, name: str) -> bytes | None:
        made = self._kept.get(name)
        return made.body if made is not None and self._clock_s() < made.until_s else None


def _step_back() -> None:
    """Lower this thread's priority; Linux keeps one for each thread, elsewhere it would be the whole process's."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
