"""How a running Unisono stands: what of it is degraded, and why."""

from __future__ import annotations

from datetime import UTC, datetime

from unisono.compose.live import Live
from unisono.eligible.health import limited
from unisono.types import Health, Json


def faults(live: Live) -> dict[str, str]:
    """Return what is degraded right now: the part and why."""
    found = dict(live.alerts.broken)
    if live.trained.fault is not None:
        found["artifact"] = live.trained.fault
    store = live.store.health()
    if not store.ok:
        found["record"] = store.reason
    until, now = dict(live.health.limited()), datetime.now(UTC)
    for model in live.config.models:
        health, _ = live.health_of(model.name)
        if health is Health.DOWN:
            ends = until.get(model.name)
            found[f"model {model.name}"] = "its upstream is failing" if ends is None else limited(ends, now=now)
    return found


def readiness(live: Live) -> Json:
    """Return what `GET /readyz` shows."""
    found = faults(live)
    store = live.store.health()
    return {
        "status": "degraded" if found else "ready",
        "degraded": dict(found),
        "config_hash": live.config.hash,
        "artifact": live.trained.id,
        "policy": live.router.settings.policy,
        "models": {m.name: live.health_of(m.name)[0].value for m in live.config.models},
        "record": {
            "ok": store.ok,
            "n_waiting": store.n_waiting,
            "n_lost": store.n_lost,
            "text": live.store.text,
        },
    }
