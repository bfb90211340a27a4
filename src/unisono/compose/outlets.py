"""The providers in use, by the name of their model: started together, and swapped while calls run.

It chooses no model and reads no configuration file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from time import perf_counter

from unisono.config import Config
from unisono.plugins import Registry
from unisono.types import Call
from unisono.upstream.health import HealthBook
from unisono.upstream.outlet import Outlet, Sending


class Outlets:
    """Belongs to the event loop."""

    def __init__(self, registry: Registry, health: HealthBook) -> None:
        """Hold none yet; `health` is told of calls, and of models that want to be left alone."""
        self._registry = registry
        self._health = health
        self._in_use: dict[str, Outlet] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def send(self, call: Call) -> Sending:
        """Send one call to its model's provider. While it is down this is the one call that tries it."""
        self._health.begin(call.model.name, perf_counter())
        return self._in_use[call.model.name].send(call)

    def n_calls(self, model: str) -> int:
        """Return how many calls of a model run or wait in this process."""
        outlet = self._in_use.get(model)
        return 0 if outlet is None else outlet.n_calls

    def calls_of(self, model: str) -> dict[str, int]:
        """Return how many calls of a model run in this process, and how many wait for their turn."""
        outlet = self._in_use.get(model)
        if outlet is None:
            return {"in_flight": 0, "waiting": 0}
        return {"in_flight": outlet.gate.n_inside, "waiting": outlet.gate.n_waiting}

    async def begin(self, config: Config) -> None:
        """Start every provider of a configuration.

        Raises:
            StartError: one cannot start.
        """
        self._in_use = self.planned(config, before=config)
        await _start_all(self._in_use.values())

    def planned(self, config: Config, *, before: Config) -> dict[str, Outlet]:
        """Return the outlets that a configuration needs: those in use where nothing changes for them, else new ones.

        Args:
            config: what is to be in force.
            before: what is.
        """
        same_terms = config.timeouts == before.timeouts and config.calls == before.calls
        found: dict[str, Outlet] = {}
        for model in config.models:
            old = self._in_use.get(model.name)
            if old is not None and old.model == model and same_terms:
                found[model.name] = old
                continue
            provider = self._registry.provider(model.upstream)(model, config.timeouts)
            calls = config.calls
            found[model.name] = Outlet(
                model, provider, most=calls.max_in_flight, wait_s=calls.max_wait_s, rests=self._rests
            )
        return found

    async def start_new(self, planned: Mapping[str, Outlet]) -> None:
        """Start the outlets that are not in use yet.

        Raises:
            StartError: one cannot start; none of them is left running.
        """
        await _start_all([outlet for name, outlet in planned.items() if self._in_use.get(name) is not outlet])

    def swap(self, planned: dict[str, Outlet], *, wait_s: float) -> frozenset[str]:
        """Use the planned outlets from here on; the others are closed after their last call.

        Args:
            planned: started.
            wait_s: for how long that last call is waited for.

        Returns:
            The names of the models whose outlet stays.
        """
        before, self._in_use = self._in_use, planned
        stay = frozenset(name for name, outlet in planned.items() if before.get(name) is outlet)
        for name, outlet in before.items():
            if name not in stay:
                task = asyncio.create_task(outlet.close(wait_s=wait_s))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        return stay

    async def close(self) -> None:
        """Close every provider."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        await asyncio.gather(*(outlet.provider.close() for outlet in self._in_use.values()))

    def _rests(self, model: str, seconds: float) -> None:
        """Leave a model alone whose upstream says that its rate limit is used up."""
        self._health.rest(model, seconds, now_s=perf_counter(), now=datetime.now(UTC))


async def _start_all(outlets: Iterable[Outlet]) -> None:
    """Start providers side by side; when one fails, close those that started."""
    todo = list(outlets)
    results = await asyncio.gather(*(o.provider.start() for o in todo), return_exceptions=True)
    failures = [r for r in results if isinstance(r, BaseException)]
    if failures:
        await asyncio.gather(*(o.provider.close() for o in todo), return_exceptions=True)
        raise failures[0]
